package enforce

import (
	"context"
	"errors"
	"slices"

	"bestbefore/assets/words"
	"bestbefore/consent"
)

// needless re-reads what was decided and says why the action is no longer to be
// done, "" when it is (T46). The error is the store's.
func (t *task) needless(ctx context.Context) (string, error) {
	if t.a.Kind == consent.ActBlock && !t.a.Until.IsZero() && !t.now().Before(t.a.Until) {
		return words.Text("The time for which it was to be cut off is over."), nil
	}
	if t.a.Consent == "" {
		return t.overtaken(ctx)
	}
	c, err := t.r.c.Store.Consent(ctx, t.a.Consent)
	if errors.Is(err, consent.ErrNotFound) {
		return words.Text("The permission is no longer in the records."), nil
	}
	if err != nil {
		return "", words.Errorf("reading a permission: %w", err)
	}
	live := c.Decided.Live()
	switch t.a.Kind {
	case consent.ActUnblock:
		byHand := t.a.Origin == consent.FromPerson || t.a.Origin == consent.FromCorrection
		if !live && (!byHand || t.a.Version < c.Version) {
			return words.Text("The permission has ended again."), nil
		}
	case consent.ActHandOver:
		if !live || !c.DueAt().Equal(t.a.From) {
			return words.Text("The date was changed."), nil
		}
	default:
		doubt := t.a.Origin == consent.FromDoubt && c.Version == t.a.Version
		if live && !doubt {
			return words.Text("The permission was renewed."), nil
		}
	}
	return "", nil
}

// overtaken reports a newer click on the same device.
func (t *task) overtaken(ctx context.Context) (string, error) {
	newest, err := t.r.c.Store.ByMark(ctx, t.a.Mark)
	if err != nil {
		return "", words.Errorf("reading earlier actions: %w", err)
	}
	at := slices.IndexFunc(newest, func(a consent.Action) bool { return a.ID == t.a.ID })
	for i := range max(at, 0) {
		if newest[i].State != consent.Cancelled && newest[i].Origin == consent.FromPerson {
			return words.Text("It was decided anew."), nil
		}
	}
	return "", nil
}
