package lifecycle

import (
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"bestbefore/app/internal/clock"
	"bestbefore/app/internal/engine"
	"bestbefore/app/internal/store"
	"bestbefore/connectors"
	"bestbefore/connectors/connectortest"
	"bestbefore/consent"
)

// skewed is this computer's clocks with the wall clock set wrong.
type skewed struct {
	step   atomic.Int64
	boot   string // of a later start of this computer; empty is this one
	reader clock.Reader
}

func newSkewed() *skewed { return &skewed{reader: clock.NewReader()} }

func (s *skewed) read() clock.Reading {
	r := s.reader.Read()
	r.Wall = r.Wall.Add(time.Duration(s.step.Load()))
	if s.boot != "" {
		r.BootID = s.boot
	}
	return r
}

func (s *skewed) set(d time.Duration) { s.step.Store(int64(d)) }

// wrongClock opens a home whose clock can be set wrong, on a router that cannot
// keep a date and whose own clock goes by peerNow.
func wrongClock(t *testing.T, dir string, s *skewed, peer *connectortest.Peer) (*Home, func()) {
	t.Helper()
	peer.SetTraits(connectors.Traits{Grain: connectors.GrainRecipient, IPv4: true, IPv6: true})
	return served(t, Config{Dir: dir, Clocks: s.read, Synchronised: func() (bool, bool) { return false, true }}, peer.Connector())
}

