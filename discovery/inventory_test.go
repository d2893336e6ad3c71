package discovery

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"
)

var t0 = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)

const (
	macA = "6c:ad:f8:00:00:17"
	macB = "b8:27:eb:00:00:10"
	macR = "f2:18:98:00:00:22" // random
	macS = "da:01:02:03:04:05" // random
)

// home is an Inventory with a clock that moves only when told.
type home struct {
	*Inventory
	t   testing.TB
	now time.Time
	n   int
}

func newHome(t testing.TB, change ...func(*InventoryConfig)) *home {
	t.Helper()
	h := &home{t: t, now: t0}
	c := InventoryConfig{
		Now:   func() time.Time { return h.now },
		NewID: func() DeviceID { h.n++; return DeviceID(fmt.Sprintf("d%04d", h.n)) },
	}
	for _, f := range change {
		f(&c)
	}
	inv, err := NewInventory(c)
	if err != nil {
		t.Fatal(err)
	}
	h.Inventory = inv
	return h
}

func addrs(in ...string) (out []netip.Addr) {
	for _, a := range in {
		out = append(out, netip.MustParseAddr(a))
	}
	return out
}

func hostname(h string) Identifier { return Identifier{Hostname, h} }

// wire is what the neighbour table says.
func (h *home) wire(mac string, at ...string) []DeviceID {
	return h.Observe(Sighting{Source: SourceNeighbor, At: h.now, Interface: "eth0", Identifiers: []Identifier{{MAC, mac}}, Addresses: addrs(at...)})
}

// says is what mDNS says: names at an address.
func (h *home) says(at string, ids ...Identifier) []DeviceID {
	s := Sighting{Source: SourceMDNS, At: h.now, Interface: "eth0", Identifiers: ids}
	if at != "" {
		s.Addresses = addrs(strings.Fields(at)...)
		s.From, s.Senders = s.Addresses[0], s.Addresses
	}
	return h.Observe(s)
}

func (h *home) after(d time.Duration) { h.now = h.now.Add(d) }

// shape writes all devices as "identifiers at addresses", sorted.
func (h *home) shape() string {
	var out []string
	for _, d := range h.Devices() {
		var ids, at []string
		for _, i := range d.Identifiers {
			ids = append(ids, i.Value)
		}
		for _, a := range d.Addresses {
			s := a.Addr.String()
			if a.Claimed {
				s += "?"
			}
			at = append(at, s)
		}
		slices.Sort(ids)
		out = append(out, strings.TrimSpace(strings.Join(ids, " ")+" @ "+strings.Join(at, " ")))
	}
	slices.Sort(out)
	return strings.Join(out, "\n")
}

func (h *home) want(shape string, questions int) {
	h.t.Helper()
	lines := strings.Split(strings.TrimSpace(shape), "\n")
	for i := range lines {
		lines[i] = strings.TrimSpace(lines[i])
	}
	slices.Sort(lines)
	if got := h.shape(); got != strings.Join(lines, "\n") {
		h.t.Errorf("devices are\n%s\nwant\n%s", got, strings.Join(lines, "\n"))
	}
	if got := h.Questions(); len(got) != questions {
		h.t.Errorf("%d questions, want %d: %v", len(got), questions, got)
	}
}

