// Package expiry decides when a permission has ended: one loop on wall time that
// asks an index what is due, and writes the decision together with the actions
// that follow from it. It holds no timer per consent and no second copy of the truth.
package expiry

import (
	"context"
	"time"

	"bestbefore/consent"
)

// Store is what the scheduler needs of storage. All of it is answered from an
// index, whatever the number of consents.
type Store interface {
	// NextDue is the earliest DueAt of a live consent; ok is false when there is none.
	NextDue(ctx context.Context) (at time.Time, ok bool, err error)
	// Due returns up to limit live consents that end at or before now, earliest first.
	// A record that cannot be read is quarantined and left out, never an error.
	Due(ctx context.Context, now time.Time, limit int) ([]consent.Consent, error)
	// Grants returns the grants known for a consent's device.
	Grants(ctx context.Context, c consent.Consent) ([]consent.Grant, error)
	// Decide writes d durably in one transaction; consent.ErrChanged when the
	// stored version is another than d.Expect.
	Decide(ctx context.Context, d consent.Decision) error
}
