package engine_test

import (
	"net/netip"
	"strings"
	"testing"
	"time"

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

// Who has come into the home since a permission was given gets no new grant: a
// renewal is refused in the same sentence, and the permission ends as it is. What
// its end has cut is given back, because nothing else does that. The twins are the
// same with a recipient who is still outside.
func TestWhoIsAtHomeIsNotRenewed(t *testing.T) {
	const to = "198.51.100.53"
	for name, resolvers := range map[string][]netip.Addr{"at home": {netip.MustParseAddr(to)}, "outside": nil} {
		for _, then := range []consent.Remedy{consent.Guide, consent.Block} {
			t.Run(name+", "+string(then), func(t *testing.T) {
				h := newHome(t)
				h.connect(false)
				info, err := h.Allow(t.Context(), engine.AllowRequest{
					Device: h.see(bell), Recipient: consent.Recipient{Name: "Names", Destinations: []string{to}}, Until: "30d", Then: then, How: "test",
				})
				if err != nil {
					t.Fatal(err)
				}
				h.resolvers = resolvers
				h.now = info.Expires.Add(-time.Hour)
				h.renews(info, resolvers == nil)
				if info, err = h.Consent(t.Context(), info.ID); err != nil || !info.Decided.Live() {
					t.Fatalf("%s, %v", info.Decided, err)
				}
				if info, err = h.End(t.Context(), info.ID, "test"); err != nil {
					t.Fatal(err)
				}
				h.renews(info, resolvers == nil || then == consent.Block)
			})
		}
	}
}

// renews renews c, which must be done, or be refused in the sentence about the home
// and leave c as it is.
func (h *home) renews(c engine.ConsentInfo, want bool) {
	h.t.Helper()
	_, err := h.Renew(h.t.Context(), c.ID, "6mo", "test")
	if (err == nil) != want || err != nil && !strings.Contains(err.Error(), "who receives it outside, such as video.example") {
		h.t.Errorf("renewed, though it was %s: %v", c.Decided, err)
	}
	now, gone := h.Consent(h.t.Context(), c.ID)
	if gone != nil || !want && (now.Version != c.Version || !now.DueAt().Equal(c.DueAt())) {
		h.t.Errorf("it became %+v, %v", now.Consent, gone)
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
