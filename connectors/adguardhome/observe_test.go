package adguardhome

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"bestbefore/connectors"
	"bestbefore/connectors/connectortest"
	"bestbefore/consent"
	"bestbefore/discovery"
	"bestbefore/discovery/flow"
)

// questions is the log for the rules of every DNS blocker.
func questions(f *fake) connectortest.QueryLog {
	return connectortest.QueryLog{
		Open:    func(t *testing.T) connectors.Capabilities { return connectors.CapabilitiesOf(open(t, f)) },
		Ask:     func(name string) { f.ask(bellAddr, name) },
		Rotate:  f.rotate,
		Stick:   func() { f.with(func() { f.sticks = true }) },
		Backlog: 2500,
	}
}

// TestEveryQuestionIsCountedOnce also where rows are not found again by their time.
func TestEveryQuestionIsCountedOnce(t *testing.T) {
	for _, unfindable := range []bool{false, true} {
		t.Run(fmt.Sprintf("unfindable=%v", unfindable), func(t *testing.T) {
			f := newFake(t)
			f.unfindable, f.memory = unfindable, 40
			connectortest.CountsOnce(t, questions(f))
		})
	}
}

func TestALogThatSticksIsLeft(t *testing.T) { connectortest.EndsALook(t, questions(newFake(t))) }

func TestARotatedLogIsALoss(t *testing.T) { connectortest.SaysLosses(t, questions(newFake(t))) }

func TestAnIdlePeerGivesHeartbeatsAndNoWrites(t *testing.T) {
	f := newFake(t)
	f.ask(bellAddr, "one.example")
	s := open(t, f)
	now := time.Now()
	s.Now = func() time.Time { now = now.Add(3 * time.Second); return now }
	w := connectortest.Watch(t, s, nil)
	w.Until("it beats", func(v *connectortest.Seen) bool { return v.Beats >= 3 })
	if v := w.Stop(); len(v.Records) != 0 {
		t.Errorf("records of nothing: %+v", v.Records)
	}
}

// TestWhatCannotBeSeenIsSaid: a log that is off, or that hides who asked.
func TestWhatCannotBeSeenIsSaid(t *testing.T) {
	f := newFake(t)
	f.masked, f.unprotected, f.ahead = true, true, 2*time.Hour
	s := open(t, f)
	w := connectortest.Watch(t, s, nil)
	w.Begun()
	f.ask(bellAddr, "one.example")
	w.Until("it sees, as somebody's", func(v *connectortest.Seen) bool { return len(v.Records) > 0 })
	c, err := s.Coverage(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"DNS only", "own DNS is not seen", "shortens addresses", "protection is switched off", "2h0m0s ahead"} {
		if !strings.Contains(c.Text, want) {
			t.Errorf("%q is not said: %s", want, c.Text)
		}
	}
	w.Is(func(v *connectortest.Seen) bool {
		if r := v.Records[0]; !r.Local.Somebody {
			t.Errorf("a shortened address is taken for a device: %+v", r.Local)
		}
		if r := v.Records[0]; time.Until(r.Last).Abs() > time.Minute {
			t.Errorf("its clock is ahead, and the time was not corrected: %s", r.Last)
		}
		return true
	})
	if at, err := s.PeerTime(t.Context()); err != nil || time.Until(at) < time.Hour {
		t.Errorf("its clock: %s, %v", at, err)
	}
}

// TestWhoAsksIsTold with the hardware address that it gave the address to.
func TestWhoAsksIsTold(t *testing.T) {
	f := newFake(t)
	f.leases = map[string]string{bellAddr: bellMAC}
	s := open(t, f)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	w := connectortest.Watch(t, s, nil)
	w.Begun()
	f.ask(bellAddr, "one.example")
	w.Until("it sees", func(v *connectortest.Seen) bool { return v.Sum() == 1 })
	got := make(chan discovery.Sighting, 1)
	done := make(chan error, 1)
	go func() { done <- s.Discover(ctx, func(v discovery.Sighting) { got <- v }) }()
	v := <-got
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
	if len(v.Identifiers) != 1 || v.Identifiers[0].Value != bellMAC || v.Addresses[0].String() != bellAddr || v.Source != "connector:k1" || len(v.Facts) != 1 || v.Facts[0].Value != "doorbell" {
		t.Errorf("%+v", v)
	}
}

