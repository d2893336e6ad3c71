package lifecycle

import (
	"net/netip"
	"testing"
	"time"

	"bestbefore/app/internal/clock"
	"bestbefore/connectors/connectortest"
	"bestbefore/discovery"
)

// TestKnownDevicesArePinnedInTheSearch shows that the search by announcements is
// told which hosts the household knows, also after a restart, and that a mere
// announcement does not make itself known.
func TestKnownDevicesArePinnedInTheSearch(t *testing.T) {
	dir, at := t.TempDir(), netip.MustParseAddr("192.168.1.5")
	h, stop := start(t, dir, connectortest.NewPeer(clock.Wall))
	h.core.Sight(discovery.Sighting{
		Source: discovery.SourceNeighbor, At: clock.Wall(), Addresses: []netip.Addr{at},
		Identifiers: []discovery.Identifier{{Type: discovery.MAC, Value: bellMAC}},
	})
	for host, from := range map[string]netip.Addr{"bell.local": at, "invented.local": netip.MustParseAddr("192.168.1.66")} {
		h.core.Sight(discovery.Sighting{
			Source: discovery.SourceMDNS, At: clock.Wall(), From: from, Addresses: []netip.Addr{from},
			Identifiers: []discovery.Identifier{{Type: discovery.Hostname, Value: host}},
		})
	}
	check := func(h *Home, when string) {
		t.Helper()
		known := h.announcements().Known
		for deadline := time.Now().Add(time.Minute); !known("bell.local"); time.Sleep(5 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("%s: the doorbell is a stranger", when)
			}
		}
		if known("invented.local") || known("nobody.local") {
			t.Errorf("%s: an invented name is known", when)
		}
	}
	check(h, "at first")
	stop()
	h, _ = start(t, dir, connectortest.NewPeer(clock.Wall))
	check(h, "after a restart")
}
