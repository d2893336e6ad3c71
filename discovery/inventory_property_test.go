package discovery

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// scene draws sightings of one moment: few names, addresses and hardware
// addresses, so that they collide often. An address has one hardware address.
func scene(t *rapid.T) []Sighting {
	macs := []string{macA, macB, macR, macS}
	holder := rapid.SliceOfN(rapid.IntRange(0, 3), 5, 5).Draw(t, "holders")
	var out []Sighting
	for range rapid.IntRange(1, 12).Draw(t, "sightings") {
		at := rapid.IntRange(0, 4).Draw(t, "address")
		addr := netip.AddrFrom4([4]byte{192, 168, 1, byte(at)})
		if rapid.Bool().Draw(t, "wire") {
			out = append(out, Sighting{Source: SourceNeighbor, Identifiers: []Identifier{{MAC, macs[holder[at]]}}, Addresses: []netip.Addr{addr}})
			continue
		}
		ids := []Identifier{hostname(fmt.Sprintf("host%d.local", rapid.IntRange(0, 2).Draw(t, "host")))}
		if rapid.IntRange(0, 3).Draw(t, "strong") == 0 {
			ids = append(ids, Identifier{UUID, fmt.Sprintf("uuid-%d", rapid.IntRange(0, 1).Draw(t, "uuid"))})
		}
		out = append(out, Sighting{Source: SourceMDNS, Identifiers: ids, Addresses: []netip.Addr{addr}})
	}
	// The neighbour table is read again and again: in the end every address in
	// use has its hardware address.
	for i, m := range holder {
		out = append(out, Sighting{Source: SourceNeighbor, Identifiers: []Identifier{{MAC, macs[m]}}, Addresses: []netip.Addr{netip.AddrFrom4([4]byte{192, 168, 1, byte(i)})}})
	}
	return out
}

// partition names which hardware addresses are one device, and which pairs are in question.
func (h *home) partition() string {
	name := map[DeviceID]string{}
	var out []string
	for _, d := range h.Devices() {
		macs := slices.Clone(d.Hardware)
		slices.Sort(macs)
		var names []string
		for _, id := range d.Identifiers {
			if id.Type != MAC {
				names = append(names, id.Value)
			}
		}
		slices.Sort(names)
		name[d.ID] = strings.Join(macs, "+")
		out = append(out, name[d.ID]+" is "+strings.Join(names, " "))
	}
	for _, q := range h.Questions() {
		pair := []string{name[q.Device], name[q.Other]}
		slices.Sort(pair)
		out = append(out, strings.Join(pair, " ? "))
	}
	slices.Sort(out)
	return strings.Join(out, "\n")
}

func TestMergeIsOrderIndependentForEqualTrust(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		in := scene(rt)
		seed := rapid.Uint64().Draw(rt, "seed")
		run := func(order []int) string {
			h := newHome(t)
			for _, i := range order {
				s := in[i]
				s.At = t0
				h.Observe(s)
			}
			return h.partition()
		}
		order := make([]int, len(in))
		for i := range order {
			order[i] = i
		}
		first := run(order)
		rand.New(rand.NewPCG(seed, 1)).Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
		if second := run(order); first != second {
			rt.Fatalf("in one order\n%s\nin another\n%s", first, second)
		}
	})
}

// TestTakeovers is threat 5: whoever takes a confirmed device's name, address
// or number from another hardware address gets a question and not the entry.
func TestTakeovers(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		h := newHome(t)
		victim := []Identifier{hostname("tv.local"), {UUID, "0123456789abcdef"}, {Serial, "105MAXX00017"}, {Instance, "TV._airplay._tcp"}, {UDN, "aaaa-bbbb"}}
		id := h.wire(macA, "192.168.1.5")[0]
		h.says("192.168.1.5", victim...)
		if err := h.Pin(id); err != nil {
			rt.Fatal(err)
		}
		thief := rapid.SampledFrom([]string{macB, macR, macS}).Draw(rt, "thief")
		taken := false
		for range rapid.IntRange(1, 8).Draw(rt, "steps") {
			h.after(time.Duration(rapid.IntRange(1, 50).Draw(rt, "seconds")) * time.Second)
			at := rapid.SampledFrom([]string{"192.168.1.66", "192.168.1.5"}).Draw(rt, "address")
			if rapid.Bool().Draw(rt, "wire") {
				h.wire(thief, at)
				continue
			}
			stolen := rapid.SliceOfNDistinct(rapid.SampledFrom(append(victim, Identifier{MAC, macA})), 1, 6, rapid.ID[Identifier]).Draw(rt, "stolen")
			h.says(at, stolen...)
			taken = true
		}
		h.wire(thief, "192.168.1.66")
		h.says("192.168.1.66", victim[rapid.IntRange(0, 4).Draw(rt, "last")])

		got, ok := h.Resolve(thief, netip.Addr{}, "")
		if !ok || got == id {
			rt.Fatalf("the thief's hardware address leads to %q", got)
		}
		if own, _ := h.Resolve(macA, netip.Addr{}, ""); own != id {
			rt.Fatalf("the victim's hardware address leads to %q", own)
		}
		if got, ok := h.Resolve("", netip.MustParseAddr("192.168.1.66"), ""); !ok || got == id {
			rt.Fatalf("the thief's address leads to %q", got)
		}
		d, _ := h.Device(id)
		if slices.Contains(d.MACs(), thief) {
			rt.Fatalf("the victim took the thief's hardware address: %v", d.MACs())
		}
		if !h.InDoubt(id) || !h.InDoubt(got) {
			rt.Fatalf("no question although it took a name (%v): %v\n%s", taken, h.Questions(), h.shape())
		}
	})
}

func TestNobodyAsksAboutDevicesThatShareNothing(t *testing.T) {
	h := newHome(t)
	for i := range 50 {
		mac := fmt.Sprintf("00:11:32:00:00:%02x", i)
		at := fmt.Sprintf("192.168.1.%d", i+1)
		h.says(at, hostname(fmt.Sprintf("host%d.local", i)))
		h.wire(mac, at)
	}
	if q := h.Questions(); len(q) != 0 || len(h.Devices()) != 50 {
		t.Errorf("%d questions, %d devices", len(q), len(h.Devices()))
	}
}
