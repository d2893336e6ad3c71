package openwrt

import (
	"context"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"bestbefore/connectors"
	"bestbefore/consent"
)

func holds(text string, parts ...string) bool {
	return !slices.ContainsFunc(parts, func(p string) bool { return !strings.Contains(text, p) })
}

func mustBlock(t *testing.T, s *Session, req connectors.BlockRequest) connectors.Receipt {
	t.Helper()
	rec, err := s.Block(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	return rec
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for limit := time.Now().Add(10 * time.Second); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(limit) {
			t.Fatalf("%s: it does not come", what)
		}
	}
}

// What is open is cut with the block; the firewall alone lets it go on.
func TestOpenConnectionsAreCut(t *testing.T) {
	for name, granted := range map[string]bool{"granted": true, "not granted": false} {
		t.Run(name, func(t *testing.T) {
			r := newRouter(t)
			if !granted {
				r.acl.Write.File = nil
			}
			s := r.open(t)
			if s.Traits().CutsOpenFlows != granted || holds(s.Traits().Note, "may not run conntrack") == granted {
				t.Errorf("traits %+v", s.Traits())
			}
			open, _ := r.send(tv, "198.51.100.7", 443, 1000, nil)
			other, _ := r.send(tv, "198.51.100.8", 443, 1000, nil)
			rec := mustBlock(t, s, connectors.BlockRequest{Mark: "consent-1", Target: target(tv, "198.51.100.7")})
			_, passed := r.send(tv, "198.51.100.7", 443, 1000, open)
			if passed == granted {
				t.Errorf("the open connection passes: %v; %q", passed, rec.Text)
			}
			if _, passed := r.send(tv, "198.51.100.8", 443, 1000, other); !passed {
				t.Error("a connection to somebody else was cut")
			}
			f, err := s.Verify(t.Context(), rec)
			if err != nil {
				t.Fatal(err)
			}
			if granted && (f.Level != consent.Effective || f.Seen != consent.Stopped || f.Refused == 0) {
				t.Errorf("after it was refused: %+v", f)
			}
			if !granted && (f.Seen != consent.Flowing || f.Passed == 0 || !holds(rec.Text, "goes on until it ends")) {
				t.Errorf("what goes on is not seen: %+v, %q", f, rec.Text)
			}
		})
	}
}

func TestTheWholeDeviceIsCut(t *testing.T) {
	r := newRouter(t)
	s := r.open(t)
	open, _ := r.send(tv, "198.51.100.7", 443, 1000, nil)
	rec := mustBlock(t, s, connectors.BlockRequest{Mark: "device-1", Target: target(tv)})
	if rec.Grain != connectors.GrainDevice {
		t.Errorf("grain %q", rec.Grain)
	}
	if _, passed := r.send(tv, "198.51.100.7", 443, 1, open); passed {
		t.Error("the open connection passes")
	}
	if _, passed := r.send(tv, "203.0.113.9", 80, 1, nil); passed {
		t.Error("a new connection passes")
	}
	if _, passed := r.send(camera, "203.0.113.9", 80, 1, nil); !passed {
		t.Error("another device is hit")
	}
	want := []string{prefix + key("device-1")}
	if got := r.ours(); !slices.Equal(got, want) {
		t.Errorf("sections %v, want %v", got, want)
	}
}

// What somebody outside has opened to a device, through a forwarded port, ends with
// the rest; a rule for what the device sends alone would let it go on.
func TestWhatWasOpenedFromOutsideIsCut(t *testing.T) {
	r := newRouter(t)
	s := r.open(t)
	in := &tracked{src: "203.0.113.50", dst: "192.168.178.2", back: addressOf[tv], sport: 50000, dport: 8443, up: 10, down: 900}
	other := &tracked{src: "203.0.113.50", dst: "192.168.178.3", back: addressOf[camera], sport: 50001, dport: 8443, up: 10, down: 900}
	r.with(func() { r.table = append(r.table, in, other) })
	mustBlock(t, s, connectors.BlockRequest{Mark: "device-1", Target: target(tv)})
	r.with(func() {
		if slices.Contains(r.table, in) || !slices.Contains(r.table, other) {
			t.Errorf("open: the device's %v, another's %v", slices.Contains(r.table, in), slices.Contains(r.table, other))
		}
	})
}

