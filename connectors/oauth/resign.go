package oauth

import (
	"context"
	"errors"
	"strings"

	"bestbefore/assets/words"
	"bestbefore/connectors"
	"bestbefore/consent"
	"bestbefore/discovery"
)

var (
	_ connectors.Stayer   = (*Connector)(nil)
	_ connectors.Resigner = (*Session)(nil)
)

// StaysAt implements connectors.Stayer: the access itself stays at the provider.
func (c *Connector) StaysAt(s connectors.Settings) connectors.Stays {
	out := c.Spec().Stays
	id := strings.ToLower(strings.TrimSpace(s.Values[optProvider]))
	p, known := c.table.get(id)
	switch issuer, err := issuerOf(s.Values[optIssuer]); {
	case known:
		out.Page, out.Of = p.Page, p.Name
	case err == nil:
		p.Name = issuer.Hostname()
	default:
		return out
	}
	out.What = words.Sprintf("The access of the client %q stays valid at %s, for whatever else uses that client, until it is ended there or runs out.", string(discovery.Clean(s.Values[optClient])), p.Name)
	return out
}

// Given implements connectors.Resigner.
func (s *Session) Given() (g consent.Grant, works bool) { return s.grant(), s.k.Ended.IsZero() }

// Resign implements connectors.Resigner: what it says is not believed before a
// renewal was refused.
func (s *Session) Resign(ctx context.Context) (connectors.Receipt, error) {
	r, err := s.Revoke(ctx, connectors.RevokeRequest{Grant: consent.Grant{ID: grantID}})
	var said *connectors.Error
	switch {
	case errors.As(err, &said) && s.ask.Page != "" && !strings.Contains(said.Text, s.ask.Page):
		page := *said
		page.Text += " " + words.Sprintf("Its page: %s", s.ask.Page)
		return r, &page
	case err != nil || r.Level != consent.Accepted:
		return r, err
	}
	return r, connectors.NeedsPerson(words.Sprintf("%s. Try it again later, or look on the provider's own page whether it is gone.", strings.TrimSuffix(r.Text, ".")), nil)
}
