package lifecycle

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"bestbefore/app/internal/clock"
	"bestbefore/connectors/connectortest"
	"bestbefore/consent"
)

// reopened opens the home again as after later, with the computer off meanwhile.
func (s *skewed) reopened(t *testing.T, dir string, peer *connectortest.Peer, later time.Duration) *Home {
	t.Helper()
	s.set(later)
	s.boot = "the next start of this computer"
	h, _ := wrongClock(t, dir, s, peer)
	return h
}

// T2: three weeks off over the dates: the first pass after the start ends them,
// the diary holds the date and the delay, and one message tells of all, instead of
// those missed for 30, 7 and 1 days before. The twin forgets what was told, and tells it again.
func TestT02OffForThreeWeeksIsOneMessage(t *testing.T) {
	s, dir := newSkewed(), t.TempDir()
	peer := connectortest.NewPeer(clock.Wall)
	h, stop := wrongClock(t, dir, s, peer)
	id := sight(h)
	connect(t, h)
	ids := []consent.ID{agreed(t, h, id, "maker", 3), agreed(t, h, id, "other", 12), allow(t, h.Engine(), id, "Bell Maker", "203.0.113.7", "18d")}
	stop()
	h = s.reopened(t, dir, peer, 21*24*time.Hour)
	until(t, "all have ended and the router blocks", func() bool {
		for _, id := range ids {
			c, err := h.core.Consent(t.Context(), id)
			if err != nil || c.Decided != consent.Expired || len(c.Actions) == 0 || c.Actions[0].State != consent.Done {
				return false
			}
		}
		return !peer.Send(bellMAC, "203.0.113.7", 443, 10)
	})
	for _, id := range ids {
		c, err := h.core.Consent(t.Context(), id)
		if err != nil || c.Version != 2 || !c.Actions[0].DueAt.Equal(c.Expires) || c.Ended.Sub(c.Expires) < 2*24*time.Hour {
			t.Errorf("due %s, acted upon %s, %v", c.Actions[0].DueAt, c.Ended, err)
		}
	}
	if told := diaryKinds(t, h.core); strings.Count(told, "days later") != 3 {
		t.Errorf("the diary: %s", told)
	}
	d := &screen{}
	for range 4 { // as the service looks, again and again
		remindOnce(t, h, d, nil)
	}
	if len(d.shown) != 1 {
		t.Fatalf("%d messages: %+v", len(d.shown), d.shown)
	}
	for _, old := range []string{"30 days", "7 days", "tomorrow", "Renew"} {
		if text := d.shown[0].Title + d.shown[0].Body; strings.Contains(text, old) {
			t.Errorf("it tells what was missed: %q", text)
		}
	}
	if err := h.store.SetSetting(t.Context(), remindedKey, ""); err != nil { // the twin
		t.Fatal(err)
	}
	remindOnce(t, h, d, nil)
	if len(d.shown) != 2 {
		t.Error("the twin: without the memory of what was told nothing is told twice; this test shows nothing")
	}
}

// T4: the clock is set back by a year after the end: it stays ended and blocked,
// in doubt, after a restart of the program, and when the clock is right again.
// The twin, a recorded renewal, gives it back.
func TestT04SetBackAYearItStaysEndedAndBlocked(t *testing.T) {
	s, dir := newSkewed(), t.TempDir()
	peer := connectortest.NewPeer(clock.Wall)
	h, stop := wrongClock(t, dir, s, peer)
	id := sight(h)
	connect(t, h)
	bell := allow(t, h.Engine(), id, "Bell Maker", "203.0.113.7", "1s")
	blocked := func() bool { return !peer.Send(bellMAC, "203.0.113.7", 443, 10) }
	until(t, "it is blocked", func() bool {
		c, err := h.core.Consent(t.Context(), bell)
		return err == nil && blocked() && len(c.Actions) == 1 && c.Actions[0].State == consent.Done
	})
	others := 0
	still := func(when string) {
		t.Helper()
		others++ // one that ends now: when it is blocked, all was looked at again
		to := fmt.Sprintf("203.0.113.%d", 100+others)
		allow(t, h.Engine(), id, to, to, "1s")
		until(t, "what ends "+when+" is blocked", func() bool { return !peer.Send(bellMAC, to, 443, 10) })
		c, err := h.core.Consent(t.Context(), bell)
		if err != nil || c.Decided != consent.Expired || c.Version != 2 || len(c.Actions) != 1 || !blocked() {
			t.Errorf("%s it is %s, version %d, %d actions, blocked %v, %v", when, c.Decided, c.Version, len(c.Actions), blocked(), err)
		}
	}
	s.set(-365 * 24 * time.Hour)
	until(t, "the doubt is noticed", func() bool { return !h.clock.trusted() })
	still("in doubt")
	stop()
	h, _ = wrongClock(t, dir, s, peer)
	still("after a restart")
	s.set(0)
	until(t, "the clock is right again", h.clock.trusted)
	still("with the clock right again")
	if _, err := h.Engine().Renew(t.Context(), bell, "1h", "test"); err != nil {
		t.Fatal(err)
	}
	until(t, "the twin: renewed, it may send again", func() bool { return !blocked() })
}
