package oauth

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"bestbefore/connectors"
	"bestbefore/connectors/connectortest"
	"bestbefore/consent"
)

// realRig is the connector in front of a real server.
func realRig(t *testing.T, p connectortest.Issuer, client, secret, scopes string) *rig {
	t.Helper()
	g := newRig(t)
	g.host.HTTP.Transport = gate{g, p.Trusting}
	g.secrets = map[consent.SecretRef]string{"k1/client_secret": secret}
	g.set = connectors.Settings{
		Values:  map[string]string{optIssuer: p.Address, optClient: client, optScopes: scopes},
		Secrets: map[string]consent.SecretRef{},
	}
	if secret != "" {
		g.set.Secrets[optSecret] = "k1/client_secret"
	}
	return g
}

// surf is a browser with cookies.
func surf(t *testing.T, g *rig) *http.Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &http.Client{Transport: g.host.HTTP.Transport.(gate).next, Jar: jar}
}

// linkFosite says yes at fosite's page, which asks nothing.
func linkFosite(t *testing.T, p connectortest.Issuer, client, secret string) (*rig, *Session) {
	t.Helper()
	g := realRig(t, p, client, secret, "offline photos")
	l, done := g.link(t)
	if status, text := visit(t, surf(t, g), l.Page().URL); status != 200 || !strings.Contains(text, "Thank you") {
		t.Fatalf("the browser ends at %d %q", status, text)
	}
	return g, g.keepLinked(t, <-done)
}

// TestFosite: link, list, renew, revoke, prove, at the real server.
func TestFosite(t *testing.T) {
	p := connectortest.StartIssuer(t, "fosite")
	for _, c := range []struct{ client, secret string }{{"house:hold", "s+cr%e t&=7"}, {"public", ""}} {
		t.Run(c.client, func(t *testing.T) {
			g, s := linkFosite(t, p, c.client, c.secret)
			first := g.sealed()
			gs, err := s.Grants(t.Context())
			if err != nil || len(gs) != 1 || strings.Join(gs[0].Scopes, " ") != "offline photos" {
				t.Fatalf("%+v, %v", gs, err)
			}
			if err := s.renew(t.Context()); err != nil {
				t.Fatal(err)
			}
			if k := g.sealed(); k.Refresh == first.Refresh || k.Sent || k.Renewed.Before(first.Renewed) {
				t.Error("the token was not replaced, or not kept")
			}
			r, err := revokeOne(t, s)
			if err != nil || r.Level != consent.Configured || !strings.Contains(r.Text, "refused") {
				t.Fatalf("%+v, %v", r, err)
			}
			f, err := s.Verify(t.Context(), r)
			if c.secret != "" && (err != nil || f.Level != consent.Effective || f.Seen != consent.Stopped) {
				t.Errorf("%+v, %v", f, err)
			}
			// A public client is not told of tokens, so what was given out before is in doubt.
			if c.secret == "" && (err != nil || f.Level != consent.Configured || f.Seen != consent.CannotTell) {
				t.Errorf("%+v, %v", f, err)
			}
			if gs, err := s.Grants(t.Context()); err != nil || len(gs) != 0 {
				t.Errorf("%+v, %v", gs, err)
			}
			if r, err := revokeOne(t, s); err != nil || r.Level != consent.Configured {
				t.Errorf("twice: %+v, %v", r, err)
			}
		})
	}
}

