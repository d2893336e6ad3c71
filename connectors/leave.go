package connectors

import (
	"context"

	"bestbefore/consent"
)

// Stays is what a peer keeps of us after its connection was removed, and how a
// person takes it away there. Zero: nothing.
type Stays struct {
	What  string   `json:"what,omitempty"`  // a sentence
	Steps []string `json:"steps,omitempty"` // by hand, each a sentence
	Page  string   `json:"page,omitempty"`  // an https link, only where it is certain
	// Of is whose steps are looked up among the guides: a provider's name.
	Of string `json:"of,omitempty"`
}

// Stayer is a connector whose peer keeps something else with each connection.
type Stayer interface {
	// StaysAt says what stays at the peer of s. It asks nobody.
	StaysAt(s Settings) Stays
}

// StaysAt is what stays at the peer of one connection of a kind.
func StaysAt(c Connector, s Settings) Stays {
	if x, ok := c.(Stayer); ok {
		return x.StaysAt(s)
	}
	return c.Spec().Stays
}

// LiftAll lifts everything at a peer that carries our mark: all that a Leaver has
// to do whose blocks are all that it sets.
func LiftAll(ctx context.Context, h Holder, b Blocker) error {
	held, err := h.Held(ctx)
	if err != nil {
		return err
	}
	for _, x := range held {
		if _, err := b.Unblock(ctx, x.Receipt); err != nil {
			return err
		}
	}
	return nil
}

// Resigner is a session that can end, at its peer, the access that was given to
// ourselves. Afterwards the connection is of no more use.
type Resigner interface {
	// Given is that access, and whether it still works as far as is known. It asks nobody.
	Given() (g consent.Grant, works bool)
	// Resign ends it for good and tries it afterwards. The receipt is Configured
	// only where the peer refused that; to resign twice is success. KindUnsupported
	// and KindNeedsPerson: a person ends it, and the text says where.
	Resign(ctx context.Context) (Receipt, error)
}
