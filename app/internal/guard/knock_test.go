package guard

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strconv"
	"strings"
	"testing"

	"bestbefore/connectors"
)

// where is the address and the port of a server of the test.
func where(t *testing.T, s *httptest.Server) (netip.Addr, int) {
	t.Helper()
	at, err := netip.ParseAddrPort(s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return at.Addr(), int(at.Port())
}

// A knock shows nothing of ours, whatever the certificate, is not led on, and
// reads no more than the beginning.
func TestAKnockSendsNothingAndStays(t *testing.T) {
	led := 0
	trap := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { led++ }))
	defer trap.Close()
	var got []*http.Request
	answer := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = append(got, r)
		switch r.URL.Path {
		case "/on":
			w.Header().Set("Set-Cookie", "a=b")
			http.Redirect(w, r, trap.URL, http.StatusFound)
		case "/long":
			_, _ = w.Write(bytes.Repeat([]byte("x"), 1<<20))
		default:
			_, _ = w.Write([]byte("<title>UniFi OS</title>"))
		}
	})
	s := httptest.NewTLSServer(answer)
	defer s.Close()
	at, port := where(t, s)
	for path, want := range map[string]int{"/": http.StatusOK, "/on": http.StatusFound, "/long": http.StatusOK} {
		a, err := Knock(t.Context(), at, connectors.Knock{Scheme: "https", Port: port, Path: path})
		if err != nil || a.Status != want || len(a.Body) > knockMax {
			t.Errorf("%s: %d, %d bytes, %v", path, a.Status, len(a.Body), err)
		}
	}
	for _, r := range got {
		if r.Method != http.MethodGet || r.Header.Get("Authorization")+r.Header.Get("Cookie") != "" || r.ContentLength > 0 {
			t.Errorf("asked %s with %v", r.Method, r.Header)
		}
	}
	if led > 0 || len(got) != 3 {
		t.Errorf("%d requests, %d of them elsewhere", len(got)+led, led)
	}
}

// Only what is at home is knocked at, and only for a page; the twin above shows
// that the same call leads somewhere.
func TestAKnockStaysAtHome(t *testing.T) {
	for _, at := range []string{"192.0.2.1", "2001:db8::1", "169.254.169.254", "224.0.0.1", "0.0.0.0"} {
		if _, err := Knock(t.Context(), netip.MustParseAddr(at), connectors.Knock{Scheme: "http", Port: 80, Path: "/"}); err == nil || !strings.Contains(err.Error(), "only boxes at home") {
			t.Errorf("%s: %v", at, err)
		}
	}
	if _, err := Knock(t.Context(), netip.MustParseAddr("127.0.0.1"), connectors.Knock{Scheme: "file", Port: 80, Path: "/"}); err == nil {
		t.Error("a file was asked for")
	}
}

// What never answers ends.
func TestASlowKnockEnds(t *testing.T) {
	free := make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-free }))
	defer s.Close()
	defer close(free)
	at, port := where(t, s)
	if _, err := Knock(t.Context(), at, connectors.Knock{Scheme: "http", Port: port, Path: "/" + strconv.Itoa(port)}); err == nil {
		t.Error("it answered")
	}
}
