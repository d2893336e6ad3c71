package engine_test

import (
	"slices"
	"testing"

	"bestbefore/app/internal/engine"
	"bestbefore/connectors"
	"bestbefore/consent"
	"bestbefore/discovery"
	"bestbefore/discovery/flow"
	"bestbefore/discovery/recipient"
)

// TestStepsFollowTheRecipientAndTheMaker: guides are asked for by every name of
// the recipient, and only where a person has to act.
func TestStepsFollowTheRecipientAndTheMaker(t *testing.T) {
	h, id, _ := byHand(t)
	var asked []string
	h.Recipients = func(flow.Destination) recipient.Result { return recipient.Result{Company: "Bell Maker International"} }
	h.Guides = func(names []string, d discovery.Device) (connectors.Guide, bool) {
		asked = append(asked, names...)
		return connectors.Guide{ID: "bell"}, d.ID != ""
	}
	i, err := h.Consent(t.Context(), id)
	if err != nil || i.Guide == nil || i.Guide.ID != "bell" {
		t.Fatalf("guide %v, %v", i.Guide, err)
	}
	if !slices.Equal(asked, []string{"Bell Maker", "Bell Maker International"}) {
		t.Errorf("asked for %q", asked)
	}
	// A permission that ends by a block needs no steps.
	other, err := h.Allow(t.Context(), engine.AllowRequest{
		Device: i.Device, Recipient: consent.Recipient{Name: "Other", Destinations: []string{"203.0.113.8"}}, Data: []consent.Category{"video"},
		Until: "2027-05-31", Then: consent.Warn, How: "test",
	})
	if err != nil || other.Guide != nil {
		t.Errorf("steps where nobody has to take any: %v, %v", other.Guide, err)
	}
}

// TestStepsAtTheRouter: where neither is known, the router's steps are shown.
func TestStepsAtTheRouter(t *testing.T) {
	h, id, _ := byHand(t)
	h.kind = discovery.KindUnknown
	h.Guides = func(names []string, d discovery.Device) (connectors.Guide, bool) {
		return connectors.Guide{ID: "router"}, len(names) == 0 && d.Guess.Kind == discovery.KindRouter
	}
	if i, err := h.Consent(t.Context(), id); err != nil || i.Guide != nil {
		t.Errorf("without a router: %v, %v", i.Guide, err)
	}
	h.Sight(discovery.Sighting{
		Source: discovery.SourceNeighbor, At: h.now, Role: discovery.RoleRouter,
		Identifiers: []discovery.Identifier{{Type: discovery.MAC, Value: "02:00:00:00:00:99"}},
	})
	if i, err := h.Consent(t.Context(), id); err != nil || i.Guide == nil || i.Guide.ID != "router" {
		t.Errorf("with a router: %v, %v", i.Guide, err)
	}
}

// What a peer gave and cannot be told to end has the steps of its kind; what can
// be ended from here has none.
func TestAccessThatCannotBeEndedHereHasItsSteps(t *testing.T) {
	h, _, _ := withIssuer(t)
	h.Book = func() []connectors.Guide { return []connectors.Guide{{ID: "bell"}, {ID: "hub", Name: "Hub"}} }
	h.list(t)
	one := func() engine.AccessInfo {
		all, err := h.Access(t.Context())
		if err != nil || len(all) == 0 {
			t.Fatalf("%v, %v", all, err)
		}
		return all[0]
	}
	if a := one(); !a.Revocable || a.Guide != nil {
		t.Errorf("it can be ended from here: %+v", a)
	}
	h.peers.caps.Revoker = nil
	if a := one(); a.Revocable || a.Guide == nil || a.Guide.ID != "hub" {
		t.Errorf("%+v", a)
	}
	h.Book = nil // the twin
	if a := one(); a.Guide != nil {
		t.Errorf("%+v", a)
	}
}

// A list of what was listed last asks nobody.
func TestKnownAccessAsksNobody(t *testing.T) {
	h, b, _ := withIssuer(t)
	if all, err := h.KnownAccess(t.Context()); err != nil || len(all) != 0 || b.asked != 0 {
		t.Errorf("%v, asked %d times, %v", all, b.asked, err)
	}
	h.list(t)
	before := b.asked
	if all, err := h.KnownAccess(t.Context()); err != nil || len(all) != 2 || b.asked != before {
		t.Errorf("%v, asked %d times, %v", all, b.asked-before, err)
	}
}
