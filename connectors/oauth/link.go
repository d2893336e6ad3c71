package oauth

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"strings"
	"sync"
	"time"

	"bestbefore/assets/words"
	"bestbefore/connectors"
	"bestbefore/consent"
)

// Link implements connectors.Linker.
func (c *Connector) Link(ctx context.Context, s connectors.Settings, h *connectors.Host) (connectors.Link, error) {
	a, err := c.account(ctx, s, h)
	if err != nil {
		return nil, err
	}
	ask := newAsker(a, h)
	var p pins
	if a.issuer != "" {
		if p, err = ask.describe(ctx, pins{}); err != nil {
			return nil, err
		}
		ask.provider, ask.revIn = p.provider(ask.provider), p.RevokeIn
	}
	if ask.Revoke == nil { // nobody shall link here what cannot be ended from here
		return nil, connectors.Fault(consent.KindUnsupported, words.Sprintf("%s offers no way to revoke from outside; end the access on its own page.", a.Name), nil)
	}
	switch way := strings.ToLower(strings.TrimSpace(s.Values[optWay])); way {
	case "", wayBrowser:
		return startBrowser(ctx, ask, p, h)
	case wayDevice:
		return startDevice(ctx, ask, p)
	default:
		return nil, connectors.Fault(consent.KindNeedsPerson, words.Text("Say yes in: browser, or device."), nil)
	}
}

// attempt is what both ways share.
type attempt struct {
	ask   *asker
	pins  pins
	page  connectors.LinkPage
	ended chan struct{}
	once  sync.Once
}

// Page implements connectors.Link.
func (l *attempt) Page() connectors.LinkPage { return l.page }

func (l *attempt) close() { l.once.Do(func() { close(l.ended) }) }

// errGivenUp and the like are what a person is told who did not say yes.
var (
	errGivenUp = connectors.Fault(consent.KindNeedsPerson, words.Later("Connecting was given up."), nil)
	errTooLate = connectors.Fault(consent.KindNeedsPerson, words.Later("Nobody said yes on the page in time; connect again."), nil)
	errSaidNo  = connectors.Fault(consent.KindNeedsPerson, words.Later("The page was answered with no; nothing was connected."), nil)
)

// linked is what is to be sealed of what the provider gave.
func (l *attempt) linked(g given) (connectors.Linked, error) {
	now := l.ask.host.Now().Round(0)
	k := kept{Pins: l.pins, Client: l.ask.client, Since: now.UTC()}
	k.take(g, now)
	if len(k.Scopes) == 0 { // an answer without them means what was asked for (RFC 6749 section 5.1)
		k.Scopes = scopesOf(l.ask.wanted())
	}
	v, err := k.seal()
	if err != nil {
		return connectors.Linked{}, err
	}
	token, hint := k.Refresh, "refresh_token"
	if token == "" || l.ask.Revoke.Which == "access" {
		token, hint = k.Access, "access_token"
	}
	return connectors.Linked{
		Secrets: map[string]connectors.Secret{keyToken: v},
		Drop:    func(ctx context.Context) error { return l.ask.revoke(ctx, token, hint) },
	}, nil
}

// wanted are the scopes that are asked for.
func (a *asker) wanted() string {
	if a.scopes != "" {
		return a.scopes
	}
	return a.Scopes
}

// waitFor is the time until then on the host's clock.
func (l *attempt) waitFor() time.Duration { return l.page.Until.Sub(l.ask.host.Now()) }

// unguessable is 256 bits that nobody can guess, as they may stand in an address.
func unguessable() string {
	var b [32]byte
	_, _ = rand.Read(b[:]) // it never fails; it would end the program
	return base64.RawURLEncoding.EncodeToString(b[:])
}
