package oauth

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"bestbefore/connectors"
	"bestbefore/consent"
)

// link begins, and waits beside.
func (g *rig) link(t *testing.T) (connectors.Link, chan result) {
	t.Helper()
	l, err := g.c.Link(t.Context(), g.set, g.host)
	if err != nil {
		t.Fatalf("linking: %v", err)
	}
	t.Cleanup(func() { _ = l.Close() })
	done := make(chan result, 1)
	go func() {
		got, err := l.Wait(t.Context())
		done <- result{got, err}
	}()
	return l, done
}

type result struct {
	got connectors.Linked
	err error
}

// visit opens a page as a browser does and gives what it shows in the end.
func visit(t *testing.T, c *http.Client, page string) (int, string) {
	t.Helper()
	resp, err := c.Get(page)
	if err != nil {
		t.Fatalf("the browser: %v", err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(b)
}

func (g *rig) browser() *http.Client {
	return &http.Client{Transport: g.host.HTTP.Transport.(gate).next}
}

// keepLinked seals what was linked, as the engine does, and opens it.
func (g *rig) keepLinked(t *testing.T, r result) *Session {
	t.Helper()
	if r.err != nil {
		t.Fatalf("waiting: %v", r.err)
	}
	_ = g.keep(t.Context(), "k1/token", r.got.Secrets[keyToken])
	g.set.Secrets[keyToken] = "k1/token"
	return g.open()
}

// TestLinkedInTheBrowser: PKCE, a redirect to loopback, state and issuer checked.
func TestLinkedInTheBrowser(t *testing.T) {
	g := newRig(t)
	l, done := g.link(t)
	p := l.Page()
	if !p.Here || p.Code != "" || !strings.HasPrefix(p.URL, g.base+"/authorize?") || !strings.Contains(p.URL, "code_challenge_method=S256") || strings.Contains(p.URL, "s%2Bcr") {
		t.Errorf("page %+v", p)
	}
	status, text := visit(t, g.browser(), p.URL)
	if status != 200 || !strings.Contains(text, "Thank you") {
		t.Errorf("the browser ends at %d %q", status, text)
	}
	s := g.keepLinked(t, <-done)
	gs, err := s.Grants(t.Context())
	if err != nil || len(gs) != 1 {
		t.Fatalf("grants %v, %v", gs, err)
	}
	if x := gs[0]; x.Own || strings.Join(x.Scopes, " ") != "read offline" || x.Created.IsZero() || x.LastUsed.IsZero() || x.Expires.Before(time.Now().Add(80*24*time.Hour)) || !strings.Contains(x.Name, fakeClient) {
		t.Errorf("grant %+v", x)
	}
	if !has(g.keys, "Basic aG91c2UlM0Fob2xkOnMlMkJjciUyNWUrdCUyNiUzRCVDMyVCQyUzQTc=") {
		t.Errorf("the client's words were not encoded as in a form: %q", g.keys)
	}
	if c, err := net.DialTimeout("tcp", strings.TrimSuffix(strings.TrimPrefix(l.(*browser).back, "http://"), "/"), time.Second); err == nil {
		_ = c.Close()
		t.Error("the port is still open after the browser came back")
	}
}

// Whoever does not know what only the page was told is sent away, and the real
// answer is still taken.
func TestAForgedReturnIsNotTaken(t *testing.T) {
	g := newRig(t)
	l, done := g.link(t)
	b := l.(*browser)
	for name, q := range map[string]url.Values{
		"nothing":        {},
		"no state":       {"code": {"stolen"}, "iss": {g.base}},
		"another state":  {"code": {"stolen"}, "state": {"guess"}, "iss": {g.base}},
		"another issuer": {"code": {"stolen"}, "state": {b.state}, "iss": {"https://evil.example"}},
		"no issuer":      {"code": {"stolen"}, "state": {b.state}},
		"no code":        {"state": {b.state}, "iss": {g.base}},
		"a forged no":    {"error": {"access_denied"}, "state": {"guess"}, "iss": {g.base}},
	} {
		if status, _ := visit(t, g.browser(), b.back+"?"+q.Encode()); status != http.StatusBadRequest {
			t.Errorf("%s: %d", name, status)
		}
	}
	if status, _ := visit(t, g.browser(), b.back+"favicon.ico"); status != http.StatusNotFound {
		t.Errorf("another path: %d", status)
	}
	req, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, b.back+"?code=x&state="+b.state+"&iss="+url.QueryEscape(g.base), nil)
	req.Host = "rebound.example"
	if resp, err := g.browser().Do(req); err != nil || resp.StatusCode != http.StatusNotFound {
		t.Errorf("under another name: %v", err)
	} else {
		_ = resp.Body.Close()
	}
	select {
	case r := <-done:
		t.Fatalf("it was taken: %+v", r)
	default:
	}
	visit(t, g.browser(), l.Page().URL)
	g.keepLinked(t, <-done)
}

func TestTheWaysALinkEnds(t *testing.T) {
	t.Run("no", func(t *testing.T) {
		g := newRig(t)
		g.awry(func(f *fake) { f.refuses = "access_denied" })
		l, done := g.link(t)
		if _, text := visit(t, g.browser(), l.Page().URL); !strings.Contains(text, "Nothing was connected") {
			t.Errorf("the browser shows %q", text)
		}
		wantKind(t, (<-done).err, consent.KindNeedsPerson, "answered with no")
	})
	t.Run("given up", func(t *testing.T) {
		g := newRig(t)
		l, done := g.link(t)
		_ = l.Close()
		_ = l.Close()
		wantKind(t, (<-done).err, consent.KindNeedsPerson, "given up")
	})
	t.Run("too late", func(t *testing.T) {
		g := newRig(t)
		l, err := g.c.Link(t.Context(), g.set, g.host)
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		g.pass(browserTime)
		_, err = l.Wait(t.Context())
		wantKind(t, err, consent.KindNeedsPerson, "in time")
	})
	t.Run("whoever asked is gone", func(t *testing.T) {
		g := newRig(t)
		l, err := g.c.Link(t.Context(), g.set, g.host)
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err = l.Wait(ctx); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
	t.Run("a port that is taken", func(t *testing.T) {
		g := newRig(t)
		taken, err := net.Listen("tcp4", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer taken.Close()
		_, g.set.Values[optPort], _ = net.SplitHostPort(taken.Addr().String())
		_, err = g.c.Link(t.Context(), g.set, g.host)
		wantKind(t, err, consent.KindNeedsPerson, "choose another")
	})
}

// TestLinkedWithACode: asked no more often than it may, slower when told to.
func TestLinkedWithACode(t *testing.T) {
	g := newRig(t)
	g.set.Values[optWay] = wayDevice
	g.awry(func(f *fake) { f.pendings = 1 })
	l, done := g.link(t)
	if p := l.Page(); p.Here || p.Code != "WDJB-MJHT" || p.URL != g.base+"/codes" || time.Until(p.Until) > 10*time.Minute {
		t.Errorf("page %+v", p)
	}
	s := g.keepLinked(t, <-done)
	if gs, err := s.Grants(t.Context()); err != nil || len(gs) != 1 {
		t.Errorf("%v, %v", gs, err)
	}
}

func TestACodeIsAskedForAtTheRightPace(t *testing.T) {
	g := newRig(t)
	g.set.Values[optWay] = wayDevice
	l, err := g.c.Link(t.Context(), g.set, g.host)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	d := l.(*device)
	for _, c := range []struct {
		what  string
		awry  func()
		err   error
		after time.Duration
	}{
		{"pending", func() { g.awry(func(f *fake) { f.pendings = 1 }) }, errNotYet, time.Second},
		{"slow down", func() { g.awry(func(f *fake) { f.slow, f.pendings = 1, 9 }) }, errNotYet, 6 * time.Second},
		{"away", func() { g.setDown(true) }, errNotYet, 12 * time.Second},
		{"no", func() { g.setDown(false); g.awry(func(f *fake) { f.refuses = "access_denied" }) }, errSaidNo, 12 * time.Second},
		{"run out", func() { g.awry(func(f *fake) { f.refuses = "expired_token" }) }, errTooLate, 12 * time.Second},
	} {
		c.awry()
		if _, err := d.poll(t.Context()); !errors.Is(err, c.err) || d.gap != c.after {
			t.Errorf("%s: %v, next after %s, want %v after %s", c.what, err, d.gap, c.err, c.after)
		}
	}
}

// TestWhatCannotBeLinked: refused before anybody is sent to a page.
func TestWhatCannotBeLinked(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*rig)
		kind   consent.ErrorKind
		says   string
	}{
		"no client":              {func(g *rig) { g.set.Values[optClient] = " " }, consent.KindNeedsPerson, "register an app of your own"},
		"no provider":            {func(g *rig) { g.set.Values[optIssuer] = "" }, consent.KindNeedsPerson, "Say which provider"},
		"an unknown name":        {func(g *rig) { g.set.Values[optProvider] = "nobody" }, consent.KindNeedsPerson, "none of the providers"},
		"only by hand":           {func(g *rig) { g.set.Values[optProvider] = "spotify" }, consent.KindUnsupported, "https://www.spotify.com/account/apps/"},
		"not protected":          {func(g *rig) { g.set.Values[optIssuer] = "http://login.example" }, consent.KindNeedsPerson, "https://"},
		"another issuer answers": {func(g *rig) { g.awry(func(f *fake) { f.otherName = "https://evil.example" }) }, consent.KindNeedsPerson, "another name"},
		"revokes elsewhere":      {func(g *rig) { g.awry(func(f *fake) { f.moved = "https://evil.example/revoke" }) }, consent.KindNeedsPerson, "not the issuer's own"},
		"revokes unprotected":    {func(g *rig) { g.awry(func(f *fake) { f.moved = "http://127.0.0.1/revoke" }) }, consent.KindNeedsPerson, "not protected"},
		"no codes": {func(g *rig) {
			g.set.Values[optWay] = wayDevice
			g.awry(func(f *fake) { f.noCode = true })
		}, consent.KindUnsupported, "no codes"},
		"another way": {func(g *rig) { g.set.Values[optWay] = "letter" }, consent.KindNeedsPerson, "browser, or device"},
		"a low port":  {func(g *rig) { g.set.Values[optPort] = "80" }, consent.KindNeedsPerson, "1024"},
	} {
		t.Run(name, func(t *testing.T) {
			g := newRig(t)
			c.change(g)
			_, err := g.c.Link(t.Context(), g.set, g.host)
			wantKind(t, err, c.kind, c.says)
		})
	}
	if _, err := newRig(t).c.Link(t.Context(), connectors.Settings{}, nil); connectors.KindOf(err) != consent.KindPermanent {
		t.Errorf("without a way out: %v", err)
	}
}

// What was linked and could not be kept is given back.
func TestWhatNobodyKeptIsGivenBack(t *testing.T) {
	g := newRig(t)
	l, done := g.link(t)
	visit(t, g.browser(), l.Page().URL)
	r := <-done
	if r.err != nil {
		t.Fatal(r.err)
	}
	k, err := unseal(r.got.Secrets[keyToken])
	if err != nil {
		t.Fatal(err)
	}
	if err := r.got.Drop(t.Context()); err != nil || g.works(k.Refresh) {
		t.Errorf("%v; it works: %v", err, g.works(k.Refresh))
	}
}
