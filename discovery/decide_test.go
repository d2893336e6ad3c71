package discovery

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestAMergeByAPersonKeepsBothIdsAndCanBeUndone(t *testing.T) {
	h := newHome(t)
	a := h.wire(macA, "192.168.1.5")[0]
	h.says("192.168.1.5", hostname("tv.local"))
	b := h.wire(macB, "192.168.1.6")[0]
	h.says("192.168.1.6", hostname("box.local"))
	if err := h.SetLabel(b, "Box"); err != nil {
		t.Fatal(err)
	}
	h.SetEssential(b, EssentialSafety)
	h.Observe(Sighting{
		Source: SourceMDNS, At: t0, Identifiers: []Identifier{hostname("box.local"), {Instance, "Box._x._tcp"}}, Addresses: addrs("192.168.1.6"),
		Services: []Service{{Type: "_x._tcp", Instance: "Box", Host: "box.local"}},
	})

	changed, err := h.Merge(a, b)
	if err != nil || !slices.Contains(changed, a) || !slices.Contains(changed, b) {
		t.Fatalf("%v %v", changed, err)
	}
	d, ok := h.Device(b)
	if !ok || d.ID != a || d.Label != "Box" || d.Essential != EssentialSafety || len(d.Services) != 1 || len(d.Hardware) != 2 {
		t.Fatalf("the old id leads to %+v", d)
	}
	if got, _ := h.Canonical(b); got != a {
		t.Errorf("canonical id of %s is %s", b, got)
	}
	if diff := cmp.Diff(map[DeviceID]DeviceID{b: a}, h.Aliases()); diff != "" {
		t.Error(diff)
	}
	if got, _ := h.Resolve(macB, netip.Addr{}, ""); got != a {
		t.Errorf("the second hardware address leads to %s", got)
	}

	parts, err := h.Split(b)
	if err != nil || len(parts) != 2 || parts[0] != a || parts[1] != b {
		t.Fatalf("split into %v, %v", parts, err)
	}
	da, _ := h.Device(a)
	db, ok := h.Device(b)
	if !ok || db.ID != b || db.Label != "Box" || db.Essential != EssentialSafety || da.Label != "" || len(db.Services) != 1 || len(da.Services) != 0 {
		t.Errorf("undone to %+v and %+v", da, db)
	}
	if len(h.Aliases()) != 0 {
		t.Errorf("aliases left: %v", h.Aliases())
	}
	h.want(macA+" tv.local @ 192.168.1.5\n"+macB+" box._x._tcp box.local @ 192.168.1.6", 0)

	// They stay apart, even when one says the other's name.
	h.says("192.168.1.5", hostname("box.local"))
	if len(h.Questions()) != 0 || len(h.Devices()) != 2 {
		t.Errorf("asked or joined again: %v", h.shape())
	}
	// Until the person says otherwise.
	if _, err := h.Merge(b, a); err != nil || len(h.Distinct()) != 0 {
		t.Errorf("%v, distinct %v", err, h.Distinct())
	}
}

func TestSplitTakesApartWhatTheAddressJoined(t *testing.T) {
	h := newHome(t)
	id := h.wire(macA, "192.168.1.5")[0]
	h.Observe(Sighting{
		Source: SourceSSDP, At: t0, Identifiers: []Identifier{{UDN, "aaaa-bbbb"}}, Addresses: addrs("192.168.1.5"),
		Facts: []Fact{{Key: "model", Value: "X", Of: "aaaa-bbbb"}, {Key: "model", Value: "Y"}},
	})
	parts, err := h.Split(id)
	if err != nil || len(parts) != 2 || parts[0] != id {
		t.Fatalf("%v %v", parts, err)
	}
	a, _ := h.Device(id)
	b, _ := h.Device(parts[1])
	if len(a.Hardware) != 1 || len(b.Hardware) != 0 || len(b.Facts) != 1 || b.Facts[0].Value != "X" {
		t.Errorf("%+v and %+v", a, b)
	}
	// The next announcement goes to the part that has the name.
	h.says("192.168.1.5", Identifier{UDN, "aaaa-bbbb"})
	if len(h.Devices()) != 2 {
		t.Errorf("joined again:\n%s", h.shape())
	}
	if _, err := h.Split(parts[1]); !errors.Is(err, ErrOnePart) {
		t.Errorf("split what is one: %v", err)
	}
}

