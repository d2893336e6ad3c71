package gateway

import (
	"net"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/vishvananda/netlink"

	"bestbefore/connectors"
	"bestbefore/consent"
)

func TestFindSides(t *testing.T) {
	names := map[int]string{1: "lo", 2: "eth0", 3: "br0", 4: "wlan1", 5: "docker0"}
	addrs := map[int][]netip.Prefix{
		2: {netip.MustParsePrefix("198.51.100.7/24")},
		3: {netip.MustParsePrefix("192.168.1.1/24"), netip.MustParsePrefix("fe80::1/64")},
		4: {netip.MustParsePrefix("fe80::2/64")},
	}
	route := func(link int, gw string) netlink.Route { return netlink.Route{LinkIndex: link, Gw: net.ParseIP(gw)} }
	inside := netlink.Route{LinkIndex: 3, Dst: &net.IPNet{IP: net.IPv4(10, 9, 0, 0).To4(), Mask: net.CIDRMask(16, 32)}}
	for name, c := range map[string]struct {
		lan, wan     []string
		routes       []netlink.Route
		wantLAN      []string
		wantIfs      []string
		wantNets     int
		wantPrefixes int
	}{
		"by the default route": {
			routes:  []netlink.Route{route(2, "198.51.100.1"), inside},
			wantLAN: []string{"br0"}, wantIfs: []string{"br0"}, wantPrefixes: 3,
		},
		"no route":          {},
		"no route, but set": {wan: []string{"eth0"}, wantLAN: []string{"br0"}, wantIfs: []string{"br0"}, wantPrefixes: 2},
		"one interface for both sides": {
			lan: []string{"br0"}, routes: []netlink.Route{route(3, "192.168.1.254")},
			wantLAN: []string{"br0"}, wantNets: 2, wantPrefixes: 2,
		},
	} {
		h := home{lan: slices.Clone(c.lan), wan: slices.Clone(c.wan)}
		h.findSides(names, addrs, c.routes)
		h.findPrefixes(names, addrs, c.routes)
		h.findStays()
		if !slices.Equal(h.lan, c.wantLAN) || !slices.Equal(h.stays.ifs, c.wantIfs) || len(h.stays.nets) != c.wantNets || len(h.prefixes) != c.wantPrefixes {
			t.Errorf("%s: %+v", name, h)
		}
	}
}

func TestOutside(t *testing.T) {
	h := testHome()
	for a, want := range map[string]bool{
		"198.51.100.1": true, "2001:db8::1": true, "192.168.1.77": false, "192.168.2.1": true, "203.0.113.1": false,
		"127.0.0.1": false, "::1": false, "224.0.0.251": false, "ff02::fb": false, "fe80::9": false, "169.254.1.1": false,
		"255.255.255.255": false, "0.0.0.0": false,
	} {
		if got := h.outside(netip.MustParseAddr(a)); got != want {
			t.Errorf("%s is outside: %v", a, got)
		}
	}
	if h.outside(netip.Addr{}) {
		t.Error("no address is outside")
	}
}

func TestJudge(t *testing.T) {
	now := time.Date(2026, 5, 31, 14, 5, 0, 0, time.UTC)
	last := now.Add(-98 * time.Second)
	for name, c := range map[string]struct {
		f              connectors.Finding
		counted, risen bool
		level          consent.Level
		seen           consent.Seen
		text           string
	}{
		"refused": {
			connectors.Finding{Refused: 14, LastTry: last},
			true, false, consent.Effective, consent.Stopped,
			"asked the router · router confirms · 14 attempts refused, last 14:03:22",
		},
		"once": {
			connectors.Finding{Refused: 1},
			true, false, consent.Effective, consent.Stopped,
			"asked the router · router confirms · 1 attempt refused",
		},
		"quiet": {
			connectors.Finding{},
			true, false, consent.Configured, consent.CannotTell,
			"asked the router · router confirms · it has not tried since",
		},
		"passing": {
			connectors.Finding{Passed: 9},
			true, true, consent.Configured, consent.Flowing,
			"asked the router · router confirms · yet 9 bytes got through",
		},
		"both": {
			connectors.Finding{Refused: 2, Passed: 9},
			true, true, consent.Configured, consent.Flowing,
			"asked the router · router confirms · 2 attempts refused · yet 9 bytes got through",
		},
		"passed once": {
			connectors.Finding{Refused: 2, Passed: 9},
			true, false, consent.Effective, consent.Stopped,
			"asked the router · router confirms · 2 attempts refused · 9 bytes got through before the last look, none since",
		},
		"not counted": {
			connectors.Finding{Refused: 2},
			false, false, consent.Effective, consent.CannotTell,
			"asked the router · router confirms · 2 attempts refused · the flows could not be counted",
		},
	} {
		f := c.f
		f.Level, f.Seen = consent.Configured, consent.CannotTell
		judge(&f, now, c.counted, c.risen)
		if f.Level != c.level || f.Seen != c.seen || f.Text != c.text {
			t.Errorf("%s: %+v", name, f)
		}
	}
}

func TestDefaultRoutes(t *testing.T) {
	for text, want := range map[string]bool{
		"0.0.0.0/0": true, "0.0.0.0/1": true, "128.0.0.0/1": true, "10.0.0.0/8": false, "::/0": true, "2000::/3": true, "fd00::/8": false,
	} {
		_, dst, err := net.ParseCIDR(text)
		if err != nil {
			t.Fatal(err)
		}
		if got := isDefault(netlink.Route{Dst: dst}); got != want {
			t.Errorf("%s: %v", text, got)
		}
	}
}
