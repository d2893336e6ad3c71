package lifecycle

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"bestbefore/app/internal/engine"
	"bestbefore/connectors"
	"bestbefore/connectors/connectortest"
	"bestbefore/consent"
	"bestbefore/discovery"
)

// The client at the real server; its words must be encoded to stand in a header.
const (
	oauthClient = "house:hold"
	oauthSecret = "s+cr%e t&=7"
)

// linkedHome is a home with a doorbell whose account at a real OAuth server is
// linked by a browser that says yes.
type linkedHome struct {
	*Home
	e      engine.Engine
	issuer connectortest.Issuer
	bell   discovery.DeviceID
	conn   engine.ConnectionInfo
}

func openLinked(t *testing.T) *linkedHome {
	t.Helper()
	return linkedTo(t, connectortest.StartIssuer(t, "fosite"), Config{})
}

// linkedTo is openLinked at an issuer that was started, with what c says more.
func linkedTo(t *testing.T, issuer connectortest.Issuer, c Config) *linkedHome {
	t.Helper()
	c.Dir, c.Enforce, c.Credentials = t.TempDir(), true, credential(t)
	h, err := Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	serving(t, h)
	l := &linkedHome{Home: h, e: h.Engine(), issuer: issuer, bell: sight(h)}
	d, err := l.e.Device(t.Context(), string(l.bell))
	if err != nil {
		t.Fatal(err)
	}
	r := l.request(d.Name())
	r.Values[connectors.OptCertificate] = ""
	var unknown *connectors.CertificateError
	if _, err := l.e.StartLink(t.Context(), r); !errors.As(err, &unknown) || unknown.Fingerprint != issuer.Certificate {
		t.Fatalf("a certificate that nobody vouches for: %v", err)
	}
	l.conn, err = l.link(t, l.request(d.Name()))
	if err != nil {
		t.Fatalf("linking: %v", err)
	}
	return l
}

func (l *linkedHome) request(device string) engine.ConnectRequest {
	return engine.ConnectRequest{
		Kind: "oauth", Name: "Bell account", Secrets: map[string]string{"client_secret": oauthSecret},
		Values: map[string]string{
			"issuer": l.issuer.Address, "client_id": oauthClient, "scopes": "offline photos", "device": device, connectors.OptCertificate: l.issuer.Certificate,
		},
	}
}

// link says yes in the browser.
func (l *linkedHome) link(t *testing.T, r engine.ConnectRequest) (engine.ConnectionInfo, error) {
	t.Helper()
	page, err := l.e.StartLink(t.Context(), r)
	if err != nil {
		return engine.ConnectionInfo{}, err
	}
	go func() {
		resp, err := (&http.Client{Transport: l.issuer.Trusting}).Get(page.URL)
		if err != nil {
			t.Errorf("the browser: %v", err)
			return
		}
		_, _ = io.Copy(io.Discard, resp.Body)
		_ = resp.Body.Close()
	}()
	return l.e.WaitLink(t.Context(), page.ID)
}

// tokens are what is sealed.
func (l *linkedHome) tokens(t *testing.T) (refresh, access string) {
	t.Helper()
	v, err := l.secret(t.Context(), consent.SecretRef(l.conn.ID+"/token"))
	if err != nil {
		t.Fatal(err)
	}
	var k struct{ Refresh, Access string }
	if err := json.Unmarshal([]byte(v.Reveal()), &k); err != nil || k.Refresh == "" || k.Access == "" {
		t.Fatalf("nothing is sealed: %v", err)
	}
	return k.Refresh, k.Access
}

// ask asks the server as the client itself would, beside the program.
func (l *linkedHome) ask(t *testing.T, path string, form url.Values) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, l.issuer.Address+path, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.SetBasicAuth(url.QueryEscape(oauthClient), url.QueryEscape(oauthSecret))
	resp, err := (&http.Client{Transport: l.issuer.Trusting}).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(b)
}

// active asks the server whether a token works, beside the program.
func (l *linkedHome) active(t *testing.T, token string) bool {
	t.Helper()
	_, text := l.ask(t, "/introspect", url.Values{"token": {token}})
	return strings.Contains(text, `"active":true`)
}

func (l *linkedHome) allow(until string) engine.AllowRequest {
	return engine.AllowRequest{
		Device: l.bell, Recipient: consent.Recipient{Name: "Bell Maker", Destinations: []string{"api.bell-maker.example"}}, Data: []consent.Category{"video"},
		Until: until, Then: consent.Revoke, How: "test",
	}
}

