package fritzbox

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"bestbefore/connectors"
	"bestbefore/consent"
	"bestbefore/discovery"
)

// The fault sweep: right kind, right sentence, no retry storm. Opening is what a
// household sees first; the open session is tried with every call.
func TestFaultSweep(t *testing.T) {
	for _, c := range []struct {
		mode, text string
		kind       consent.ErrorKind
	}{
		{"reset", "cannot be reached", consent.KindTransient},
		{"slow", "cannot be reached", consent.KindTransient},
		{"half", "cannot be reached", consent.KindTransient},
		{"garbage", "", consent.KindTransient},
		{"huge", "", consent.KindTransient},
		{"redirect", "sends us elsewhere", consent.KindNeedsPerson},
	} {
		t.Run(c.mode, func(t *testing.T) {
			b := newBox(t)
			s := b.open(t, t.TempDir())
			s.signed.Timeout, s.plain.Timeout = 300*time.Millisecond, 300*time.Millisecond
			b.with(func() { b.mode = c.mode })
			h := hostFor(t.TempDir(), boxPassword)
			h.HTTP.Timeout = 300 * time.Millisecond
			_, opening := New().Open(t.Context(), b.settings(nil), h)
			for name, err := range map[string]error{"open": opening, "probe": s.Probe(t.Context()), "discover": s.Discover(t.Context(), func(discovery.Sighting) {})} {
				wantFault(t, name, err, c.kind, c.text)
			}
			_, err := s.Block(t.Context(), connectors.BlockRequest{Mark: "m", Target: target(tv)})
			wantFault(t, "block", err, c.kind, c.text)
			if _, err := s.Held(t.Context()); err == nil {
				t.Error("held: all is said to be well")
			}
		})
	}
}

func wantFault(t *testing.T, what string, err error, kind consent.ErrorKind, text string) {
	t.Helper()
	var e *connectors.Error
	if !errors.As(err, &e) || e.Kind != kind || !holds(err.Error(), text) || e.Text == "" || strings.Contains(err.Error(), boxPassword) {
		t.Errorf("%s: %v", what, err)
	}
}

func TestABoxThatIsAway(t *testing.T) {
	b := newBox(t)
	url := b.URL
	b.Close()
	_, err := New().Open(t.Context(), connectors.Settings{Values: map[string]string{optAddress: url, optUsername: boxUser}, Secrets: map[string]consent.SecretRef{optPassword: "x"}}, hostFor("", boxPassword))
	wantFault(t, "refused", err, consent.KindTransient, "cannot be reached")
}

// A wrong password is tried once, and by nobody after that.
func TestAWrongPasswordIsTriedOnce(t *testing.T) {
	b := newBox(t)
	_, err := New().Open(t.Context(), b.settings(nil), hostFor(t.TempDir(), "wrong"))
	wantFault(t, "open", err, consent.KindSignIn, "does not accept this user name and password")
	if b.wrong != 1 {
		t.Errorf("the wrong password was tried %d times", b.wrong)
	}
	// The household changes it in the box while we are connected.
	ses := b.open(t, t.TempDir())
	b.with(func() { b.password = "another" })
	before := b.wrong
	for range 3 {
		wantFault(t, "probe", ses.Probe(t.Context()), consent.KindSignIn, "not tried again")
		_, err = ses.Block(t.Context(), connectors.BlockRequest{Mark: "m", Target: target(tv)})
		wantFault(t, "block", err, consent.KindSignIn, "")
		wantFault(t, "discover", ses.Discover(t.Context(), func(discovery.Sighting) {}), consent.KindSignIn, "")
	}
	if n := b.wrong - before; n != 1 {
		t.Errorf("a password that changed was tried %d times", n)
	}
	// The twin: without our memory each call would try it again.
	ses.mu.Lock()
	ses.refused = nil
	ses.mu.Unlock()
	_ = ses.Probe(t.Context())
	if n := b.wrong - before; n != 2 {
		t.Errorf("the counter counts nothing: %d", n)
	}
}

func TestFaultCodes(t *testing.T) {
	for code, want := range map[int]struct {
		kind consent.ErrorKind
		text string
	}{
		401: {consent.KindNeedsPerson, "allow access for applications"},
		606: {consent.KindNeedsPerson, "may not do that"},
		820: {consent.KindTransient, "could not do it just now"},
		501: {consent.KindTransient, "could not do it just now"},
		603: {consent.KindTransient, "could not do it just now"},
		402: {consent.KindPermanent, "does not accept the request"},
	} {
		b := newBox(t)
		s := b.open(t, t.TempDir())
		b.with(func() { b.faults["DisallowWANAccessByIP"] = code })
		_, err := s.Block(t.Context(), connectors.BlockRequest{Mark: "m", Target: target(tv)})
		wantFault(t, "block", err, want.kind, want.text)
		if n := b.count("DisallowWANAccessByIP"); n != 1 {
			t.Errorf("%d: asked %d times", code, n)
		}
		b.with(func() { clear(b.faults); b.turn(four("192.168.178.20"), true) }) // now a person does it
		mustUnblock(t, s, connectors.Receipt{Mark: "m"})
		if b.passes(tv, false) {
			t.Errorf("%d: what was never set by us was lifted", code)
		}
	}
}

