package oauth

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"bestbefore/assets"
	"bestbefore/assets/words/wordstest"
	"bestbefore/connectors"
	"bestbefore/consent"
)

// TestTheTable: each row that can only be ended by hand leads to a guide with the
// same page, and each other one has what is needed.
func TestTheTable(t *testing.T) {
	tab, err := shippedTable()
	if err != nil {
		t.Fatal(err)
	}
	data, err := assets.Recipes.ReadFile("recipes/guides.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var guides []struct {
		ID   string `yaml:"id"`
		Page string `yaml:"page"`
	}
	if err := yaml.Unmarshal(data, &guides); err != nil {
		t.Fatal(err)
	}
	pages := map[string]string{}
	for _, g := range guides {
		pages[g.ID] = g.Page
	}
	byHand := 0
	for _, p := range tab {
		page, known := pages[p.Guide]
		if p.Guide != "" && (!known || page != p.Page) {
			t.Errorf("%s: the guide %q has the page %q, the row %q", p.ID, p.Guide, page, p.Page)
		}
		if p.Only != "" {
			byHand++
		}
	}
	if n := len(tab); n < 20 || byHand < 10 || n-byHand < 10 {
		t.Errorf("%d providers, %d of them by hand", n, byHand)
	}
	c, err := New()
	if err != nil {
		t.Fatal(err)
	}
	spec := c.Spec()
	for _, want := range []string{"oauth2.googleapis.com", "api.fitbit.com"} {
		if !has(spec.Hosts, want) {
			t.Errorf("%s is not among the hosts that are shown", want)
		}
	}
	if has(spec.Hosts, "www.fitbit.com") {
		t.Error("the page is opened by the browser, not by us")
	}
}

func TestAFaultyTableIsRefused(t *testing.T) {
	const good = "- {id: a, name: A, basis: b, authorize: https://a.example/x, token: https://a.example/t, revoke: {url: https://a.example/r}}"
	if _, err := parseTable([]byte(good)); err != nil {
		t.Errorf("the twin: %v", err)
	}
	for name, text := range map[string]string{
		"twice":            good + "\n" + good,
		"not https":        strings.Replace(good, "https://a.example/t", "http://a.example/t", 1),
		"no revocation":    strings.Replace(good, ", revoke: {url: https://a.example/r}", "", 1),
		"an unknown word":  strings.Replace(good, "/r}", "/r, in: smoke}", 1),
		"an unknown field": strings.Replace(good, "basis: b", "basis: b, colour: red", 1),
		"by hand, no way":  "- {id: a, name: A, basis: b, only: Not from here.}",
		"no table":         "{",
	} {
		if _, err := parseTable([]byte(text)); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}

// shop stands in for a provider of the table. It follows what the row says.
type shop struct {
	mu      sync.Mutex // guards all below
	p       provider
	ended   bool
	refused bool
	lies    bool
	own     bool // refuses in words of its own
	n       int
}

func (s *shop) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	at := "https://" + r.Host + r.URL.Path
	_ = r.ParseForm()
	bearer := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	switch {
	case at == s.p.Token:
		if s.ended && s.own {
			say(w, http.StatusBadRequest, map[string]any{"message": "Bad Request", "errors": []any{map[string]string{"resource": "RefreshToken", "code": "invalid"}}})
			return
		}
		if s.ended {
			no(w, http.StatusBadRequest, "invalid_grant")
			return
		}
		s.n++
		say(w, 200, map[string]any{"access_token": "access-x", "refresh_token": "refresh-x", "expires_in": "3600"}) // a text, as some send
	case at == s.p.Introspect:
		say(w, 200, map[string]any{"active": !s.ended && r.PostFormValue("token") != ""})
	case at == s.p.Check:
		if s.ended || !strings.HasPrefix(bearer, "access-") {
			no(w, http.StatusUnauthorized, "invalid_token")
			return
		}
		say(w, 200, map[string]any{"id": 7})
	case s.isRevocation(at):
		s.revoke(w, r, bearer)
	default:
		http.NotFound(w, r)
	}
}

func (s *shop) isRevocation(at string) bool {
	u, err := url.Parse(strings.ReplaceAll(s.p.Revoke.URL, "{client_id}", url.PathEscape("my app")))
	return err == nil && at == "https://"+u.Host+u.Path
}

func (s *shop) revoke(w http.ResponseWriter, r *http.Request, bearer string) {
	v := *s.p.Revoke
	field, method := v.Field, v.Method
	if field == "" {
		field = "token"
	}
	if method == "" {
		method = http.MethodPost
	}
	token := r.PostFormValue(field)
	switch v.In {
	case "query":
		token = r.URL.Query().Get(field)
	case "bearer":
		token = bearer
	case "json":
		var in map[string]string
		_ = json.NewDecoder(r.Body).Decode(&in)
		token = in[field]
	}
	wants := "refresh-x"
	if v.Which == "access" {
		wants = "access-x"
	}
	_, _, basic := r.BasicAuth()
	client := basic || r.PostFormValue("client_id") != ""
	if r.Method != method || token != wants || client == (v.As == "nobody") {
		s.refused = true
		no(w, http.StatusBadRequest, "invalid_request")
		return
	}
	s.ended = !s.lies
	say(w, 200, map[string]any{})
}

