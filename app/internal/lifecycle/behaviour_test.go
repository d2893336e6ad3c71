package lifecycle

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"bestbefore/app/internal/clock"
	"bestbefore/app/internal/engine"
	"bestbefore/connectors/connectortest"
	"bestbefore/discovery"
	"bestbefore/discovery/flow"
)

// TestAnEvilNightIsToldOnce: what a source told of a month and of one night
// reaches the message of the day, once.
func TestAnEvilNightIsToldOnce(t *testing.T) {
	h, _ := start(t, t.TempDir(), connectortest.NewPeer(clock.Wall))
	id := printer(t, h)
	now := clock.Wall()
	var recs []flow.Record
	add := func(at time.Time, to string, up uint64) {
		r := flow.Record{Up: up, Count: 1, First: at, Last: at, Source: "connector:k1"}
		r.Device, r.Protocol, r.Port, r.Destination.Address = id, "tcp", 443, netip.MustParseAddr(to)
		recs = append(recs, r)
	}
	for n := 1; n <= 20; n++ {
		add(now.AddDate(0, 0, -n), "198.51.100.7", 1<<20)
	}
	if err := h.core.AddFlows(t.Context(), "k1", slices.Clone(recs), nil); err != nil {
		t.Fatal(err)
	}
	s, answers := &screen{}, make(chan func(), 4)
	look := func() {
		t.Helper()
		if err := h.core.WatchBehaviour(t.Context()); err != nil {
			t.Fatal(err)
		}
		remindOnce(t, h, s, answers)
	}
	look()
	if len(s.shown) != 0 {
		t.Fatalf("an ordinary month: %+v", s.shown)
	}
	recs = nil
	add(now, "203.0.113.9", 4<<30)
	if err := h.core.AddFlows(t.Context(), "k1", recs, nil); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		look()
	}
	if len(s.shown) != 1 || !strings.Contains(s.shown[0].Body, "out of the ordinary") {
		t.Fatalf("shown: %+v", s.shown)
	}
	if all, err := h.Engine().Unusual(t.Context(), true); err != nil || len(all) != 1 || !all[0].Told {
		t.Errorf("%+v, %v", all, err)
	}
	if d, err := h.Engine().Declared(t.Context(), id); err != nil || d.Basis != engine.BasisWeek {
		t.Errorf("%+v, %v", d, err)
	}
}

// printer is a device that stands for nobody.
func printer(t *testing.T, h *Home) discovery.DeviceID {
	t.Helper()
	const mac = "02:00:5e:10:00:77"
	at := netip.MustParseAddr("192.168.1.77")
	h.core.Sight(discovery.Sighting{
		Source: discovery.SourceNeighbor, At: clock.Wall(), Identifiers: []discovery.Identifier{{Type: discovery.MAC, Value: mac}}, Addresses: []netip.Addr{at},
	})
	h.core.Sight(discovery.Sighting{
		Source: discovery.SourceMDNS, At: clock.Wall(), From: at, Addresses: []netip.Addr{at}, Identifiers: []discovery.Identifier{{Type: discovery.Instance, Value: "printer._ipp._tcp"}},
		Services: []discovery.Service{{Type: "_ipp._tcp", Instance: "Printer", Domain: "local", Host: "printer.local", Port: 631, TXT: discovery.TXT{"ty=Printer 7"}}},
	})
	id, ok := h.inventory.Resolve(mac, at, "")
	if !ok {
		t.Fatal("the printer is not known")
	}
	if d, _ := h.inventory.Device(id); d.Guess.Kind != discovery.KindPrinter {
		t.Fatalf("the printer is a %q", d.Guess.Kind)
	}
	return id
}
