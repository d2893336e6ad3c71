package engine_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"bestbefore/connectors"
	"bestbefore/consent"
)

// shelf is a peer that holds one thing.
type shelf struct{}

func (shelf) Held(context.Context) ([]connectors.Held, error) {
	return []connectors.Held{{Mark: "bb-1", Text: "a rule"}}, nil
}

// halfThere answers for one connection only.
type halfThere struct {
	*peers
	down string
}

func (p halfThere) Use(ctx context.Context, id string, f func(context.Context, connectors.Capabilities) error) error {
	if id == p.down {
		return errors.New("it does not answer")
	}
	return p.peers.Use(ctx, id, f)
}

// A peer that is away does not keep the others from being listed, and is named;
// with both there nothing is said.
func TestAPeerThatIsAwayHidesNothing(t *testing.T) {
	for _, down := range []string{"k0", ""} {
		h := newHome(t)
		h.peers.caps.Holder = shelf{}
		h.Sessions = halfThere{h.peers, down}
		for _, id := range []string{"k0", "k1"} {
			if err := h.st.SaveConnection(t.Context(), connectors.Connection{ID: id, Kind: "fake", Name: id}); err != nil {
				t.Fatal(err)
			}
		}
		got, err := h.Held(t.Context())
		if err != nil || len(got) != 2 {
			t.Fatalf("%+v, %v", got, err)
		}
		for _, x := range got {
			if away := x.Connection == down; away != strings.Contains(x.Unasked, "does not answer") || away == (x.Mark == "bb-1") {
				t.Errorf("with %q away: %+v", down, x)
			}
		}
	}
}

// What our records know is named; what they do not know is not.
func TestWhatIsHeldHasAName(t *testing.T) {
	for _, known := range []bool{true, false} {
		h := newHome(t)
		h.peers.caps.Holder = shelf{}
		if err := h.st.SaveConnection(t.Context(), connectors.Connection{ID: "k0", Kind: "fake", Name: "k0"}); err != nil {
			t.Fatal(err)
		}
		if known {
			a := consent.Action{ID: "a1", Kind: consent.ActBlock, Device: "d-gone", Recipient: consent.Recipient{Name: "Bell Maker"}, Mark: "bb-1", State: consent.Done, Connection: "k0"}
			if _, err := h.st.AddActions(t.Context(), []consent.Action{a}); err != nil {
				t.Fatal(err)
			}
		}
		got, err := h.Held(t.Context())
		if err != nil || len(got) != 1 {
			t.Fatalf("%+v, %v", got, err)
		}
		if x := got[0]; x.Known != known || (x.Device == "A device that is no longer known") != known || (x.Recipient.Name == "Bell Maker") != known {
			t.Errorf("known %v: %+v", known, x)
		}
	}
}