// TestFositeSaysYesToAStranger: asked by another client it answers 200, and the
// access works on. That is what a yes is worth.
func TestFositeSaysYesToAStranger(t *testing.T) {
	p := connectortest.StartIssuer(t, "fosite")
	g, s := linkFosite(t, p, "house:hold", "s+cr%e t&=7")
	stranger := realRig(t, p, "stranger", "stranger-secret", "")
	a, err := stranger.c.account(t.Context(), stranger.set, stranger.host)
	if err != nil {
		t.Fatal(err)
	}
	foreign := newAsker(a, stranger.host)
	foreign.provider = s.ask.provider
	if err := foreign.revoke(t.Context(), g.sealed().Refresh, "refresh_token"); err != nil {
		t.Fatalf("it no longer says yes to a stranger: %v", err)
	}
	if p, err := s.try(t.Context()); p != works {
		t.Fatalf("after a stranger's revocation: %v, %v", p, err)
	}
	// The same yes, given to us for what a stranger was asked to do: found out.
	own := s.ask
	s.ask = &asker{account: own.account, host: own.host, webs: own.webs}
	mixed := *own.Revoke
	s.ask.Revoke = &mixed
	g.host.HTTP.Transport = swap{g.host.HTTP.Transport, "/revoke", func(r *http.Request) { r.SetBasicAuth("stranger", "stranger-secret") }}
	_, err = revokeOne(t, s)
	wantKind(t, err, consent.KindPermanent, "acknowledged, not revoked")
	g.host.HTTP.Transport = g.host.HTTP.Transport.(swap).RoundTripper
	s.ask = own
	if r, err := revokeOne(t, s); err != nil || r.Level != consent.Configured { // the twin: the client itself
		t.Errorf("%+v, %v", r, err)
	}
}

// swap changes requests to one path.
type swap struct {
	http.RoundTripper
	path   string
	change func(*http.Request)
}

func (s swap) RoundTrip(r *http.Request) (*http.Response, error) {
	if strings.HasSuffix(r.URL.Path, s.path) {
		r = r.Clone(r.Context())
		s.change(r)
	}
	return s.RoundTripper.RoundTrip(r)
}

// TestFositeWantsTheWordsEncoded: unless both are encoded as in a form, the real
// server does not know the client. The twin is every other test with that client.
func TestFositeWantsTheWordsEncoded(t *testing.T) {
	p := connectortest.StartIssuer(t, "fosite")
	g, s := linkFosite(t, p, "house:hold", "s+cr%e t&=7")
	g.host.HTTP.Transport = swap{g.host.HTTP.Transport, "/token", func(r *http.Request) { r.SetBasicAuth("house:hold", "s+cr%e t&=7") }}
	err := s.renew(t.Context())
	wantKind(t, err, consent.KindPermanent, "refused")
	if g.sealed().Sent {
		t.Error("a client that is not known cost the token")
	}
}

// T16 at the real server, which ends everything when a token is used twice: an
// answer that got lost becomes a question, never "somebody ended it".
func TestT16AtFosite(t *testing.T) {
	p := connectortest.StartIssuer(t, "fosite")
	g, s := linkFosite(t, p, "house:hold", "s+cr%e t&=7")
	g.host.HTTP.Transport = lost{g.host.HTTP.Transport}
	if err := s.renew(t.Context()); connectors.KindOf(err) != consent.KindTransient || !g.sealed().Sent {
		t.Fatalf("%v", err)
	}
	g.host.HTTP.Transport = g.host.HTTP.Transport.(lost).RoundTripper
	_, err := g.c.Open(t.Context(), g.set, g.host)
	wantKind(t, err, consent.KindSignIn, "interrupted")
	if !g.sealed().Ended.IsZero() {
		t.Error("it is taken for ended by somebody")
	}
}

// lost has the server do what it is asked, and loses the answer of its token endpoint.
type lost struct{ http.RoundTripper }

func (l lost) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := l.RoundTripper.RoundTrip(r)
	if err != nil || !strings.HasSuffix(r.URL.Path, "/token") {
		return resp, err
	}
	_, _ = io.Copy(io.Discard, resp.Body)
	_ = resp.Body.Close()
	return nil, errors.New("connection reset")
}

