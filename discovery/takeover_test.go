package discovery

import (
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"
	"time"
)

// takeover is one try of a device to pass for another.
type takeover struct {
	thief string
	steps []move
}

// move is one thing that the thief does: it answers on the wire, or it announces
// what belongs to the victim.
type move struct {
	after  time.Duration
	at     string
	stolen []Identifier // nil: it answers on the wire
}

var victimsNames = []Identifier{hostname("tv.local"), {UUID, "0123456789abcdef"}, {Serial, "105MAXX00017"}, {Instance, "TV._airplay._tcp"}, {UDN, "aaaa-bbbb"}}

// randomTakeover ends with the thief at its own address under the victim's name.
func randomTakeover(rnd *rand.Rand) takeover {
	k := takeover{thief: []string{macB, macR, macS}[rnd.IntN(3)]}
	for range 1 + rnd.IntN(10) {
		m := move{after: time.Duration(1+rnd.IntN(5*60)) * time.Second, at: []string{"192.168.1.66", "192.168.1.5", "192.168.1.77"}[rnd.IntN(3)]}
		if rnd.IntN(2) == 0 {
			m.stolen = slices.Clone(append(victimsNames, Identifier{MAC, macA}))
			rnd.Shuffle(len(m.stolen), func(i, j int) { m.stolen[i], m.stolen[j] = m.stolen[j], m.stolen[i] })
			m.stolen = m.stolen[:1+rnd.IntN(len(m.stolen))]
		}
		k.steps = append(k.steps, m)
	}
	return takeover{k.thief, append(k.steps, move{at: "192.168.1.66"}, move{at: "192.168.1.66", stolen: []Identifier{victimsNames[0], victimsNames[1+rnd.IntN(4)]}})}
}

// TestAThousandTakeovers is threat 5 with its numbers: 1,000 random traces, no
// permission moves to another device without a question, and every conflict is
// shown at once. The twin takes a device for whoever has its name, as a list that
// is keyed by names does.
func TestAThousandTakeovers(t *testing.T) {
	rnd := rand.New(rand.NewPCG(5, 5))
	moved, hidden, byName := 0, 0, 0
	for range 1000 {
		k := randomTakeover(rnd)
		h := newHome(t)
		id := h.wire(macA, "192.168.1.5")[0]
		h.says("192.168.1.5", victimsNames...)
		if err := h.Pin(id); err != nil { // what a permission does
			t.Fatal(err)
		}
		holder := macA // of the name, for the twin
		for _, m := range k.steps {
			h.after(m.after)
			if m.stolen == nil {
				h.wire(k.thief, m.at)
				continue
			}
			h.says(m.at, m.stolen...)
			if slices.Contains(m.stolen, victimsNames[0]) {
				holder = k.thief
			}
		}
		if holder != macA {
			byName++
		}
		if h.movedTo(id, k.thief) {
			moved++
		}
		if !h.InDoubt(id) {
			hidden++
		}
	}
	t.Logf("1,000 takeovers: %d permissions moved, %d conflicts not shown; by name alone %d would have moved", moved, hidden, byName)
	if moved != 0 || hidden != 0 {
		t.Errorf("%d permissions moved without a question, %d conflicts were not shown", moved, hidden)
	}
	if byName < 900 {
		t.Errorf("only %d traces take the name over: they test too little", byName)
	}
}

// movedTo reports whether what was decided about id would now meet the thief.
func (h *home) movedTo(id DeviceID, thief string) bool {
	now, _ := h.Canonical(id)
	own, _ := h.Resolve(macA, netip.Addr{}, "")
	other, _ := h.Resolve(thief, netip.Addr{}, "")
	at, _ := h.Resolve("", netip.MustParseAddr("192.168.1.66"), "")
	d, ok := h.Device(id)
	return !ok || now != id || own != id || other == id || at == id || slices.Contains(d.Hardware, thief)
}

// TestTenThousandGoodbyes is threat 6: goodbyes for every service, name and
// device of a home, from anybody, remove no device, no pin and no name. The twin
// is the household's own word, which does.
func TestTenThousandGoodbyes(t *testing.T) {
	h := newHome(t)
	macs := []string{macA, macB, "00:11:32:00:00:07"}
	var ids []DeviceID
	for i, m := range macs {
		at := []string{"192.168.1.5", "192.168.1.6", "192.168.1.7"}[i]
		ids = append(ids, h.wire(m, at)[0])
		h.says(at, hostname("d"+at+".local"))
		h.Observe(Sighting{
			Source: SourceMDNS, At: h.now, From: netip.MustParseAddr(at), Addresses: addrs(at), Identifiers: []Identifier{hostname("d" + at + ".local")},
			Services: []Service{{Type: "_http._tcp", Instance: "d" + at, Host: "d" + at + ".local", Port: 80}},
		})
	}
	if err := h.Pin(ids[0]); err != nil {
		t.Fatal(err)
	}
	before := h.shape()
	rnd := rand.New(rand.NewPCG(6, 6))
	for range 10_000 {
		h.after(10 * time.Millisecond)
		at := []string{"192.168.1.5", "192.168.1.6", "192.168.1.7"}[rnd.IntN(3)]
		s := Sighting{
			Source: []Source{SourceMDNS, SourceSSDP}[rnd.IntN(2)], At: h.now, Gone: true, From: netip.MustParseAddr([]string{at, "192.168.1.66"}[rnd.IntN(2)]),
			Identifiers: []Identifier{hostname("d" + at + ".local")}, Services: []Service{{Type: "_http._tcp", Instance: "d" + at, Gone: true}},
		}
		if rnd.IntN(2) == 0 {
			s.Addresses = addrs(at)
		}
		h.Observe(s)
	}
	if after := h.shape(); after != before {
		t.Errorf("before\n%s\nafter 10,000 goodbyes\n%s", before, after)
	}
	for _, id := range ids {
		if d, ok := h.Device(id); !ok || len(d.Services) != 1 {
			t.Errorf("%s: %v, %d services", id, ok, len(d.Services))
		}
	}
	if err := h.Unpin(ids[0]); err != nil {
		t.Fatal(err)
	}
	if h.entries[ids[0]].safe() {
		t.Error("the twin: the pin does not even go when the household says so")
	}
}