func TestMerging(t *testing.T) {
	tv, uuid := hostname("tv.local"), Identifier{UUID, "0123456789abcdef"}
	for _, c := range []struct {
		name      string
		do        func(*home)
		want      string
		questions int
	}{
		{"a name and a hardware address at one address join", func(h *home) {
			h.says("192.168.1.5", tv)
			h.wire(macA, "192.168.1.5")
		}, macA + " tv.local @ 192.168.1.5", 0},
		{"also when the hardware address comes first", func(h *home) {
			h.wire(macA, "192.168.1.5")
			h.says("192.168.1.5", tv)
		}, macA + " tv.local @ 192.168.1.5", 0},
		{"not when eleven minutes lie between them", func(h *home) {
			h.says("192.168.1.5", tv)
			h.after(11 * time.Minute)
			h.wire(macA, "192.168.1.5")
		}, macA + " @ 192.168.1.5\n tv.local @", 0},
		{"until the name is heard again", func(h *home) {
			h.says("192.168.1.5", tv)
			h.after(11 * time.Minute)
			h.wire(macA, "192.168.1.5")
			h.says("192.168.1.5", tv)
		}, macA + " tv.local @ 192.168.1.5", 0},
		{"two names at one address are not joined by the address alone", func(h *home) {
			h.says("192.168.1.5", tv)
			h.says("192.168.1.5", Identifier{UDN, "4d696e69-444c"})
		}, "tv.local @ 192.168.1.5?\n4d696e69-444c @ 192.168.1.5?", 0},
		{"but by the hardware address that answers there", func(h *home) {
			h.says("192.168.1.5", tv)
			h.says("192.168.1.5", Identifier{UDN, "4d696e69-444c"})
			h.wire(macA, "192.168.1.5")
		}, "4d696e69-444c " + macA + " tv.local @ 192.168.1.5", 0},
		{"IPv4 and IPv6 of one name are one device", func(h *home) {
			h.wire(macA, "192.168.1.5")
			h.says("192.168.1.5", tv)
			h.says("fd00::5", tv)
			h.wire(macA, "fd00::5", "fe80::1%eth0")
		}, macA + " tv.local @ 192.168.1.5 fd00::5 fe80::1%eth0", 0},
		{"a new address of the same hardware is the same device", func(h *home) {
			h.wire(macA, "192.168.1.5")
			h.says("192.168.1.5", tv)
			h.after(24 * time.Hour)
			h.says("192.168.1.77", tv)
			h.wire(macA, "192.168.1.77")
		}, macA + " tv.local @ 192.168.1.5 192.168.1.77", 0},
		{"an address that went to somebody else leaves the first one", func(h *home) {
			h.wire(macA, "192.168.1.5")
			h.after(24 * time.Hour)
			h.wire(macB, "192.168.1.5")
		}, macA + " @ \n" + macB + " @ 192.168.1.5", 0},
		{"cable and Wi-Fi join by a serial number that both announce", func(h *home) {
			h.wire(macA, "192.168.1.5")
			h.wire(macB, "192.168.1.6")
			h.says("192.168.1.5 192.168.1.6", tv, Identifier{Serial, "1780PDN123456"})
		}, "1780PDN123456 " + macA + " " + macB + " tv.local @ 192.168.1.5 192.168.1.6", 0},
		{"two hardware addresses with one host name are a question", func(h *home) {
			h.wire(macA, "192.168.1.5")
			h.wire(macB, "192.168.1.6")
			h.says("192.168.1.5 192.168.1.6", tv)
		}, macA + " tv.local @ 192.168.1.5\n" + macB + " tv.local @ 192.168.1.6", 1},
		{"a changed random hardware address with the same name is a question", func(h *home) {
			h.wire(macR, "192.168.1.5")
			h.says("192.168.1.5", hostname("phone.local"))
			h.after(48 * time.Hour)
			h.wire(macS, "192.168.1.9")
			h.says("192.168.1.9", hostname("phone.local"))
		}, macS + " phone.local @ 192.168.1.9\n" + macR + " phone.local @ 192.168.1.5", 1},
		{"and with the same UUID too", func(h *home) {
			h.wire(macR, "192.168.1.5")
			h.says("192.168.1.5", uuid)
			h.after(48 * time.Hour)
			h.says("192.168.1.9", uuid)
			h.wire(macS, "192.168.1.9")
		}, "0123456789abcdef " + macR + " @ 192.168.1.5\n0123456789abcdef " + macS + " @ 192.168.1.9", 1},
		{"a text that names the hardware address of another gets neither it nor the device", func(h *home) {
			h.wire(macA, "192.168.1.5")
			h.wire(macS, "192.168.1.9")
			h.says("192.168.1.9", Identifier{MAC, macA}, hostname("evil.local"))
		}, macA + " @ 192.168.1.5\n" + macS + " evil.local @ 192.168.1.9", 1},
		{"nor when it was named before the owner was seen", func(h *home) {
			h.wire(macS, "192.168.1.9")
			h.says("192.168.1.9", Identifier{MAC, macA}, hostname("evil.local"))
			h.wire(macA, "192.168.1.5")
		}, macA + " @ 192.168.1.5\n" + macS + " evil.local @ 192.168.1.9", 1},
		{"a MAC in a text that differs from the one on the network is kept beside it", func(h *home) {
			h.wire(macS, "192.168.1.9")
			h.says("192.168.1.9", Identifier{MAC, macA}, hostname("nas.local"))
		}, macA + " " + macS + " nas.local @ 192.168.1.9", 0},
		{"a random MAC in a text is nothing", func(h *home) {
			h.says("192.168.1.9", Identifier{MAC, macS}, hostname("nas.local"))
		}, "nas.local @ 192.168.1.9?", 0},
		{"an address alone is nothing", func(h *home) { h.says("192.168.1.9") }, "", 0},
		{"a service heard before its host joins it", func(h *home) {
			h.says("", Identifier{Instance, "TV._airplay._tcp"})
			h.says("192.168.1.5", tv, Identifier{Instance, "TV._airplay._tcp"})
		}, "tv._airplay._tcp tv.local @ 192.168.1.5?", 0},
		{"one service name on two named hosts is a question", func(h *home) {
			h.says("192.168.1.5", tv, Identifier{Instance, "TV._airplay._tcp"})
			h.says("192.168.1.6", hostname("other.local"), Identifier{Instance, "TV._airplay._tcp"})
		}, "tv._airplay._tcp tv.local @ 192.168.1.5?\nother.local tv._airplay._tcp @ 192.168.1.6?", 1},
		{"a name that leads to somebody else's address is not believed", func(h *home) {
			h.wire(macA, "192.168.1.5")
			h.says("192.168.1.5", tv)
			h.wire(macB, "192.168.1.6")
			h.says("192.168.1.6", tv)
		}, macA + " tv.local @ 192.168.1.5\n" + macB + " tv.local @ 192.168.1.6", 1},
		{"the same when the thief shows its hardware address late", func(h *home) {
			h.wire(macA, "192.168.1.5")
			h.says("192.168.1.5", tv)
			h.says("192.168.1.6", tv, hostname("thief.local"))
			h.wire(macB, "192.168.1.6")
		}, macA + " tv.local @ 192.168.1.5\n" + macB + " thief.local tv.local @ 192.168.1.6", 1},
		{"two hardware addresses at one address within minutes are a question", func(h *home) {
			h.wire(macA, "192.168.1.5")
			h.after(time.Minute)
			h.wire(macB, "192.168.1.5")
		}, macA + " @ \n" + macB + " @ 192.168.1.5", 1},
		{"a connector's list joins by hardware address and adds its own id", func(h *home) {
			h.wire(macA, "192.168.1.5")
			h.Observe(Sighting{Source: "connector:fritz", At: t0, Identifiers: []Identifier{{MAC, strings.ToUpper(macA)}, {Remote, "fritz/landevice7"}}})
		}, macA + " fritz/landevice7 @ 192.168.1.5", 0},
		{"a connector's old list does not take an address that we see", func(h *home) {
			h.wire(macA, "192.168.1.5")
			h.Observe(Sighting{Source: "connector:fritz", At: t0, Identifiers: []Identifier{{MAC, macB}}, Addresses: addrs("192.168.1.5")})
		}, macA + " @ 192.168.1.5\n" + macB + " @", 0},
		{"a forged address of a name does not join two devices by what the name's owner is", func(h *home) {
			h.wire(macA, "192.168.1.5")
			h.wire(macB, "192.168.1.6")
			h.Observe(Sighting{Source: SourceMDNS, At: t0, From: addrs("192.168.1.5")[0], Identifiers: []Identifier{tv, uuid}, Addresses: addrs("192.168.1.5", "192.168.1.6")})
		}, "0123456789abcdef " + macA + " tv.local @ 192.168.1.5\n" + macB + " tv.local @ 192.168.1.6", 1},
		{"who speaks for another cannot give it a third one's number", func(h *home) {
			h.wire(macA, "192.168.1.5")
			h.wire(macB, "192.168.1.6")
			h.says("192.168.1.6", uuid)
			h.wire(macS, "192.168.1.66")
			h.Observe(Sighting{Source: SourceMDNS, At: t0, From: addrs("192.168.1.66")[0], Identifiers: []Identifier{hostname("evil.local"), uuid, {MAC, macB}}, Addresses: addrs("192.168.1.5")})
			h.Observe(Sighting{Source: SourceMDNS, At: t0, From: addrs("192.168.1.66")[0], Identifiers: []Identifier{hostname("evil2.local"), uuid}, Addresses: addrs("192.168.1.5", "192.168.1.66")})
		}, macA + " evil.local evil2.local @ 192.168.1.5\n0123456789abcdef " + macB + " @ 192.168.1.6\n0123456789abcdef " + macS + " evil2.local @ 192.168.1.66", 2},
		{"this computer's cards are one device", func(h *home) {
			h.wire(macB, "192.168.1.7")
			h.Observe(Sighting{
				Source: SourceSelf, At: t0, Role: RoleThisComputer,
				Identifiers: []Identifier{{MAC, macA}, {MAC, macB}, hostname("desk.local")}, Addresses: addrs("192.168.1.7", "192.168.1.8"),
			})
		}, macA + " " + macB + " desk.local @ 192.168.1.7 192.168.1.8", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := newHome(t)
			c.do(h)
			h.want(c.want, c.questions)
		})
	}
}

