package enforce

import (
	"context"
	"slices"
	"time"

	"bestbefore/assets/words"
	"bestbefore/connectors"
	"bestbefore/consent"
)

// maxMoves is how often in a day a block goes after its device; one that changes
// its address more often is looked at when its next look is due.
const maxMoves = 24

// LookAgain makes what was done be looked at now, because the addresses of its
// device have changed, because somebody saw it go on, or because it may have been
// lifted. What is no longer the newest word of its mark, and a device that moves
// all the time, is left to its next look.
func (r *Runner) LookAgain(ctx context.Context, id consent.ActionID) error {
	a, err := r.c.Store.Action(ctx, id)
	if err != nil {
		return words.Errorf("reading an action: %w", err)
	}
	all, err := r.c.Store.ByMark(ctx, a.Mark)
	if err != nil {
		return words.Errorf("reading actions of a mark: %w", err)
	}
	said := func(x consent.Action) bool { return x.State != consent.Cancelled && !x.Ahead(r.c.Now()) }
	newest := false
	if i := slices.IndexFunc(all, said); i >= 0 {
		newest = all[i].ID == id || a.Kind == consent.ActRevoke && all[i].Kind == consent.ActRevoke
	}
	looked := a.Kind == consent.ActBlock || a.Kind == consent.ActHandOver || a.Kind == consent.ActRevoke
	if a.State != consent.Done || !looked || !newest || moves(all, r.c.Now()) >= maxMoves {
		return nil
	}
	a.VerifyAt = r.c.Now().Round(0)
	if err := r.c.Store.SaveAction(ctx, a); err != nil {
		return words.Errorf("writing an action: %w", err)
	}
	r.Poke()
	return nil
}

// moves counts how often a mark went after its device in the last day.
func moves(all []consent.Action, now time.Time) (n int) {
	for _, x := range all {
		if x.Origin == consent.FromMove && now.Sub(x.Created) < 24*time.Hour {
			n++
		}
	}
	return n
}

// moved reports that a block hits addresses that are no longer all of its
// device's, at a peer that cannot follow the device by itself.
func (t *task) moved(ctx context.Context, rec connectors.Receipt) (bool, error) {
	open, _ := t.r.c.Sessions.All()
	traits := open[t.a.Connection].Traits
	if t.a.Kind != consent.ActBlock || !traits.ByAddress {
		return false, nil
	}
	d, known, err := t.r.c.Store.Device(ctx, t.a.Device)
	if err != nil {
		return false, words.Errorf("reading a device: %w", err)
	}
	return known && traits.Moved(rec.Target, connectors.TargetOf(d, t.a.Recipient)), nil
}

// follow sets the block anew where the device is now. Until that is done nothing
// is said to be stopped.
func (t *task) follow(ctx context.Context) error {
	text := words.Text("The device has another address now than the one that is blocked.")
	all, err := t.r.c.Store.ByMark(ctx, t.a.Mark)
	if err != nil {
		return words.Errorf("reading earlier actions: %w", err)
	}
	if moves(all, t.now()) >= maxMoves {
		return t.blind(ctx, words.Text("The device changes its address more often than the block can follow."), false)
	}
	if err := t.again(ctx, consent.FromMove, t.note(consent.NoteAction, t.movedText())); err != nil {
		return err
	}
	now := t.now()
	t.prove(consent.Evidence{At: now, Level: consent.NoLevel, Seen: consent.CannotTell, Source: source(t.a.Connection), Text: text})
	t.a.VerifyAt = time.Time{}
	if err := t.save(ctx); err != nil {
		return err
	}
	return t.see(ctx, consent.CannotTell, now, source(t.a.Connection))
}
