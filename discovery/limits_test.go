package discovery

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestAFloodOfInventedDevices is threat 2 (G27): 100,000 names at 5,000 a second.
func TestAFloodOfInventedDevices(t *testing.T) {
	var notices []Notice
	h := newHome(t, func(c *InventoryConfig) {
		c.Notice = func(n Notice, total int) {
			notices = append(notices, n)
			if total > 2100 {
				t.Errorf("%s with %d devices", n, total)
			}
		}
	})
	var confirmed []DeviceID
	for i := range 50 {
		id := h.wire(fmt.Sprintf("00:11:32:00:00:%02x", i), fmt.Sprintf("192.168.1.%d", i+1))[0]
		if err := h.SetLabel(id, fmt.Sprintf("Device %d", i)); err != nil {
			t.Fatal(err)
		}
		confirmed = append(confirmed, id)
	}
	seen := h.wire("00:11:32:00:00:ff", "192.168.1.99")[0] // real, but nobody decided anything about it
	runtime.GC()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	began := time.Now()
	for i := range 100_000 {
		h.after(200 * time.Microsecond)
		from := netip.AddrFrom4([4]byte{10, byte(i >> 14), byte(i >> 7 & 127), byte(i&127 + 1)}) // spoofed senders
		h.Observe(Sighting{
			Source: SourceMDNS, At: h.now, From: from, Identifiers: []Identifier{hostname(fmt.Sprintf("x%d.local", i))}, Addresses: []netip.Addr{from},
			Services: []Service{{Type: "_http._tcp", Instance: fmt.Sprintf("x%d", i), Host: "x", TXT: TXT{"a=b"}}},
		})
	}
	took := time.Since(began)
	runtime.GC()
	runtime.ReadMemStats(&after)
	grown := (int64(after.HeapAlloc) - int64(before.HeapAlloc)) >> 20
	t.Logf("100,000 names: %d devices held, +%d MiB, %v", len(h.Devices()), grown, took.Round(time.Millisecond))
	if n := len(h.Devices()); n > 2000+50 {
		t.Errorf("%d devices held", n)
	}
	if grown > 16 {
		t.Errorf("+%d MiB", grown)
	}
	for _, id := range append(confirmed, seen) {
		if _, ok := h.Device(id); !ok {
			t.Errorf("%s was dropped", id)
		}
	}
	if len(notices) != 1 || notices[0] != NoticeFull || h.Refused()[NoticeFull] == 0 {
		t.Errorf("notices %v", notices)
	}
	// A newcomer whose hardware address answers gets in; after an hour anybody does.
	if h.wire("00:11:32:00:01:00", "192.168.1.100") == nil {
		t.Error("a real newcomer was refused")
	}
	h.after(2 * time.Hour)
	if h.says("192.168.1.101", hostname("new.local")) == nil {
		t.Error("long gone inventions make no room")
	}
}

func TestOneSenderCannotInventForAll(t *testing.T) {
	h := newHome(t)
	for i := range 5000 {
		h.after(time.Millisecond)
		h.Observe(Sighting{Source: SourceMDNS, At: h.now, From: netip.MustParseAddr("192.168.1.66"), Identifiers: []Identifier{hostname(fmt.Sprintf("x%d.local", i))}})
	}
	if n := len(h.Devices()); n < 200 || n > 200+5*20+1 {
		t.Errorf("one sender made %d devices in five seconds", n)
	}
	if h.Refused()[NoticeFast] == 0 {
		t.Error("nobody was told")
	}
}

func TestDroppedDevicesTakeTheirQuestionsAlong(t *testing.T) {
	h := newHome(t, func(c *InventoryConfig) { c.MaxUnconfirmed = 2 })
	h.wire(macR, "192.168.1.5")
	h.says("192.168.1.5", hostname("phone.local"))
	h.wire(macS, "192.168.1.9")
	h.says("192.168.1.9", hostname("phone.local"))
	if len(h.Questions()) != 1 {
		t.Fatal("no question")
	}
	h.after(2 * time.Hour)
	changed := h.wire(macA, "192.168.1.7")
	if len(changed) != 2 || len(h.Devices()) != 2 || len(h.Questions()) != 0 {
		t.Errorf("changed %v, %d devices, %d questions", changed, len(h.Devices()), len(h.Questions()))
	}
	for _, d := range h.Devices() {
		h.Pin(d.ID)
	}
	h.after(2 * time.Hour)
	if h.wire(macB) == nil {
		t.Error("confirmed devices take the others' places")
	}
}

