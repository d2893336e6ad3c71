package openwrt

import (
	"context"
	"crypto/tls"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"bestbefore/connectors"
	"bestbefore/consent"
	"bestbefore/discovery"
	"bestbefore/discovery/flow"
)

func asError(err error, e **connectors.Error) bool { return errors.As(err, e) }

func wantFault(t *testing.T, what string, err error, kind consent.ErrorKind, text string) {
	t.Helper()
	var e *connectors.Error
	if !errors.As(err, &e) || e.Kind != kind || !holds(err.Error(), text) || e.Text == "" || strings.Contains(err.Error(), password) {
		t.Errorf("%s: %v", what, err)
	}
}

// The fault sweep: right kind, right sentence, no retry storm.
func TestFaultSweep(t *testing.T) {
	for _, c := range []struct {
		mode, text string
		kind       consent.ErrorKind
	}{
		{"reset", "cannot be reached", consent.KindTransient},
		{"slow", "cannot be reached", consent.KindTransient},
		{"half", "cannot be reached", consent.KindTransient},
		{"garbage", "cannot be read", consent.KindTransient},
		{"huge", "far too long", consent.KindTransient},
		{"redirect", "write https://", consent.KindNeedsPerson},
	} {
		t.Run(c.mode, func(t *testing.T) {
			r := newRouter(t)
			s := r.open(t)
			s.line.http.Timeout = 300 * time.Millisecond
			if c.mode == "huge" {
				s.line.http.Timeout = 5 * time.Second
			}
			logins := r.logins
			r.with(func() { r.mode = c.mode })
			h := hostFor(password)
			h.HTTP.Timeout = s.line.http.Timeout
			_, opening := New().Open(t.Context(), r.settings(nil), h)
			wantFault(t, "open", opening, c.kind, c.text)
			wantFault(t, "probe", s.Probe(t.Context()), c.kind, c.text)
			wantFault(t, "observe", s.Observe(t.Context(), nil, func([]flow.Record, connectors.Cursor) {}), c.kind, c.text)
			s.mu.Lock()
			s.home = nil
			s.mu.Unlock()
			wantFault(t, "discover", s.Discover(t.Context(), func(discovery.Sighting) {}), c.kind, c.text)
			_, err := s.Block(t.Context(), connectors.BlockRequest{Mark: "m", Target: target(tv)})
			wantFault(t, "block", err, c.kind, c.text)
			if _, err := s.Held(t.Context()); err == nil {
				t.Error("held: all is said to be well")
			}
			r.with(func() {
				if r.mode = ""; r.logins != logins {
					t.Errorf("%d logins", r.logins-logins)
				}
			})
		})
	}
}

func TestARouterThatIsAway(t *testing.T) {
	r := newRouter(t)
	set := r.settings(nil)
	r.Close()
	_, err := New().Open(t.Context(), set, hostFor(password))
	wantFault(t, "refused", err, consent.KindTransient, "cannot be reached")
}

func TestAWrongPasswordIsTriedOnce(t *testing.T) {
	r := newRouter(t)
	_, err := New().Open(t.Context(), r.settings(nil), hostFor("wrong"))
	wantFault(t, "open", err, consent.KindSignIn, "does not accept this user name and password")
	if r.wrong != 1 {
		t.Errorf("tried %d times", r.wrong)
	}
	s := r.open(t)
	s.line.password = connectors.NewSecret("changed meanwhile")
	r.with(func() { clear(r.sessions); r.wrong = 0 })
	for range 3 {
		wantFault(t, "probe", s.Probe(t.Context()), consent.KindSignIn, "not tried again")
		wantFault(t, "observe", s.Observe(t.Context(), nil, func([]flow.Record, connectors.Cursor) {}), consent.KindSignIn, "")
	}
	if r.wrong != 1 {
		t.Errorf("a changed password was tried %d times", r.wrong)
	}
}

// A session that has run out is taken up again; a right that is missing is not
// taken for one, and does not make us sign in again and again.
func TestSessionsEnd(t *testing.T) {
	r := newRouter(t)
	s := r.open(t)
	for range 3 {
		r.with(func() { clear(r.sessions) })
		mustBlock(t, s, connectors.BlockRequest{Mark: "consent-1", Target: target(tv)})
	}
	if r.logins != 4 {
		t.Errorf("%d logins, want the first and one for each lost session", r.logins)
	}
	few := newRouter(t)
	delete(few.acl.Read.UBUS, "network.interface")
	s = few.open(t)
	for range 5 {
		if _, err := s.around(t.Context(), 0); err != nil {
			t.Error(err)
		}
	}
	if few.logins != 1 {
		t.Errorf("a missing right led to %d logins", few.logins)
	}
	// A right that is taken away while we are connected is named.
	few.with(func() { few.acl.Write.UCI = nil })
	_, err := s.Block(t.Context(), connectors.BlockRequest{Mark: "m", Target: target(tv)})
	wantFault(t, "taken away", err, consent.KindNeedsPerson, `may not do "uci add"`)
}

