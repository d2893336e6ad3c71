// Package oauth links an account by OAuth 2.0 and ends what was given: in the
// system's own browser with PKCE and a loopback redirect (RFC 8252, 7636), or
// with a code that is typed on any device (RFC 8628). It keeps a refresh token
// that is replaced at each use without ever losing it, revokes it (RFC 7009),
// and proves that by a renewal that is refused: a yes alone proves nothing.
//
// The client is the household's own; none is shipped. What is linked and ended
// is the access of that client, and of whatever else uses it.
package oauth

import (
	"context"
	"log/slog"
	"net/url"
	"strings"

	"bestbefore/assets/words"
	"bestbefore/connectors"
	"bestbefore/consent"
	"bestbefore/discovery"
)

// The options.
const (
	optProvider = "provider"
	optIssuer   = "issuer"
	optWay      = "way"
	optClient   = "client_id"
	optSecret   = "client_secret"
	optScopes   = "scopes"
	optPort     = "port"
	optDevice   = "device"
	// keyToken is where what the provider gave is sealed. Nobody types it.
	keyToken = "token"
)

// The ways to say yes.
const (
	wayBrowser = "browser"
	wayDevice  = "device"
)

// Connector links accounts of the providers of a table, and of any issuer that
// describes itself (RFC 8414).
type Connector struct{ table table }

// New reads the table of providers.
func New() (*Connector, error) {
	t, err := shippedTable()
	if err != nil {
		return nil, err
	}
	return &Connector{table: t}, nil
}

// Spec implements connectors.Connector.
func (c *Connector) Spec() connectors.Spec {
	return connectors.Spec{
		Kind: "oauth", Name: "Online account (OAuth)", Links: true, SetsNothing: true,
		Sees:   words.Text("Which access an app of yours has to an online account: for what, since when, last renewed."),
		Stops:  words.Text("That access, at its provider, for good; then a renewal is tried, which must be refused. Also for whatever else uses the same client ID."),
		Access: words.Text("the access of an app of yours to an account"),
		Needs:  []string{words.Text("a client ID of your own, from the provider's page for developers: Best Before brings none")},
		Hosts:  c.table.hosts(),
		Stays: connectors.Stays{
			What:  words.Text("The access stays valid at the provider, for whatever else uses the same client ID, until it is ended there or runs out."),
			Steps: []string{words.Text("On the provider's own page, where it lists connected apps, take away the app whose client ID you gave.")},
		},
		Options: []connectors.Option{
			{
				Key: optProvider, Label: words.Text("Provider"), Choices: append(c.table.linkable(), connectors.Answer{Label: words.Text("another one, by its address")}),
				Help: words.Sprintf("Only by hand, with the steps under Access: %s.", strings.Join(c.table.byHand(), ", ")),
			},
			{Key: optIssuer, Label: words.Text("Address of another provider"), Address: true, Help: words.Text("Its issuer, such as https://login.example. Its own description there says the rest.")},
			{Key: optClient, Label: words.Text("Client ID"), Required: true, Help: words.Text("Of an app that you registered yourself at the provider. Best Before brings none of its own.")},
			{Key: optSecret, Label: words.Text("Secret of the client"), Secret: true, Help: words.Text("Where the provider gave one.")},
			{Key: optScopes, Label: words.Text("What it may see"), Seldom: true, Help: words.Text("Scopes in the provider's words, with spaces. Empty: as little as the provider lets you link.")},
			{Key: optWay, Label: words.Text("Say yes"), Default: wayBrowser, Choices: []connectors.Answer{{Value: wayBrowser, Label: words.Text("in this computer's browser")}, {Value: wayDevice, Label: words.Text("on any device, with a code")}}},
			{Key: optPort, Label: words.Text("Port to come back to"), Seldom: true, Help: words.Text("Only where the provider wants the whole address: register http://127.0.0.1:PORT/ there. Empty: any free one.")},
			{Key: optDevice, Label: words.Text("Device that sends there"), Device: true, Help: words.Text("Its name here, so that a permission of it can end the access. May stay empty.")},
			connectors.CertificateOption(),
		},
	}
}

// account is who is asked, as whom, and where.
type account struct {
	provider
	issuer  string // empty for one of the table
	client  string
	secret  connectors.Secret
	hasKey  bool // the client has a secret
	scopes  string
	device  discovery.DeviceID
	setting connectors.Settings
}

