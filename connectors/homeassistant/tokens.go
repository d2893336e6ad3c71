package homeassistant

import (
	"cmp"
	"context"
	"encoding/json"
	"net/netip"
	"net/url"
	"slices"
	"time"

	"bestbefore/assets/words"
	"bestbefore/connectors"
	"bestbefore/consent"
)

// maxTokens bounds how many of a user's logins are listed.
const maxTokens = 1000

// token is one of the user's refresh tokens, without itself.
type token struct {
	ID       string `json:"id"`
	ClientID word   `json:"client_id"`
	Client   word   `json:"client_name"`
	Type     word   `json:"type"`
	Created  word   `json:"created_at"`
	Current  bool   `json:"is_current"`
	Used     word   `json:"last_used_at"`
	UsedFrom word   `json:"last_used_ip"`
	Expires  word   `json:"expire_at"`
	SignedIn word   `json:"auth_provider_type"`
}

const (
	longLived = "long_lived_access_token"
	kindToken = "long-lived token"
	kindLogin = "login"
)

func (s *Session) tokens(ctx context.Context) ([]token, error) {
	b, err := s.ask(ctx, command{"type": "auth/refresh_tokens"})
	if err != nil {
		return nil, said(err)
	}
	out, _, err := rows[token](b, maxTokens)
	out = slices.DeleteFunc(out, func(t token) bool { return t.ID == "" })
	if err == nil && !slices.ContainsFunc(out, func(t token) bool { return t.Current }) {
		// Without knowing which one is ours nothing may be ended.
		return nil, connectors.Transient(words.Text("Home Assistant does not say which of its tokens is ours, so none is listed."), nil)
	}
	return out, err
}

// Grants lists the logins and tokens of our own user; nobody can see another's.
// The one that we came with is marked and never deleted.
func (s *Session) Grants(ctx context.Context) ([]consent.Grant, error) {
	all, err := s.tokens(ctx)
	if err != nil {
		return nil, err
	}
	me, _ := s.whose()
	out := make([]consent.Grant, 0, len(all))
	for _, t := range all {
		out = append(out, consent.Grant{
			ID: t.ID, Connection: s.connection, Kind: t.kind(), Name: t.name(), Scopes: t.scopes(me), Own: t.Current,
			Created: instant(t.Created), LastUsed: t.used(), Expires: instant(t.Expires),
		})
	}
	slices.SortFunc(out, func(a, b consent.Grant) int { return cmp.Or(a.Created.Compare(b.Created), cmp.Compare(a.ID, b.ID)) })
	return out, nil
}

func (t token) kind() string {
	if t.Type == longLived {
		return kindToken
	}
	return kindLogin
}

// name is what to call it: the name that the household gave it, else who it is
// for. The client of a login is an address, of an app or of the page that was used.
func (t token) name() string {
	if n := clean(string(t.Client)); n != "" {
		return n
	}
	u, err := url.Parse(string(t.ClientID))
	switch {
	case err != nil || u.Hostname() == "":
		return words.Text("a login without a name")
	case u.Hostname() == "home-assistant.io" && u.Path == "/android":
		return words.Text("Home Assistant app for Android")
	case u.Hostname() == "home-assistant.io" && u.Path == "/iOS":
		return words.Text("Home Assistant app for iPhone and iPad")
	case u.Hostname() == "home-assistant.io":
		return words.Text("Home Assistant app")
	}
	return words.Sprintf("a browser at %s", clean(u.Host))
}

// used is when it was last used, where Home Assistant writes that down: it does
// when a login renews itself, but for a long-lived token only when that is made.
func (t token) used() time.Time {
	if t.Type == longLived {
		return time.Time{}
	}
	return instant(t.Used)
}

// scopes say whose rights it has, and from where it was last used.
func (t token) scopes(me user) []string {
	whose := "all that " + cmp.Or(me.Name, "its user") + " may"
	if me.Admin {
		whose += ", as administrator"
	}
	out := []string{whose}
	if a, err := netip.ParseAddr(string(t.UsedFrom)); err == nil && t.Type != longLived {
		out = append(out, "last used from "+a.String())
	}
	if t.Type == longLived {
		out = append(out, "Home Assistant does not write down when it is used")
	}
	if t.SignedIn == "trusted_networks" {
		out = append(out, "signed in without a password, from a trusted network")
	}
	return out
}

// instant reads a moment; what cannot be one is none.
func instant(w word) time.Time {
	at, err := time.Parse(time.RFC3339Nano, string(w))
	if err != nil || at.Year() < 2000 || at.Year() > 2200 {
		return time.Time{}
	}
	return at.UTC()
}

// Revoke deletes a login or token, which cannot be undone. All access tokens
// that were made of it are turned away from then on and its lines are cut.
// Home Assistant's answer proves little, so the list is read again.
func (s *Session) Revoke(ctx context.Context, r connectors.RevokeRequest) (connectors.Receipt, error) {
	out := connectors.Receipt{Mark: r.Mark, Level: consent.Accepted, At: s.now().UTC(), Grain: connectors.GrainToken}
	if r.Grant.ID == "" || r.Grant.Own {
		return out, connectors.Permanent(words.Text("This is our own access to Home Assistant; it is not deleted."), nil)
	}
	unlock, err := s.lock(ctx)
	if err != nil {
		return out, err
	}
	defer unlock()
	was, err := s.tokens(ctx)
	if err != nil {
		return out, err
	}
	if out.Data, err = json.Marshal(kept{Token: r.Grant.ID}); err != nil {
		return out, connectors.Permanent(words.Text("a receipt cannot be written"), err)
	}
	i := slices.IndexFunc(was, func(t token) bool { return t.ID == r.Grant.ID })
	switch {
	case i < 0:
		out.Level, out.Text = consent.Configured, words.Text("Home Assistant no longer had this login.")
		return out, nil
	case was[i].Current: // whatever is thought elsewhere
		return out, connectors.Permanent(words.Text("This is our own access to Home Assistant; it is not deleted."), nil)
	}
	if _, err := s.ask(ctx, command{"type": "auth/delete_refresh_token", "refresh_token_id": r.Grant.ID}); err != nil && !saysNo(err, codeNoToken) {
		return out, said(err)
	}
	out.At = s.now().UTC()
	now, err := s.tokens(ctx)
	switch {
	case err != nil:
		out.Text = words.Sprintf("Home Assistant said that it deleted %q; its list could not be read again.", was[i].name())
	case slices.ContainsFunc(now, func(t token) bool { return t.ID == r.Grant.ID }):
		return out, connectors.Transient(words.Text("Home Assistant said that it deleted the login, but still lists it."), nil)
	default:
		out.Level, out.Text = consent.Configured, words.Sprintf("Home Assistant no longer lists %q, and whatever used it is turned away.", was[i].name())
	}
	return out, nil
}
