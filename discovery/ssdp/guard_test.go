package ssdp

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

var nasSender = netip.MustParseAddr("192.168.77.12")

func TestLocationsThatMayBeFetched(t *testing.T) {
	for _, c := range []struct{ in, sender, to string }{
		{"http://192.168.77.12:8200/rootDesc.xml", "192.168.77.12", "192.168.77.12:8200"},
		{"http://192.168.77.12/desc.xml?a=b", "192.168.77.12", "192.168.77.12:80"},
		{"http://192.168.77.12:80/", "192.168.77.12", "192.168.77.12:80"},
		{"http://192.168.77.12:1024", "192.168.77.12", "192.168.77.12:1024"},
		{"HTTP://192.168.77.12:65535/x#y", "192.168.77.12", "192.168.77.12:65535"},
		{"http://[fd77::12]:8200/x", "fd77::12", "[fd77::12]:8200"},
	} {
		to, u, err := Location(c.in, netip.MustParseAddr(c.sender))
		if err != nil || to.String() != c.to || u.Fragment != "" {
			t.Errorf("Location(%q) = %v, %v, %v, want %s", c.in, to, u, err, c.to)
		}
	}
}

// nasty lists more than 300 addresses by which a device would make somebody else be
// asked than itself.
func nasty() []string {
	hosts := []string{
		// other hosts, this computer, what clouds keep their secrets at
		"192.168.77.1", "192.168.77.13", "127.0.0.1", "127.1", "0.0.0.0", "0", "169.254.169.254", "10.0.0.1", "8.8.8.8", "255.255.255.255", "224.0.0.1",
		"localhost", "localhost.localdomain", "ip6-localhost", "[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[fe80::1]", "[fe80::1%25eth0]", "[ff02::c]",
		"[::ffff:192.168.77.12]", "[::192.168.77.12]", "[64:ff9b::c0a8:4d0c]", "[2002:c0a8:4d0c::]", "[::ffff:c0a8:4d0c]",
		// the sender's own address spelt so that checkers and dialers may differ
		"3232255244", "0xc0a84d0c", "0300.0250.0115.014", "0xc0.0xa8.0x4d.0xc", "192.168.19724", "192.11029772", "192.168.077.012", "192.168.77.012", "192.168.77.12.",
		"192.168.77.12%00", "192.168.77.12%2f", "%31%39%32.168.77.12", "１９２.168.77.12", "192。168。77。12", "192.168.77.12\u200b",
		// names, which may lead anywhere a moment later
		"rebind.example", "192.168.77.12.nip.example", "192-168-77-12.example", "fritz.box", "router.local", "metadata.google.internal", "evil.example.", "a", "xn--n3h.example",
		// credentials
		"192.168.77.12@127.0.0.1", "127.0.0.1@192.168.77.12", "admin:admin@192.168.77.12", "192.168.77.12:80@127.0.0.1", "@192.168.77.12", ":@192.168.77.12", "a@b@192.168.77.12",
		"192.168.77.12#@127.0.0.1", "192.168.77.12?@127.0.0.1:81", "127.0.0.1#192.168.77.12", "127.0.0.1\\@192.168.77.12", "192.168.77.12\\@127.0.0.1", "127.0.0.1;192.168.77.12",
		"192.168.77.12,127.0.0.1", "192.168.77.12 127.0.0.1", "192.168.77.12\t", "192.168.77.12\r\nHost:x", "192.168.77.12\x00", "[192.168.77.12]", "[192.168.77.12", "192.168.77.12]", "",
	}
	var out []string
	for _, h := range hosts {
		if !strings.HasPrefix(h, "192.168.77.12#") && !strings.HasPrefix(h, "192.168.77.12?") { // these two name the sender, with something behind
			out = append(out, "http://"+h+"/x", "http://"+h+":8080/x")
		}
		out = append(out, "https://"+h+"/", "//"+h+"/")
	}
	self := "192.168.77.12"
	for _, port := range []string{"1", "21", "22", "23", "25", "53", "79", "81", "110", "139", "443", "445", "631", "993", "1023", "0", "65536", "99999999999999999999", "-1", "x", "+8080", " 80", "0x1f90"} {
		out = append(out, "http://"+self+":"+port+"/")
	}
	for _, scheme := range []string{"file", "ftp", "gopher", "data", "javascript", "jar", "ldap", "dict", "smb", "unix", "ws", "mailto", "tel", "http+unix", "view-source:http", "feed"} {
		out = append(out, scheme+"://"+self+"/", scheme+":"+self, scheme+":///etc/passwd")
	}
	return append(out, "http:"+self+"/", "http:/"+self+"/", "http:///"+self+"/", self, self+":8200/x", "/rootDesc.xml", "?", "#", "http://", "http:", "http://"+self+":8200/"+strings.Repeat("a", 600),
		"http://"+self+":8200/a b", "http://"+self+":8200/ä", "http://"+self+":8200/\x7f", "http://"+self+":8200/%zz", "\\\\"+self+"\\share", "http:\\\\"+self, "<http://"+self+">", "http://["+self+"]:8200/")
}

