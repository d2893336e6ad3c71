package lifecycle

import (
	"context"

	"bestbefore/app/internal/store"
	"bestbefore/consent"
	"bestbefore/consent/ledger"
)

// doubtsKey is the setting that says that something may be blocked provisionally,
// so that an ordinary start need not search the actions for it.
const doubtsKey = "clock_doubts"

// doubts keeps the provisional blocks for the scheduler; see expiry.Doubts.
type doubts struct{ *store.Store }

// Provisional lists what was blocked in doubt and not taken back since.
func (d doubts) Provisional(ctx context.Context) (map[consent.ID]int, error) {
	flag, err := d.Setting(ctx, doubtsKey)
	if err != nil || flag == "" {
		return nil, err
	}
	all, err := d.ActionsFrom(ctx, consent.FromDoubt)
	if err != nil {
		return nil, err
	}
	told, out := map[consent.ID]bool{}, map[consent.ID]int{}
	for _, a := range all { // newest first: the newest of a permission decides
		if told[a.Consent] || a.Kind == consent.ActHandOver {
			continue
		}
		told[a.Consent] = true
		if a.Kind == consent.ActBlock {
			out[a.Consent] = a.Version
		}
	}
	return out, nil
}

// SetProvisional writes down that there is something to look for, then the actions.
func (d doubts) SetProvisional(ctx context.Context, as []consent.Action, notes ...ledger.Note) error {
	if flag, err := d.Setting(ctx, doubtsKey); err != nil || flag == "" {
		if err != nil {
			return err
		}
		if err := d.SetSetting(ctx, doubtsKey, "yes"); err != nil {
			return err
		}
	}
	_, err := d.ReplaceActions(ctx, as, notes...)
	return err
}

// Settled forgets the flag.
func (d doubts) Settled(ctx context.Context) error { return d.SetSetting(ctx, doubtsKey, "") }

// HandedOver looks for a hand-over of this very date that was not lifted since.
func (d doubts) HandedOver(ctx context.Context, c consent.Consent) (bool, error) {
	all, err := d.ByMark(ctx, consent.MarkFor(c.ID))
	if err != nil {
		return false, err
	}
	for _, a := range all { // newest first
		if a.Kind == consent.ActUnblock && a.State == consent.Done {
			return false, nil
		}
		if a.Kind == consent.ActHandOver && a.From.Equal(c.DueAt()) && a.State == consent.Done {
			return true, nil
		}
	}
	return false, nil
}
