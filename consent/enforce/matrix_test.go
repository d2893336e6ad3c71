package enforce

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"bestbefore/connectors"
	"bestbefore/consent"
	"bestbefore/consent/ledger"
)

// The matrix of faults: every pair of fifteen, on the path from an ended
// permission to its proof, on a fake clock. Each fault is there for half an hour;
// afterwards everything is well, and the end must hold. The same on the real
// scheduler and the real files is in app/internal/lifecycle.

// faultTime is how long the faults last.
const faultTime = 30 * time.Minute

// trial is one home under two faults.
type trial struct {
	*bench
	p    *peer
	over time.Time

	blockErr []func(context.Context) error
	findings []func(connectors.Finding) (connectors.Finding, error)
	saves    []func(a consent.Action) error
	reads    []func() error
	after    []func() // while the faults last, each minute
}

func (x *trial) on() bool { return x.now().Before(x.over) }

// everyOther fails each second time.
func everyOther(err error) func() error {
	n := 0
	return func() error {
		if n++; n%2 == 1 {
			return err
		}
		return nil
	}
}

var errDisk = errors.New("disk full")

// faults are the fifteen.
var faults = []struct {
	name  string
	begin func(x *trial)
}{
	{"the connector refuses", func(x *trial) {
		x.blockErr = append(x.blockErr, func(context.Context) error { return transient("refused") })
	}},
	{"the connector hangs", func(x *trial) {
		x.blockErr = append(x.blockErr, func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() })
	}},
	{"500", func(x *trial) {
		f := everyOther(transient("500"))
		x.blockErr = append(x.blockErr, func(context.Context) error { return f() })
	}},
	{"200, but not done", func(x *trial) { x.after = append(x.after, func() { x.p.forget() }) }},
	{"the answer comes after the deadline", func(x *trial) {
		x.blockErr = append(x.blockErr, func(context.Context) error { time.Sleep(defaultCallTimeout + comeBack/2); return nil })
	}},
	{"the connector crashes", func(x *trial) {
		x.blockErr = append(x.blockErr, func(context.Context) error { panic("rubbish") })
	}},
	{"the connection is closed", func(x *trial) {
		x.setClosed("gw", transient("no route"))
		x.after = append(x.after, func() {
			if !x.on() {
				x.setClosed("gw", nil)
			}
		})
	}},
	{"the connection opens and closes", func(x *trial) {
		n := 0
		x.after = append(x.after, func() {
			if n++; n%2 == 0 && x.on() {
				x.setClosed("gw", transient("no route"))
				return
			}
			x.setClosed("gw", nil)
			x.r.Opened()
		})
	}},
	{"the n-th write fails", func(x *trial) {
		f := everyOther(errDisk)
		x.saves = append(x.saves, func(consent.Action) error { return f() })
	}},
	{"the disk is full", func(x *trial) {
		x.saves = append(x.saves, func(consent.Action) error { return errDisk })
	}},
	{"reading fails", func(x *trial) { x.reads = append(x.reads, everyOther(errors.New("i/o error"))) }},
	{"the clock goes back", func(x *trial) { x.shift(-10 * time.Minute) }},
	{"the clock goes forward", func(x *trial) { x.shift(3 * time.Hour) }},
	{"the computer sleeps", func(x *trial) { x.shift(9 * time.Hour) }},
	{"the look fails", func(x *trial) {
		x.findings = append(x.findings, func(f connectors.Finding) (connectors.Finding, error) { return f, transient("no answer") })
	}},
}

// shift moves the wall clock once, a minute after the beginning.
func (x *trial) shift(by time.Duration) {
	done := false
	x.after = append(x.after, func() {
		if !done {
			done = true
			x.bench.mu.Lock()
			x.skew += by
			x.over = x.over.Add(by)
			x.bench.mu.Unlock()
		}
	})
}

// faulty is the store of a trial.
type faulty struct{ *trial }

func (f faulty) SaveAction(ctx context.Context, a consent.Action, ns ...ledger.Note) error {
	if f.on() {
		for _, s := range f.saves {
			if err := s(a); err != nil {
				return err
			}
		}
	}
	return f.bench.SaveAction(ctx, a, ns...)
}

