package openwrt

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"bestbefore/connectors"
	"bestbefore/consent"
)

func asError(err error, e **connectors.Error) bool { return errors.As(err, e) }

func wantFault(t *testing.T, what string, err error, kind consent.ErrorKind, text string) {
	t.Helper()
	var e *connectors.Error
	if !errors.As(err, &e) || e.Kind != kind || !holds(err.Error(), text) || e.Text == "" || strings.Contains(err.Error(), password) {
		t.Errorf("%s: %v", what, err)
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

// A service that starts anew is waited for; what is not installed is not.
func TestAServiceThatStartsAnew(t *testing.T) {
	r := newRouter(t)
	s := r.open(t)
	r.with(func() { r.asleep = true; clear(r.sessions) })
	wantFault(t, "asleep", s.Probe(t.Context()), consent.KindTransient, "does not answer just now")
	_, err := New().Open(t.Context(), r.settings(nil), hostFor(password))
	wantFault(t, "asleep, at the start", err, consent.KindTransient, "does not answer just now")
	r.with(func() { r.asleep = false })
	if err := s.Probe(t.Context()); err != nil {
		t.Error(err)
	}
	r.with(func() { r.noLuci = true })
	_, err = New().Open(t.Context(), r.settings(nil), hostFor(password))
	wantFault(t, "not installed", err, consent.KindNeedsPerson, "install the packages")
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