// TestNastyLocations is threat 9: not one of the addresses leads to a
// connection, neither by the check nor by the client behind it.
func TestNastyLocations(t *testing.T) {
	all := nasty()
	if len(all) < 300 {
		t.Fatalf("only %d addresses", len(all))
	}
	var dialled atomic.Int32
	dial := func(context.Context, netip.AddrPort) (net.Conn, error) {
		dialled.Add(1)
		return nil, errors.New("dialled")
	}
	for _, l := range all {
		if to, _, err := Location(l, nasSender); !errors.Is(err, ErrLocation) {
			t.Errorf("%q would be fetched from %v (%v)", l, to, err)
		}
		if _, err := fetch(t.Context(), l, nasSender, dial); !errors.Is(err, ErrLocation) {
			t.Errorf("fetching %q: %v", l, err)
		}
	}
	if n := dialled.Load(); n != 0 {
		t.Errorf("%d connections", n)
	}
	// The twin: a good address does get to the dialer, so the count means something.
	if _, err := fetch(t.Context(), "http://192.168.77.12:8200/x", nasSender, dial); err == nil || dialled.Load() != 1 {
		t.Errorf("a good address: %v, %d connections", err, dialled.Load())
	}
	t.Logf("%d addresses refused", len(all))
}

func TestSendersThatAreNobody(t *testing.T) {
	for _, s := range []string{"127.0.0.1", "0.0.0.0", "::1", "169.254.169.254", "fe80::1%eth0", "239.255.255.250", "::ffff:192.168.77.12"} {
		a := netip.MustParseAddr(s)
		host := a.String()
		if a.Is6() {
			host = "[" + a.WithZone("").String() + "]"
		}
		if _, _, err := Location("http://"+host+":8200/", a); !errors.Is(err, ErrLocation) {
			t.Errorf("sender %s: %v", s, err)
		}
	}
	if _, _, err := Location("http://192.168.77.12/", netip.Addr{}); !errors.Is(err, ErrLocation) {
		t.Errorf("no sender: %v", err)
	}
}

func TestDialerChecksAgainAtTheMomentOfDialling(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	c, err := dialer(t.Context(), l.Addr().(*net.TCPAddr).AddrPort())
	if err != nil {
		t.Fatal(err)
	}
	c.Close()
	// An address in IPv6 clothes is dialled as another one, and refused.
	odd := netip.AddrPortFrom(netip.MustParseAddr("::ffff:127.0.0.1"), l.Addr().(*net.TCPAddr).AddrPort().Port())
	if c, err := dialer(t.Context(), odd); !errors.Is(err, ErrLocation) {
		if c != nil {
			c.Close()
		}
		t.Errorf("dialled %s: %v", odd, err)
	}
}

