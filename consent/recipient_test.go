package consent

import (
	"net/netip"
	"testing"

	"bestbefore/discovery/flow"
)

func TestCovers(t *testing.T) {
	acme := Recipient{Name: "Acme", Destinations: []string{"203.0.113.0/24", "2001:db8::7", "acme.example"}}
	cases := []struct {
		domain, addr string
		want         bool
	}{
		{"", "203.0.113.9", true},
		{"", "::ffff:203.0.113.9", true},
		{"", "203.0.114.9", false},
		{"", "2001:db8::7", true},
		{"", "2001:db8::8", false},
		{"acme.example", "", true},
		{"CDN.Acme.example.", "198.51.100.1", true},
		{"notacme.example", "", false},
		{"acme.example.evil.example", "", false},
		{"", "", false},
	}
	for _, c := range cases {
		d := flow.Destination{Domain: c.domain}
		if c.addr != "" {
			d.Address = netip.MustParseAddr(c.addr)
		}
		if got := Covers(acme, d); got != c.want {
			t.Errorf("%q %q: %v, want %v", c.domain, c.addr, got, c.want)
		}
	}
	any := Recipient{Any: true}
	for addr, want := range map[string]bool{"203.0.113.9": true, "192.168.1.4": false, "fe80::1": false, "224.0.0.251": false, "fd00::1": false} {
		if got := Covers(any, flow.Destination{Address: netip.MustParseAddr(addr)}); got != want {
			t.Errorf("anyone outside covers %s: %v, want %v", addr, got, want)
		}
	}
}

func TestOverlap(t *testing.T) {
	cases := []struct {
		a, b string
		want bool
	}{
		{"203.0.113.0/24", "203.0.113.9", true},
		{"203.0.113.0/24", "203.0.112.0/22", true},
		{"203.0.113.0/24", "203.0.114.0/24", false},
		{"acme.example", "cdn.acme.example", true},
		{"cdn.acme.example", "acme.example", true},
		{"acme.example", "notacme.example", false},
		{"acme.example", "203.0.113.9", false},
		{"2001:db8::/32", "2001:db8:1::1", true},
	}
	for _, c := range cases {
		a, b := Recipient{Destinations: []string{c.a}}, Recipient{Destinations: []string{c.b}}
		if got := Overlap(a, b); got != c.want {
			t.Errorf("%s and %s: %v", c.a, c.b, got)
		}
		if !Overlap(a, Recipient{Any: true}) || Overlap(a, Recipient{}) {
			t.Errorf("%s with anyone or nobody", c.a)
		}
	}
}

func FuzzRecipient(f *testing.F) {
	for _, s := range []string{"203.0.113.0/24", "Cloud.Acme.Example.", "2001:db8::1", "fe80::1%eth0", "::ffff:1.2.3.4/120", "a..b", "-x.example", "\x00", "1.2.3.4/99"} {
		f.Add("Acme", s)
	}
	f.Fuzz(func(t *testing.T, name, dest string) {
		r, err := Recipient{Name: name, Destinations: []string{dest}}.Normal()
		if err != nil {
			return
		}
		again, err := r.Normal()
		if err != nil || again.Name != r.Name || again.Destinations[0] != r.Destinations[0] {
			t.Fatalf("%q, %q: not canonical: %+v, %+v, %v", name, dest, r, again, err)
		}
		if !Overlap(r, r) {
			t.Fatalf("%q does not overlap itself", r.Destinations)
		}
	})
}
