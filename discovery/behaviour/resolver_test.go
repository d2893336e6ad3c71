package behaviour

import (
	"net/netip"
	"net/url"
	"testing"

	"bestbefore/discovery/flow"
)

func TestWhoseNameServer(t *testing.T) {
	ours := func(a netip.Addr) bool { return a.IsPrivate() || a.String() == "203.0.113.53" }
	for _, c := range []struct {
		name, domain, addr string
		proto              flow.Protocol
		port               uint16
		how                Asking
		known              bool // the service is named, with its page
	}{
		{"the home's router", "", "192.168.1.1", "udp", 53, NotAsking, false},
		{"the server that the home was told", "", "203.0.113.53", "udp", 53, NotAsking, false},
		{"somebody else's", "", "198.51.100.1", "udp", 53, Plain, false},
		{"a well-known one", "", "8.8.8.8", "udp", 53, Plain, true},
		{"over TCP", "", "9.9.9.9", "tcp", 53, Plain, true},
		{"DNS over TLS", "", "198.51.100.1", "tcp", 853, Encrypted, false},
		{"DNS over QUIC", "", "94.140.14.14", "udp", 853, Encrypted, true},
		{"DNS over TLS to the home's own", "", "192.168.1.1", "tcp", 853, NotAsking, false},
		{"DNS over HTTPS by name", "abc.cloudflare-dns.com", "104.16.248.249", "tcp", 443, Encrypted, true},
		{"DNS over HTTPS by address", "", "1.1.1.1", "udp", 443, Encrypted, true},
		{"over IPv6", "", "2606:4700:4700::1111", "tcp", 443, Encrypted, true},
		{"an ordinary page", "example.com", "198.51.100.7", "tcp", 443, NotAsking, false},
		{"a name that only ends alike", "notdns.google", "198.51.100.7", "tcp", 443, NotAsking, false},
		{"a name that was asked for at home", "dns.google", "", "dns", 0, NotAsking, false},
		{"a ping", "", "8.8.8.8", "icmp", 0, NotAsking, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			k := flow.Key{Protocol: c.proto, Port: c.port, Destination: flow.Destination{Domain: c.domain}}
			if c.addr != "" {
				k.Destination.Address = netip.MustParseAddr(c.addr)
			}
			r, ok := ResolverOf(k, ours)
			if r.How != c.how || ok != (c.how != NotAsking) || ok && (r.Source != "") != c.known {
				t.Errorf("%+v %v", r, ok)
			}
		})
	}
}

// TestServices: every one has a page and is found by all that is written of it.
func TestServices(t *testing.T) {
	for _, s := range services {
		if u, err := url.Parse(s.source); err != nil || u.Scheme != "https" || s.name == "" {
			t.Errorf("%+v: no page", s)
		}
		for _, d := range s.domains {
			if x, ok := serviceOf(flow.Destination{Domain: "Deep." + d + "."}); !ok || x.name != s.name {
				t.Errorf("%s is found as %q", d, x.name)
			}
		}
		for _, n := range s.networks {
			if x, ok := serviceOf(flow.Destination{Address: n.Addr()}); !ok || x.name != s.name {
				t.Errorf("%s is found as %q", n, x.name)
			}
		}
	}
}
