package sessions

import (
	"context"

	"bestbefore/assets/words"
	"bestbefore/connectors"
	"bestbefore/consent"
)

// Use runs f with an open session, one call at a time per connection. A panic
// of the connector is an error like another. It gives a *connectors.Error when
// the connection is not open or not configured.
func (p *Pool) Use(ctx context.Context, connection string, f func(context.Context, connectors.Capabilities) error) error {
	k := p.keeper(connection)
	if k == nil {
		return &connectors.Error{Kind: consent.KindNeedsPerson, Text: words.Sprintf("There is no connection %q any more.", connection)}
	}
	return k.use(ctx, f)
}

// Try opens a connection that is not kept, probes it and closes it again.
func (p *Pool) Try(ctx context.Context, c connectors.Connection) (connectors.Capabilities, error) {
	k := newKeeper(p, c)
	s, err := k.open(ctx)
	if err != nil {
		return connectors.Capabilities{}, err
	}
	defer k.closeSession(s)
	var caps connectors.Capabilities
	err = bounded(ctx, p.c.CallTimeout, func(ctx context.Context) error {
		caps = connectors.CapabilitiesOf(s)
		if caps.Prober == nil {
			return nil
		}
		return caps.Prober.Probe(ctx)
	})
	if err != nil {
		return connectors.Capabilities{}, err
	}
	return caps, nil
}

// Link begins to link a connection that is not kept. What it gives is foreign
// code like a session.
func (p *Pool) Link(ctx context.Context, c connectors.Connection) (connectors.Link, error) {
	kind, ok := p.c.Registry.Get(c.Kind)
	linker, can := kind.(connectors.Linker)
	if !ok || !can {
		return nil, &connectors.Error{Kind: consent.KindUnsupported, Text: words.Text("It has no page of its own to say yes on.")}
	}
	var l connectors.Link
	err := bounded(ctx, p.c.CallTimeout, func(ctx context.Context) (err error) {
		l, err = linker.Link(ctx, c.Settings, p.c.Host(c))
		return err
	})
	if err != nil {
		return nil, err
	}
	return shieldedLink{l}, nil
}

// shieldedLink turns a crash of the connector into an error.
type shieldedLink struct{ connectors.Link }

// Wait implements connectors.Link.
func (l shieldedLink) Wait(ctx context.Context) (got connectors.Linked, err error) {
	err = shielded(func() (err error) { got, err = l.Link.Wait(ctx); return err })
	return got, err
}
