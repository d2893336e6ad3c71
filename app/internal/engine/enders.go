package engine

import (
	"context"
	"fmt"
	"slices"

	"bestbefore/connectors"
	"bestbefore/consent"
	"bestbefore/discovery"
)

// ender is who would end what a device sends to a recipient.
type ender struct {
	conn   connectors.Connection
	traits connectors.Traits
	fit    connectors.Fit
}

// enderOf is the open connection that the runner would choose for d and r: the
// best of those that cut no more than that, else the best of the coarser ones.
func (e *Core) enderOf(ctx context.Context, d discovery.Device, r consent.Recipient) (ender, bool) {
	cs, err := e.Store.Connections(ctx)
	if err != nil {
		return ender{}, false
	}
	t := connectors.TargetOf(d, r)
	var best ender
	found := false
	for _, c := range cs {
		caps, open := e.Sessions.Capabilities(c.ID)
		if !open {
			continue
		}
		f, ok := connectors.FitOf(ctx, caps, t)
		if !ok {
			continue
		}
		better := f.Exact && !best.fit.Exact || f.Exact == best.fit.Exact && f.Rank < best.fit.Rank
		if !found || better {
			best, found = ender{c, caps.Traits, f}, true
		}
	}
	return best, found
}

// revocable is the access that a revocation for d and r would end, as the
// issuers list it; false when none is known.
func (e *Core) revocable(ctx context.Context, d discovery.Device, r consent.Recipient) (consent.Grant, connectors.Connection, bool) {
	gs, err := e.Store.Grants(ctx, consent.Consent{Device: d.ID, Recipient: r})
	if err != nil {
		return consent.Grant{}, connectors.Connection{}, false
	}
	t := connectors.TargetOf(d, r)
	for _, g := range gs {
		c, err := e.connection(ctx, g.Connection)
		if err != nil || g.Own {
			continue
		}
		caps, open := e.Sessions.Capabilities(c.ID)
		if !open || caps.Revoker == nil {
			continue
		}
		if caps.Accounter != nil {
			if acc, err := caps.Accounter.AccountOf(ctx, t); err != nil || acc.Name != g.ID || len(acc.Shares) > 0 {
				continue
			}
		}
		return g, c, true
	}
	return consent.Grant{}, connectors.Connection{}, false
}

// whatAccount are the sentences about an account that is switched off.
func (e *Core) whatAccount(ctx context.Context, p *Preview, x ender, d discovery.Device, r consent.Recipient, when string) error {
	p.Lines = append(p.Lines,
		fmt.Sprintf("%s %s switches off %s, and what is connected with it is cut at once. You can switch it on again.", when, x.conn.Name, x.fit.Account.Words()),
		fmt.Sprintf("It is taken for the one of %s, because %s.", d.Name(), x.fit.Account.Because))
	if r.Any {
		p.Lines = append(p.Lines, fmt.Sprintf("What it sends past %s goes on.", x.conn.Name))
	}
	if x.traits.Note != "" {
		p.Lines = append(p.Lines, x.traits.Note)
	}
	return e.alsoThrough(ctx, p, x, d.ID)
}

// alsoThrough names what else would stop with an account: other live
// permissions of the device for the same peer, and whoever shares the account.
func (e *Core) alsoThrough(ctx context.Context, p *Preview, x ender, id discovery.DeviceID) error {
	cs, err := e.Store.Consents(ctx)
	if err != nil {
		return err
	}
	sharing := e.sharing(x.fit.Account)
	p.Coarse = len(sharing) > 0
	caps, _ := e.Sessions.Capabilities(x.conn.ID)
	told := map[discovery.DeviceID]bool{}
	for _, c := range cs {
		mine := e.same(c.Device, id)
		if !c.Decided.Live() || !mine && !slices.Contains(sharing, e.canonical(c.Device)) {
			continue
		}
		d, known := e.Inventory.Device(c.Device)
		if !known || caps.Accounter == nil {
			continue
		}
		acc, err := caps.Accounter.AccountOf(ctx, connectors.TargetOf(d, c.Recipient))
		if err != nil || acc.Name != x.fit.Account.Name {
			continue
		}
		told[d.ID] = true
		name := c.Recipient.Name
		if !mine {
			name = d.Name() + " → " + name
		}
		p.AlsoStops = append(p.AlsoStops, name)
	}
	for _, other := range sharing {
		if !told[other] {
			p.AlsoStops = append(p.AlsoStops, e.deviceName(other))
		}
	}
	return nil
}

// sharing are the devices behind the peer's own ids of those who share an account.
func (e *Core) sharing(a connectors.Account) []discovery.DeviceID {
	var out []discovery.DeviceID
	for _, i := range a.Shares {
		id, ok := e.Inventory.Resolve("", noAddr, i.Value)
		if ok && !slices.Contains(out, id) {
			out = append(out, id)
		}
	}
	return out
}

// whatRevokes are the sentences about an access that is ended for good.
func (e *Core) whatRevokes(ctx context.Context, p *Preview, d discovery.Device, r consent.Recipient, when string) error {
	g, c, ok := e.revocable(ctx, d, r)
	if !ok {
		if p.Then == consent.RevokeThenBlock {
			p.Lines = append(p.Lines, "No access that could be revoked is known for it, so it is blocked.")
			return e.whatBlocks(ctx, p, d, r, when, recipientWords(r))
		}
		p.Lines = append(p.Lines, when+" you get the steps to end it by hand: no access that could be revoked is known for it.")
		return nil
	}
	p.Lines = append(p.Lines, fmt.Sprintf("%s the access %q is deleted at %s. This cannot be undone: to send there again, the device must be set up anew.", when, clean(g.Name), c.Name))
	p.Lines = append(p.Lines, endsAlso(g.EndsAlso)...)
	if p.Then == consent.RevokeThenBlock {
		p.Lines = append(p.Lines, "If that is not possible, it is blocked.")
	}
	caps, open := e.Sessions.Capabilities(c.ID)
	if !open || caps.Accounter == nil {
		return nil
	}
	acc, err := caps.Accounter.AccountOf(ctx, connectors.TargetOf(d, r))
	if err != nil {
		return nil //nolint:nilerr // it was known a moment ago; the sentence stands
	}
	return e.alsoThrough(ctx, p, ender{conn: c, fit: connectors.Fit{Account: acc}}, d.ID)
}

func recipientWords(r consent.Recipient) string {
	if r.Any {
		return "anybody outside your home"
	}
	return r.Name
}

func clean(s string) string { return string(discovery.Clean(s)) }
