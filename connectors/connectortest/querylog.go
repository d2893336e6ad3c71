package connectortest

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"bestbefore/connectors"
	"bestbefore/discovery/flow"
)

// AsFlows makes a session that observes questions for names pass for one that
// observes bytes by port, as the suite counts them: the name "port4101.example"
// stands for a flow to that port. It is for an Options.Open.
func AsFlows(s connectors.Session) connectors.Session { return asFlows{s} }

type asFlows struct{ connectors.Session }

// Capabilities are those of the session, with another Observer.
func (a asFlows) Capabilities() connectors.Capabilities {
	c := connectors.CapabilitiesOf(a.Session)
	c.Observer = flowing{c.Observer}
	return c
}

type flowing struct{ connectors.Observer }

// Observe gives each record the port that its name stands for.
func (o flowing) Observe(ctx context.Context, from connectors.Cursor, emit func([]flow.Record, connectors.Cursor)) error {
	return o.Observer.Observe(ctx, from, func(recs []flow.Record, c connectors.Cursor) {
		for i, r := range recs {
			first, _, _ := strings.Cut(r.Destination.Domain, ".")
			if port, err := strconv.ParseUint(strings.TrimPrefix(first, "port"), 10, 16); err == nil {
				recs[i].Port, recs[i].Up = uint16(port), r.Count*SendBytes
			}
		}
		emit(recs, c)
	})
}

// PortName is the name that stands for a flow to port.
func PortName(port uint16) string { return fmt.Sprintf("port%d.example", port) }

// Until polls a condition; what does not happen within a minute fails the test.
func Until(t testing.TB, what string, ok func() bool) {
	t.Helper()
	if !eventually(time.Minute, ok) {
		t.Fatalf("in a minute this did not happen: %s", what)
	}
}

// Seen is what an observer of names gave. Look at it through a Watching.
type Seen struct {
	Counts, Refused map[string]uint64 // by address and name
	Records         []flow.Record
	Cursor          connectors.Cursor
	Beats           int
	Largest         int // batch
}

// Sum is how many questions were counted.
func (s *Seen) Sum() (n uint64) {
	for _, m := range []map[string]uint64{s.Counts, s.Refused} {
		for _, x := range m {
			n += x
		}
	}
	return n
}

func (s *Seen) take(recs []flow.Record, c connectors.Cursor) {
	if len(recs) == 0 && len(c) == 0 {
		s.Beats++
	}
	if len(c) > 0 {
		s.Cursor = c
	}
	s.Largest = max(s.Largest, len(recs))
	s.Records = append(s.Records, recs...)
	for _, r := range recs {
		k := r.Local.Address.String() + " " + r.Destination.Domain
		if r.Refused {
			s.Refused[k] += r.Count
		} else {
			s.Counts[k] += r.Count
		}
	}
}

// Watching is an Observe that runs.
type Watching struct {
	t      testing.TB
	turn   chan struct{}
	seen   *Seen
	cancel context.CancelFunc
	done   chan error
	over   bool
}

// Watch runs Observe until Stop, or the end of the test.
func Watch(t testing.TB, o connectors.Observer, from connectors.Cursor) *Watching {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	w := &Watching{
		t: t, turn: make(chan struct{}, 1), cancel: cancel, done: make(chan error, 1),
		seen: &Seen{Counts: map[string]uint64{}, Refused: map[string]uint64{}},
	}
	w.turn <- struct{}{}
	go func() {
		w.done <- o.Observe(ctx, from, func(r []flow.Record, c connectors.Cursor) {
			w.Is(func(s *Seen) bool { s.take(r, c); return true })
		})
	}()
	t.Cleanup(func() { w.Stop() })
	return w
}

// Is asks about what was seen so far.
func (w *Watching) Is(ok func(*Seen) bool) bool {
	<-w.turn
	defer func() { w.turn <- struct{}{} }()
	return ok(w.seen)
}

// Until waits for something to be seen.
func (w *Watching) Until(what string, ok func(*Seen) bool) {
	w.t.Helper()
	Until(w.t, what, func() bool { return w.Is(ok) })
}

// Begun waits until the observer knows its place.
func (w *Watching) Begun() *Watching {
	w.t.Helper()
	w.Until("it begins", func(s *Seen) bool { return len(s.Cursor) > 0 })
	return w
}

