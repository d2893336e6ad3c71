package engine_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"bestbefore/connectors"
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