// FuzzLocation is target F20.
func FuzzLocation(f *testing.F) {
	for i, l := range nasty() {
		if i%7 == 0 {
			f.Add(l, "192.168.77.12")
		}
	}
	f.Add("http://[fd77::12]:8200/", "fd77::12")
	f.Fuzz(func(t *testing.T, location, from string) {
		sender, _ := netip.ParseAddr(from)
		to, u, err := Location(location, sender)
		if err != nil {
			return
		}
		a := to.Addr()
		if a != sender || a.IsLoopback() || a.IsLinkLocalUnicast() || a.IsMulticast() || a.IsUnspecified() || a.Is4In6() {
			t.Fatalf("%q from %q would dial %s", location, from, to)
		}
		if to.Port() != 80 && to.Port() < 1024 || u.User != nil || u.Scheme != "http" {
			t.Fatalf("%q gives %s", location, u)
		}
	})
}

// served answers every connection of a fetch with h, wherever it goes.
func served(t *testing.T, h http.HandlerFunc) func(context.Context, netip.AddrPort) (net.Conn, error) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &http.Server{Handler: h, ReadHeaderTimeout: time.Second}
	done := make(chan struct{})
	go func() { defer close(done); s.Serve(l) }()
	t.Cleanup(func() { s.Close(); <-done })
	return func(ctx context.Context, _ netip.AddrPort) (net.Conn, error) {
		return dialer(ctx, l.Addr().(*net.TCPAddr).AddrPort())
	}
}

func TestHostileDescriptionServers(t *testing.T) {
	const place = "http://192.168.77.12:8200/desc.xml"
	var elsewhere atomic.Int32
	for _, c := range []struct {
		name  string
		serve http.HandlerFunc
		wrong string
	}{
		{"a redirect is not followed", func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/desc.xml" {
				elsewhere.Add(1)
			}
			http.Redirect(w, r, "/elsewhere", http.StatusFound)
		}, "answered 302"},
		{"gigabytes end at 64 KiB", func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprint(w, "<root><device><friendlyName>")
			for range 1 << 14 {
				if _, err := w.Write(make([]byte, 1<<16)); err != nil {
					return
				}
			}
		}, "reading description"},
		{"endless spaces too", func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprint(w, "<root>")
			for {
				if _, err := fmt.Fprint(w, strings.Repeat(" ", 4096)); err != nil {
					return
				}
			}
		}, "longer than 64 KiB"},
		{"endless headers end", func(w http.ResponseWriter, _ *http.Request) {
			for i := range 1000 {
				w.Header().Set(fmt.Sprintf("X-%d", i), strings.Repeat("a", 100))
			}
		}, "asking for a description"},
		{"silence ends after two seconds", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, "asking for a description"},
		{"a packed answer is not unpacked", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			w.Write([]byte("\x1f\x8b\x08\x00"))
		}, "reading description"},
		{"an error page", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) }, "answered 500"},
	} {
		t.Run(c.name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute) // it ends by itself long before that
			defer cancel()
			_, err := fetch(ctx, place, nasSender, served(t, c.serve))
			if err == nil || !strings.Contains(err.Error(), c.wrong) {
				t.Errorf("error %v, want %q", err, c.wrong)
			}
			if ctx.Err() != nil {
				t.Error("it did not end by itself")
			}
		})
	}
	if elsewhere.Load() != 0 {
		t.Error("a redirect was followed")
	}
}

func TestAFetchCarriesNoCredentials(t *testing.T) {
	var header http.Header
	_, err := fetch(t.Context(), "http://192.168.77.12:8200/desc.xml", nasSender, served(t, func(w http.ResponseWriter, r *http.Request) {
		header = r.Header
		header.Set("Host", r.Host)
		fmt.Fprint(w, "<root/>")
	}))
	if err != nil {
		t.Fatal(err)
	}
	for k := range header {
		if k != "User-Agent" && k != "Host" && k != "Connection" {
			t.Errorf("sent %s: %s", k, header.Get(k))
		}
	}
	if header.Get("Host") != "192.168.77.12:8200" {
		t.Errorf("host %q", header.Get("Host"))
	}
}
