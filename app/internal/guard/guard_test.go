package guard

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/time/rate"

	"bestbefore/connectors"
	"bestbefore/consent"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// to makes a guard and its client, and closes what it kept open.
func to(t *testing.T, c Config) (*Guard, *http.Client) {
	t.Helper()
	g := New(c)
	g.rate.SetLimit(rate.Inf) // the rate has no test here: it would only make the others slow
	client := g.Client()
	t.Cleanup(func() { client.Transport.(bounded).next.(*http.Transport).CloseIdleConnections() })
	return g, client
}

func get(client *http.Client, url string) ([]byte, error) {
	resp, err := client.Get(url)
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	return io.ReadAll(resp.Body)
}

// The addresses of somebody who wants us to go elsewhere.
func elsewhere(port string) []string {
	var out []string
	for _, h := range []string{
		"127.0.0.1", "localhost", "127.1", "0177.0.0.1", "0x7f.0.0.1", "2130706433", "[::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "0.0.0.0", "[::]",
		"169.254.169.254", "metadata.google.internal", "192.168.1.1", "10.0.0.1", "router.lan", "rebinds.example", "example.com", "224.0.0.251", "[fe80::1%25lo]",
		"127.0.0.2", "localhost.", "LOCALHOST", "foo.localhost", "127.0.0.1.nip.example",
	} {
		for _, form := range []string{
			"http://%s:%s/", "https://%s:%s/", "http://peer.example@%s:%s/", "http://peer.example:80@%s:%s/", "http://%s:%s/#peer.example", "http://%s:%s/?@peer.example",
			"HTTP://%s:%s/", "http://%s:%s//peer.example", "ftp://%s:%s/", "file://%s:%s/etc/passwd", "gopher://%s:%s/", "http://%s:%s/..;/peer.example",
		} {
			out = append(out, fmt.Sprintf(form, h, port))
		}
	}
	return out
}

// Row 9 of the threat table: 300 addresses, no connection but to the peer.
func TestNothingButThePeerIsReached(t *testing.T) {
	var got atomic.Int64
	trap := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { got.Add(1) }))
	defer trap.Close()
	_, port, _ := net.SplitHostPort(trap.Listener.Addr().String())
	_, client := to(t, Config{
		Peers: []string{"peer.example"},
		Lookup: func(context.Context, string) ([]netip.Addr, error) {
			return []netip.Addr{netip.MustParseAddr("127.0.0.1")}, nil
		},
	})
	urls := elsewhere(port)
	if len(urls) < 300 {
		t.Fatalf("%d addresses, want 300", len(urls))
	}
	for _, u := range append(urls, "http://peer.example:"+port+"/") { // the last: its name was turned to this computer
		if _, err := get(client, u); err == nil {
			t.Errorf("%s: no error", u)
		}
	}
	if n := got.Load(); n != 0 {
		t.Errorf("the trap was reached %d times", n)
	}
	// The twin: what the household typed itself is reached.
	_, open := to(t, Config{Peers: []string{trap.URL}})
	if _, err := get(open, trap.URL); err != nil || got.Load() != 1 {
		t.Errorf("the typed peer: %v, reached %d times", err, got.Load())
	}
}

func TestWhereANameMayLead(t *testing.T) {
	for _, c := range []struct {
		typed, public string // names
		addr          string
		ok            bool
	}{
		{typed: "box.lan", addr: "192.168.1.1", ok: true},
		{typed: "box.lan", addr: "fd00::1", ok: true},
		{typed: "box.lan", addr: "127.0.0.1"},
		{typed: "box.lan", addr: "169.254.169.254"},
		{typed: "box.lan", addr: "::ffff:127.0.0.1"},
		{typed: "localhost", addr: "127.0.0.1", ok: true},
		{public: "api.maker.example", addr: "198.51.100.7", ok: true},
		{public: "api.maker.example", addr: "192.168.1.1"},
		{public: "api.maker.example", addr: "127.0.0.1"},
		{public: "api.maker.example", addr: "fe80::1"},
	} {
		cfg := Config{Lookup: func(context.Context, string) ([]netip.Addr, error) {
			return []netip.Addr{netip.MustParseAddr(c.addr)}, nil
		}}
		if c.typed != "" {
			cfg.Peers = []string{c.typed}
		} else {
			cfg.Public = []string{c.public}
		}
		g, _ := to(t, cfg)
		if _, err := g.allowed(t.Context(), c.typed+c.public); (err == nil) != c.ok {
			t.Errorf("%+v: %v", c, err)
		}
	}
}

func TestARedirectIsAnAnswer(t *testing.T) {
	var stolen atomic.Bool
	thief := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { stolen.Store(true) }))
	defer thief.Close()
	box := httptest.NewServer(http.RedirectHandler(thief.URL, http.StatusFound))
	defer box.Close()
	_, client := to(t, Config{Peers: []string{box.URL, thief.URL}}) // even where it would be allowed
	req, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, box.URL, nil)
	req.Header.Set("X-FTL-SID", "secret")
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusFound || stolen.Load() {
		t.Errorf("status %d, followed: %v", resp.StatusCode, stolen.Load())
	}
}

