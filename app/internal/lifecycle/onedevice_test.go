package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"bestbefore/app/internal/clock"
	"bestbefore/app/internal/engine"
	"bestbefore/discovery"
)

const vacuumAt = "192.168.77.30"

// manyEyes is a home in which five sources know of a vacuum, each by something of
// its own: the router by its hardware address, itself by its announcement, a DNS
// blocker by its address, a real broker by its account, a hub by its own number.
type manyEyes struct {
	*Home
	e    engine.Engine
	b    *mosquitto
	dns  *dnsBlocker
	id   discovery.DeviceID
	mqtt string // the connection
}

func openManyEyes(t *testing.T) *manyEyes {
	t.Helper()
	b, hub := startMosquitto(t), startHub(t)
	dns := startBlocker(t, asAdGuardHome)
	b.account("vacuum")
	for _, topic := range []string{"tasmota/discovery/#", "tele/vacuum/#"} {
		b.control(fmt.Sprintf(`{"command":"addRoleACL","rolename":"role-vacuum","acltype":"publishClientSend","topic":%q,"allow":true}`, topic))
	}
	h, err := Open(t.Context(), Config{
		Dir: t.TempDir(), Enforce: true, Credentials: credential(t),
		Lookup: func(context.Context, string) ([]netip.Addr, error) {
			return nil, errors.New("nobody asks the real network")
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	serving(t, h)
	m := &manyEyes{Home: h, e: h.Engine(), b: b, dns: dns}
	m.meets("connector:router", vacuumMAC, vacuumAt)
	m.announces(vacuumAt)
	id, ok := h.inventory.Resolve(vacuumMAC, netip.Addr{}, "")
	if !ok {
		t.Fatal("the inventory lost what it was just shown")
	}
	m.id = id
	for _, r := range []engine.ConnectRequest{
		{Kind: "mqtt", Values: map[string]string{"address": "127.0.0.1:" + b.port, "username": "admin", "topics": "tele/#,tasmota/#"}, Secrets: map[string]string{"password": brokerPassword}},
		{Kind: "adguardhome", Values: map[string]string{"address": dns.URL, "username": "household"}, Secrets: map[string]string{"password": blockerPassword}},
		{Kind: "homeassistant", Values: map[string]string{"address": hub.URL}, Secrets: map[string]string{"token": hubToken}},
	} {
		c, err := m.e.Connect(t.Context(), r)
		if err != nil {
			t.Fatalf("%s: %v", r.Kind, err)
		}
		if r.Kind == "mqtt" {
			m.mqtt = c.ID
		}
	}
	return m
}

// meets is a hardware address that answered at an address, as a source tells.
func (m *manyEyes) meets(source discovery.Source, mac, at string) {
	m.core.Sight(discovery.Sighting{
		Source: source, At: clock.Wall(), Identifiers: []discovery.Identifier{{Type: discovery.MAC, Value: mac}}, Addresses: []netip.Addr{netip.MustParseAddr(at)},
	})
}

// announces is the vacuum, which says by mDNS who it is.
func (m *manyEyes) announces(at string) {
	a := netip.MustParseAddr(at)
	m.core.Sight(discovery.Sighting{
		Source: discovery.SourceMDNS, At: clock.Wall(), From: a, Addresses: []netip.Addr{a}, Identifiers: []discovery.Identifier{{Type: discovery.Hostname, Value: "vacuum.local"}},
		Services: []discovery.Service{{Type: "_http._tcp", Instance: "Vacuum", Host: "vacuum.local", Port: 80}},
	})
}

// publishes is what the vacuum sends through the broker, with the announcement
// in which it names its hardware address.
func (m *manyEyes) publishes(t *testing.T) {
	t.Helper()
	says := fmt.Sprintf(`{"t":"vacuum","dn":"Vacuum","mac":%q}`, vacuumMAC)
	if !m.b.publish("vacuum", "tasmota/discovery/6490C1000003/config", says) || !m.b.publish("vacuum", "tele/vacuum/SENSOR", `{"ENERGY":{"Power":7}}`) {
		t.Fatal("not published")
	}
}

// known is what the device is known by, and to whom it sends, in words.
func (m *manyEyes) known(t *testing.T, id discovery.DeviceID) (by, to string) {
	t.Helper()
	d, ok := m.inventory.Device(id)
	if !ok {
		return "", ""
	}
	var ids, dests []string
	for _, i := range d.Identifiers {
		ids = append(ids, string(i.Type)+" "+i.Value)
	}
	fs, err := m.e.Flows(t.Context(), engine.FlowQuery{Device: id})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range fs {
		dests = append(dests, f.Destination+" by "+f.Source)
	}
	return strings.Join(ids, "; "), strings.Join(dests, "; ")
}

// TestOneDeviceInAllEyes: five sources, one entry, with what joined them; a person
// may take them apart and put them together again; and whoever comes to the same
// address later is somebody else. The twin of the join is that stranger: it shares
// the address and nothing more.
func TestOneDeviceInAllEyes(t *testing.T) {
	m := openManyEyes(t)
	all := []string{"mac " + vacuumMAC, "hostname vacuum.local", m.mqtt + "/account/vacuum", "/d-vacuum"}
	var by, to string
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("known by %s; sends to %s; %d devices", by, to, len(m.inventory.Devices()))
		}
	})
	until(t, "all five are one device", func() bool {
		m.publishes(t)
		m.dns.ask(vacuumAt, "cloud.vacuum-maker.example")
		by, to = m.known(t, m.id)
		missing := slices.ContainsFunc(all, func(w string) bool { return !strings.Contains(by, w) })
		return !missing && strings.Contains(to, "cloud.vacuum-maker.example") && strings.Contains(to, "127.0.0.1")
	})
	if devices, err := m.e.Devices(t.Context()); err != nil || len(devices) != 1 {
		t.Errorf("%d devices, %v", len(devices), err)
	}
	d, _ := m.inventory.Device(m.id)
	for _, g := range d.Groups {
		if g.Source == "" || g.Seen == 0 {
			t.Errorf("nobody says who joined %v, or when", g.Identifiers)
		}
	}
	if len(d.Groups) < 2 {
		t.Errorf("what came together is not kept apart: %+v", d.Groups)
	}
	m.apartAndTogether(t)
	m.stranger(t)
}

