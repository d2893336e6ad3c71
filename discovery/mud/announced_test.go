package mud

import (
	"strings"
	"testing"

	"bestbefore/discovery"
)

func TestAnnounced(t *testing.T) {
	const good = "https://lamp.maker.example/lamp2000"
	txt := func(s ...string) discovery.Device {
		return discovery.Device{Services: []discovery.Service{{Type: "_http._tcp", TXT: s, Source: discovery.SourceMDNS}}}
	}
	for _, c := range []struct {
		name string
		d    discovery.Device
		want string
		by   discovery.Source
	}{
		{"nothing", discovery.Device{}, "", ""},
		{"in a TXT record", txt("path=/", "MUD-URL="+good), good, discovery.SourceMDNS},
		{"once, and no longer", discovery.Device{Services: []discovery.Service{{Once: discovery.TXT{"mud=" + good}, Source: discovery.SourceMDNS}}}, good, discovery.SourceMDNS},
		{"read by a connection", discovery.Device{Facts: []discovery.Fact{{Key: FactURL, Value: good, Source: "connector:k1"}}}, good, "connector:k1"},
		{"not encrypted", txt("mud=http://lamp.maker.example/x"), "", ""},
		{"an address at home", txt("mud=https://192.168.1.1/x"), "", ""},
		{"an address", txt("mud=https://[2001:db8::1]/x"), "", ""},
		{"a name at home", txt("mud=https://router/x"), "", ""},
		{"another port", txt("mud=https://lamp.maker.example:8443/x"), "", ""},
		{"with a user", txt("mud=https://a:b@lamp.maker.example/x"), "", ""},
		{"a file", txt("mud=file:///etc/passwd"), "", ""},
		{"too long", txt("mud=https://lamp.maker.example/" + strings.Repeat("x", 300)), "", ""},
		{"something hidden", txt("mud=https://lamp.maker.example/\u202ex"), "", ""},
	} {
		if got, by := Announced(c.d); got != c.want || by != c.by {
			t.Errorf("%s: %q by %q", c.name, got, by)
		}
	}
}

func FuzzAnnounced(f *testing.F) {
	f.Add("https://lamp.maker.example/lamp2000")
	f.Add("https://a@b.c/%00")
	f.Fuzz(func(t *testing.T, s string) {
		got, _ := Announced(discovery.Device{Facts: []discovery.Fact{{Key: FactURL, Value: s}}})
		if got != "" && (got != s || !strings.HasPrefix(strings.ToLower(got), "https://") || strings.ContainsAny(got, "\x00\r\n\x1b@") && strings.Contains(strings.SplitN(got[8:], "/", 2)[0], "@")) {
			t.Fatalf("%q", got)
		}
	})
}