// TestEveryProviderOfTheTable is revoked as its row says, which is proved
// afterwards; a provider that says yes and does nothing is found out.
func TestEveryProviderOfTheTable(t *testing.T) {
	tab, err := shippedTable()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range tab {
		if p.Only != "" {
			continue
		}
		t.Run(p.ID, func(t *testing.T) {
			for _, lies := range []bool{true, false} {
				s := &shop{p: p, lies: lies}
				g := newRig(t)
				g.hold()
				now := time.Now()
				k := kept{Client: "my app", Since: now, Renewed: now, Refresh: "refresh-x", Access: "access-x", AccessUntil: now.Add(-time.Second)}
				v, err := k.seal()
				if err != nil {
					t.Fatal(err)
				}
				_ = g.keep(t.Context(), "k1/token", v)
				g.set.Values = map[string]string{optProvider: p.ID, optClient: "my app"}
				g.host.HTTP.Transport = handler{s}
				r, err := revokeOne(t, g.open())
				switch {
				case s.refused:
					t.Error("it was asked in another way than the row says")
				case lies:
					wantKind(t, err, consent.KindPermanent, "acknowledged, not revoked")
				case err != nil || r.Level != consent.Configured || !s.ended:
					t.Errorf("%+v, %v", r, err)
				}
			}
		})
	}
}

// T31: what else is ended is known before anybody decides.
func TestT31WhatElseAProviderEnds(t *testing.T) {
	g := newRig(t)
	g.hold()
	tab, _ := shippedTable()
	p, _ := tab.get("fitbit")
	g.set.Values = map[string]string{optProvider: "Fitbit ", optClient: fakeClient}
	g.host.HTTP.Transport = handler{&shop{p: p}}
	gs, err := g.open().Grants(t.Context())
	if err != nil || len(gs) != 1 || len(gs[0].EndsAlso) == 0 || !strings.Contains(gs[0].EndsAlso[0], "every other session") {
		t.Errorf("%+v, %v", gs, err)
	}
}

// An address with a token in it, as Oura wants it, stays out of every error.
func TestATokenInAnAddressIsNotTold(t *testing.T) {
	g := newRig(t)
	g.hold()
	tab, _ := shippedTable()
	p, _ := tab.get("oura")
	g.set.Values = map[string]string{optProvider: "oura", optClient: fakeClient}
	real := handler{&shop{p: p}}
	g.host.HTTP.Transport = real
	s := g.open()
	g.host.HTTP.Transport = gate{g, real}
	g.on = func(r *http.Request) {
		if strings.Contains(r.URL.RawQuery, "access_token") {
			g.setDown(true)
		}
	}
	_, err := revokeOne(t, s)
	wantKind(t, err, consent.KindTransient, "Oura")
	if strings.Contains(err.Error(), "access_token") || connectors.KindOf(err) != consent.KindTransient {
		t.Errorf("%v", err)
	}
}

// A provider that refuses in words of its own has ended an access only where its
// harmless question does not open either.
func TestARefusalInOtherWords(t *testing.T) {
	tab, _ := shippedTable()
	p, _ := tab.get("strava")
	shop := &shop{p: p, own: true}
	g := newRig(t)
	g.hold()
	g.set.Values = map[string]string{optProvider: "strava", optClient: fakeClient}
	g.host.HTTP.Transport = handler{shop}
	s := g.open()
	shop.ended = true
	g.pass(lookEvery)
	if gs, err := s.Grants(t.Context()); err != nil || len(gs) != 0 {
		t.Errorf("%+v, %v", gs, err)
	}
	// The twin: an access token that ran out by itself opens nothing, and proves nothing.
	g = newRig(t)
	g.hold()
	g.set.Values = map[string]string{optProvider: "strava", optClient: fakeClient}
	g.host.HTTP.Transport = handler{shop}
	g.pass(2 * time.Hour)
	_, err := g.c.Open(t.Context(), g.set, g.host)
	wantKind(t, err, consent.KindPermanent, "Strava refused")
}

// Accounts that can only be ended on their own page are named in the form, and
// by their guides.
func TestWhatCanOnlyBeEndedByHandIsNamed(t *testing.T) {
	only, err := OnlyByHand()
	if err != nil || len(only) < 10 || only["amazon"] == "" || only["google"] != "" {
		t.Errorf("%v, %v", only, err)
	}
	c, err := New()
	if err != nil {
		t.Fatal(err)
	}
	o := c.Spec().Options[0]
	if !strings.Contains(o.Help, "Amazon, Apple") {
		t.Errorf("%q", o.Help)
	}
	if !slices.ContainsFunc(o.Choices, func(a connectors.Answer) bool { return a.Value == "google" }) || o.Accepts("amazon") {
		t.Errorf("%+v", o.Choices)
	}
}

// TestProvidersSpeakTheLanguageOfTheFile: why an account can only be ended by hand,
// and what else an end ends, come out of the language file. The twin is English.
func TestProvidersSpeakTheLanguageOfTheFile(t *testing.T) {
	all, err := shippedTable()
	if err != nil {
		t.Fatal(err)
	}
	for _, spoken := range []bool{false, true} {
		if spoken {
			wordstest.Speak(t, assets.Translations)
		}
		only, err := OnlyByHand()
		if err != nil {
			t.Fatal(err)
		}
		texts := slices.Collect(maps.Values(only))
		for _, p := range all {
			texts = append(texts, (&Session{ask: &asker{account: account{provider: p}}}).grant().EndsAlso...)
		}
		if len(texts) < 15 {
			t.Fatalf("found only %q", texts)
		}
		for _, text := range texts {
			if wordstest.Spoken(text) != spoken || spoken && wordstest.Outside(text) != "" {
				t.Errorf("spoken %t: %q", spoken, text)
			}
		}
	}
}
