package adguardhome

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"bestbefore/connectors"
	"bestbefore/consent"
	"bestbefore/discovery"
	"bestbefore/discovery/flow"
)

// watching runs Observe until stop.
func watching(t *testing.T, s *Session, from connectors.Cursor) (v *seen, stop func() *seen, sync func(func(*seen) bool) bool) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	v = newSeen()
	turn := make(chan struct{}, 1)
	turn <- struct{}{}
	done := make(chan error, 1)
	go func() {
		done <- s.Observe(ctx, from, func(r []flow.Record, c connectors.Cursor) {
			<-turn
			v.take(r, c)
			turn <- struct{}{}
		})
	}()
	stopped := false
	stop = func() *seen {
		if !stopped {
			stopped = true
			cancel()
			if err := <-done; err != nil {
				t.Errorf("observing ended with %v", err)
			}
		}
		return v
	}
	t.Cleanup(func() { stop() })
	return v, stop, func(ok func(*seen) bool) bool {
		<-turn
		defer func() { turn <- struct{}{} }()
		return ok(v)
	}
}

// TestEveryQuestionIsCountedOnce goes through pauses, restarts of the observer in
// the middle of a backlog, and a log whose rows are not found again.
func TestEveryQuestionIsCountedOnce(t *testing.T) {
	for _, unfindable := range []bool{false, true} {
		t.Run(fmt.Sprintf("unfindable=%v", unfindable), func(t *testing.T) {
			f := newFake(t)
			f.unfindable, f.memory = unfindable, 40
			for i := range 30 { // before us: not ours
				f.ask(bellAddr, fmt.Sprintf("before%d.example", i))
			}
			s := open(t, f)
			_, stop, sync := watching(t, s, nil)
			until(t, "it begins", func() bool { return sync(func(v *seen) bool { return len(v.cursor) > 0 }) })
			total := newSeen()
			want := uint64(0)
			ask := func(n int) {
				for i := range n {
					f.ask(bellAddr, fmt.Sprintf("n%d.example", i%7))
					want++
				}
			}
			for round := range 6 {
				ask(40)
				until(t, "it catches up", func() bool {
					return sync(func(v *seen) bool { return sumOf(v)+sumOf(total) == want })
				})
				v := stop()
				add(total, v)
				ask([]int{3, 2500, 120, 0, 600, 1}[round]) // while nobody looks
				_, stop, sync = watching(t, s, v.cursor)
				if round == 1 { // cut off in the middle of the backlog
					until(t, "the backlog begins", func() bool { return sync(func(v *seen) bool { return len(v.recs) > 0 }) })
					v = stop()
					add(total, v)
					_, stop, sync = watching(t, s, v.cursor)
				}
				until(t, "nothing is missing", func() bool {
					return sync(func(v *seen) bool { return sumOf(v)+sumOf(total) >= want })
				})
			}
			add(total, stop())
			if got := sumOf(total); got != want {
				t.Errorf("%d questions counted, %d were asked", got, want)
			}
			if total.largest > 500 {
				t.Errorf("a batch of %d records", total.largest)
			}
			if c, _ := s.Coverage(t.Context()); c.Lost != 0 || c.Alive.IsZero() || len(c.Addresses) != 1 {
				t.Errorf("%+v", c)
			}
		})
	}
}

func sumOf(v *seen) (n uint64) {
	for _, x := range v.counts {
		n += x
	}
	for _, x := range v.refused {
		n += x
	}
	return n
}

func add(to, v *seen) {
	for k, n := range v.counts {
		to.counts[k] += n
	}
	to.largest = max(to.largest, v.largest)
}

// TestARotatedLogIsALoss: what was thrown away before we looked is said to be missing.
func TestARotatedLogIsALoss(t *testing.T) {
	f := newFake(t)
	s := open(t, f)
	f.ask(bellAddr, "one.example")
	_, stop, sync := watching(t, s, nil)
	until(t, "it begins", func() bool { return sync(func(v *seen) bool { return len(v.cursor) > 0 }) })
	f.ask(bellAddr, "two.example")
	until(t, "it sees", func() bool { return sync(func(v *seen) bool { return sumOf(v) == 1 }) })
	cursor := stop().cursor
	for i := range 50 {
		f.ask(bellAddr, fmt.Sprintf("x%d.example", i))
	}
	f.rotate(10)
	_, _, sync = watching(t, s, cursor)
	until(t, "what is left is seen", func() bool { return sync(func(v *seen) bool { return sumOf(v) == 10 }) })
	until(t, "the loss is said", func() bool {
		c, _ := s.Coverage(t.Context())
		return c.Lost > 0 && strings.Contains(c.Text, "no longer held")
	})
}

func TestAnIdlePeerGivesHeartbeatsAndNoWrites(t *testing.T) {
	f := newFake(t)
	f.ask(bellAddr, "one.example")
	s := open(t, f)
	now := time.Now()
	s.now = func() time.Time { now = now.Add(3 * time.Second); return now }
	_, stop, sync := watching(t, s, nil)
	until(t, "it beats", func() bool { return sync(func(v *seen) bool { return v.beats >= 3 }) })
	if v := stop(); len(v.recs) != 0 {
		t.Errorf("records of nothing: %+v", v.recs)
	}
}

// TestWhatCannotBeSeenIsSaid: a log that is off, or that hides who asked.
func TestWhatCannotBeSeenIsSaid(t *testing.T) {
	f := newFake(t)
	f.masked, f.unprotected, f.ahead = true, true, 2*time.Hour
	s := open(t, f)
	_, _, sync := watching(t, s, nil)
	until(t, "it begins", func() bool { return sync(func(v *seen) bool { return len(v.cursor) > 0 }) })
	f.ask(bellAddr, "one.example")
	until(t, "it sees, as somebody's", func() bool { return sync(func(v *seen) bool { return len(v.recs) > 0 }) })
	c, err := s.Coverage(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"DNS only", "own DNS is not seen", "shortens addresses", "protection is switched off", "2h0m0s ahead"} {
		if !strings.Contains(c.Text, want) {
			t.Errorf("%q is not said: %s", want, c.Text)
		}
	}
	sync(func(v *seen) bool {
		if r := v.recs[0]; !r.Local.Somebody {
			t.Errorf("a shortened address is taken for a device: %+v", r.Local)
		}
		if r := v.recs[0]; time.Until(r.Last).Abs() > time.Minute {
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
	_, _, sync := watching(t, s, nil)
	until(t, "it begins", func() bool { return sync(func(v *seen) bool { return len(v.cursor) > 0 }) })
	f.ask(bellAddr, "one.example")
	until(t, "it sees", func() bool { return sync(func(v *seen) bool { return sumOf(v) == 1 }) })
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