// Stop ends it and gives what was seen.
func (w *Watching) Stop() *Seen {
	w.t.Helper()
	if !w.over {
		w.over = true
		w.cancel()
		if err := <-w.done; err != nil {
			w.t.Errorf("observing ended with %v", err)
		}
	}
	return w.seen
}

// QueryLog is a DNS blocker's stand-in with an open session, for the rules that
// every reader of a query log keeps.
type QueryLog struct {
	Open func(t *testing.T) connectors.Capabilities
	// Ask asks for a name in a device's place.
	Ask func(name string)
	// Away is called when something was asked while nobody looked. May be nil.
	Away func()
	// Rotate throws all away but the newest.
	Rotate func(left int)
	// Stick makes it give its newest rows, whatever older ones are asked for.
	Stick func()
	// Backlog is how much is asked while nobody looked, in the largest round.
	Backlog int
}

// CountsOnce goes through pauses and restarts of the observer, one of them in the
// middle of a backlog: every question is counted once, and none is lost.
func CountsOnce(t *testing.T, l QueryLog) {
	t.Helper()
	for i := range 30 { // before us: not ours
		l.Ask(fmt.Sprintf("before%d.example", i))
	}
	c := l.Open(t)
	w := Watch(t, c.Observer, nil).Begun()
	want, before, largest := uint64(0), uint64(0), 0
	ask := func(n int) {
		for i := range n {
			l.Ask(fmt.Sprintf("n%d.example", i%7))
			want++
		}
	}
	again := func() {
		s := w.Stop()
		before, largest = before+s.Sum(), max(largest, s.Largest)
		w = Watch(t, c.Observer, s.Cursor)
	}
	for round, away := range []int{3, l.Backlog, 120, 0, 600, 1} {
		ask(40)
		w.Until("it catches up", func(s *Seen) bool { return s.Sum()+before == want })
		s := w.Stop()
		before, largest = before+s.Sum(), max(largest, s.Largest)
		ask(away)
		if l.Away != nil {
			l.Away()
		}
		w = Watch(t, c.Observer, s.Cursor)
		if round == 1 { // cut off in the middle of the backlog
			w.Until("the backlog begins", func(s *Seen) bool { return len(s.Records) > 0 })
			again()
		}
		w.Until("nothing is missing", func(s *Seen) bool { return s.Sum()+before >= want })
	}
	s := w.Stop()
	if got := before + s.Sum(); got != want {
		t.Errorf("%d questions counted, %d were asked", got, want)
	}
	if largest = max(largest, s.Largest); largest > connectors.MaxBatch {
		t.Errorf("a batch of %d records", largest)
	}
	if cov, _ := c.Coverer.Coverage(t.Context()); cov.Lost != 0 || cov.Alive.IsZero() || len(cov.Addresses) != 1 {
		t.Errorf("%+v", cov)
	}
}

// SaysLosses throws rows away that nobody has read: what is left is seen, and
// that something is missing is said, with what can be done about it.
func SaysLosses(t *testing.T, l QueryLog) {
	t.Helper()
	c := l.Open(t)
	l.Ask("one.example")
	w := Watch(t, c.Observer, nil).Begun()
	l.Ask("two.example")
	w.Until("it sees", func(s *Seen) bool { return s.Sum() == 1 })
	from := w.Stop().Cursor
	for i := range 50 {
		l.Ask(fmt.Sprintf("x%d.example", i))
	}
	l.Rotate(10)
	w = Watch(t, c.Observer, from)
	w.Until("what is left is seen", func(s *Seen) bool { return s.Sum() == 10 })
	Until(t, "the loss is said", func() bool {
		cov, _ := c.Coverer.Coverage(t.Context())
		return cov.Lost > 0 && strings.Contains(cov.Text, "no longer held") && cov.Lessen != ""
	})
}

// EndsALook wants a log that never gives anything older to be left after a while,
// and what may be missing to be said: who asks on would never do anything else.
func EndsALook(t *testing.T, l QueryLog) {
	t.Helper()
	c := l.Open(t)
	l.Ask("one.example")
	from := Watch(t, c.Observer, nil).Begun().Stop().Cursor
	for i := range 250 {
		l.Ask(fmt.Sprintf("x%d.example", i))
	}
	l.Rotate(200)
	l.Stick()
	Watch(t, c.Observer, from)
	Until(t, "it gives up, and says that something is missing", func() bool {
		cov, _ := c.Coverer.Coverage(t.Context())
		return cov.Lost > 0
	})
}
