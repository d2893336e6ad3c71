package oauth

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"bestbefore/assets"
	"bestbefore/assets/words"
	"bestbefore/connectors"
)

// provider is where one issuer is asked for what, and what is peculiar to it.
type provider struct {
	ID         string            `yaml:"id"`
	Name       string            `yaml:"name"`
	Guide      string            `yaml:"guide"` // the row of the guides with its steps
	Page       string            `yaml:"page"`  // where a person ends it by hand
	Only       string            `yaml:"only"`  // why it can only be ended by hand; then nothing below is there
	Authorize  string            `yaml:"authorize"`
	Token      string            `yaml:"token"`
	Device     string            `yaml:"device"`     // device authorization
	Introspect string            `yaml:"introspect"` // RFC 7662
	AskAs      string            `yaml:"ask_as"`     // who asks there: "client" (default), or "bearer": the access token itself
	Check      string            `yaml:"check"`      // a harmless GET that the access token opens
	ClientIn   string            `yaml:"client_in"`  // where the client's secret goes: "header" (default) or "form"
	Scopes     string            `yaml:"scopes"`     // as little as can be linked
	Extra      map[string]string `yaml:"extra"`      // more parameters of the page
	Revoke     *revocation       `yaml:"revoke"`
	EndsAlso   []string          `yaml:"ends_also"` // what else it ends together with one access (T31)
	Basis      string            `yaml:"basis"`     // how sure the row is
}

// revocation is how a token is ended there.
type revocation struct {
	URL    string `yaml:"url"`
	Method string `yaml:"method"` // POST where empty
	// Which token: the refresh token where there is one, or always the access token.
	Which string `yaml:"which"`
	// In is where the token goes: "form" (default), "query", "bearer" or "json".
	In    string `yaml:"in"`
	Field string `yaml:"field"` // its name in a form, a query or JSON; "token" where empty
	// As is who asks: "client" (default) or "nobody": the token alone is enough.
	As string `yaml:"as"`
}

// table is the providers that are known by name.
type table []provider

func shippedTable() (table, error) { return parseTable(assets.Accounts) }

// parseTable reads a table and joins all faults that it finds.
func parseTable(data []byte) (table, error) {
	d := yaml.NewDecoder(bytes.NewReader(data))
	d.KnownFields(true)
	var t table
	if err := d.Decode(&t); err != nil {
		return nil, fmt.Errorf("reading the table of providers: %w", err)
	}
	var errs []error
	seen := map[string]bool{}
	for _, p := range t {
		if seen[p.ID] {
			errs = append(errs, fmt.Errorf("%s is there twice", p.ID))
		}
		seen[p.ID] = true
		for _, err := range p.faults() {
			errs = append(errs, fmt.Errorf("provider %s: %w", p.ID, err))
		}
	}
	return t, errors.Join(errs...)
}

func (p provider) faults() (errs []error) {
	if p.ID == "" || p.Name == "" || p.Basis == "" {
		errs = append(errs, errors.New("id, name and basis are needed"))
	}
	if p.Only != "" {
		if p.Token != "" || p.Revoke != nil || p.Guide == "" {
			errs = append(errs, errors.New("what can only be ended by hand has a guide and no addresses"))
		}
		return errs
	}
	if p.Authorize == "" || p.Token == "" || p.Revoke == nil {
		return append(errs, errors.New("authorize, token and revoke are needed"))
	}
	for _, a := range p.addresses() {
		if u, err := url.Parse(a); err != nil || u.Scheme != "https" || u.Hostname() == "" || u.Port() != "" || u.User != nil {
			errs = append(errs, fmt.Errorf("%q is no https address", a))
		}
	}
	for what, word := range map[string]struct {
		is    string
		among []string
	}{
		"ask_as": {p.AskAs, []string{"", "client", "bearer"}}, "client_in": {p.ClientIn, []string{"", "header", "form"}},
		"revoke.which": {p.Revoke.Which, []string{"", "refresh", "access"}}, "revoke.in": {p.Revoke.In, []string{"", "form", "query", "bearer", "json"}},
		"revoke.as": {p.Revoke.As, []string{"", "client", "nobody"}}, "revoke.method": {p.Revoke.Method, []string{"", http.MethodPost, http.MethodDelete}},
	} {
		if !slices.Contains(word.among, word.is) {
			errs = append(errs, fmt.Errorf("%s cannot be %q", what, word.is))
		}
	}
	return errs
}

// addresses are all that are there.
func (p provider) addresses() []string {
	out := []string{p.Authorize, p.Token, p.Device, p.Introspect, p.Check}
	if p.Revoke != nil {
		out = append(out, p.Revoke.URL)
	}
	return slices.DeleteFunc(out, func(s string) bool { return s == "" })
}

func (t table) get(id string) (provider, bool) {
	for _, p := range t {
		if p.ID == id {
			return p, true
		}
	}
	return provider{}, false
}

// hosts are the names that we ask ourselves; the page is opened by the browser.
func (t table) hosts() (out []string) {
	for _, p := range t {
		p.Authorize = ""
		for _, a := range p.addresses() {
			if u, err := url.Parse(a); err == nil {
				out = append(out, strings.ToLower(u.Hostname()))
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// OnlyByHand says of the accounts that can only be ended on their own page why
// that is so, by the ID of the guide with the steps.
func OnlyByHand() (map[string]string, error) {
	t, err := shippedTable()
	out := map[string]string{}
	for _, p := range t {
		if p.Only != "" {
			out[p.Guide] = words.Text(p.Only)
		}
	}
	return out, err
}

// byHand are the names of those that can only be ended on their own page.
func (t table) byHand() (out []string) {
	for _, p := range t {
		if p.Only != "" {
			out = append(out, p.Name)
		}
	}
	return out
}

// linkable are those that can be ended from here, by name.
func (t table) linkable() (out []connectors.Answer) {
	for _, p := range t {
		if p.Only == "" {
			out = append(out, connectors.Answer{Value: p.ID, Label: p.Name})
		}
	}
	slices.SortFunc(out, func(a, b connectors.Answer) int { return strings.Compare(a.Label, b.Label) })
	return out
}
