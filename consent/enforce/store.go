// Package enforce carries out what decisions ask for: it claims actions from the
// outbox, calls the connector's session, verifies, retries by a written table,
// and records every step. It never moves what the person decided.
package enforce

import (
	"context"
	"time"

	"bestbefore/consent"
	"bestbefore/consent/ledger"
	"bestbefore/discovery"
)

// Store is what the runner needs of storage.
type Store interface {
	outbox
	actions
	household
}

// outbox gives what is to be done.
type outbox interface {
	// Recover puts running actions back to pending; called once at start.
	Recover(ctx context.Context) (int, error)
	// Claimable returns up to limit actions that may run now: pending, or
	// waiting or stuck with RetryAt at or before now; clicks (FromPerson) first,
	// then by DueAt. Actions in skip are left out.
	Claimable(ctx context.Context, now time.Time, limit int, skip map[consent.ActionID]bool) ([]consent.Action, error)
	// Verifiable returns up to limit done actions whose VerifyAt is at or before now.
	Verifiable(ctx context.Context, now time.Time, limit int, skip map[consent.ActionID]bool) ([]consent.Action, error)
	// NextWork is the earliest moment at which Claimable or Verifiable will give something.
	NextWork(ctx context.Context) (at time.Time, ok bool, err error)
}

// actions reads and writes single ones.
type actions interface {
	// SaveAction writes a (all fields) and the diary's lines durably in one
	// transaction. consent.ErrChanged when the stored action was cancelled meanwhile.
	SaveAction(ctx context.Context, a consent.Action, notes ...ledger.Note) error
	// AddActions writes new actions (a re-application, a fallback), giving IDs.
	AddActions(ctx context.Context, as []consent.Action, notes ...ledger.Note) ([]consent.Action, error)
	// Action returns one action, or consent.ErrNotFound.
	Action(ctx context.Context, id consent.ActionID) (consent.Action, error)
	// ByMark returns the actions of one mark, newest first.
	ByMark(ctx context.Context, mark string) ([]consent.Action, error)
}

// household tells what was decided, and about which device.
type household interface {
	// Consent returns the newest version, or consent.ErrNotFound.
	Consent(ctx context.Context, id consent.ID) (consent.Consent, error)
	// SetSeen moves the third axis only.
	SetSeen(ctx context.Context, id consent.ID, seen consent.Seen, at time.Time, by discovery.Source) error
	// Device returns a device, aliases of merged ones followed; false when unknown.
	Device(ctx context.Context, id discovery.DeviceID) (discovery.Device, bool, error)
}