// The first change of a session is made so that it is taken back unless confirmed.
func TestTheFirstChangeIsConfirmed(t *testing.T) {
	r := newRouter(t)
	s := r.open(t)
	rec := mustBlock(t, s, connectors.BlockRequest{Mark: "consent-1", Target: target(tv)})
	mustBlock(t, s, connectors.BlockRequest{Mark: "consent-2", Target: target(camera)})
	if a, c, k := r.count("uci apply"), r.count("uci confirm"), r.count("uci commit"); a != 1 || c != 1 || k != 1 {
		t.Errorf("apply %d, confirm %d, commit %d; want one each", a, c, k)
	}
	if _, err := s.Unblock(t.Context(), rec); err != nil || len(r.ours()) != 1 {
		t.Errorf("%v, %v", r.ours(), err)
	}

	// The twin: a router that does not hear our word has taken it back, and says so.
	back := newRouter(t)
	back.noConfirm = true
	s = back.open(t)
	_, err := s.Block(t.Context(), connectors.BlockRequest{Mark: "consent-1", Target: target(tv)})
	if connectors.KindOf(err) != consent.KindTransient || err == nil || len(back.ours()) != 0 {
		t.Errorf("%v, %v", back.ours(), err)
	}
	for id, staged := range back.staged {
		if len(staged) > 0 {
			t.Errorf("an edit is left in session %s: %+v", id, staged)
		}
	}
	// Checked: what it takes back later it stages in our session again.
	back.with(func() {
		back.noConfirm = false
		back.staged[s.line.id] = []change{{name: "bb_before", values: map[string]any{}}}
	})
	mustBlock(t, s, connectors.BlockRequest{Mark: "consent-1", Target: target(tv)})
	if got := back.ours(); len(got) != 1 {
		t.Errorf("%v", got)
	}
}

func TestAChangeOfSomebodyElseIsWaitedFor(t *testing.T) {
	r := newRouter(t)
	s := r.open(t)
	r.with(func() { r.pending, r.before = "another session", maps.Clone(r.saved) })
	for range 2 { // by apply, then by commit
		_, err := s.Block(t.Context(), connectors.BlockRequest{Mark: "consent-1", Target: target(tv)})
		var e *connectors.Error
		if connectors.KindOf(err) != consent.KindTransient || !asError(err, &e) || e.RetryAt.IsZero() || !holds(e.Text, "Somebody else is changing") {
			t.Errorf("%v", err)
		}
		if len(r.ours()) != 0 {
			t.Error("something was written")
		}
		s.proved = true
	}
	r.with(func() { r.pending = "" })
	mustBlock(t, s, connectors.BlockRequest{Mark: "consent-1", Target: target(tv)})
}

// A date is kept by the router, in its own local time.
func TestDatesAreLocal(t *testing.T) {
	r := newRouter(t)
	s := r.open(t)
	from := time.Now().Add(90 * 24 * time.Hour).UTC().Truncate(time.Second)
	rec := mustBlock(t, s, connectors.BlockRequest{Mark: "consent-1", Target: target(tv), From: from, Until: from.Add(48 * time.Hour)})
	sec := r.saved[prefix+key("consent-1")]
	if got, want := sec["start_date"], from.In(r.zone).Format(dateForm); got != want {
		t.Errorf("start %v, want %v", got, want)
	}
	if rec.From != from || sec["utc_time"] != nil {
		t.Errorf("%+v, %v", rec, sec)
	}
	if _, passed := r.send(tv, "198.51.100.7", 443, 1, nil); !passed {
		t.Error("it is in force three months early")
	}
	// The router's day comes with our program off.
	_ = s.Close()
	r.with(func() { r.clockOff = 90*24*time.Hour + time.Minute })
	if _, passed := r.send(tv, "198.51.100.7", 443, 1, nil); passed {
		t.Error("the date has come, but it passes")
	}
	r.with(func() { r.clockOff = 93 * 24 * time.Hour })
	if _, passed := r.send(tv, "198.51.100.7", 443, 1, nil); !passed {
		t.Error("the end has come, but nothing passes")
	}
	// The twin: written in UTC it would be an hour or two off.
	if wrong := from.Format(dateForm); wrong == sec["start_date"] {
		t.Error("the zone makes no difference here, so nothing was tested")
	}
}

