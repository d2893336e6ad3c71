package unifi

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"

	"bestbefore/assets/words"
	"bestbefore/connectors"
	"bestbefore/connectors/web"
	"bestbefore/consent"
)

// apiPath is where the official API begins below the console's own page.
const apiPath = "/proxy/network/integration/v1"

const (
	pageSize = 200 // the most that one page may hold
	maxPages = 50
)

// api asks the console with the household's key.
type api struct {
	web *web.Client
	key connectors.Secret

	mu      sync.Mutex // guards refused
	refused error      // a key that was refused is not shown again
}

func (a *api) mayAsk() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.refused
}

func (a *api) do(ctx context.Context, method, path string, query url.Values, body, out any) error {
	if err := a.mayAsk(); err != nil {
		return err
	}
	r, err := a.web.Do(ctx, web.Request{
		Method: method, Path: apiPath + path, Query: query, Body: body,
		Header: http.Header{"X-Api-Key": {a.key.Reveal()}, "Accept": {"application/json"}},
	})
	if err != nil {
		return err
	}
	if !r.OK() {
		return a.refusal(r)
	}
	if out == nil {
		return nil
	}
	return a.web.Decode(r, out)
}

// refusal says what the console's own words mean. Its error body holds a status,
// a code and a message.
func (a *api) refusal(r web.Reply) error {
	var e struct {
		Message string `json:"message"`
	}
	if json.Unmarshal(r.Body, &e) == nil && e.Message != "" {
		r.Body = []byte(e.Message)
	}
	if r.Status != http.StatusUnauthorized {
		return a.web.Refusal(r)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.refused = connectors.Fault(consent.KindSignIn, words.Text("The UniFi console refused the API key; make a new one there and give it to the connection."), nil)
	return a.refused
}

// page is one page of a list.
type page[T any] struct {
	Total *int `json:"totalCount"`
	Data  []T  `json:"data"`
}

// list reads all pages of a list.
func list[T any](ctx context.Context, a *api, path string) ([]T, error) {
	var out []T
	for range maxPages {
		var p page[T]
		q := url.Values{"offset": {strconv.Itoa(len(out))}, "limit": {strconv.Itoa(pageSize)}}
		if err := a.do(ctx, http.MethodGet, path, q, nil, &p); err != nil {
			return nil, err
		}
		if p.Total == nil {
			return nil, connectors.NeedsPerson(words.Text("What answers there is not UniFi Network's API; check the address."), nil)
		}
		out = append(out, p.Data...)
		if len(p.Data) == 0 || len(out) >= *p.Total {
			return out, nil
		}
	}
	return nil, connectors.Permanent(words.Text("The UniFi console gives a list without an end."), nil)
}

// site is one of the console's sites.
type site struct {
	ID        string `json:"id"`
	Reference string `json:"internalReference"`
	Name      string `json:"name"`
}

// siteOf finds the site that the household means.
func (a *api) siteOf(ctx context.Context, wanted string) (string, error) {
	all, err := list[site](ctx, a, "/sites")
	if err != nil {
		return "", err
	}
	var names []string
	for _, s := range all {
		if !plainID(s.ID) {
			continue
		}
		if wanted == "" && (len(all) == 1 || s.Reference == "default") || wanted != "" && (strings.EqualFold(s.Name, wanted) || s.Reference == wanted) {
			return s.ID, nil
		}
		names = append(names, clean(s.Name))
	}
	if len(names) == 0 {
		return "", connectors.NeedsPerson(words.Text("The API key sees no site of the UniFi console; use the key of an administrator."), nil)
	}
	return "", connectors.NeedsPerson(words.Sprintf("Say which site of the UniFi console is your home: %s.", strings.Join(names, ", ")), nil)
}

// plainID reports whether an id may stand in a path.
func plainID(id string) bool {
	return id != "" && len(id) <= 64 && strings.Trim(strings.ToLower(id), "0123456789abcdefghijklmnopqrstuvwxyz-_") == ""
}

// zone is a part of the home or the outside, as the firewall knows it.
type zone struct {
	ID       string   `json:"id"`
	Name     string   `json:"name"`
	Networks []string `json:"networkIds"`
}

// external is the name that the system gives to the zone of the outside.
const external = "External"

// zones are those in which devices of the home can be, and the outside.
func (s *Session) zones(ctx context.Context) (home []string, outside string, err error) {
	all, err := list[zone](ctx, s.api, s.path("/firewall/zones"))
	if err != nil {
		return nil, "", tooOld(err)
	}
	for _, z := range all {
		switch {
		case !plainID(z.ID):
		case z.Name == external:
			outside = z.ID
		case len(z.Networks) > 0:
			home = append(home, z.ID)
		}
	}
	if outside == "" || len(home) == 0 {
		return nil, "", connectors.NeedsPerson(words.Text("The UniFi console has no zone-based firewall; switch it on under Settings, Security."), nil)
	}
	return home, outside, nil
}