// G26: an endless answer and a gzip bomb end at the limit, with an error.
func TestAnswersAreBounded(t *testing.T) {
	var bomb bytes.Buffer
	z := gzip.NewWriter(&bomb)
	_, _ = z.Write(make([]byte, 2*bodyMax))
	_ = z.Close()
	mux := http.NewServeMux()
	mux.HandleFunc("/endless", func(w http.ResponseWriter, _ *http.Request) {
		for chunk := make([]byte, 1<<20); ; {
			if _, err := w.Write(chunk); err != nil {
				return
			}
		}
	})
	mux.HandleFunc("/bomb", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		_, _ = w.Write(bomb.Bytes())
	})
	mux.HandleFunc("/headers", func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("X", strings.Repeat("x", 1<<20)) })
	mux.HandleFunc("/exact", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(make([]byte, bodyMax)) })
	box := httptest.NewServer(mux)
	defer box.Close()
	_, client := to(t, Config{Peers: []string{box.URL}})
	for _, path := range []string{"/endless", "/bomb", "/headers"} {
		if body, err := get(client, box.URL+path); err == nil || len(body) > bodyMax {
			t.Errorf("%s: %d bytes, %v", path, len(body), err)
		}
	}
	if body, err := get(client, box.URL+"/exact"); err != nil || len(body) != bodyMax {
		t.Errorf("what just fits: %d bytes, %v", len(body), err)
	}
}

func TestABadAddressIsSaid(t *testing.T) {
	_, client := to(t, Config{Peers: []string{"http://[::1"}})
	if _, err := get(client, "http://fritz.box/"); connectors.KindOf(err) != consent.KindNeedsPerson {
		t.Errorf("an address that is none: %v", err)
	}
}

func TestASlowAnswerEnds(t *testing.T) {
	release := make(chan struct{})
	box := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }))
	defer box.Close()
	defer close(release)
	_, client := to(t, Config{Peers: []string{box.URL}})
	client.Timeout = 200 * time.Millisecond
	if _, err := get(client, box.URL); connectors.KindOf(err) != consent.KindTransient {
		t.Errorf("a box that says nothing: %v", err)
	}
}

// Row 10: an unknown certificate is shown, not trusted; a yes pins it; another one is refused.
func TestCertificates(t *testing.T) {
	var asked atomic.Int64
	box := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked.Add(1) }))
	defer box.Close()
	box.Config.ErrorLog = nil
	_, first := to(t, Config{Peers: []string{box.URL}})
	_, err := get(first, box.URL)
	var unknown *connectors.CertificateError
	if !errors.As(err, &unknown) || unknown.Was != "" || connectors.KindOf(err) != consent.KindNeedsPerson {
		t.Fatalf("on first use: %v", err)
	}
	_, pinned := to(t, Config{Peers: []string{box.URL}, Pin: unknown.Fingerprint})
	if _, err := get(pinned, box.URL); err != nil {
		t.Errorf("after a yes: %v", err)
	}
	_, other := to(t, Config{Peers: []string{box.URL}, Pin: "sha256:" + strings.Repeat("0", 64)})
	if _, err := get(other, box.URL); !errors.As(err, &unknown) || unknown.Was == "" {
		t.Errorf("another certificate than the pinned one: %v", err)
	}
	old := httptest.NewUnstartedServer(nil)
	old.TLS = &tls.Config{MaxVersion: tls.VersionTLS11, MinVersion: tls.VersionTLS10} //nolint:gosec // the downgrade that must be refused
	old.StartTLS()
	defer old.Close()
	_, client := to(t, Config{Peers: []string{old.URL}, Pin: unknown.Fingerprint})
	if _, err := get(client, old.URL); err == nil {
		t.Error("an old version of TLS is spoken")
	}
	if n := asked.Load(); n != 1 {
		t.Errorf("%d requests were sent, want only the one after the yes", n)
	}
}

// A host on the internet is right or refused: a pin is for home boxes.
func TestAPublicHostIsNotPinned(t *testing.T) {
	box := httptest.NewTLSServer(nil)
	defer box.Close()
	_, port, _ := net.SplitHostPort(box.Listener.Addr().String())
	pin := Fingerprint(box.Certificate())
	g, _ := to(t, Config{Public: []string{"api.maker.example"}, Pin: pin})
	conn, err := tls.Dial("tcp", "127.0.0.1:"+port, g.TLS("api.maker.example"))
	if err == nil {
		_ = conn.Close()
	}
	if connectors.KindOf(err) != consent.KindNeedsPerson {
		t.Errorf("a pinned certificate on a public host: %v", err)
	}
}

func FuzzTyped(f *testing.F) {
	for _, u := range append(elsewhere("80"), "fritz.box", "192.168.1.1:8080", "[fd00::1]:443", "http://pi.hole/admin", "pi.hole/admin", "a:b:c", "", "[", "http://[::1", "-x") {
		f.Add(u)
	}
	f.Fuzz(func(t *testing.T, typed string) {
		host, err := connectors.HostOf(typed)
		if err != nil {
			return
		}
		if again, err := connectors.HostOf(host); err != nil || again != host {
			t.Errorf("HostOf(%q) = %q, and of that %q, %v", typed, host, again, err)
		}
		g := New(Config{Public: []string{host}, Lookup: func(context.Context, string) ([]netip.Addr, error) {
			return []netip.Addr{netip.MustParseAddr("127.0.0.1"), netip.MustParseAddr("169.254.169.254"), netip.MustParseAddr("10.0.0.1")}, nil
		}})
		if addrs, err := g.allowed(context.Background(), host); err == nil && addrs[0].String() != netip.MustParseAddr(host).String() {
			t.Errorf("%q leads to %v", host, addrs)
		}
	})
}