func TestAClockThatIsOffIsLeftNoDate(t *testing.T) {
	for name, set := range map[string]func(*router){
		"off": func(r *router) { r.clockOff = -3 * time.Hour },
		"no zone": func(r *router) {
			r.acl.Read.UCI = []string{"firewall"}
		},
		"no time": func(r *router) { delete(r.acl.Read.UBUS, "system") },
	} {
		t.Run(name, func(t *testing.T) {
			r := newRouter(t)
			set(r)
			s := r.open(t)
			tr := s.Traits()
			if tr.HoldsStart || tr.HoldsEnd || !holds(tr.Note, "No date is left with the router") {
				t.Errorf("traits %+v", tr)
			}
			_, err := s.Block(t.Context(), connectors.BlockRequest{Mark: "m", Target: target(tv), From: time.Now().Add(time.Hour)})
			if connectors.KindOf(err) != consent.KindUnsupported || len(r.ours()) != 0 {
				t.Errorf("%v, %v", r.ours(), err)
			}
			mustBlock(t, s, connectors.BlockRequest{Mark: "m", Target: target(tv)}) // at once it can
		})
	}
	// The clock goes wrong while we are connected.
	r := newRouter(t)
	s := r.open(t)
	r.with(func() { r.clockOff = time.Hour })
	_, err := s.Block(t.Context(), connectors.BlockRequest{Mark: "m", Target: target(tv), From: time.Now().Add(time.Hour)})
	if connectors.KindOf(err) != consent.KindUnsupported || !holds(err.Error(), "1h0m0s away") {
		t.Errorf("%v", err)
	}
}

// What is open when a rule begins by itself is cut while we watch.
func TestWhatIsOpenAtTheStartIsCut(t *testing.T) {
	r := newRouter(t)
	s := r.open(t)
	from := time.Now().Add(1500 * time.Millisecond)
	mustBlock(t, s, connectors.BlockRequest{Mark: "consent-1", Target: target(tv), From: from})
	open, _ := r.send(tv, "198.51.100.7", 443, 1, nil)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	w := watch(ctx, s, nil)
	eventually(t, "the open connection is cut", func() bool {
		_, passed := r.send(tv, "198.51.100.7", 443, 1, open)
		return !passed
	})
	if time.Now().Before(from) {
		t.Error("it was cut before the start")
	}
	cancel()
	w.wait(t)
}

// A router that does not answer at the moment of the start is asked again: what
// was open is cut all the same.
func TestTheStartIsNotMissed(t *testing.T) {
	r := newRouter(t)
	s := r.open(t)
	mustBlock(t, s, connectors.BlockRequest{Mark: "consent-1", Target: target(tv)})
	open := &tracked{src: addressOf[tv], dst: "198.51.100.7", sport: 41000, dport: 443, mac: tv}
	r.with(func() { r.table, r.asleep = append(r.table, open), true })
	s.starts["consent-1"] = time.Now().Add(-time.Second)
	s.cutDue(t.Context())
	r.with(func() { r.asleep = false })
	s.cutDue(t.Context())
	r.with(func() {
		if slices.Contains(r.table, open) {
			t.Error("what was open goes on")
		}
	})
}