func TestTheSameSightingTwiceChangesOnlyLastSeen(t *testing.T) {
	h := newHome(t)
	s := Sighting{
		Source: SourceMDNS, At: t0, Identifiers: []Identifier{hostname("tv.local")}, Addresses: addrs("192.168.1.5"),
		Services: []Service{{Type: "_airplay._tcp", Instance: "TV", Host: "tv.local", Port: 7000, TXT: TXT{"model=X"}}},
		Facts:    []Fact{{Key: "model", Value: "X"}},
	}
	if got := h.Observe(s); len(got) != 1 {
		t.Fatalf("first sighting changed %v", got)
	}
	before := h.Devices()[0]
	h.after(time.Minute)
	s.At = h.now
	if got := h.Observe(s); got != nil {
		t.Errorf("refresh changed %v", got)
	}
	after := h.Devices()[0]
	if !after.LastSeen.Equal(h.now) || !after.FirstSeen.Equal(t0) {
		t.Errorf("seen %v to %v", after.FirstSeen, after.LastSeen)
	}
	if len(after.Services) != len(before.Services) || len(after.Facts) != 1 {
		t.Errorf("refresh changed the device: %+v", after)
	}
	// The twin: a real change is told.
	s.Services[0].TXT = TXT{"model=Y"}
	if got := h.Observe(s); len(got) != 1 {
		t.Errorf("a new TXT changed %v", got)
	}
}