func TestProgramsAreNotLetIn(t *testing.T) {
	b := newBox(t)
	b.noService = true
	_, err := New().Open(t.Context(), b.settings(nil), hostFor(t.TempDir(), boxPassword))
	wantFault(t, "fault 401", err, consent.KindNeedsPerson, "allow access for applications")
	nothing := httptest.NewServer(http.NotFoundHandler())
	defer nothing.Close()
	_, err = New().Open(t.Context(), b.settings(map[string]string{optAddress: nothing.URL}), hostFor(t.TempDir(), boxPassword))
	wantFault(t, "no description", err, consent.KindNeedsPerson, "no FRITZ!Box that lets programs in")
}

func TestARepeaterCannotBlock(t *testing.T) {
	b := newBox(t)
	b.noFilter = true
	s := b.open(t, t.TempDir())
	if c := connectors.CapabilitiesOf(s); c.Blocker != nil || c.Discoverer == nil {
		t.Errorf("capabilities %+v", c)
	}
	if cov, _ := s.Coverage(t.Context()); !holds(cov.Text, "cannot block") {
		t.Errorf("it is not said: %q", cov.Text)
	}
}

// What asks for a password in another way than the box gets nothing.
func TestAStrangerGetsNoProof(t *testing.T) {
	var sent bool
	basic := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/tr64desc.xml" {
			_, _ = w.Write([]byte(`<root><serviceType>` + serviceHosts + `</serviceType></root>`))
			return
		}
		sent = sent || r.Header.Get("Authorization") != ""
		w.Header().Set("WWW-Authenticate", `Basic realm="router"`)
		w.WriteHeader(http.StatusUnauthorized)
	}))
	defer basic.Close()
	b := newBox(t)
	_, err := New().Open(t.Context(), b.settings(map[string]string{optAddress: basic.URL}), hostFor(t.TempDir(), boxPassword))
	wantFault(t, "basic", err, consent.KindNeedsPerson, "does not sign in as a FRITZ!Box does")
	if sent {
		t.Error("something was sent to sign in")
	}
}

// An expired or foreign certificate is refused before anything is sent; the
// guarded client's own words come through.
func TestCertificates(t *testing.T) {
	b := newBox(t)
	secure := httptest.NewUnstartedServer(b)
	secure.StartTLS()
	defer secure.Close()
	pinned := false
	h := hostFor(t.TempDir(), boxPassword)
	h.HTTP.Transport = &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{
		InsecureSkipVerify: true, //nolint:gosec // stands for the guard, which refuses by itself
		VerifyConnection: func(tls.ConnectionState) error {
			if pinned {
				return nil
			}
			return &connectors.Error{Kind: consent.KindNeedsPerson, Text: "nothing was sent", Err: &connectors.CertificateError{
				Host: "127.0.0.1", Fingerprint: "sha256:00", Why: x509.CertificateInvalidError{Reason: x509.Expired}.Error(),
			}}
		},
	}}
	set := b.settings(map[string]string{optAddress: secure.URL})
	_, err := New().Open(t.Context(), set, h)
	var ask *connectors.CertificateError
	if !errors.As(err, &ask) || b.signed != 0 {
		t.Errorf("%v, and %d proofs were sent", err, b.signed)
	}
	wantFault(t, "certificate", err, consent.KindNeedsPerson, "nothing was sent")
	pinned = true
	ses, err := New().Open(t.Context(), set, h)
	if err != nil {
		t.Fatalf("after the household's yes: %v", err)
	}
	_ = ses.Close()
}

func TestAddresses(t *testing.T) {
	for typed, want := range map[string]string{
		"fritz.box": "https://fritz.box:49443", "192.168.178.1": "https://192.168.178.1:49443", "http://fritz.box": "http://fritz.box:49000",
		"fritz.box:49000": "http://fritz.box:49000", "https://fritz.box:8443/": "https://fritz.box:8443", "[fd00::1]": "https://[fd00::1]:49443",
		"": "", "http://": "", "ftp://fritz.box": "", "fritz.box/evil": "", "user@fritz.box": "", "fritz.box:0": "", "a b": "",
	} {
		u, err := baseOf(typed)
		if want == "" {
			if connectors.KindOf(err) != consent.KindNeedsPerson || err == nil {
				t.Errorf("%q: %v %v", typed, u, err)
			}
			continue
		}
		if err != nil || u.String() != want {
			t.Errorf("%q: %v %v, want %s", typed, u, err, want)
		}
	}
}

// The file with the list of devices is fetched from the box and nowhere else.
func TestTheListIsFetchedFromTheBoxOnly(t *testing.T) {
	b := newBox(t)
	s := b.open(t, t.TempDir())
	for _, path := range []string{"http://192.0.2.1/x", "//192.0.2.1/x", "x", "", "\x7f", "https:/x"} {
		if _, err := s.get(context.Background(), s.plain, path, 100); connectors.KindOf(err) != consent.KindTransient || !holds(err.Error(), "elsewhere") {
			t.Errorf("%q: %v", path, err)
		}
	}
}

func TestOpenRefusesBadSettings(t *testing.T) {
	b := newBox(t)
	for _, v := range []map[string]string{{"unknown": "x"}, {optInterval: "soon"}, {optInterval: "0"}, {optAddress: "ftp://x"}, {optUsername: ""}} {
		if _, err := New().Open(t.Context(), b.settings(v), hostFor("", boxPassword)); connectors.KindOf(err) != consent.KindNeedsPerson || err == nil {
			t.Errorf("%v: %v", v, err)
		}
	}
}