// account reads the settings; it asks nobody.
func (c *Connector) account(ctx context.Context, s connectors.Settings, h *connectors.Host) (account, error) {
	if h == nil || h.HTTP == nil || h.Now == nil || h.Secret == nil {
		return account{}, connectors.Fault(consent.KindPermanent, words.Text("There is no way out to the provider."), nil)
	}
	a := account{client: strings.TrimSpace(s.Values[optClient]), scopes: s.Values[optScopes], device: discovery.DeviceID(s.Values[optDevice]), setting: s}
	id := strings.ToLower(strings.TrimSpace(s.Values[optProvider]))
	switch {
	case a.client == "":
		return a, connectors.Fault(consent.KindNeedsPerson, words.Text("The client ID is missing; register an app of your own at the provider, and give its ID."), nil)
	case id == "" && s.Values[optIssuer] == "":
		return a, connectors.Fault(consent.KindNeedsPerson, words.Text("Say which provider: one by its name, or any other by its address."), nil)
	case id != "":
		p, ok := c.table.get(id)
		if !ok {
			return a, connectors.Fault(consent.KindNeedsPerson, words.Sprintf("%q is none of the providers known by name; give its address instead.", string(discovery.Clean(id))), nil)
		}
		if p.Only != "" {
			return a, connectors.Fault(consent.KindUnsupported, strings.TrimSpace(words.Sprintf("%s The steps stand under Access, Steps by hand. %s", words.Text(p.Only), p.Page)), nil)
		}
		a.provider = p
	default:
		issuer, err := issuerOf(s.Values[optIssuer])
		if err != nil {
			return a, err
		}
		a.issuer, a.provider = issuer.String(), provider{Name: issuer.Hostname()}
	}
	if ref := s.Secrets[optSecret]; ref != "" {
		var err error
		if a.secret, err = h.Secret(ctx, ref); err != nil {
			return a, connectors.Fault(consent.KindNeedsPerson, words.Text("The secret of the client cannot be read now."), err)
		}
		a.hasKey = true
	}
	return a, nil
}

// issuerOf reads an issuer as it is typed.
func issuerOf(typed string) (*url.URL, error) {
	s := strings.TrimSpace(typed)
	if !strings.Contains(s, "://") {
		s = "https://" + s
	}
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "https" || u.Hostname() == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return nil, connectors.Fault(consent.KindNeedsPerson, words.Text("That is not the address of a provider; write it as in https://login.example."), nil)
	}
	return u, nil
}

// Open implements connectors.Connector. It finds out whether the access works.
func (c *Connector) Open(ctx context.Context, s connectors.Settings, h *connectors.Host) (connectors.Session, error) {
	a, err := c.account(ctx, s, h)
	if err != nil {
		return nil, err
	}
	if s.Secrets[keyToken] == "" {
		return nil, connectors.Fault(consent.KindNeedsPerson, words.Sprintf("Nobody has said yes on the page of %s yet; connect it anew.", a.Name), nil)
	}
	if h.Keep == nil {
		return nil, connectors.Fault(consent.KindPermanent, words.Text("There is nowhere to keep a renewed token."), nil)
	}
	if h.Log == nil {
		quiet := *h
		quiet.Log = slog.New(slog.DiscardHandler)
		h = &quiet
	}
	o := &Session{ask: newAsker(a, h), host: h, ref: s.Secrets[keyToken]}
	if err := o.load(ctx); err != nil {
		return nil, err
	}
	if o.k.Client != a.client {
		return nil, connectors.Fault(consent.KindNeedsPerson, words.Sprintf("What is kept was given to another client ID; connect %s anew, on its page, to use this one.", a.Name), nil)
	}
	if a.issuer != "" {
		if o.k.Pins.Issuer == "" {
			return nil, connectors.Fault(consent.KindNeedsPerson, words.Text("What was kept belongs to another provider; connect it anew."), nil)
		}
		o.ask.provider, o.ask.revIn = o.k.Pins.provider(a.provider), o.k.Pins.RevokeIn
	}
	if err := o.look(ctx); err != nil {
		return nil, err
	}
	return o, nil
}