func TestRightsThatAreMissing(t *testing.T) {
	r := newRouter(t)
	delete(r.acl.Read.UBUS, "luci-rpc")
	_, err := New().Open(t.Context(), r.settings(nil), hostFor(password))
	wantFault(t, "no leases", err, consent.KindNeedsPerson, `may not do "luci-rpc getHostHints"`)
	if codeOf(err) != rpcDenied {
		t.Errorf("code %d", codeOf(err))
	}
	nothing := httptest.NewServer(http.NotFoundHandler())
	defer nothing.Close()
	_, err = New().Open(t.Context(), r.settings(map[string]string{optAddress: nothing.URL}), hostFor(password))
	wantFault(t, "no ubus", err, consent.KindNeedsPerson, "uhttpd-mod-ubus")
	s := newRouter(t).open(t)
	s.zoneOfHome = "guests"
	_, err = s.Block(t.Context(), connectors.BlockRequest{Mark: "m", Target: target(tv)})
	wantFault(t, "zone", err, consent.KindNeedsPerson, `no zone "guests"`)
}

func TestCertificates(t *testing.T) {
	r := newRouter(t)
	secure := httptest.NewTLSServer(r)
	defer secure.Close()
	pinned := false
	h := hostFor(password)
	h.HTTP.Transport = &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{
		InsecureSkipVerify: true, //nolint:gosec // stands for the guard, which refuses by itself
		VerifyConnection: func(tls.ConnectionState) error {
			if pinned {
				return nil
			}
			return &connectors.Error{Kind: consent.KindNeedsPerson, Text: "nothing was sent", Err: &connectors.CertificateError{Host: "127.0.0.1", Fingerprint: "sha256:00", Why: "its time is over or has not begun"}}
		},
	}}
	set := r.settings(map[string]string{optAddress: secure.URL})
	_, err := New().Open(t.Context(), set, h)
	var ask *connectors.CertificateError
	if !errors.As(err, &ask) || r.logins != 0 {
		t.Errorf("%v, and %d logins", err, r.logins)
	}
	wantFault(t, "certificate", err, consent.KindNeedsPerson, "time is over")
	pinned = true
	ses, err := New().Open(t.Context(), set, h)
	if err != nil {
		t.Fatalf("after the household's yes: %v", err)
	}
	_ = ses.Close()
}

func TestAddresses(t *testing.T) {
	for typed, want := range map[string]string{
		"192.168.1.1": "https://192.168.1.1/ubus", "http://openwrt.lan/": "http://openwrt.lan/ubus", "openwrt.lan:8443": "https://openwrt.lan:8443/ubus",
		"[fd00::1]": "https://[fd00::1]/ubus", "fd00::1": "https://[fd00::1]/ubus", "": "", "ftp://x": "", "x/evil": "", "u@x": "", "x:0": "",
	} {
		got, err := ubusAt(typed)
		if got != want || (want == "") != (connectors.KindOf(err) == consent.KindNeedsPerson && err != nil) {
			t.Errorf("%q: %q %v, want %q", typed, got, err, want)
		}
	}
}

func TestOpenRefusesBadSettings(t *testing.T) {
	r := newRouter(t)
	for _, v := range []map[string]string{{"unknown": "x"}, {optInterval: "soon"}, {optAddress: "ftp://x"}, {optUsername: ""}, {optZone: "a b"}} {
		if _, err := New().Open(t.Context(), r.settings(v), hostFor(password)); connectors.KindOf(err) != consent.KindNeedsPerson || err == nil {
			t.Errorf("%v: %v", v, err)
		}
	}
}

func TestClosingSignsOff(t *testing.T) {
	r := newRouter(t)
	s := r.open(t)
	_ = s.Close()
	_ = s.Close()
	if n := r.count("session destroy"); n != 1 || len(r.sessions) != 0 {
		t.Errorf("%d good-byes, %d sessions left", n, len(r.sessions))
	}
	if err := s.Probe(context.Background()); connectors.KindOf(err) != consent.KindPermanent {
		t.Error(err)
	}
}
