package engine

import (
	"cmp"
	"context"
	"net/netip"

	"bestbefore/assets/words"
	"bestbefore/consent"
	"bestbefore/consent/ledger"
	"bestbefore/discovery/flow"
)

// errCannotStop says that nobody could stop it.
var errCannotStop = words.New("nothing that is connected can stop this alone; disconnect the whole device, or connect your router or gateway")

// Refuse implements Newcomers.
func (e *Core) Refuse(ctx context.Context, r AllowRequest) (ConsentInfo, error) {
	d, err := e.find(string(r.Device))
	if err != nil {
		return ConsentInfo{}, err
	}
	if err := e.mustBeOutside(ctx, r.Recipient); err != nil {
		return ConsentInfo{}, err
	}
	if x, ok := e.enderOf(ctx, d, r.Recipient); !ok || !x.fit.Exact {
		return ConsentInfo{}, errCannotStop
	}
	if why, err := e.mayBlock(ctx, d, consent.FromExpiry, false); why != nil || err != nil {
		return ConsentInfo{}, cmp.Or(why, err)
	}
	c, actions, err := consent.Refuse(consent.Request{
		ID: consent.ID(e.NewID("c")), Device: d.ID, Recipient: r.Recipient, Data: r.Data, Term: consent.Term{Kind: consent.NoEnd},
		Remedy: consent.Block, Identity: d.Identifiers, Decider: e.decider(r.How),
	})
	if err != nil {
		return ConsentInfo{}, err
	}
	if err := e.noTwin(ctx, c); err != nil {
		return ConsentInfo{}, err
	}
	text := words.Sprintf("%s stopped what %s sends to %s; it was never allowed (%s).", e.who(), d.Name(), c.Recipient.Name, way(r.How))
	return e.decide(ctx, consent.Decision{Consent: c, Actions: actions, Notes: []ledger.Note{e.note(consent.NoteRefused, c, text)}})
}

// destinationOf reads a destination of a permission: an address or a host name.
func destinationOf(s string) flow.Destination {
	if a, err := netip.ParseAddr(s); err == nil {
		return flow.Destination{Address: a}
	}
	return flow.Destination{Domain: s}
}