// A rule that a person gave another name stops the device as before: it is missed
// under our name, put right, lifted with its mark, and taken away on leaving.
func TestARenamedRuleIsLifted(t *testing.T) {
	for name, lift := range map[string]func(*Session, connectors.Receipt) error{
		"lifted":  func(s *Session, rec connectors.Receipt) error { _, err := s.Unblock(t.Context(), rec); return err },
		"leaving": func(s *Session, _ connectors.Receipt) error { return s.Leave(t.Context()) },
	} {
		r := newRouter(t)
		s := r.open(t)
		rec := mustBlock(t, s, connectors.BlockRequest{Mark: "consent-1", Target: target(tv)})
		r.with(func() { r.saved[prefix+key("consent-1")]["name"] = "No television"; r.load() })
		if f, err := s.Verify(t.Context(), rec); err != nil || !f.Missing {
			t.Errorf("%s: %+v, %v", name, f, err)
		}
		if err := lift(s, rec); err != nil || len(r.ours()) != 0 {
			t.Errorf("%s: %v still stands, %v", name, r.ours(), err)
		}
		if _, passed := r.send(tv, "198.51.100.7", 443, 1, nil); !passed {
			t.Errorf("%s: the device is still cut", name)
		}
	}
}

func TestWhatAPersonChangedIsNoticed(t *testing.T) {
	for name, c := range map[string]struct {
		do   func(map[string]any)
		text string
	}{
		"switched off": {func(s map[string]any) { s["enabled"] = "0" }, "switched the rule off"},
		"accepts":      {func(s map[string]any) { s["target"] = "ACCEPT" }, "changed the rule"},
		"narrowed":     {func(s map[string]any) { s["dest_port"] = "443" }, "changed the rule"},
		"another day":  {func(s map[string]any) { s["start_date"] = "2037-01-01T00:00:00" }, "changed the rule"},
		"no device":    {func(s map[string]any) { delete(s, "src_mac") }, "changed the rule"},
	} {
		r := newRouter(t)
		s := r.open(t)
		rec := mustBlock(t, s, connectors.BlockRequest{Mark: "consent-1", Target: target(tv)})
		r.with(func() { c.do(r.saved[prefix+key("consent-1")]) })
		f, err := s.Verify(t.Context(), rec)
		if err != nil || !f.Missing || !holds(f.Text, c.text) {
			t.Errorf("%s: %+v, %v", name, f, err)
		}
		mustBlock(t, s, connectors.BlockRequest{Mark: "consent-1", Target: target(tv)}) // it is put right
		if f, err := s.Verify(t.Context(), rec); err != nil || f.Missing {
			t.Errorf("%s, again: %+v, %v", name, f, err)
		}
	}
}

// What the firewall does not load is no block, and the first change of a session
// is then not confirmed, so that the router takes it back.
func TestARuleThatIsNotLoadedIsNoBlock(t *testing.T) {
	r := newRouter(t)
	s := r.open(t)
	s.loadTime = 50 * time.Millisecond
	r.with(func() { r.noReload = true })
	_, err := s.Block(t.Context(), connectors.BlockRequest{Mark: "consent-1", Target: target(tv)})
	wantFault(t, "the first change", err, consent.KindTransient, "did not load the change")
	if n := r.count("uci confirm"); n != 0 {
		t.Errorf("confirmed %d times", n)
	}
	r.with(func() { r.pending, r.saved = "", r.before }) // its time to be confirmed is over

	s.proved = true
	rec := mustBlock(t, s, connectors.BlockRequest{Mark: "consent-1", Target: target(tv)})
	if rec.Level != consent.Accepted || !holds(rec.Text, "has not loaded it yet") {
		t.Errorf("%+v", rec)
	}
	if f, err := s.Verify(t.Context(), rec); err != nil || f.Level != consent.Accepted || !holds(f.Text, "has not loaded it") {
		t.Errorf("%+v, %v", f, err)
	}
	r.with(func() { r.noReload = false; r.load(); r.noReload = true })
	if rec, err = s.Unblock(t.Context(), rec); err != nil || rec.Level != consent.Accepted || !holds(rec.Text, "still has it loaded") {
		t.Errorf("%+v, %v", rec, err)
	}
}