func TestMergingSomethingOfWhichNothingIsKnownCanBeUndone(t *testing.T) {
	h := newHome(t, func(c *InventoryConfig) {
		c.Devices = []Device{{ID: "a", Identifiers: []Identifier{{MAC, macA}}, Groups: []Group{{Identifiers: []Identifier{{MAC, macA}}}}}, {ID: "b", Label: "Oven"}}
	})
	if _, err := h.Merge("a", "b"); err != nil {
		t.Fatal(err)
	}
	if parts, err := h.Split("a"); err != nil || len(parts) != 2 || parts[1] != "b" {
		t.Errorf("%v %v", parts, err)
	}
	if d, _ := h.Device("b"); d.Label != "Oven" {
		t.Errorf("%+v", d)
	}
}

func TestThisComputerAndTheRouterAreNotOne(t *testing.T) {
	h := newHome(t)
	a := h.wire(macA)[0]
	b := h.wire(macB)[0]
	h.SetRole(a, RoleThisComputer)
	h.SetRole(b, RoleRouter)
	if _, err := h.Merge(a, b); err == nil {
		t.Error("merged this computer with the router")
	}
	h.Observe(Sighting{Source: SourceNeighbor, Role: RoleDNS, Identifiers: []Identifier{{MAC, macB}}})
	if d, _ := h.Device(b); d.Role != RoleRouter {
		t.Errorf("a weaker role won: %s", d.Role)
	}
}

func TestAnswers(t *testing.T) {
	ask := func(t *testing.T) (*home, Question) {
		h := newHome(t)
		h.wire(macR, "192.168.1.5")
		h.says("192.168.1.5", hostname("phone.local"))
		h.after(time.Hour)
		h.wire(macS, "192.168.1.9")
		h.says("192.168.1.9", hostname("phone.local"))
		q := h.Questions()
		if len(q) != 1 || !h.InDoubt(q[0].Device) || !h.InDoubt(q[0].Other) || !strings.Contains(q[0].Why, "phone.local") {
			t.Fatalf("%+v", q)
		}
		return h, q[0]
	}
	t.Run("the same", func(t *testing.T) {
		h, q := ask(t)
		if _, err := h.Answer(q.ID, true); err != nil {
			t.Fatal(err)
		}
		h.want(macS+" "+macR+" phone.local @ 192.168.1.5 192.168.1.9", 0)
		if got, _ := h.Resolve(macS, netip.Addr{}, ""); got != q.Device || h.InDoubt(q.Device) {
			t.Errorf("the new hardware address leads to %s", got)
		}
		h.says("192.168.1.9", hostname("phone.local"))
		h.wire(macS, "192.168.1.9")
		if len(h.Questions()) != 0 || len(h.Devices()) != 1 {
			t.Error("asked again")
		}
	})
	t.Run("different", func(t *testing.T) {
		h, q := ask(t)
		if _, err := h.Answer(q.ID, false); err != nil {
			t.Fatal(err)
		}
		for range 3 {
			h.says("192.168.1.9", hostname("phone.local"))
			h.wire(macS, "192.168.1.9")
		}
		if len(h.Questions()) != 0 || len(h.Devices()) != 2 || len(h.Distinct()) != 1 {
			t.Errorf("asked again: %v", h.Questions())
		}
	})
}

func TestQuestionsFollowAMerge(t *testing.T) {
	h := newHome(t)
	a := h.wire(macR, "192.168.1.5")[0]
	h.says("192.168.1.5", hostname("phone.local"))
	h.wire(macS, "192.168.1.9")
	h.says("192.168.1.9", hostname("phone.local"))
	c := h.wire(macA, "192.168.1.7")[0]
	h.Pin(c)
	if _, err := h.Merge(c, a); err != nil {
		t.Fatal(err)
	}
	q := h.Questions()
	if len(q) != 1 || q[0].Device != c && q[0].Other != c {
		t.Errorf("%+v", q)
	}
	if h.InDoubt("nobody") {
		t.Error("nobody is in doubt")
	}
}

