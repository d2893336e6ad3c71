package engine

import (
	"context"
	"errors"
	"slices"

	"bestbefore/app/internal/changes"
	"bestbefore/assets/words"
	"bestbefore/connectors"
	"bestbefore/consent"
	"bestbefore/consent/ledger"
	"bestbefore/discovery/flow"
)

// noticeGone ends the permissions that rested on what an issuer gave and no
// longer has: the other side ended it first (T32). A list that lacks our own
// access too, though we were let in, is not believed.
func (e *Core) noticeGone(ctx context.Context, conn connectors.Connection, was, now []consent.Grant) error {
	own := func(g consent.Grant) bool { return g.Own }
	if slices.ContainsFunc(was, own) && !slices.ContainsFunc(now, own) {
		return nil
	}
	gone := slices.DeleteFunc(slices.Clone(was), func(g consent.Grant) bool {
		return g.Own || slices.ContainsFunc(now, func(x consent.Grant) bool { return x.ID == g.ID })
	})
	if len(gone) == 0 {
		return nil
	}
	cs, err := e.Store.Consents(ctx)
	if err != nil {
		return err
	}
	var errs []error
	for _, c := range cs {
		i := slices.IndexFunc(gone, func(g consent.Grant) bool { return e.restsOn(c, g, conn) })
		if i < 0 || !c.Decided.Live() || slices.ContainsFunc(now, func(g consent.Grant) bool { return e.restsOn(c, g, conn) }) {
			continue
		}
		ours, err := e.endedByUs(ctx, gone[i], conn)
		if err == nil {
			err = e.endRevoked(ctx, c, gone[i], conn, ours)
		}
		if err != nil && !errors.Is(err, consent.ErrChanged) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// restsOn reports whether what c allows goes by the access g: it is the device's,
// and leads to the recipient. An account at a peer at home leads to that peer; of
// a token of a service elsewhere it is only known where the household chose to revoke it.
func (e *Core) restsOn(c consent.Consent, g consent.Grant, conn connectors.Connection) bool {
	if g.Own || g.Device == "" || c.Recipient.Any || !e.same(c.Device, g.Device) {
		return false
	}
	if caps, open := e.Sessions.Capabilities(conn.ID); open && caps.Accounter == nil {
		return c.Remedy == consent.Revoke || c.Remedy == consent.RevokeThenBlock
	}
	kind, known := e.Registry.Get(conn.Kind)
	return known && slices.ContainsFunc(kind.Spec().Peers(conn.Settings), func(peer string) bool {
		host := hostOf(peer)
		for _, a := range e.hostAddresses(host) {
			if e.receives(c.Recipient, flow.Destination{Address: a}) {
				return true
			}
		}
		return e.receives(c.Recipient, flow.Destination{Domain: host})
	})
}

// endedByUs reports whether an access is gone because it was ended from here.
func (e *Core) endedByUs(ctx context.Context, g consent.Grant, conn connectors.Connection) (bool, error) {
	as, err := e.Store.Actions(ctx)
	return slices.ContainsFunc(as, func(a consent.Action) bool {
		return a.Kind == consent.ActRevoke && a.State == consent.Done && a.Grant == g.ID && a.Connection == conn.ID
	}), err
}

// endRevoked writes that c has ended at the other side, by us or by somebody there.
func (e *Core) endRevoked(ctx context.Context, c consent.Consent, g consent.Grant, conn connectors.Connection, ours bool) error {
	who := conn.Name
	text := words.Sprintf("The access %q is gone at %s; somebody ended it there. With it ended what %s may send to %s.", clean(g.Name), conn.Name, e.deviceName(c.Device), c.Recipient.Name)
	if ours {
		who = e.Person
		text = words.Sprintf("The access %q was deleted at %s from here. With it ended what %s may send to %s.", clean(g.Name), conn.Name, e.deviceName(c.Device), c.Recipient.Name)
	}
	next := consent.RevokedBy(c, who, e.Now())
	var lift []consent.Action
	kept, err := e.Store.ByMark(ctx, consent.MarkFor(c.ID))
	if err != nil {
		return err
	}
	if slices.ContainsFunc(kept, func(a consent.Action) bool { return a.Kind == consent.ActHandOver && a.State != consent.Cancelled }) {
		lift = append(lift, consent.Unkept(next, e.Now()))
	}
	if err := e.Store.Decide(ctx, consent.Decision{
		Consent: next, Expect: c.Version, Actions: lift, Notes: []ledger.Note{e.note(consent.NoteRevoked, next, text)},
	}); err != nil {
		return err
	}
	e.Poke()
	e.changed(changes.Consents, changes.Actions, changes.Diary)
	return nil
}

// markEarlier says of each when an access that it goes by runs out before it (T33).
func (e *Core) markEarlier(ctx context.Context, cs []ConsentInfo) error {
	gs, err := e.Store.AllGrants(ctx)
	if err != nil || len(gs) == 0 {
		return err
	}
	conns, err := e.Store.Connections(ctx)
	if err != nil {
		return err
	}
	for i, c := range cs {
		var mine []consent.Grant
		for _, conn := range conns {
			for _, g := range gs {
				if g.Connection == conn.ID && !g.Expires.IsZero() && e.restsOn(c.Consent, g, conn) {
					mine = append(mine, g)
				}
			}
		}
		if at, ok := consent.EndsEarlier(c.Consent, mine); ok {
			cs[i].EndsEarlier = at
		}
	}
	return nil
}