// The firewall follows the settings a moment later. What a device opens until
// then is cut too, and what replaces a rule is not taken for the rule it replaces.
func TestTheFirewallIsWaitedFor(t *testing.T) {
	for name, waits := range map[string]bool{"waited for": true, "not waited for": false} {
		t.Run(name, func(t *testing.T) {
			r := newRouter(t)
			r.loadsIn = 700 * time.Millisecond
			s := r.open(t)
			if !waits {
				s.loadTime, s.proved = time.Nanosecond, true
			}
			for _, to := range []string{"198.51.100.7", "198.51.100.8"} {
				blocked, opened := make(chan struct{}), make(chan *tracked)
				go func() { // it opens another connection whenever one is cut
					var open *tracked
					for {
						open, _ = r.send(tv, to, 443, 10, open)
						select {
						case <-blocked:
							open, _ = r.send(tv, to, 443, 10, open)
							opened <- open
							return
						case <-time.After(time.Millisecond):
						}
					}
				}()
				mustBlock(t, s, connectors.BlockRequest{Mark: "consent-1", Target: target(tv, to)})
				close(blocked)
				open := <-opened
				eventually(t, "the firewall has loaded the rule", func() bool { _, passed := r.send(tv, to, 443, 10, nil); return !passed })
				if passed := open != nil; passed == waits {
					t.Errorf("%s: a connection goes on: %v", to, passed)
				}
			}
		})
	}
}

// Only ours is ever touched, what is over is tidied away, and leaving takes all.
func TestOnlyOurSectionsAreTouched(t *testing.T) {
	r := newRouter(t)
	r.saved["bb_mine"] = map[string]any{".type": "rule", "name": "somebody's own", "target": "REJECT"}
	before := len(r.saved)
	s := r.open(t)
	mustBlock(t, s, connectors.BlockRequest{Mark: "consent-1", Target: target(tv), Until: time.Now().Add(time.Second)})
	mustBlock(t, s, connectors.BlockRequest{Mark: strings.Repeat("odd mark/", 20), Target: target(tv)})
	r.with(func() {
		sec := r.saved[prefix+key("consent-1")]
		past := time.Now().Add(-time.Hour).Truncate(time.Second)
		sec["name"] = rule{mark: "consent-1", until: past}.name()
		sec["stop_date"] = past.In(r.zone).Format(dateForm)
	})
	mustBlock(t, s, connectors.BlockRequest{Mark: "consent-3", Target: target(camera)})
	if n := len(r.ours()); n != 3 { // the odd one, the third, and somebody's own
		t.Errorf("%d sections: %v", n, r.ours())
	}
	if err := s.Leave(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(r.saved) != before || r.saved["bb_mine"] == nil || r.saved["cfg04"] == nil {
		t.Errorf("%d sections, want %d: %v", len(r.saved), before, r.ours())
	}
}

func TestDevicesThatCannotBeBlocked(t *testing.T) {
	r := newRouter(t)
	s := r.open(t)
	gone := target("3c:a6:2f:00:00:77")
	gone.Addresses = []string{addressOf[camera]}
	for name, c := range map[string]struct {
		req  connectors.BlockRequest
		kind consent.ErrorKind
		text string
	}{
		"another at its address": {connectors.BlockRequest{Mark: "m", Target: gone}, consent.KindNeedsPerson, "another network adapter"},
		"no hardware":            {connectors.BlockRequest{Mark: "m"}, consent.KindNeedsPerson, "hardware address is not known"},
		"no address":             {connectors.BlockRequest{Mark: "m", Target: target(tv, "maker.example")}, consent.KindTransient, "No address of this recipient"},
		"no mark":                {connectors.BlockRequest{Target: target(tv)}, consent.KindPermanent, "without a mark"},
		"over":                   {connectors.BlockRequest{Mark: "m", Target: target(tv), Until: time.Now().Add(-time.Hour)}, consent.KindPermanent, "over already"},
		"too far":                {connectors.BlockRequest{Mark: "m", Target: target(tv), From: time.Date(2039, 1, 1, 0, 0, 0, 0, time.UTC)}, consent.KindUnsupported, "too far away"},
	} {
		_, err := s.Block(t.Context(), c.req)
		if connectors.KindOf(err) != c.kind || err == nil || !holds(err.Error(), c.text) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if n := r.count("uci add"); n != 0 {
		t.Errorf("%d rules were added", n)
	}
}
