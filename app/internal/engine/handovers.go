package engine

import (
	"context"

	"bestbefore/app/internal/changes"
	"bestbefore/assets/words"
	"bestbefore/consent"
	"bestbefore/consent/ledger"
)

// ReconcileHandOvers gives every live date that a peer could keep, and does not
// keep yet, to that peer, and takes back what a peer keeps for a device that the
// clock must not cut (T41). It is run at start, when a connection was added,
// when a mark was set, and every minute, so that what was lost is made good.
func (e *Core) ReconcileHandOvers(ctx context.Context) error {
	safe, err := e.protected(ctx)
	if err != nil {
		return err
	}
	cs, err := e.Store.Consents(ctx)
	if err != nil {
		return err
	}
	_, _, can := e.holder(ctx)
	var missing []consent.Action
	var notes []ledger.Note
	for _, c := range cs {
		d, known := e.Inventory.Device(c.Device)
		if !known || c.Remedy != consent.Block {
			continue
		}
		var more []consent.Action
		if why := consent.CanBlock(safe.guard(d), consent.FromHandOver, false); why != nil {
			if more, err = e.unkeep(ctx, c); len(more) > 0 {
				notes = append(notes, e.note(consent.NoteAction, c, words.Sprintf("%s must not be cut by the clock (%s); what was handed over to end what it sends to %s is taken back.", d.Name(), why, c.Recipient.Name)))
			}
		} else if can && c.Knows(d) {
			more, err = e.keep(ctx, c)
		}
		if err != nil {
			return err
		}
		missing = append(missing, more...)
	}
	if len(missing) == 0 {
		return nil
	}
	if _, err := e.Store.AddActions(ctx, missing, notes...); err != nil {
		return err
	}
	e.Poke()
	e.changed(changes.Actions, changes.Diary)
	return nil
}

// keep is the hand-over that c lacks; none where it was made, or answered.
func (e *Core) keep(ctx context.Context, c consent.Consent) ([]consent.Action, error) {
	want := consent.HandOver(c, e.Now())
	if len(want) == 0 {
		return nil, nil
	}
	have, err := e.Store.ByMark(ctx, consent.MarkFor(c.ID))
	if err != nil {
		return nil, err
	}
	for _, a := range have {
		switch {
		case a.Kind == consent.ActUnblock && a.State != consent.Cancelled:
			return want, nil // what was handed over before was lifted
		case a.Kind != consent.ActHandOver:
		case a.Version == c.Version && a.From.Equal(c.DueAt()) && answered(a):
			if since, err := e.askAnew(ctx, a); !since || err != nil {
				return nil, err
			}
			return want, nil
		case a.State != consent.Cancelled:
			if a.From.Equal(c.DueAt()) {
				return nil, nil // done, or under way
			}
			return want, nil
		}
	}
	return want, nil
}

// answered reports a hand-over that a peer, and not a later decision, said no to.
// To ask again would be to hear the same again.
func answered(a consent.Action) bool {
	return a.State == consent.NeedsPerson || a.State == consent.Cancelled && a.Error != ""
}

// askAnew reports whether something that could keep a date came after a's answer:
// a new connection, or one that was signed in to anew where that was asked for.
func (e *Core) askAnew(ctx context.Context, a consent.Action) (bool, error) {
	cs, err := e.Store.Connections(ctx)
	if err != nil {
		return false, err
	}
	for _, c := range cs {
		caps, open := e.Sessions.Capabilities(c.ID)
		if !open || caps.Blocker == nil || !caps.Traits.HoldsStart {
			continue
		}
		since := c.Created
		if h := e.Sessions.Health(c.ID); a.State == consent.NeedsPerson && h.Since.After(since) {
			since = h.Since
		}
		if since.After(latest(a.Created, a.Finished)) {
			return true, nil
		}
	}
	return false, nil
}

// unkeep lifts what a peer may keep for c's date. What a permission that has
// ended set by its own block stays: that was cut before it was marked.
func (e *Core) unkeep(ctx context.Context, c consent.Consent) ([]consent.Action, error) {
	have, err := e.Store.ByMark(ctx, consent.MarkFor(c.ID))
	if err != nil {
		return nil, err
	}
	for _, a := range have { // newest first
		switch {
		case a.Kind == consent.ActUnblock && a.State != consent.Cancelled:
			return nil, nil // lifted, or about to be
		case a.Kind == consent.ActBlock && a.State == consent.Done && !c.Decided.Live():
			return nil, nil
		case a.Connection != "" && (a.Kind == consent.ActHandOver || a.Kind == consent.ActBlock):
			return []consent.Action{consent.Unkept(c, e.Now())}, nil
		}
	}
	return nil, nil
}
