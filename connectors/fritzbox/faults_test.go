package fritzbox

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

func wantFault(t *testing.T, what string, err error, kind consent.ErrorKind, text string) {
	t.Helper()
	var e *connectors.Error
	if !errors.As(err, &e) || e.Kind != kind || !holds(err.Error(), text) || e.Text == "" || strings.Contains(err.Error(), boxPassword) {
		t.Errorf("%s: %v", what, err)
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
	for _, v := range []map[string]string{{"unknown": "x"}, {optInterval: "soon"}, {optInterval: "0"}, {optAddress: "ftp://x"}} {
		if _, err := New().Open(t.Context(), b.settings(v), hostFor("", boxPassword)); connectors.KindOf(err) != consent.KindNeedsPerson || err == nil {
			t.Errorf("%v: %v", v, err)
		}
	}
}
