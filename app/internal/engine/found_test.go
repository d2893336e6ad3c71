package engine_test

import (
	"net/netip"
	"testing"

	"bestbefore/connectors"
	"bestbefore/discovery"
)

func TestAPeerThatAnnouncesItselfIsSuggestedUntilItIsConnected(t *testing.T) {
	h := newHome(t)
	see := func(mac, addr, service string, port int) {
		h.Sight(discovery.Sighting{
			Source: discovery.SourceNeighbor, At: h.now, Identifiers: []discovery.Identifier{{Type: discovery.MAC, Value: mac}},
			Addresses: []netip.Addr{netip.MustParseAddr(addr)}, Services: []discovery.Service{{Type: service, Instance: "x", Host: "h" + mac[:2] + ".local", Port: port}},
		})
	}
	see("02:00:00:00:00:01", "192.168.77.5", "_hub._tcp", 8123)
	see("04:00:00:00:00:01", "192.168.77.6", "_http._tcp", 80)
	see("06:00:00:00:00:01", "192.168.77.7", "_hub._tcp", 0)
	info, err := h.Connectors(t.Context())
	if err != nil || len(info.Found) != 1 || info.Found[0].Kind != "hub" || info.Found[0].Values["address"] != "https://192.168.77.5:8123" {
		t.Fatalf("found %+v, %v", info.Found, err)
	}
	conn := connectors.Connection{ID: "k9", Kind: "hub", Settings: connectors.Settings{Values: map[string]string{"address": "https://192.168.77.5"}}}
	if err := h.st.SaveConnection(t.Context(), conn); err != nil {
		t.Fatal(err)
	}
	if info, err = h.Connectors(t.Context()); err != nil || len(info.Found) != 0 {
		t.Errorf("connected, but suggested: %+v, %v", info.Found, err)
	}
}

// A box that answers a UPnP search is suggested by its type alone; one of another type is not.
func TestABoxIsSuggestedByItsUPnPType(t *testing.T) {
	h := newHome(t)
	for mac, typ := range map[string]string{"02:00:00:00:00:01": "urn:x:device:Other:1 urn:hub-org:device:hub:1", "04:00:00:00:00:01": "urn:hub-org:device:Hub:2"} {
		h.Sight(discovery.Sighting{
			Source: discovery.SourceNeighbor, At: h.now, Identifiers: []discovery.Identifier{{Type: discovery.MAC, Value: mac}},
			Addresses: []netip.Addr{netip.MustParseAddr("192.168.77." + mac[1:2])}, Facts: []discovery.Fact{{Key: "device_type", Value: typ}},
		})
	}
	info, err := h.Connectors(t.Context())
	if err != nil || len(info.Found) != 1 || info.Found[0].Values["address"] != "192.168.77.2" {
		t.Fatalf("found %+v, %v", info.Found, err)
	}
}

// resident is a connector that could work on this computer.
type resident struct {
	connectors.Connector
	behind []netip.Prefix
}

func (r resident) Spec() connectors.Spec {
	return connectors.Spec{Kind: "here", Name: "This box", Once: true}
}
func (r resident) Behind() []netip.Prefix { return r.behind }

// TestThisComputerIsSuggestedWhereItCarriesTheHome: only while somebody else is
// seen in the networks behind it, and until it is connected.
func TestThisComputerIsSuggestedWhereItCarriesTheHome(t *testing.T) {
	h := newHome(t)
	behind := []netip.Prefix{netip.MustParsePrefix("192.168.77.0/24")}
	see := func(mac, addr string, role discovery.Role) {
		h.Sight(discovery.Sighting{
			Source: discovery.SourceSelf, At: h.now, Identifiers: []discovery.Identifier{{Type: discovery.MAC, Value: mac}},
			Addresses: []netip.Addr{netip.MustParseAddr(addr)}, Role: role,
		})
	}
	suggested := func() bool {
		t.Helper()
		info, err := h.Connectors(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return len(info.Found) == 1 && info.Found[0].Kind == "here" && info.Found[0].Here
	}
	h.Registry.Put(resident{behind: behind})
	see("02:00:00:00:00:01", "192.168.77.1", discovery.RoleThisComputer)
	if suggested() {
		t.Error("suggested although nobody lives behind it: an ordinary computer with a network for its virtual machines")
	}
	see("04:00:00:00:00:01", "192.168.77.6", discovery.RoleOrdinary)
	if !suggested() {
		t.Error("not suggested although the home is behind it")
	}
	h.Registry.Put(resident{})
	if suggested() {
		t.Error("suggested although it carries no network")
	}
	h.Registry.Put(resident{behind: behind})
	if err := h.st.SaveConnection(t.Context(), connectors.Connection{ID: "k9", Kind: "here"}); err != nil {
		t.Fatal(err)
	}
	if suggested() {
		t.Error("suggested although it is connected")
	}
}