func TestResolve(t *testing.T) {
	h := newHome(t)
	tv := h.wire(macA, "192.168.1.5", "fe80::5%eth0")[0]
	h.Observe(Sighting{Source: "connector:fritz", At: t0, Identifiers: []Identifier{{MAC, macA}, {Remote, "fritz/7"}}})
	named := h.says("192.168.1.9", hostname("lamp.local"))[0]
	h.says("192.168.1.66", Identifier{Remote, "x"}, hostname("tv2.local"))
	box := h.wire(macB)[0]
	h.says("192.168.1.77", hostname("box.local"))
	h.says("192.168.1.77", Identifier{UDN, "cccc-dddd"})
	for _, c := range []struct {
		name, mac, addr, remote string
		want                    DeviceID
	}{
		{"by hardware address", "6C-AD-F8-00-00-17", "", "", tv},
		{"which wins over the address", macB, "192.168.1.5", "", box},
		{"an unknown hardware address is not replaced by the address", "00:11:22:33:44:55", "192.168.1.5", "", ""},
		{"by the peer's id", "", "", "fritz/7", tv},
		{"an unknown peer's id falls back to the address", "", "192.168.1.5", "fritz/8", tv},
		{"by address", "", "192.168.1.5", "", tv},
		{"by IPv4 in IPv6", "", "::ffff:192.168.1.5", "", tv},
		{"by link-local address without its interface", "", "fe80::5", "", tv},
		{"by an address that only a name led to, while nothing better is known", "", "192.168.1.9", "", named},
		{"two devices at one address", "", "192.168.1.77", "", ""},
		{"an unknown address", "", "192.168.1.200", "", ""},
		{"nonsense", "x", "", "", ""},
		{"nothing", "", "", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			a, _ := netip.ParseAddr(c.addr)
			if got, ok := h.Resolve(c.mac, a, c.remote); got != c.want || ok != (c.want != "") {
				t.Errorf("%q %v, want %q", got, ok, c.want)
			}
		})
	}
	if diff := cmp.Diff(addrs("192.168.1.9", "192.168.1.66", "192.168.1.77"), h.Unproven(), cmp.Comparer(func(a, b netip.Addr) bool { return a == b })); diff != "" {
		t.Errorf("unproven: %s", diff)
	}
	h.after(31 * time.Minute)
	if got, ok := h.Resolve("", netip.MustParseAddr("192.168.1.5"), ""); ok {
		t.Errorf("an old address leads to %s", got)
	}
}

func TestWhatWasStoredComesBack(t *testing.T) {
	h := newHome(t)
	h.wire(macR, "192.168.1.5")
	h.says("192.168.1.5", hostname("phone.local"), Identifier{UUID, "uuid-1234"})
	h.wire(macS, "192.168.1.9")
	h.says("192.168.1.9", hostname("phone.local"))
	a := h.wire(macA, "192.168.1.7")[0]
	b := h.wire(macB, "192.168.1.8")[0]
	h.SetLabel(a, "TV")
	h.Observe(Sighting{
		Source: SourceMDNS, At: t0, Identifiers: []Identifier{hostname("tv.local")}, Addresses: addrs("192.168.1.7"),
		Services: []Service{{Type: "_x._tcp", Instance: "Büro", Host: "tv.local", TXT: TXT{"a=\xff"}}}, Facts: []Fact{{Key: "model", Value: "X"}},
	})
	h.Merge(a, b)

	raw, err := json.Marshal(h.Devices())
	if err != nil {
		t.Fatal(err)
	}
	var stored []Device
	if err := json.Unmarshal(raw, &stored); err != nil {
		t.Fatal(err)
	}
	again := newHome(t, func(c *InventoryConfig) {
		c.Devices, c.Questions, c.Distinct, c.Aliases = stored, h.Questions(), h.Distinct(), h.Aliases()
	})
	same := cmp.Options{cmp.Comparer(func(a, b netip.Addr) bool { return a == b }), cmp.Comparer(func(a, b string) bool { return strings.ToValidUTF8(a, "?") == strings.ToValidUTF8(b, "?") || a == b })}
	if diff := cmp.Diff(h.Devices(), again.Devices(), same); diff != "" {
		t.Errorf("devices: %s", diff)
	}
	if diff := cmp.Diff(h.Questions(), again.Questions()); diff != "" {
		t.Errorf("questions: %s", diff)
	}
	if d, ok := again.Device(b); !ok || d.ID != a {
		t.Error("an alias was lost")
	}
	again.n = h.n
	again.after(time.Hour)
	// A thief after a restart is a question too.
	again.says("192.168.1.66", hostname("tv.local"))
	again.wire("00:11:22:33:44:55", "192.168.1.66")
	if got, _ := again.Resolve("00:11:22:33:44:55", netip.Addr{}, ""); got == a || len(again.Questions()) != 2 {
		t.Errorf("%s, %v", got, again.Questions())
	}
	if _, err := NewInventory(InventoryConfig{Now: time.Now, NewID: func() DeviceID { return "x" }, Devices: []Device{{ID: "a"}, {ID: "a"}}}); err == nil {
		t.Error("took one id twice")
	}
}

