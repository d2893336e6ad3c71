package lifecycle

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"bestbefore/app/internal/engine"
	"bestbefore/consent"
)

// TestAccessOfARealBroker: its accounts are listed without ours, one is ended by
// a person, and one that somebody else deletes there is noticed.
func TestAccessOfARealBroker(t *testing.T) {
	b, e, cam := withBroker(t, "auto")
	info, err := e.Allow(t.Context(), toBroker(cam, "1h", consent.Block))
	if err != nil {
		t.Fatal(err)
	}
	var as []engine.AccessInfo
	until(t, "the accounts are listed, and whose they are", func() bool {
		var err error
		as, err = e.Access(t.Context())
		return err == nil && len(as) == 2 && as[0].Device == cam
	})
	if x, y := as[0], as[1]; x.Name != "The cam" || !slices.Equal(x.Consents, []consent.ID{info.ID}) || !x.Revocable || !slices.Contains(x.Scopes, "what its role “role-cam” allows") || y.Name != "The plug" || y.Device != "" {
		t.Errorf("%+v\n%+v", x, y)
	}
	if _, err := e.EndAccess(t.Context(), "plug", false, "test"); !errors.Is(err, consent.ErrIrreversible) || b.gone("plug") {
		t.Fatalf("unconfirmed: %v", err)
	}
	a, err := e.EndAccess(t.Context(), "plug", true, "test")
	if err != nil {
		t.Fatal(err)
	}
	until(t, "the account is deleted and that is read back", func() bool {
		x, err := e.Action(t.Context(), a.ID)
		return err == nil && x.State == consent.Done && x.Level == consent.Configured && b.gone("plug") && !b.gone("cam")
	})
	until(t, "it is no longer listed", func() bool {
		as, err := e.Access(t.Context())
		return err == nil && len(as) == 1
	})
	if c, err := e.Consent(t.Context(), info.ID); err != nil || c.Decided != consent.Given {
		t.Fatalf("the other's permission is %s, %v", c.Decided, err)
	}
	// T32: somebody deletes the camera's account at the broker.
	b.control(`{"command":"deleteClient","username":"cam"}`)
	core, ok := e.(*engine.Core)
	if !ok {
		t.Fatal("not the engine itself")
	}
	if err := core.RefreshGrants(t.Context()); err != nil {
		t.Fatal(err)
	}
	got, err := e.Consent(t.Context(), info.ID)
	if err != nil || got.Decided != consent.Revoked || got.Ended.IsZero() || len(got.Actions) != 0 || !strings.Contains(diaryKinds(t, e), "revoked") {
		t.Errorf("%s at %s with %d actions, %v", got.Decided, got.Ended, len(got.Actions), err)
	}
}
