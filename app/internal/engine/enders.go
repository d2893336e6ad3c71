package engine

import (
	"context"

	"bestbefore/assets/words"
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

func recipientWords(r consent.Recipient) string {
	if r.Any {
		return words.Text("anybody outside your home")
	}
	return r.Name
}

func clean(s string) string { return string(discovery.Clean(s)) }
