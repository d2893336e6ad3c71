package pihole

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"bestbefore/connectors"
	"bestbefore/connectors/connectortest"
	"bestbefore/consent"
	"bestbefore/discovery"
)

// questions is the log for the rules of every DNS blocker.
func questions(f *fake) connectortest.QueryLog {
	return connectortest.QueryLog{
		Open:    func(t *testing.T) connectors.Capabilities { return connectors.CapabilitiesOf(open(t, f)) },
		Ask:     func(name string) { f.ask(bellAddr, name) },
		Rotate:  f.rotate,
		Stick:   func() { f.with(func() { f.sticks = true }) },
		Backlog: 4500,
	}
}

// TestEveryQuestionIsCountedOnce also where only the disk holds the older rows.
func TestEveryQuestionIsCountedOnce(t *testing.T) {
	for _, onDisk := range []bool{false, true} {
		t.Run(fmt.Sprintf("on disk=%v", onDisk), func(t *testing.T) {
			f := newFake(t)
			log := questions(f)
			if onDisk {
				log.Away = func() {
					f.with(func() {
						for i := range f.log {
							f.log[i].disk = true
						}
					})
				}
			}
			connectortest.CountsOnce(t, log)
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

// TestALogThatIsBegunAnew: numbers start from the beginning; nothing that was
// given is given again.
func TestALogThatIsBegunAnew(t *testing.T) {
	f := newFake(t)
	s := open(t, f)
	f.ask(bellAddr, "one.example")
	w := connectortest.Watch(t, s, nil)
	w.Begun()
	for range 5 {
		f.ask(bellAddr, "two.example")
	}
	w.Until("it sees", func(v *connectortest.Seen) bool { return v.Sum() == 5 })
	cursor := w.Stop().Cursor
	f.with(func() { f.last, f.log = -1, nil })
	f.ask(bellAddr, "three.example")
	w = connectortest.Watch(t, s, cursor)
	w.Until("the new log is read", func(v *connectortest.Seen) bool { return v.Sum() == 1 })
	if c, _ := s.Coverage(t.Context()); c.Lost == 0 {
		t.Error("the loss is not said")
	}
}

// TestTheFirstRowOfAll has the number 0, and is counted as any other.
func TestTheFirstRowOfAll(t *testing.T) {
	f := newFake(t)
	s := open(t, f)
	w := connectortest.Watch(t, s, nil).Begun()
	f.ask(bellAddr, "one.example")
	w.Until("it sees", func(v *connectortest.Seen) bool { return v.Sum() == 1 })
	if c, _ := s.Coverage(t.Context()); strings.Contains(c.Text, "could not be read") {
		t.Errorf("%s", c.Text)
	}
}

// TestNumbersThatAreUsedAgain: a power cut takes the newest rows, and what is
// asked afterwards stands at their numbers. It is counted all the same, whether
// there are fewer new rows than lost ones or more, and what was given is not given again.
func TestNumbersThatAreUsedAgain(t *testing.T) {
	for _, c := range []struct{ before, lost, after int }{{5, 3, 2}, {5, 3, 20}, {150, 120, 121}, {5, 5, 9}, {300, 10, 4500}} {
		t.Run(fmt.Sprint(c), func(t *testing.T) {
			t.Parallel()
			f := newFake(t)
			f.ask(bellAddr, "old.example")
			s := open(t, f)
			w := connectortest.Watch(t, s, nil).Begun()
			for range c.before {
				f.ask(bellAddr, "before.example")
			}
			w.Until("it sees", func(v *connectortest.Seen) bool { return v.Sum() == uint64(c.before) })
			cursor := w.Stop().Cursor
			f.powerCut(c.lost)
			f.with(func() { f.ahead += time.Minute }) // as long as it was away
			for range c.after {
				f.ask(bellAddr, "after.example")
			}
			w = connectortest.Watch(t, s, cursor)
			key := bellAddr + " after.example"
			w.Until("what was asked since is seen", func(v *connectortest.Seen) bool { return v.Counts[key] >= uint64(c.after) })
			f.ask(bellAddr, "then.example")
			w.Until("it goes on", func(v *connectortest.Seen) bool { return v.Counts[bellAddr+" then.example"] > 0 })
			if v := w.Stop(); v.Sum() != uint64(c.after)+1 {
				t.Errorf("%d questions, %d were asked: %v", v.Sum(), c.after+1, v.Counts)
			}
			if cov, _ := s.Coverage(t.Context()); cov.Lost == 0 {
				t.Error("that something may be missing is not said")
			}
		})
	}
}

// TestWhatCannotBeSeenIsSaid: a log that hides who asked, blocking that is off, a wrong clock.
func TestWhatCannotBeSeenIsSaid(t *testing.T) {
	f := newFake(t)
	f.disabled, f.ahead = true, 2*time.Hour
	s := open(t, f)
	w := connectortest.Watch(t, s, nil)
	w.Begun()
	f.ask(bellAddr, "one.example")
	w.Until("it sees", func(v *connectortest.Seen) bool { return len(v.Records) > 0 })
	w.Is(func(v *connectortest.Seen) bool {
		if r := v.Records[0]; time.Until(r.Last).Abs() > time.Minute {
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

// TestWhatTheHouseholdAllowsGoesFirst: Pi-hole lets through what the household
// allows, whatever refuses it; then the block is not called whole.
func TestWhatTheHouseholdAllowsGoesFirst(t *testing.T) {
	all, to := consent.Recipient{Any: true}, maker()
	for _, c := range []struct {
		name string
		allow
		to   consent.Recipient
		told bool
	}{
		{"a name of it", allow{"video.maker.example", "exact", []int64{0}, true}, to, true},
		{"a pattern", allow{`(\.|^)maker\.example$`, "regex", []int64{0}, true}, to, true},
		{"anything", allow{"time.example", "exact", []int64{0}, true}, all, true},
		{"another name", allow{"time.example", "exact", []int64{0}, true}, to, false},
		{"another pattern", allow{`(\.|^)time\.example$`, "regex", []int64{0}, true}, to, false},
		{"switched off", allow{"video.maker.example", "exact", []int64{0}, false}, to, false},
		{"others", allow{"video.maker.example", "exact", []int64{7}, true}, to, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFake(t)
			f.allows = []allow{c.allow}
			f.reload()
			s := open(t, f)
			r, err := s.Block(t.Context(), connectors.BlockRequest{Mark: "consent-c1", Target: target(c.to, bellAddr)})
			if err != nil || strings.Contains(r.Text, "own list allows") != c.told || (r.Level == consent.Configured) == c.told {
				t.Errorf("%+v, %v", r, err)
			}
			f.ask(bellAddr, "other.maker.example")
			v, err := s.Verify(t.Context(), r)
			if err != nil || strings.Contains(v.Text, "own list allows") != c.told || (v.Level == consent.Effective) == c.told {
				t.Errorf("%+v, %v", v, err)
			}
		})
	}
}

// TestAMarkWithAPlusSign: what is made under it is found again, and taken away.
func TestAMarkWithAPlusSign(t *testing.T) {
	f := newFake(t)
	s := open(t, f)
	r, err := s.Block(t.Context(), connectors.BlockRequest{Mark: "access-k1/a+b c%2", Target: target(maker(), bellAddr)})
	if err != nil || r.Level != consent.Configured {
		t.Fatalf("%+v, %v", r, err)
	}
	if r, err = s.Unblock(t.Context(), r); err != nil || r.Level != consent.Configured {
		t.Errorf("%+v, %v", r, err)
	}
	f.with(func() {
		if len(f.members) != 0 || len(f.rules) != 0 || len(f.groups) != 1 {
			t.Errorf("left over: %v %v %v", f.members, f.rules, f.groups)
		}
	})
}

// TestAPeerThatHasJustBegun does not have its lists yet; that passes.
func TestAPeerThatHasJustBegun(t *testing.T) {
	f := newFake(t)
	s := open(t, f)
	f.with(func() { f.begins = true })
	req := connectors.BlockRequest{Mark: "consent-c1", Target: target(maker(), bellAddr)}
	if _, err := s.Block(t.Context(), req); connectors.KindOf(err) != consent.KindTransient {
		t.Errorf("%v", err)
	}
	f.with(func() { f.begins = false })
	if r, err := s.Block(t.Context(), req); err != nil || r.Level != consent.Configured {
		t.Errorf("%+v, %v", r, err)
	}
}