// apartAndTogether is the person who corrects it.
func (m *manyEyes) apartAndTogether(t *testing.T) {
	t.Helper()
	apart, err := m.e.Split(t.Context(), m.id)
	if err != nil || len(apart) < 2 {
		t.Fatalf("taken apart into %v, %v", apart, err)
	}
	for range 3 { // what the sources say again does not join them against the person's word
		m.publishes(t)
		m.announces(vacuumAt)
		m.meets("connector:router", vacuumMAC, vacuumAt)
	}
	if devices, err := m.e.Devices(t.Context()); err != nil || len(devices) != len(apart) {
		t.Errorf("%d devices after taking apart into %d, %v", len(devices), len(apart), err)
	}
	for _, id := range apart {
		if id != m.id {
			if err := m.e.Merge(t.Context(), m.id, id); err != nil {
				t.Fatal(err)
			}
		}
	}
	if devices, err := m.e.Devices(t.Context()); err != nil || len(devices) != 1 {
		t.Errorf("%d devices after putting together, %v", len(devices), err)
	}
}

// stranger gets the vacuum's address: it is not the vacuum, and what is asked for
// from there is no longer the vacuum's.
func (m *manyEyes) stranger(t *testing.T) {
	t.Helper()
	const other = "02:00:00:00:00:09"
	m.meets("connector:router", vacuumMAC, "192.168.77.31")
	m.meets("connector:router", other, vacuumAt)
	id, ok := m.inventory.Resolve(other, netip.Addr{}, "")
	if !ok || id == m.id {
		t.Fatalf("joined on an address alone: %s", id)
	}
	until(t, "what is asked for from the address is the stranger's", func() bool {
		m.dns.ask(vacuumAt, "news.example")
		_, to := m.known(t, id)
		return strings.Contains(to, "news.example")
	})
	if by, to := m.known(t, m.id); strings.Contains(to, "news.example") || strings.Contains(by, other) {
		t.Errorf("the vacuum is %s and sends to %s", by, to)
	}
}