// TestALinkedAccountEndsOnItsDate: linked at a real server, allowed, run out:
// revoked there, a renewal refused, verified, in the diary.
func TestALinkedAccountEndsOnItsDate(t *testing.T) {
	l := openLinked(t)
	as, err := l.e.Access(t.Context())
	if err != nil || len(as) != 1 || as[0].Device != l.bell || !as[0].Revocable || !slices.Equal(as[0].Scopes, []string{"offline", "photos"}) || as[0].Created.IsZero() || as[0].LastUsed.IsZero() {
		t.Fatalf("%+v, %v", as, err)
	}
	if p, err := l.e.PreviewAllow(t.Context(), l.allow("1h")); err != nil || !p.Revocable || !strings.Contains(strings.Join(p.Lines, " "), "is deleted at Bell account") {
		t.Errorf("preview %+v, %v", p, err)
	}
	refresh, access := l.tokens(t)
	if !l.active(t, refresh) || !l.active(t, access) {
		t.Fatal("what was given does not work, so nothing can be tested")
	}
	info, err := l.e.Allow(t.Context(), l.allow("2s"))
	if err != nil {
		t.Fatal(err)
	}
	until(t, "it has ended, was revoked, and a renewal was refused", func() bool {
		c, err := l.e.Consent(t.Context(), info.ID)
		return err == nil && c.Decided == consent.Expired && len(c.Actions) > 0 && c.Actions[0].State == consent.Done && c.Actions[0].Level == consent.Effective && c.Seen == consent.Stopped
	})
	if l.active(t, refresh) || l.active(t, access) {
		t.Error("the server still takes a token")
	}
	if status, text := l.ask(t, "/token", url.Values{"grant_type": {"refresh_token"}, "refresh_token": {refresh}}); status != http.StatusBadRequest || !strings.Contains(text, "invalid_grant") {
		t.Errorf("a renewal beside the program: %d %s", status, text)
	}
	texts := diaryKinds(t, l.e)
	for _, want := range []string{"connected", "given", "expired", "action", "verified"} {
		if !strings.Contains(texts, want) {
			t.Errorf("the diary does not tell %q: %s", want, texts)
		}
	}
	for _, s := range []string{refresh, access, oauthSecret} {
		if strings.Contains(texts, s) {
			t.Error("the diary tells a secret")
		}
	}
	until(t, "it is no longer listed", func() bool {
		as, err := l.e.Access(t.Context())
		return err == nil && len(as) == 0
	})
}

// TestTheTwinThatIsNotDueKeepsItsAccess: the same account and a later date.
func TestTheTwinThatIsNotDueKeepsItsAccess(t *testing.T) {
	l := openLinked(t)
	if _, err := l.e.Allow(t.Context(), l.allow("1h")); err != nil {
		t.Fatal(err)
	}
	l.core.Look(t.Context())
	if refresh, access := l.tokens(t); !l.active(t, refresh) || !l.active(t, access) {
		t.Error("it was ended before its date")
	}
}

// TestALinkIsGivenUp: cancelled by whoever started it, or never answered;
// nothing is kept, and the secret that was typed is forgotten.
func TestALinkIsGivenUp(t *testing.T) {
	l := openLinked(t)
	r := l.request("")
	first, err := l.e.StartLink(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	waited := make(chan error, 2)
	for range 2 {
		go func() {
			_, err := l.e.WaitLink(t.Context(), first.ID)
			waited <- err
		}()
	}
	if err := <-waited; err == nil || !strings.Contains(err.Error(), "nobody waits") {
		t.Errorf("two wait for one page: %v", err)
	}
	if err := l.e.CancelLink(t.Context(), first.ID); err != nil {
		t.Fatal(err)
	}
	if err := <-waited; err == nil || !strings.Contains(err.Error(), "given up") {
		t.Errorf("it was connected: %v", err)
	}
	unanswered, err := l.e.StartLink(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(l.e.CancelLink(t.Context(), unanswered.ID), l.e.CancelLink(t.Context(), unanswered.ID)); err != nil {
		t.Error(err)
	}
	if _, err := l.e.WaitLink(t.Context(), unanswered.ID); err == nil {
		t.Error("what was given up is waited for")
	}
	if info, err := l.e.Connectors(t.Context()); err != nil || len(info.Connections) != 1 {
		t.Errorf("%d connections, %v", len(info.Connections), err)
	}
}
