package oauth

import (
	"strings"
	"testing"

	"bestbefore/connectors"
	"bestbefore/consent"
)

// Resigning is only done once a renewal was refused. The twins: an issuer that
// says yes and goes on, one that revokes nothing, and one where nothing can be tried.
func TestResigningIsProvedOrRefused(t *testing.T) {
	for name, c := range map[string]struct {
		awry func(*fake)
		kind consent.ErrorKind
		text string
	}{
		"ended":             {func(*fake) {}, "", "a renewal was tried, and refused"},
		"only acknowledged": {func(f *fake) { f.lies = true }, consent.KindPermanent, "acknowledged, not revoked"},
		"revokes nothing":   {func(f *fake) { f.never = true }, consent.KindNeedsPerson, "end it on its own page"},
	} {
		t.Run(name, func(t *testing.T) {
			g := newRig(t)
			id := g.hold()
			s := g.open()
			if given, works := s.Given(); given.Own || given.ID != grantID || !works {
				t.Errorf("before: %+v, %v", given, works)
			}
			g.awry(c.awry)
			r, err := s.Resign(t.Context())
			if c.kind != "" {
				wantKind(t, err, c.kind, c.text)
				if !g.alive(id) {
					t.Error("it was ended after all, so this shows nothing")
				}
				return
			}
			if err != nil || r.Level != consent.Configured || !strings.Contains(r.Text, c.text) || g.alive(id) {
				t.Errorf("%+v, %v", r, err)
			}
			if r, err = s.Resign(t.Context()); err != nil || r.Level != consent.Configured {
				t.Errorf("a second time: %+v, %v", r, err)
			}
			if _, works := s.Given(); works {
				t.Error("it is said to work")
			}
		})
	}
}

// A yes that cannot be tried is no proof: the connection must stay.
func TestResigningWithoutAProofIsSaid(t *testing.T) {
	g := newRig(t)
	g.awry(func(f *fake) { f.noRefresh, f.closed = true, true })
	g.hold()
	s := g.open()
	s.k.Refresh = ""
	_, err := s.Resign(t.Context())
	wantKind(t, err, consent.KindNeedsPerson, "could not be tried yet")
}

// What stays is said of the provider that was chosen, with its page; of another
// issuer its name.
func TestWhatStaysAtTheProvider(t *testing.T) {
	c, err := New()
	if err != nil {
		t.Fatal(err)
	}
	for provider, page := range map[string]string{"strava": "https://www.strava.com/settings/apps", " Google": "https://myaccount.google.com/connections", "": ""} {
		s := connectors.StaysAt(c, connectors.Settings{Values: map[string]string{optProvider: provider, optIssuer: "https://login.example/x", optClient: "mine"}})
		named := map[string]string{"strava": "Strava", " Google": "Google", "": "login.example"}[provider]
		if s.Page != page || !strings.Contains(s.What, named) || !strings.Contains(s.What, `"mine"`) || len(s.Steps) == 0 || (s.Of == "") != (provider == "") {
			t.Errorf("%q: %+v", provider, s)
		}
	}
	if s := connectors.StaysAt(c, connectors.Settings{}); s.What == "" {
		t.Error("without settings nothing is said to stay")
	}
}
