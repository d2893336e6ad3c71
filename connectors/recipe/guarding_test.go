package recipe

import (
	"context"
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"bestbefore/connectors"
	"bestbefore/discovery"
	"bestbefore/discovery/flow"
)

// rigs are all recipes that there are, each against its peer.
func rigs(t testing.TB) map[string]*rig {
	m, _ := mikrotik(t)
	o, _ := opnsense(t)
	s, _ := shelly(t)
	k, _ := token(t)
	x, _ := strava(t)
	n, _ := nextdns(t)
	return map[string]*rig{"mikrotik": m, "opnsense": o, "hue": hue(t), "shelly": s, "rfc7009": k, "strava": x, "nextdns": n}
}

// TestEveryRecipeHasATest: a file without a peer here would be tested by nobody.
func TestEveryRecipeHasATest(t *testing.T) {
	all := rigs(t)
	files, err := filepath.Glob("../../assets/recipes/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	more, err := filepath.Glob("../../assets/recipes/examples/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range append(files, more...) {
		name := strings.TrimSuffix(filepath.Base(f), ".yaml")
		if name != "guides" && all[name] == nil {
			t.Errorf("%s has no peer in rigs", f)
		}
	}
	if len(shipped)+len(more) != len(all) {
		t.Errorf("%d shipped and %d examples, but %d peers", len(shipped), len(more), len(all))
	}
}

// everything calls every verb of a session once.
func everything(t *testing.T, g *rig) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	c := connectors.CapabilitiesOf(g.open(t))
	target := g.options(nil).Target
	if c.Blocker != nil {
		r, err := c.Blocker.Block(ctx, connectors.BlockRequest{Mark: "consent-x", Target: target})
		if err != nil {
			t.Errorf("blocking: %v", err)
		}
		_, _ = c.Verifier.Verify(ctx, r)
		_, _ = c.Blocker.Unblock(ctx, r)
	}
	if c.Observer != nil {
		ctx, stop := context.WithCancel(ctx)
		_ = c.Observer.Observe(ctx, nil, func([]flow.Record, connectors.Cursor) { stop() })
	}
	if c.Discoverer != nil {
		ctx, stop := context.WithCancel(ctx)
		_ = c.Discoverer.Discover(ctx, func(discovery.Sighting) { stop() })
	}
	if c.GrantLister != nil {
		all, err := c.GrantLister.Grants(ctx)
		if err != nil {
			t.Errorf("listing: %v", err)
		}
		for _, one := range all {
			if c.Revoker != nil {
				_, _ = c.Revoker.Revoke(ctx, connectors.RevokeRequest{Mark: "consent-x", Grant: one})
			}
		}
	}
}

// strays are the requests that went to another host than the recipe may speak
// to, or that carried a secret where none may stand.
func strays(g *rig) (out []string) {
	may := map[string]bool{}
	for _, h := range g.c.r.Hosts {
		may[h] = true
	}
	for _, at := range g.c.Spec().Peers(g.settings) {
		may[strings.Split(strings.TrimPrefix(at, "http://"), ":")[0]] = true
	}
	for _, a := range g.w.all() {
		if !may[a.host] {
			out = append(out, "spoke to "+a.host)
		}
		_, query, _ := strings.Cut(a.url, "?")
		for _, v := range g.secrets {
			if strings.Contains(query, v) {
				out = append(out, "wrote a secret into the query of "+a.url)
			}
			if !may[a.host] && carries(a, v) {
				out = append(out, "gave a secret to "+a.host)
			}
		}
	}
	return out
}

func carries(a asked, secret string) bool {
	all := a.url + a.body
	for _, vs := range a.header {
		all += strings.Join(vs, " ")
	}
	_, basic, _ := strings.Cut(a.header.Get("Authorization"), "Basic ")
	plain, _ := base64.StdEncoding.DecodeString(basic)
	return strings.Contains(all+string(plain), secret)
}

// All recipes against a wire that writes everything down: nothing goes to
// another host, whatever the peers say.
func TestSecretsStayWithTheirHosts(t *testing.T) {
	for name, g := range rigs(t) {
		t.Run(name, func(t *testing.T) {
			everything(t, g)
			if len(g.w.all()) < 2 {
				t.Fatal("nothing was asked at all")
			}
			for _, s := range strays(g) {
				t.Error(s)
			}
		})
	}
}

// The twin: a recipe that gets past the check with a second place is found.
func TestStraysAreFound(t *testing.T) {
	g, _ := strava(t)
	evil := &stravaSite{}
	g.w.peers["evil.example"] = evil
	g.c.r.Probe[0].Base = "https://evil.example"
	_, _ = g.c.Open(t.Context(), g.settings, g.h)
	if got := strays(g); len(got) != 2 {
		t.Errorf("found %q", got)
	}
	bad := strings.Replace(string(recipeText(t, "strava")), "- get: /api/v3/athlete\n", "- get: /api/v3/athlete\n    base: https://evil.example\n", 1)
	if _, err := Parse([]byte(bad)); err == nil || !strings.Contains(err.Error(), "not one of hosts") {
		t.Errorf("the check let it through: %v", err)
	}
	bad = strings.Replace(bad, "hosts: [www.strava.com]", "hosts: [www.strava.com, evil.example]", 1)
	if _, err := Parse([]byte(bad)); err == nil || !strings.Contains(err.Error(), `may not go to evil.example`) {
		t.Errorf("the secret may go to a second host that nobody named for it: %v", err)
	}
}

// fixed is a way out on which everybody answers the same.
type fixed struct {
	code   int
	header http.Header
	body   string
}

func (f fixed) RoundTrip(r *http.Request) (*http.Response, error) {
	h := f.header.Clone()
	if h == nil {
		h = http.Header{}
	}
	return &http.Response{StatusCode: f.code, Header: h, Body: readCloser(f.body), Request: r, ProtoMajor: 1, ProtoMinor: 1}, nil
}

// Retry-After is obeyed to the second, and over then.
func TestAPauseIsKept(t *testing.T) {
	g, _ := strava(t)
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	g.h.Now = func() time.Time { return now }
	p := connectors.CapabilitiesOf(g.open(t)).Prober
	good := g.w.peers
	g.w.peers, g.w.next = nil, fixed{code: 429, header: http.Header{"Retry-After": {"90"}}}
	var e *connectors.Error
	if err := p.Probe(t.Context()); !asError(err, &e) || !e.RetryAt.Equal(now.Add(90*time.Second)) {
		t.Fatalf("%v, retry at %v", err, e)
	}
	g.w.peers = good
	now = now.Add(89 * time.Second)
	if err := p.Probe(t.Context()); err == nil {
		t.Error("asked before the pause was over")
	}
	now = now.Add(time.Second)
	if err := p.Probe(t.Context()); err != nil {
		t.Errorf("after the pause: %v", err)
	}
}

// A key in the path of an address is not in an error's text either.
func TestAddressesInErrorsAreClean(t *testing.T) {
	g := hue(t)
	g.w.setDown(true)
	_, err := g.c.Open(t.Context(), g.settings, g.h)
	if err == nil || strings.Contains(err.Error(), "hue-key") || !strings.Contains(err.Error(), "refused") {
		t.Errorf("%v", err)
	}
}

func asError(err error, e **connectors.Error) bool { return errors.As(err, e) }

func readCloser(s string) io.ReadCloser { return io.NopCloser(strings.NewReader(s)) }
