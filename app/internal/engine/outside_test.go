package engine_test

import (
	"net/netip"
	"strings"
	"testing"

	"bestbefore/app/internal/engine"
	"bestbefore/consent"
	"bestbefore/discovery"
)

// What is at home is nobody outside: a permission for it would, on its day, cut the
// device from its router, its names or its neighbours. The twins are addresses and
// names beside those, which are taken.
func TestWhatIsAtHomeIsNobodyOutside(t *testing.T) {
	h := newHome(t)
	cam := h.see("02:00:00:00:00:07")
	h.resolvers = []netip.Addr{netip.MustParseAddr("198.51.100.53")}
	h.Sight(discovery.Sighting{
		Source: discovery.SourceNeighbor, At: h.now, Identifiers: []discovery.Identifier{{Type: discovery.MAC, Value: "02:00:00:00:00:08"}},
		Addresses: []netip.Addr{netip.MustParseAddr("2001:db8:77::8")},
	})
	for to, refused := range map[string]bool{
		"192.168.77.1": true, "10.0.0.1": true, "172.31.0.0/16": true, "192.0.0.0/8": true, "fe80::1": true, "fd00::1": true, "ff02::fb": true,
		"224.0.0.251": true, "0.0.0.0": true, "255.255.255.255": true, "127.0.0.1": true, "::1": true, "::ffff:192.168.77.1": true,
		"2001:db8:77::8": true, "2001:db8:77::/64": true, "198.51.100.53": true, "198.51.100.0/24": true,
		"203.0.113.7": false, "193.0.0.0/8": false, "2001:db8:78::8": false, "198.51.101.53": false, "video.example": false,
	} {
		r := engine.AllowRequest{
			Device: cam, Recipient: consent.Recipient{Name: "Self", Destinations: []string{to}}, Data: []consent.Category{"video"},
			Until: "30 days", Then: consent.Block, How: "command line",
		}
		_, previewed := h.PreviewAllow(t.Context(), r)
		info, err := h.Allow(t.Context(), r)
		if (err != nil) != refused || (previewed != nil) != refused {
			t.Errorf("%s: %v; previewed: %v", to, err, previewed)
		}
		if refused && (info.ID != "" || !strings.Contains(err.Error(), "who receives it outside, such as video.example")) {
			t.Errorf("%s: %+v, %v", to, info, err)
		}
		if _, err := h.Refuse(t.Context(), r); refused && (err == nil || !strings.Contains(err.Error(), "outside")) {
			t.Errorf("stopped at %s: %v", to, err)
		}
	}
}

// A name that stands for an address at home gives a connector nothing to block; the
// twin stands for one outside.
func TestANameOfTheHomeGivesNoAddress(t *testing.T) {
	for addr, want := range map[string]int{"192.168.77.1": 0, "203.0.113.9": 1} {
		h := newHome(t)
		h.lookup = netip.MustParseAddr(addr)
		if got := h.Resolve(t.Context(), consent.Recipient{Destinations: []string{"router.example"}}); len(got) != want {
			t.Errorf("%s: %v", addr, got)
		}
	}
}