func TestAGoodbyeRemovesNothing(t *testing.T) {
	h := newHome(t)
	h.wire(macA, "192.168.1.5")
	svc := Service{Type: "_airplay._tcp", Instance: "TV", Host: "tv.local", Port: 7000, TXT: TXT{"model=X"}}
	s := Sighting{Source: SourceMDNS, At: t0, Identifiers: []Identifier{hostname("tv.local")}, Addresses: addrs("192.168.1.5"), Services: []Service{svc}}
	h.Observe(s)
	svc.Gone, svc.TXT, svc.Host = true, nil, ""
	for i := range 10_000 {
		h.after(time.Millisecond)
		s.At, s.Gone, s.Services = h.now, true, []Service{svc}
		if i%2 == 0 {
			s.Addresses = nil
		}
		h.Observe(s)
	}
	h.want(macA+" tv.local @ 192.168.1.5", 0)
	got := h.Devices()[0].Services
	if len(got) != 1 || !got[0].Gone || got[0].Host != "tv.local" || len(got[0].TXT) != 1 {
		t.Errorf("service after goodbye: %+v", got)
	}
}

func TestALabelWinsForEver(t *testing.T) {
	h := newHome(t, func(c *InventoryConfig) { c.Fingerprint = func(Device) Guess { return Guess{Name: "Chromecast"} } })
	id := h.wire(macA, "192.168.1.5")[0]
	if d, _ := h.Device(id); d.Name() != "Chromecast" {
		t.Errorf("named %q before", d.Name())
	}
	if err := h.SetLabel(id, " Omas\u202e Fernseher\n"); err != nil {
		t.Fatal(err)
	}
	h.says("192.168.1.5", hostname("tv.local"))
	if d, _ := h.Device(id); d.Name() != "Omas Fernseher" {
		t.Errorf("named %q after", d.Name())
	}
}

func TestErrorsNameTheThing(t *testing.T) {
	h := newHome(t)
	id := h.wire(macA)[0]
	for name, err := range map[string]error{
		"label":     h.SetLabel("nobody", "x"),
		"essential": h.SetEssential("nobody", EssentialSafety),
		"role":      h.SetRole("nobody", RoleDNS),
		"pin":       h.Pin("nobody"),
		"unpin":     h.Unpin("nobody"),
	} {
		if !errors.Is(err, ErrUnknownDevice) || !strings.Contains(err.Error(), `"nobody"`) {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, err := h.Merge(id, "nobody")
	_, err2 := h.Merge("nobody", id)
	_, err3 := h.Split("nobody")
	if err := errors.Join(err, err2, err3); strings.Count(err.Error(), `"nobody"`) < 3 {
		t.Errorf("merge, split: %v", err)
	}
	if _, err := h.Answer("q9", true); !errors.Is(err, ErrUnknownQuestion) || !strings.Contains(err.Error(), "q9") {
		t.Errorf("answer: %v", err)
	}
	if _, err := h.Merge(id, id); err == nil {
		t.Error("merged a device with itself")
	}
	if err := h.SetEssential(id, "bogus"); err == nil || h.SetRole(id, "bogus") == nil {
		t.Error("took a bogus grade or role")
	}
	if _, err := NewInventory(InventoryConfig{MaxUnconfirmed: -1}); err == nil || !strings.Contains(err.Error(), "NewID") {
		t.Errorf("empty config: %v", err)
	}
}