func decided(t *testing.T, h *Home, id consent.ID) consent.Decided {
	t.Helper()
	c, err := h.core.Consent(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return c.Decided
}

// TestT03TheClockTwoYearsAhead is the whole house: the router blocks, nothing is
// decided, a restart of the program launders nothing, and once the clock is set
// right the block is gone within a minute.
func TestT03TheClockTwoYearsAhead(t *testing.T) {
	s, dir := newSkewed(), t.TempDir()
	peer := connectortest.NewPeer(clock.Wall)
	h, stop := wrongClock(t, dir, s, peer)
	id := sight(h)
	connect(t, h)
	bell := allow(t, h.Engine(), id, "Bell Maker", "203.0.113.7", "10d")
	s.set(2 * 365 * 24 * time.Hour)
	until(t, "the router blocks it provisionally", func() bool { return !peer.Send(bellMAC, "203.0.113.7", 443, 10) })
	if d := decided(t, h, bell); d != consent.Given {
		t.Fatalf("by a clock that nobody believes it is %s", d)
	}
	until(t, "the doubt is told", func() bool {
		o, err := h.core.Overview(t.Context())
		return err == nil && slices.ContainsFunc(o.Problems, func(p engine.Problem) bool { return p.ID == "clock" })
	})
	stop()
	h, _ = wrongClock(t, dir, s, peer)
	if h.clock.trusted() || h.now().After(time.Now().Add(time.Hour)) {
		t.Fatalf("after a restart of the program the clock is believed: %s", h.now())
	}
	s.set(0)
	set := time.Now()
	until(t, "the block is lifted", func() bool { return peer.Send(bellMAC, "203.0.113.7", 443, 10) })
	t.Logf("lifted %v after the clock was set right", time.Since(set).Round(time.Millisecond))
	c, err := h.core.Consent(t.Context(), bell)
	if err != nil || c.Decided != consent.Given || c.Version != 1 {
		t.Errorf("%+v, %v", c.Consent, err)
	}
	if told := diaryKinds(t, h.core); !strings.Contains(told, "in doubt") || !strings.Contains(told, "may send to Bell Maker again") {
		t.Errorf("the diary: %s", told)
	}
	if r, err := h.core.VerifyDiary(t.Context()); err != nil || !r.OK() {
		t.Errorf("%+v, %v", r, err)
	}
}

// T6: two hours ahead without a sleep: blocked on time, and once somebody says
// that it is right, decided, with the mark that the clock was stepped.
func TestT06AClockSteppedByTwoHoursIsActedUponAndMarked(t *testing.T) {
	s := newSkewed()
	peer := connectortest.NewPeer(clock.Wall)
	h, _ := wrongClock(t, t.TempDir(), s, peer)
	id := sight(h)
	connect(t, h)
	bell := allow(t, h.Engine(), id, "Bell Maker", "203.0.113.7", "1h")
	s.set(2 * time.Hour)
	until(t, "the router blocks it provisionally", func() bool { return !peer.Send(bellMAC, "203.0.113.7", 443, 10) })
	if d := decided(t, h, bell); d != consent.Given { // the twin: nobody says so, and the router's own clock disagrees
		t.Fatalf("without a second source it is %s", d)
	}
	if err := h.Engine().ConfirmClock(t.Context(), "clicked"); err != nil {
		t.Fatal(err)
	}
	until(t, "the word makes it a decision", func() bool { return decided(t, h, bell) == consent.Expired })
	if peer.Send(bellMAC, "203.0.113.7", 443, 10) {
		t.Error("it was lifted in between")
	}
	until(t, "the evidence carries the step", func() bool {
		c, err := h.core.Consent(t.Context(), bell)
		return err == nil && c.Actions[0].Stepped && c.Actions[0].Origin == consent.FromExpiry && c.Actions[0].State == consent.Done
	})
}

// The clocks of the household's own boxes are second sources; one that is this
// computer's own is none.
func TestWhoIsAskedForTheTime(t *testing.T) {
	var theirs atomic.Int64
	peer := connectortest.NewPeer(func() time.Time { return clock.Wall().Add(time.Duration(theirs.Load())) })
	h, _ := wrongClock(t, t.TempDir(), newSkewed(), peer)
	connect(t, h)
	ask := func(synced, known bool) string {
		w := &witnesses{pool: h.pool, synchronised: func() (bool, bool) { return synced, known }}
		return w.agree(t.Context(), clock.Read())
	}
	until(t, "the router is reached and agrees", func() bool { return ask(false, false) == "Router" })
	theirs.Store(int64(time.Hour))
	if who := ask(false, true); who != "" {
		t.Errorf("nobody agrees, but %q was found", who)
	}
	if who := ask(true, true); who == "" {
		t.Error("the system's time service was not heard")
	}
	if who := ask(true, false); who != "" {
		t.Errorf("a time service that cannot be asked was heard: %q", who)
	}
	theirs.Store(0)
	w := &witnesses{pool: h.pool, synchronised: func() (bool, bool) { return false, false }}
	r := clock.Read()
	w.agree(t.Context(), r)
	if w.agree(t.Context(), r); w.asked != r {
		t.Error("the boxes are asked at every look")
	}
}

func TestThisComputersOwnClockIsNoSecondSource(t *testing.T) {
	for _, own := range []bool{true, false} {
		peer := connectortest.NewPeer(clock.Wall)
		h, _ := start(t, t.TempDir(), peer)
		peer.SetTraits(connectors.Traits{Grain: connectors.GrainRecipient, OwnClock: own})
		connect(t, h)
		ask := func() string {
			w := &witnesses{pool: h.pool, synchronised: func() (bool, bool) { return false, false }}
			return w.agree(t.Context(), clock.Read())
		}
		if !own {
			until(t, "a clock of its own agrees", func() bool { return ask() != "" })
		} else if who := ask(); who != "" {
			t.Errorf("this computer's own clock agreed as %q", who)
		}
	}
}

// What was stored decides how the next run begins.
func TestWhatIsRememberedOfTheClock(t *testing.T) {
	now := time.Date(2027, 5, 1, 0, 0, 0, 0, time.UTC)
	row := func(d time.Duration, source string) store.ClockReading {
		return store.ClockReading{Wall: now.Add(d), Boot: time.Hour + d, BootID: "b", Source: source}
	}
	ahead := store.ClockReading{Wall: now.AddDate(2, 0, 0), Boot: 2 * time.Hour, BootID: "b", Source: doubted}
	seen := func(rs ...store.ClockReading) clock.Verdict {
		return remembered(rs).Observe(clock.Reading{Wall: ahead.Wall, Boot: 2 * time.Hour, BootID: "b"})
	}
	if v := seen(ahead, row(0, trusted)); v.Trusted || !v.Now.Equal(now.Add(time.Hour)) {
		t.Errorf("a doubted reading was taken up as right: %+v", v)
	}
	right := clock.Reading{Wall: now.Add(time.Minute), Boot: time.Hour + time.Minute, BootID: "b"}
	if v := remembered([]store.ClockReading{row(0, believed)}).Observe(right); !v.Trusted || v.Sure {
		t.Errorf("what was only believed is sure after a restart: %+v", v)
	}
	lowered := []store.ClockReading{row(0, confirmed), {Wall: ahead.Wall, Boot: time.Minute, BootID: "b", Source: trusted}}
	if v := remembered(lowered).Observe(right); !v.Trusted || !v.Sure || !v.Now.Equal(right.Wall) {
		t.Errorf("what was confirmed does not lower the mark: %+v", v)
	}
}

// A person's word brings trust back, and is noted.
func TestAPersonMayConfirmTheClock(t *testing.T) {
	s := newSkewed()
	h, _ := wrongClock(t, t.TempDir(), s, connectortest.NewPeer(clock.Wall))
	s.set(-40 * 24 * time.Hour)
	until(t, "the clock is in doubt", func() bool { return !h.clock.trusted() })
	before := h.now()
	if err := h.clock.confirm(t.Context(), "you"); notBefore.Before(s.read().Wall) != (err == nil) {
		t.Fatal(err)
	}
	if s.read().Wall.Before(notBefore) {
		return // this computer's date is too near the day of the program's making
	}
	if !h.clock.trusted() || !h.clock.sure() || !h.now().Before(before) {
		t.Errorf("trusted %v, sure %v, at %s", h.clock.trusted(), h.clock.sure(), h.now())
	}
	if told := diaryKinds(t, h.core); !strings.Contains(told, "you says so too") && !strings.Contains(told, "Until then") {
		t.Errorf("the diary: %s", told)
	}
}