func TestEveryPartOfADeviceIsBounded(t *testing.T) {
	h := newHome(t)
	h.wire(macA, "192.168.1.5")
	for i := range 500 {
		h.after(time.Second)
		h.Observe(Sighting{
			Source: SourceMDNS, At: h.now, Identifiers: []Identifier{hostname("tv.local"), {Instance, fmt.Sprintf("x%d._x._tcp", i)}},
			Addresses: addrs("192.168.1.5", fmt.Sprintf("10.0.%d.%d", i/200, i%200+1)),
			Services:  []Service{{Type: "_x._tcp", Instance: fmt.Sprintf("x%d", i), Host: "tv.local", TXT: TXT{strings.Repeat("a", 1200), strings.Repeat("b", 200)}, Gone: i < 40}},
			Facts:     []Fact{{Key: fmt.Sprintf("k%d", i), Value: strings.Repeat("v", 1000)}},
		})
	}
	d := h.Devices()[0]
	if len(d.Services) != 64 || len(d.Addresses) != 32 || len(d.Facts) != 64 || len(d.Identifiers) > maxIdentifiers || len(d.Groups) > maxGroups {
		t.Errorf("%d services, %d addresses, %d facts, %d identifiers, %d groups", len(d.Services), len(d.Addresses), len(d.Facts), len(d.Identifiers), len(d.Groups))
	}
	if slices.ContainsFunc(d.Services, func(s Service) bool { return s.Gone || len(s.TXT) != 1 }) {
		t.Error("services that left did not make room, or a TXT is too long")
	}
	if len(d.Facts[0].Value) != 300 {
		t.Errorf("a fact of %d bytes", len(d.Facts[0].Value))
	}
	h.Observe(Sighting{Source: SourceMDNS, At: h.now, Identifiers: []Identifier{hostname("tv.local")}, Services: []Service{{Instance: "no type"}, {Type: "_x._tcp", Port: 70000}, {Type: "_x._tcp", Host: strings.Repeat("h", 800)}}})
	if n := len(h.Devices()[0].Services); n != 64 {
		t.Errorf("%d services", n)
	}
}

func TestQuestionsAreBoundedAndTheImportantOnesGetIn(t *testing.T) {
	h := newHome(t)
	for i := range 300 {
		h.after(time.Second)
		at := fmt.Sprintf("10.0.%d.%d", i/200, i%200+1)
		h.wire(fmt.Sprintf("02:00:00:00:%02x:%02x", i/256, i%256), at)
		h.says(at, hostname(fmt.Sprintf("p%d.local", i%3)))
	}
	if n := len(h.Questions()); n != maxQuestions {
		t.Fatalf("%d questions", n)
	}
	id := h.wire(macA, "192.168.1.5")[0]
	h.says("192.168.1.5", hostname("tv.local"))
	h.Pin(id)
	h.wire(macB, "192.168.1.6")
	h.says("192.168.1.6", hostname("tv.local"))
	if !h.InDoubt(id) || len(h.Questions()) != maxQuestions {
		t.Errorf("the question about a confirmed device was lost among %d", len(h.Questions()))
	}
}

func TestServices(t *testing.T) {
	h := newHome(t)
	see := func(s Service) Service {
		s.Type, s.Instance = "_matterc._udp", "A1B2"
		h.after(time.Minute)
		h.Observe(Sighting{Source: SourceMDNS, At: h.now, Identifiers: []Identifier{hostname("light.local")}, Services: []Service{s}})
		return h.Devices()[0].Services[0]
	}
	see(Service{Host: "light.local", TXT: TXT{"VP=65521+32768", "D=3840", "noequals"}})
	got := see(Service{Host: "light.local", TXT: TXT{"D=3840"}})
	if !slices.Equal(got.Once, TXT{"VP=65521+32768", "noequals"}) || len(got.TXT) != 1 {
		t.Errorf("what it once said: %q and %q", got.TXT, got.Once)
	}
	got = see(Service{Host: "light.local", TXT: TXT{"D=3840", "VP=1"}})
	if !slices.Equal(got.Once, TXT{"noequals"}) {
		t.Errorf("what it says again is not of the past: %q", got.Once)
	}
	// An older account changes nothing of the newer one.
	h.Observe(Sighting{Source: SourceMDNS, At: t0, Identifiers: []Identifier{hostname("light.local")}, Services: []Service{{Type: "_matterc._udp", Instance: "a1b2", Host: "old.local"}}})
	if got := h.Devices()[0].Services; len(got) != 1 || got[0].Host != "light.local" {
		t.Errorf("%+v", got)
	}
	if InstanceName(Service{Type: "_x._tcp", Instance: "Bü\xff"}) != "bü\ufffd._x._tcp" {
		t.Error(InstanceName(Service{Type: "_x._tcp", Instance: "Bü\xff"}))
	}
}

