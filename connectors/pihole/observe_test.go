package pihole

import (
	"context"
	"fmt"
	"slices"
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
// the middle of a backlog, and a log of which only the disk holds the older rows.
func TestEveryQuestionIsCountedOnce(t *testing.T) {
	for _, onDisk := range []bool{false, true} {
		t.Run(fmt.Sprintf("on disk=%v", onDisk), func(t *testing.T) {
			f := newFake(t)
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
				ask([]int{3, 4500, 120, 0, 600, 1}[round]) // while nobody looks
				if onDisk {
					f.with(func() {
						for i := range f.log {
							f.log[i].disk = true
						}
					})
				}
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
		return c.Lost == 40 && strings.Contains(c.Text, "no longer held")
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

// TestALogThatIsBegunAnew: numbers start from the beginning; nothing that was
// given is given again.
func TestALogThatIsBegunAnew(t *testing.T) {
	f := newFake(t)
	s := open(t, f)
	f.ask(bellAddr, "one.example")
	_, stop, sync := watching(t, s, nil)
	until(t, "it begins", func() bool { return sync(func(v *seen) bool { return len(v.cursor) > 0 }) })
	for range 5 {
		f.ask(bellAddr, "two.example")
	}
	until(t, "it sees", func() bool { return sync(func(v *seen) bool { return sumOf(v) == 5 }) })
	cursor := stop().cursor
	f.with(func() { f.last, f.log = 0, nil })
	f.ask(bellAddr, "three.example")
	_, _, sync = watching(t, s, cursor)
	until(t, "the new log is read", func() bool { return sync(func(v *seen) bool { return sumOf(v) == 1 }) })
	if c, _ := s.Coverage(t.Context()); c.Lost == 0 {
		t.Error("the loss is not said")
	}
}

// TestWhatCannotBeSeenIsSaid: a log that hides who asked, blocking that is off, a wrong clock.
func TestWhatCannotBeSeenIsSaid(t *testing.T) {
	f := newFake(t)
	f.disabled, f.ahead = true, 2*time.Hour
	s := open(t, f)
	_, _, sync := watching(t, s, nil)
	until(t, "it begins", func() bool { return sync(func(v *seen) bool { return len(v.cursor) > 0 }) })
	f.ask(bellAddr, "one.example")
	until(t, "it sees", func() bool { return sync(func(v *seen) bool { return len(v.recs) > 0 }) })
	sync(func(v *seen) bool {
		if r := v.recs[0]; time.Until(r.Last).Abs() > time.Minute {
			t.Errorf("its clock is ahead, and the time was not corrected: %s", r.Last)
		}
		return true
	})
	f.with(func() { f.level = 2 })
	if err := s.readConfig(t.Context()); err != nil {
		t.Fatal(err)
	}
	c, err := s.Coverage(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"DNS only", "own DNS is not seen", "hides names and devices", "blocking is switched off", "2h0m0s ahead"} {
		if !strings.Contains(c.Text, want) {
			t.Errorf("%q is not said: %s", want, c.Text)
		}
	}
	if at, err := s.PeerTime(t.Context()); err != nil || time.Until(at) < time.Hour {
		t.Errorf("its clock: %s, %v", at, err)
	}
}

// TestWhoAsksIsTold with the hardware address that its sweep met there.
func TestWhoAsksIsTold(t *testing.T) {
	f := newFake(t)
	f.devices = map[string][]string{strings.ToUpper(bellMAC): {bellAddr}}
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
	if len(v.Identifiers) != 1 || v.Identifiers[0].Value != bellMAC || v.Addresses[0].String() != bellAddr || v.Source != "connector:k1" || len(v.Facts) != 2 || v.Facts[1].Value != "bell" {
		t.Errorf("%+v", v)
	}
}

// TestBlocksFollowTheDevice (T38): a new address moves the block along; on
// one that somebody else got, it is taken off, and reported.
func TestBlocksFollowTheDevice(t *testing.T) {
	f := newFake(t)
	f.devices = map[string][]string{strings.ToUpper(bellMAC): {bellAddr}}
	s := open(t, f)
	r, err := s.Block(t.Context(), connectors.BlockRequest{Mark: "consent-c1", Target: target(maker(), bellAddr)})
	if err != nil || r.Level != consent.Configured {
		t.Fatalf("%+v, %v", r, err)
	}
	move := func(devices map[string][]string) {
		t.Helper()
		f.with(func() { f.devices = devices; f.reload() })
		if v, err := s.Verify(t.Context(), r); err != nil || !v.Missing {
			t.Errorf("the device has moved: %+v, %v", v, err)
		}
		n, err := s.readNetwork(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if err := s.refresh(t.Context(), n); err != nil {
			t.Fatal(err)
		}
	}
	move(map[string][]string{otherMAC: {bellAddr}, bellMAC: {"192.168.77.44"}})
	if f.ask("192.168.77.44", "video.maker.example") || !f.ask(bellAddr, "video.maker.example") {
		t.Error("the block did not follow the device, or hits the one that has its address now")
	}
	if v, err := s.Verify(t.Context(), r); err != nil || v.Missing || v.Level != consent.Effective {
		t.Errorf("after it moved: %+v, %v", v, err)
	}
	move(map[string][]string{otherMAC: {bellAddr, "192.168.77.44"}})
	if !f.ask("192.168.77.44", "video.maker.example") || !f.ask(bellAddr, "video.maker.example") {
		t.Error("somebody else is hit")
	}
	if _, err := s.Unblock(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	f.with(func() {
		if len(f.members) != 0 || len(f.rules) != 0 || len(f.groups) != 1 {
			t.Errorf("left over: %v %v %v", f.members, f.rules, f.groups)
		}
	})
}

// TestATwoHundredAndOneIsNotADone: what it says it processed counts.
func TestATwoHundredAndOneIsNotADone(t *testing.T) {
	f := newFake(t)
	f.deaf = true
	s := open(t, f)
	if _, err := s.Block(t.Context(), connectors.BlockRequest{Mark: "consent-c1", Target: target(maker(), bellAddr)}); connectors.KindOf(err) != consent.KindPermanent || !strings.Contains(err.Error(), "did not take it") {
		t.Errorf("%v", err)
	}
}

// TestTheHouseholdsGroupsStay: a member of ours takes over what applied before.
func TestTheHouseholdsGroupsStay(t *testing.T) {
	f := newFake(t)
	f.put("groups", "Kids", "", true, nil)
	kids := f.groups["Kids"].ID
	f.put("clients", strings.ToUpper(bellMAC), "the bell", false, []int64{kids})
	s := open(t, f)
	r, err := s.Block(t.Context(), connectors.BlockRequest{Mark: "consent-c1", Target: target(maker(), bellAddr)})
	if err != nil {
		t.Fatal(err)
	}
	f.with(func() {
		if m := f.members[bellAddr]; m == nil || !slices.Contains(m.Groups, kids) {
			t.Errorf("its address is in no group of the household's any more: %+v", m)
		}
	})
	if _, err := s.Unblock(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	f.with(func() {
		if m := f.members[strings.ToUpper(bellMAC)]; len(f.members) != 1 || m == nil || !slices.Equal(m.Groups, []int64{kids}) || m.Comment != "the bell" {
			t.Errorf("after lifting: %+v", f.members)
		}
	})
}