// TestZitadel: a public client, its page with a password, revocation proved.
func TestZitadel(t *testing.T) {
	p := connectortest.StartIssuer(t, "zitadel")
	g := realRig(t, p, "native", "", "openid offline_access")
	l, done := g.link(t)
	b := surf(t, g)
	status, text := visit(t, b, l.Page().URL)
	id := regexp.MustCompile(`name="id" value="([^"]+)"`).FindStringSubmatch(text)
	if status != 200 || id == nil {
		t.Fatalf("its page is %d %q", status, text)
	}
	resp, err := b.PostForm(p.Address+"/login/username", url.Values{"id": {id[1]}, "username": {"test-user@127.0.0.1"}, "password": {"verysecure"}})
	if err != nil {
		t.Fatal(err)
	}
	end, _ := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	if !strings.Contains(string(end), "Thank you") {
		t.Fatalf("the browser ends at %d %q", resp.StatusCode, end)
	}
	s := g.keepLinked(t, <-done)
	if gs, err := s.Grants(t.Context()); err != nil || len(gs) != 1 || !has(gs[0].Scopes, "offline_access") {
		t.Fatalf("%+v, %v", gs, err)
	}
	if err := s.renew(t.Context()); err != nil {
		t.Fatal(err)
	}
	// A foreign client gets no yes here.
	stranger := realRig(t, p, "stranger", "stranger-secret", "")
	a, err := stranger.c.account(t.Context(), stranger.set, stranger.host)
	if err != nil {
		t.Fatal(err)
	}
	foreign := newAsker(a, stranger.host)
	foreign.provider = s.ask.provider
	if err := foreign.revoke(t.Context(), g.sealed().Refresh, "refresh_token"); connectors.KindOf(err) != consent.KindSignIn {
		t.Errorf("a stranger: %v", err)
	}
	if p, err := s.try(t.Context()); p != works {
		t.Fatalf("after a stranger tried: %v, %v", p, err)
	}
	r, err := revokeOne(t, s)
	if err != nil || r.Level != consent.Configured {
		t.Fatalf("%+v, %v", r, err)
	}
	if f, err := s.Verify(t.Context(), r); err != nil || f.Seen == consent.Flowing || f.Level == consent.Accepted {
		t.Errorf("%+v, %v", f, err)
	}
	if gs, err := g.open().Grants(t.Context()); err != nil || len(gs) != 0 {
		t.Errorf("%+v, %v", gs, err)
	}
}

// TestZitadelsCode: RFC 8628 at the real server, which gives one token only.
func TestZitadelsCode(t *testing.T) {
	p := connectortest.StartIssuer(t, "zitadel")
	g := realRig(t, p, "device", "device-secret", "profile")
	g.set.Values[optWay] = wayDevice
	l, done := g.link(t)
	page := l.Page()
	if page.Code == "" || page.Here || !strings.HasPrefix(page.URL, p.Address) {
		t.Fatalf("page %+v", page)
	}
	b := surf(t, g)
	if status, text := visit(t, b, page.URL); status != 200 || !strings.Contains(text, "user_code") {
		t.Fatalf("its page is %d %q", status, text)
	}
	for _, step := range []struct {
		path string
		form url.Values
	}{
		{"/device/login", url.Values{"user_code": {page.Code}, "username": {"test-user@127.0.0.1"}, "password": {"verysecure"}}},
		{"/device/confirm", url.Values{"action": {"allowed"}}},
	} {
		resp, err := b.PostForm(p.Address+step.path, step.form)
		if err != nil {
			t.Fatal(err)
		}
		text, _ := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if resp.StatusCode != 200 {
			t.Fatalf("%s: %d %q", step.path, resp.StatusCode, text)
		}
	}
	s := g.keepLinked(t, <-done)
	gs, err := s.Grants(t.Context())
	if err != nil || len(gs) != 1 || gs[0].Expires.IsZero() || time.Until(gs[0].Expires) > time.Hour {
		t.Fatalf("%+v, %v", gs, err)
	}
	// The example server keeps no owner of a token that was got by a code, and takes
	// it for another client's: so it is not revoked, and nothing else is claimed.
	_, err = revokeOne(t, s)
	wantKind(t, err, consent.KindSignIn, "does not take this client")
	if gs, err := s.Grants(t.Context()); err != nil || len(gs) != 1 {
		t.Errorf("%+v, %v", gs, err)
	}
}

// A certificate that nobody vouches for is met before anything is sent.
func TestARealServerWithoutATrustedCertificate(t *testing.T) {
	p := connectortest.StartIssuer(t, "fosite")
	g := realRig(t, p, "house:hold", "s+cr%e t&=7", "")
	tr := &http.Transport{TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12}, DialContext: (&net.Dialer{}).DialContext}
	t.Cleanup(tr.CloseIdleConnections)
	g.host.HTTP.Transport = tr
	if _, err := g.c.Link(t.Context(), g.set, g.host); err == nil {
		t.Error("it was asked")
	}
}
