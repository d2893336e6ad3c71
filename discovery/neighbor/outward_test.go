package neighbor

import (
	"net/netip"
	"testing"
)

func TestStrangersBeyondThisBoxAreNoDevices(t *testing.T) {
	table := func(address string) Table {
		gate := netip.MustParsePrefix(address).Addr().Prev()
		return Table{
			Cards: []Card{
				{Name: "eth0", MAC: "44:4e:6d:00:00:01", Prefixes: []netip.Prefix{netip.MustParsePrefix("192.168.77.1/24")}},
				{Name: "wan0", MAC: "44:4e:6d:00:00:02", Prefixes: []netip.Prefix{netip.MustParsePrefix(address), netip.MustParsePrefix("fe80::2/64")}},
			},
			Rows: []Row{
				{MAC: "9c:76:13:00:00:30", Addr: netip.MustParseAddr("192.168.77.30"), Interface: "eth0", Live: true},
				{MAC: "00:00:5e:00:53:01", Addr: gate, Interface: "wan0", Live: true},
			},
			Gateways: []Gateway{{Addr: gate, Interface: "wan0"}},
		}
	}
	for address, want := range map[string]int{
		"192.0.2.7/24":   2, // this computer and the device
		"100.64.0.7/10":  2, // a provider's shared addresses
		"192.168.2.7/24": 3, // behind another router of the home, which is a device
	} {
		if got := Sightings(table(address)); len(got) != want {
			t.Errorf("with %s outside there are %d sightings, want %d: %+v", address, len(got), want, got)
		}
	}
}