func (f faulty) Consent(ctx context.Context, id consent.ID) (consent.Consent, error) {
	if f.on() {
		for _, r := range f.reads {
			if err := r(); err != nil {
				return consent.Consent{}, err
			}
		}
	}
	return f.bench.Consent(ctx, id)
}

// try runs one pair and says what is wrong at the end.
func try(t *testing.T, one, two int, broken bool) (wrong string) {
	t.Helper()
	x := &trial{}
	inHome(t, func(_ *testing.T, h *bench) {
		x.bench, x.over = h, h.now().Add(faultTime)
		x.p = h.peer("gw", fine)
		for _, i := range []int{one, two} {
			faults[i].begin(x)
		}
		x.p.block = func(ctx context.Context, _ connectors.BlockRequest) error {
			for _, f := range x.blockErr {
				if !x.on() {
					return nil
				}
				if err := f(ctx); err != nil {
					return err
				}
			}
			return nil
		}
		x.p.verify = x.look
		a := h.ended("c1", consent.Block)
		stop := h.serve()
		for range 35 {
			settle(time.Minute)
			for _, f := range x.after {
				f()
			}
		}
		h.setClosed("gw", nil)
		h.r.Opened()
		stop() // a restart between the faults and the recovery loses nothing
		if !broken {
			stop = h.serve()
			settle(7 * time.Hour) // over the table of retries
			if h.seen("c1") == consent.CannotTell {
				settle(19 * time.Hour) // honest until the look after a day
			}
			stop()
		}
		wrong = x.verdict(a)
	}, func(c *Config) {
		x.bench = c.Store.(*bench)
		c.Store = faulty{x}
	})
	return wrong
}

func (x *trial) look(r connectors.Receipt) (connectors.Finding, error) {
	f := connectors.Finding{Missing: true}
	if x.p.holds(r.Mark) {
		f = connectors.Finding{Level: consent.Effective, Seen: consent.Stopped, Refused: 3}
	}
	if x.on() {
		for _, g := range x.findings {
			if _, err := g(f); err != nil {
				return f, err
			}
		}
	}
	return f, nil
}

// verdict: the block is there, exactly one action stands for it, success was not
// told twice for one action, and nothing was decided anew.
func (x *trial) verdict(a consent.Action) string {
	var open, done int
	for _, y := range x.all() {
		if y.State.Open() {
			open++
		}
		if y.State == consent.Done && !y.VerifyAt.IsZero() {
			done++
		}
	}
	told := map[string]int{}
	x.memory.mu.Lock()
	for _, n := range x.notes {
		if strings.Contains(n.Text, "was blocked from") {
			told[n.Action]++
		}
	}
	c := x.consents["c1"]
	x.memory.mu.Unlock()
	for id, n := range told {
		// One that was taken for done and then found missing is told again.
		if y := x.action(consent.ActionID(id)); n > max(y.Attempt, 1) {
			return fmt.Sprintf("%s was told %d times in %d tries", id, n, y.Attempt)
		}
	}
	switch {
	case !x.p.holds(a.Mark):
		return fmt.Sprintf("nothing is blocked; %d open, the first %s", open, x.state(a.ID))
	case open != 0 || done != 1:
		return fmt.Sprintf("%d open, %d stand for the block; the first %s", open, done, x.state(a.ID))
	case c.Decided != consent.Expired || c.Version != 2:
		return fmt.Sprintf("%s, version %d", c.Decided, c.Version)
	case c.Seen != consent.Stopped:
		return fmt.Sprintf("seen %s", c.Seen)
	}
	return ""
}

func TestTheMatrixOfFaults(t *testing.T) {
	if len(faults) != 15 {
		t.Fatalf("%d faults", len(faults))
	}
	began := time.Now()
	bad, tried := 0, 0
	for i := range faults {
		for j := range faults {
			tried++
			if wrong := try(t, i, j, false); wrong != "" {
				bad++
				t.Errorf("%s, and %s: %s", faults[i].name, faults[j].name, wrong)
			}
		}
	}
	t.Logf("%d pairs of faults in %v", tried, time.Since(began).Round(time.Millisecond))
	if try(t, 9, 9, true) == "" && try(t, 6, 0, true) == "" { // the twin: nobody goes on after the faults
		t.Error("without the retries nothing is found; this test shows nothing")
	}
}
