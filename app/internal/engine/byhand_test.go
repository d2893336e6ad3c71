package engine_test

import (
	"context"
	"errors"
	"net/netip"
	"testing"
	"time"

	"bestbefore/app/internal/engine"
	"bestbefore/connectors"
	"bestbefore/consent"
	"bestbefore/discovery/flow"
)

// byHand is a home with a permission that a person has just ended by hand.
func byHand(t *testing.T) (*home, consent.ID, consent.Action) {
	t.Helper()
	h := newHome(t)
	id := h.see("00:11:22:33:44:55")
	info, err := h.Allow(t.Context(), engine.AllowRequest{
		Device: id, Recipient: consent.Recipient{Name: "Bell Maker", Destinations: []string{"203.0.113.7"}}, Data: []consent.Category{"video"},
		Until: "2027-05-31", Then: consent.Guide, How: "test",
	})
	if err != nil {
		t.Fatal(err)
	}
	if info, err = h.End(t.Context(), info.ID, "test"); err != nil {
		t.Fatal(err)
	}
	a := info.Actions[0]
	if _, err := h.Confirm(t.Context(), a.ID, "test"); !errors.Is(err, consent.ErrNotByHand) {
		t.Fatalf("confirmed before it was asked for: %v", err)
	}
	a.State = consent.NeedsPerson // what the runner makes of it
	if err := h.st.SaveAction(t.Context(), a); err != nil {
		t.Fatal(err)
	}
	h.send(t, info.ID)
	if a, err = h.Confirm(t.Context(), a.ID, "test"); err != nil {
		t.Fatal(err)
	}
	return h, info.ID, a
}

// send has the device send under the permission now.
func (h *home) send(t *testing.T, id consent.ID) {
	t.Helper()
	c, err := h.Consent(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	rec := flow.Record{
		Key: flow.Key{Device: c.Device, Destination: flow.Destination{Address: netip.MustParseAddr("203.0.113.7")}, Protocol: "tcp", Port: 443},
		Up:  1000, Count: 1, First: h.now.Add(-time.Second), Last: h.now, Source: "gateway",
	}
	if err := h.st.AddFlows(t.Context(), "k1", []flow.Record{rec}, nil); err != nil {
		t.Fatal(err)
	}
}

func (h *home) watch(t *testing.T, id consent.ID) (consent.Seen, consent.Headline) {
	t.Helper()
	if err := h.WatchByHand(t.Context()); err != nil {
		t.Fatal(err)
	}
	c, err := h.Consent(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return c.Seen, c.Headline
}

// sees is a source that sees everything, since a week.
type sees struct{ h *home }

func (s sees) Coverage(context.Context) (connectors.Coverage, error) {
	return connectors.Coverage{Sees: []string{"addresses"}, Whole: true, Since: s.h.now.Add(-7 * 24 * time.Hour), Alive: s.h.now}, nil
}

func TestAWordAloneProvesNothing(t *testing.T) {
	h, id, a := byHand(t)
	if a.State != consent.Done || a.Level != consent.Accepted {
		t.Errorf("the action is %s, %s", a.State, a.Level)
	}
	h.now = h.now.Add(time.Hour)
	if seen, head := h.watch(t, id); seen != consent.NotChecked || head != consent.EndedUnchecked {
		t.Errorf("after an hour: %s, %s", seen, head)
	}
	h.now = h.now.Add(25 * time.Hour) // nobody watches
	if seen, _ := h.watch(t, id); seen != consent.CannotTell {
		t.Errorf("with nobody watching: %s", seen)
	}
}

func TestWhatWasEndedByHandAndGoesOnIsSaid(t *testing.T) {
	h, id, a := byHand(t)
	h.now = h.now.Add(30 * time.Second)
	h.send(t, id) // a transfer that runs out
	if seen, _ := h.watch(t, id); seen != consent.NotChecked {
		t.Errorf("at once: %s", seen)
	}
	h.now = h.now.Add(10 * time.Minute)
	h.send(t, id)
	if seen, head := h.watch(t, id); seen != consent.Flowing || head != consent.EndedStill {
		t.Errorf("it goes on: %s, %s", seen, head)
	}
	h.now = h.now.Add(time.Minute)
	if _, err := h.Confirm(t.Context(), a.ID, "test"); err != nil { // tried once more
		t.Fatal(err)
	}
	if seen, head := h.watch(t, id); seen != consent.NotChecked || head != consent.EndedUnchecked {
		t.Errorf("said again: %s, %s", seen, head)
	}
}

func TestADayOfSilenceCountsWhereSomebodyWatched(t *testing.T) {
	h, id, _ := byHand(t)
	h.connect(false)
	h.peers.caps.Coverer = sees{h}
	h.now = h.now.Add(23 * time.Hour)
	if seen, _ := h.watch(t, id); seen != consent.NotChecked {
		t.Errorf("after 23 hours: %s", seen)
	}
	h.now = h.now.Add(2 * time.Hour)
	if seen, head := h.watch(t, id); seen != consent.Stopped || head != consent.EndedStopped {
		t.Errorf("after a day: %s, %s", seen, head)
	}
}

// claims is a source that sees everything, or says so: anybody at home could have sent what it tells.
type claims struct{ sees }

func (c claims) Coverage(ctx context.Context) (connectors.Coverage, error) {
	v, err := c.sees.Coverage(ctx)
	v.Claim = true
	return v, err
}

// TestTheSilenceOfAClaimProvesNothing: not alone; beside a source that is no claim
// (the twin) the same silence counts.
func TestTheSilenceOfAClaimProvesNothing(t *testing.T) {
	for want, source := range map[consent.Seen]func(*home) connectors.Coverer{
		consent.CannotTell: func(h *home) connectors.Coverer { return claims{sees{h}} },
		consent.Stopped:    func(h *home) connectors.Coverer { return sees{h} },
	} {
		h, id, _ := byHand(t)
		h.connect(false)
		h.peers.caps.Coverer = source(h)
		h.now = h.now.Add(25 * time.Hour)
		if seen, _ := h.watch(t, id); seen != want {
			t.Errorf("after a day of silence: %s, want %s", seen, want)
		}
		d, err := h.Device(t.Context(), string(h.see("00:11:22:33:44:55")))
		if err != nil || len(d.Sight.By) != 1 || d.Sight.By[0].Claim != (want == consent.CannotTell) {
			t.Errorf("seen by %+v, %v", d.Sight, err)
		}
	}
}

func TestRemindersAreOnUntilTurnedOff(t *testing.T) {
	h := newHome(t)
	for _, want := range []bool{true, false, true} {
		if !want {
			if err := h.SetPreferences(t.Context(), engine.Preferences{}); err != nil {
				t.Fatal(err)
			}
		}
		p, err := h.Preferences(t.Context())
		if err != nil || p.Reminders != want {
			t.Errorf("reminders %v, %v, want %v", p.Reminders, err, want)
		}
		if err := h.SetPreferences(t.Context(), engine.Preferences{Reminders: true}); err != nil {
			t.Fatal(err)
		}
	}
}
