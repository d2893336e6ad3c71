package engine_test

import (
	"context"
	"errors"
	"net/netip"
	"testing"

	"bestbefore/connectors"
	"bestbefore/consent"
	"bestbefore/discovery"
)

// kind is a connector of a test: only its description is asked for.
type kind struct{ connectors.Connector }

func (kind) Spec() connectors.Spec {
	return connectors.Spec{Kind: "hub", Name: "Hub", Options: []connectors.Option{{Key: "address", Address: true}}, Announced: []connectors.Announced{
		{Type: "_hub._tcp", Key: "address", Scheme: "https://"}, {Type: "urn:hub-org:device:Hub:1", Key: "address"},
	}, Knocks: []connectors.Knock{
		{Scheme: "https", Port: 443, Path: "/hub", Key: "address", Status: []int{200}, Has: []string{"I am a hub"}},
		{Scheme: "http", Port: 8080, Path: "/hub", Key: "address", Status: []int{200}, Has: []string{"I am a hub"}},
	}}
}

// The safety list: what everything rests on is refused before any connector is
// asked, whoever asks (issue C). The twin beside each: without the reason the
// very same device may be cut.
func TestTheSafetyListIsRefusedBeforeAnybodyIsAsked(t *testing.T) {
	at := netip.MustParseAddr("192.168.77.30") // where see puts the device
	for name, c := range map[string]struct {
		role     discovery.Role
		resolver netip.Addr
		peer     string
		refused  bool
	}{
		"an ordinary device":         {},
		"this computer":              {role: discovery.RoleThisComputer, refused: true},
		"the router":                 {role: discovery.RoleRouter, refused: true},
		"the DNS server":             {resolver: at, refused: true},
		"beside the DNS server":      {resolver: at.Next()},
		"a connector's host":         {peer: "192.168.77.30", refused: true},
		"its host in a URL":          {peer: "https://192.168.77.30:8443/api", refused: true},
		"its host with a port":       {peer: "192.168.77.30:1883", refused: true},
		"its host by name":           {peer: "tcp://hub.lan:1883", refused: true},
		"beside a connector's host":  {peer: "192.168.77.31"},
		"a connector's other secret": {peer: "user@192.168.77.30", refused: true},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHome(t)
			h.connect(false)
			h.lookup = at
			if c.resolver.IsValid() {
				h.resolvers = []netip.Addr{c.resolver}
			}
			if c.peer != "" {
				conn := connectors.Connection{ID: "k2", Kind: "hub", Name: "Hub", Settings: connectors.Settings{Values: map[string]string{"address": c.peer}}}
				if err := h.st.SaveConnection(t.Context(), conn); err != nil {
					t.Fatal(err)
				}
			}
			h.Look(t.Context())
			id := h.see(bell)
			if c.role != "" {
				h.Sight(discovery.Sighting{Source: discovery.SourceNeighbor, At: h.now, Role: c.role, Identifiers: []discovery.Identifier{{Type: discovery.MAC, Value: bell}}})
			}
			for _, confirmed := range []bool{false, true} {
				_, err := h.Disconnect(t.Context(), id, confirmed, "test")
				if got := errors.Is(err, consent.ErrProtected); got != c.refused {
					t.Errorf("confirmed %v: %v", confirmed, err)
				}
			}
			p, err := h.PreviewDisconnect(t.Context(), id)
			if err != nil || (p.Refused != "") != c.refused {
				t.Errorf("the preview says %+v, %v", p, err)
			}
			d, err := h.Device(t.Context(), string(id))
			if err != nil || (d.Role != discovery.RoleOrdinary) != c.refused {
				t.Errorf("shown with the role %q, %v", d.Role, err)
			}
		})
	}
}

// A device that merely says that it has the DNS server's address must not
// escape a block by it.
func TestAClaimedAddressProtectsNobody(t *testing.T) {
	h := newHome(t)
	h.connect(false)
	dns := netip.MustParseAddr("192.168.77.53")
	h.resolvers = []netip.Addr{dns}
	id := h.see(bell)
	d, err := h.Device(t.Context(), string(id))
	if err != nil {
		t.Fatal(err)
	}
	d.Addresses = append(d.Addresses, discovery.Address{Addr: dns, Claimed: true})
	if got, err := h.Guard(context.Background(), d.Device); got.Role != discovery.RoleOrdinary || err != nil {
		t.Errorf("a claim gave it the role %q, %v", got.Role, err)
	}
	d.Addresses[len(d.Addresses)-1].Claimed = false
	if got, err := h.Guard(context.Background(), d.Device); got.Role != discovery.RoleDNS || err != nil {
		t.Errorf("proven, but its role is %q, %v", got.Role, err)
	}
}