// TestBlocksFollowTheDevice (T38): a new lease moves the block along; on an
// address that somebody else got, it is taken off, and reported lost.
func TestBlocksFollowTheDevice(t *testing.T) {
	f := newFake(t)
	f.leases = map[string]string{bellAddr: bellMAC}
	s := open(t, f)
	r, err := s.Block(t.Context(), connectors.BlockRequest{Mark: "consent-c1", Target: target(maker(), bellAddr)})
	if err != nil || r.Level != consent.Configured {
		t.Fatalf("%+v, %v", r, err)
	}
	f.with(func() { f.leases = map[string]string{bellAddr: otherMAC, "192.168.77.44": bellMAC} })
	if v, err := s.Verify(t.Context(), r); err != nil || !v.Missing {
		t.Errorf("the device has moved: %+v, %v", v, err)
	}
	if err := s.learn(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := s.refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	if f.ask("192.168.77.44", "video.maker.example") || !f.ask(bellAddr, "video.maker.example") {
		t.Error("the block did not follow the device, or hits the one that has its address now")
	}
	if v, err := s.Verify(t.Context(), r); err != nil || v.Missing || v.Level != consent.Effective {
		t.Errorf("after it moved: %+v, %v", v, err)
	}
	f.with(func() { f.leases = map[string]string{bellAddr: otherMAC, "192.168.77.44": otherMAC} })
	if err := s.learn(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := s.refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	if v, err := s.Verify(t.Context(), r); err != nil || !v.Missing {
		t.Errorf("the device is nowhere: %+v, %v", v, err)
	}
	if !f.ask("192.168.77.44", "video.maker.example") {
		t.Error("somebody else is hit")
	}
	if _, err := s.Block(t.Context(), connectors.BlockRequest{Mark: "consent-c1", Target: target(maker(), bellAddr)}); connectors.KindOf(err) != consent.KindTransient {
		t.Errorf("blocking what has no address: %v", err)
	}
}

// asleep fills the log of f with rows that came while nobody looked, and gives a
// session that looks once, and the place from which it goes on.
func asleep(t *testing.T, f *fake, rows int) (*Session, connectors.Cursor) {
	t.Helper()
	f.with(func() {
		f.log = append(f.log, entry{at: f.now().Add(-time.Hour), client: bellAddr, name: "old.example"})
	})
	f.ask(bellAddr, "one.example")
	from := connectortest.Watch(t, open(t, f), nil).Begun().Stop().Cursor
	for i := range rows {
		f.ask(bellAddr, fmt.Sprintf("n%d.example", i%700))
	}
	f.with(func() { clear(f.asked); clear(f.limits) })
	s := open(t, f)
	s.Every = time.Hour
	return s, from
}

func (f *fake) pages() (n int) {
	f.with(func() { n = f.asked["/control/querylog"] })
	return n
}

// While a page is stored, the peer writes the next. The twin: where a page leads to
// what is known, nothing more is asked.
func TestTheNextPageComesWhileOneIsStored(t *testing.T) {
	f := newFake(t)
	s, from := asleep(t, f, 5000)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	done, stored := make(chan error, 1), uint64(0)
	go func() {
		done <- s.Observe(ctx, from, func(recs []flow.Record, _ connectors.Cursor) {
			if stored == 0 {
				connectortest.Until(t, "the next page is asked for", func() bool { return f.pages() == 2 })
			}
			for _, r := range recs {
				stored += r.Count
			}
			if stored == 5000 {
				cancel()
			}
		})
	}()
	if err := <-done; err != nil || stored != 5000 || f.pages() != 3 {
		t.Errorf("%d rows stored from %d pages: %v", stored, f.pages(), err)
	}

	f = newFake(t)
	s, from = asleep(t, f, 50)
	w := connectortest.Watch(t, s, from)
	w.Until("all are seen", func(v *connectortest.Seen) bool { return v.Sum() == 50 })
	if w.Stop(); f.pages() != 1 {
		t.Errorf("%d pages were asked for", f.pages())
	}
}

// A peer whose rows are so long that a page of them is too large an answer is asked
// for smaller ones from then on, and not for each of them twice.
func TestALogOfLongRowsIsAskedForFewer(t *testing.T) {
	f := newFake(t)
	f.padding = strings.Repeat("x", 5000)
	s, from := asleep(t, f, 3100)
	w := connectortest.Watch(t, s, from)
	w.Until("all are seen", func(v *connectortest.Seen) bool { return v.Sum() == 3100 })
	if w.Stop(); f.limits["4000"] != 1 || f.limits["1000"] < 3 {
		t.Errorf("%v", f.limits)
	}
}