func TestFactsKeepTheNewerValue(t *testing.T) {
	h := newHome(t)
	at := func(d time.Duration, v string) string {
		h.Observe(Sighting{Source: SourceSSDP, At: t0.Add(d), Identifiers: []Identifier{{UDN, "aaaa-bbbb"}}, Facts: []Fact{{Key: "friendly_name", Value: v}, {Key: "", Value: "x"}, {Key: "y", Value: "\x00"}}})
		f := h.Devices()[0].Facts
		if len(f) != 1 {
			t.Fatalf("%+v", f)
		}
		return f[0].Value
	}
	if got := []string{at(0, "A"), at(2*time.Hour, "B"), at(time.Hour, "C"), at(3*time.Hour, "B")}; !slices.Equal(got, []string{"A", "B", "B", "B"}) {
		t.Errorf("%v", got)
	}
}

func TestIdentifierForms(t *testing.T) {
	for _, c := range []struct{ in, want Identifier }{
		{Identifier{MAC, "6C-AD-F8-00-00-17"}, Identifier{MAC, macA}},
		{Identifier{MAC, "6cad.f800.0017"}, Identifier{MAC, macA}},
		{Identifier{MAC, "6cadf8000017"}, Identifier{MAC, macA}},
		{Identifier{MAC, ""}, Identifier{}},
		{Identifier{MAC, "00:00:00:00:00:00"}, Identifier{}},
		{Identifier{MAC, "ff:ff:ff:ff:ff:ff"}, Identifier{}},
		{Identifier{MAC, "01:00:5e:00:00:fb"}, Identifier{}},
		{Identifier{MAC, "6c:ad:f8:00:00:1g"}, Identifier{}},
		{Identifier{MAC, "6c:ad:f8:00:00:17:18:19"}, Identifier{}},
		{Identifier{MAC, ":6cadf8000017"}, Identifier{}},
		{Identifier{MAC, "6cadf8"}, Identifier{}},
		{Identifier{UDN, " uuid:4D69-AB "}, Identifier{UDN, "4d69-ab"}},
		{Identifier{UDN, "UUID:4D69-AB"}, Identifier{UDN, "4d69-ab"}},
		{Identifier{UUID, "00000000-0000-0000-0000-000000000000"}, Identifier{}},
		{Identifier{UUID, ""}, Identifier{}},
		{Identifier{Hostname, "TV.local."}, Identifier{Hostname, "tv.local"}},
		{Identifier{Hostname, "localhost."}, Identifier{}},
		{Identifier{Serial, " 105MAXX00017 "}, Identifier{Serial, "105MAXX00017"}},
		{Identifier{Serial, "12345678"}, Identifier{}},
		{Identifier{Serial, "N/A"}, Identifier{}},
		{Identifier{Serial, "1"}, Identifier{}},
		{Identifier{Instance, "TV._airplay._tcp"}, Identifier{Instance, "tv._airplay._tcp"}},
		{Identifier{Remote, "fritz/7"}, Identifier{Remote, "fritz/7"}},
		{Identifier{Remote, strings.Repeat("x", 300)}, Identifier{}},
		{Identifier{"bogus", "x"}, Identifier{}},
		{Identifier{Hostname, "a\xff"}, Identifier{Hostname, "a\ufffd"}},
	} {
		got, ok := c.in.Normalize()
		if !ok {
			got = Identifier{}
		}
		if got != c.want || ok != (c.want != Identifier{}) {
			t.Errorf("%+v gives %+v, %v", c.in, got, ok)
		}
	}
	if RandomMAC("") || RandomMAC(macA) || !RandomMAC(macR) {
		t.Error("RandomMAC")
	}
}

func TestValues(t *testing.T) {
	if d := (Device{Guess: Guess{Vendor: "Apple"}}); d.Name() != "Apple device" || (Device{}).Name() != "Unknown device" || (Device{Label: "x"}).Name() != "x" {
		t.Error("names")
	}
	if !KindPhone.Personal() || !KindUnknown.Personal() || KindCamera.Personal() {
		t.Error("personal kinds")
	}
	if At(time.Time{}) != 0 || !Millis(0).Time().IsZero() || !At(t0).Time().Equal(t0) {
		t.Error("times")
	}
	type both struct {
		T Millis
		X TXT
	}
	for _, in := range []both{{At(t0), TXT{"a=\xff\\x", `b=\000`, "c"}}, {0, TXT{}}} {
		b, err := json.Marshal(in)
		if err != nil {
			t.Fatal(err)
		}
		var out both
		if err := json.Unmarshal(b, &out); err != nil || out.T != in.T || !slices.Equal(out.X, in.X) {
			t.Errorf("%s gives %+v, %v", b, out, err)
		}
	}
	var bad both
	if json.Unmarshal([]byte(`{"T":"x"}`), &bad) == nil || json.Unmarshal([]byte(`{"X":5}`), &bad) == nil {
		t.Error("took nonsense")
	}
	if UnescapeBytes(`dots\.in\032it\`) != `dots.in it\` {
		t.Errorf("%q", UnescapeBytes(`dots\.in\032it\`))
	}
	if _, ok := (TXT{"a=b"}).Get("x"); ok {
		t.Error("found what is not there")
	}
}