func TestReturnedDevicesAreCopies(t *testing.T) {
	h := newHome(t)
	h.Observe(Sighting{
		Source: SourceMDNS, At: t0, Identifiers: []Identifier{hostname("tv.local")}, Addresses: addrs("192.168.1.7"),
		Services: []Service{{Type: "_x._tcp", Instance: "X", Host: "tv.local", TXT: TXT{"a=b"}, Addrs: []string{"192.168.1.7"}}}, Facts: []Fact{{Key: "model", Value: "X"}},
	})
	d := h.Devices()[0]
	d.Identifiers[0].Value, d.Services[0].TXT[0], d.Services[0].Addrs[0], d.Facts[0].Value, d.Groups[0].Identifiers[0].Value, d.Sources[0] = "x", "x", "x", "x", "x", "x"
	if got := h.Devices()[0]; got.Identifiers[0].Value == "x" || got.Services[0].TXT[0] == "x" || got.Services[0].Addrs[0] == "x" || got.Facts[0].Value == "x" ||
		got.Groups[0].Identifiers[0].Value == "x" || got.Sources[0] == "x" {
		t.Errorf("%+v", got)
	}
}

func TestConcurrentUse(t *testing.T) {
	var mu sync.Mutex
	h := newHome(t, func(c *InventoryConfig) {
		n := 0
		c.NewID = func() DeviceID { mu.Lock(); defer mu.Unlock(); n++; return DeviceID(fmt.Sprint("d", n)) }
	})
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for i := range 60 {
				at := fmt.Sprintf("192.168.%d.%d", i%3, i%50+1)
				h.wire(fmt.Sprintf("00:11:32:00:%02x:%02x", g, i%50), at)
				h.says(at, hostname(fmt.Sprintf("h%d.local", i%20)))
				for _, d := range h.Devices() {
					h.Resolve("", netip.MustParseAddr(at), "")
					if i%50 == 0 {
						h.SetLabel(d.ID, "x")
						h.Pin(d.ID)
						h.Unpin(d.ID)
					}
				}
				h.Questions()
				h.Refused()
			}
		})
	}
	wg.Wait()
}

func TestAConfirmedDeviceKeepsItsIdWhenItsHardwareAddressTurnsUp(t *testing.T) {
	h := newHome(t)
	named := h.says("192.168.1.5", hostname("cam.local"))[0]
	h.Pin(named)
	h.wire(macA, "192.168.1.5")
	h.want(macA+" cam.local @ 192.168.1.5", 0)
	if got, _ := h.Resolve(macA, netip.Addr{}, ""); got != named {
		t.Errorf("the hardware address leads to %s", got)
	}

	// Two that somebody decided about are never joined without a person.
	h = newHome(t)
	named = h.says("192.168.1.5", hostname("cam.local"))[0]
	wired := h.wire(macA)[0]
	h.Pin(named)
	h.Pin(wired)
	h.wire(macA, "192.168.1.5")
	if q := h.Questions(); len(q) != 1 || len(h.Devices()) != 2 {
		t.Errorf("%v\n%s", q, h.shape())
	}
}

func TestANameDoesNotMoveAConfirmedDevice(t *testing.T) {
	h := newHome(t)
	named := h.says("192.168.1.5", hostname("cam.local"))[0]
	h.Pin(named)
	h.after(time.Hour)
	h.wire(macB, "192.168.1.66")
	h.says("192.168.1.66", hostname("cam.local"))
	if got, _ := h.Resolve(macB, netip.Addr{}, ""); got == named || !h.InDoubt(named) {
		t.Errorf("the newcomer became %s\n%s", got, h.shape())
	}
}

func TestAnUnconfirmedDeviceIsAbsorbedWithAllThatIsKnownOfIt(t *testing.T) {
	h := newHome(t)
	early := h.Observe(Sighting{
		Source: SourceSSDP, At: t0, Identifiers: []Identifier{{UDN, "aaaa-bbbb"}}, Addresses: addrs("192.168.1.5", "192.168.1.6"),
		Facts: []Fact{{Key: "model", Value: "X"}}, Services: []Service{{Type: "_x._tcp", Instance: "X"}},
	})[0]
	h.after(time.Minute)
	late := h.wire(macA, "192.168.1.6")[0]
	if d, ok := h.Device(late); !ok || d.ID != early || !d.FirstSeen.Equal(t0) || len(d.Facts) != 1 || len(d.Services) != 1 || len(d.Sources) != 2 || len(d.Addresses) != 2 {
		t.Errorf("%+v", d)
	}
}
