package discovery_test

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"bestbefore/discovery"
	"bestbefore/discovery/fingerprint"
)

// reports gathers what the three sources say of a home.
type reports struct{ all []discovery.Sighting }

func (r *reports) wire(mac string, last int) {
	for _, a := range both(last) {
		r.all = append(r.all, discovery.Sighting{
			Source: discovery.SourceNeighbor, Identifiers: []discovery.Identifier{{Type: discovery.MAC, Value: mac}}, Addresses: []netip.Addr{a},
		})
	}
}

func (r *reports) says(host string, last int, services ...discovery.Service) {
	for _, a := range both(last) {
		for _, s := range services {
			s.Host = host
			r.all = append(r.all, discovery.Sighting{
				Source: discovery.SourceMDNS, From: a, Addresses: []netip.Addr{a}, Services: []discovery.Service{s},
				Identifiers: []discovery.Identifier{{Type: discovery.Hostname, Value: host}, {Type: discovery.Instance, Value: discovery.InstanceName(s)}},
			})
		}
	}
}

func (r *reports) upnp(last int, udn, name, maker, typ string) {
	a := both(last)[0]
	r.all = append(r.all, discovery.Sighting{
		Source: discovery.SourceSSDP, From: a, Addresses: []netip.Addr{a}, Identifiers: []discovery.Identifier{{Type: discovery.UDN, Value: udn}},
		Facts: []discovery.Fact{{Key: "friendly_name", Value: name, Of: udn}, {Key: "manufacturer", Value: maker, Of: udn}, {Key: "device_type", Value: typ, Of: udn}},
	})
}

// both are the IPv4 and the IPv6 address of a device of the lab.
func both(last int) []netip.Addr {
	return []netip.Addr{netip.MustParseAddr(fmt.Sprintf("192.168.77.%d", last)), netip.MustParseAddr(fmt.Sprintf("fd77:77:77:1::%x", last))}
}

func svc(typ, instance string, txt ...string) discovery.Service {
	return discovery.Service{Type: typ, Instance: instance, Port: 1, TXT: txt}
}

// box is the home in a box: what its devices really announce.
func box() []discovery.Sighting {
	r := &reports{}
	r.wire("44:4e:6d:00:00:01", 1)
	r.all[0].Role = discovery.RoleRouter
	r.upnp(1, "75802409-bccb-40e7-8e6c-444e6d000001", "FRITZ!Box 7590", "AVM Berlin", "urn:schemas-upnp-org:device:InternetGatewayDevice:1")
	r.wire("b8:27:eb:00:00:10", 10)
	r.says("kitchen-speaker.local", 10, svc("_raop._tcp", "B827EB000010@Kitchen", "am=ShairportSync"), svc("_mpd._tcp", "Music Player @ kitchen-speaker"))
	r.wire("00:1b:a9:00:00:11", 11)
	r.says("BRW001BA9000011.local", 11, svc("_ipp._tcp", "Brother HL-L2350DW series", "ty=Brother HL-L2350DW series", "UUID=8a4e7e0b-9c1f-3d02-6f3c-1d3c0a8e0011"), svc("_http._tcp", "Brother HL-L2350DW series"))
	r.wire("00:11:32:00:00:12", 12)
	r.says("diskstation.local", 12, svc("_http._tcp", "diskstation", "vendor=Synology", "model=DS918+", "serial=1780PDN123456", "mac_address=00:11:32:00:00:12"),
		svc("_smb._tcp", "DISKSTATION"), svc("_workstation._tcp", "diskstation [00:11:32:00:00:12]"), svc("_ipp._tcp", "Laser in the hall @ diskstation", "printer-type=0x1006"))
	r.upnp(12, "4d696e69-444c-164e-9d41-001132000012", "DiskStation media", "Justin Maggard", "urn:schemas-upnp-org:device:MediaServer:1")
	r.wire("dc:a6:32:00:00:13", 13)
	r.says("musicbox.local", 13, svc("_snapcast._tcp", "Snapcast"), svc("_mqtt._tcp", "Mosquitto on musicbox"))
	r.wire("00:05:cd:00:00:14", 14)
	r.upnp(14, "a1b2c3d4-0000-4000-8000-0005cd000014", "Denon AVR-X2700H", "Ivo Clarysse, Henner Zeller", "urn:schemas-upnp-org:device:MediaRenderer:1")
	r.wire("6c:ad:f8:00:00:17", 17)
	r.says("living-room-tv.local", 17, svc("_googlecast._tcp", "Chromecast-Ultra-0123456789abcdef0123456789abcdef", "id=0123456789abcdef0123456789abcdef", "md=Chromecast Ultra", "fn=Living Room TV", "ca=463365"),
		svc("_airplay._tcp", "Living Room TV", "deviceid=6C:AD:F8:00:00:17", "features=0x7F8AD0,0x38BCF46", "model=OLED55C1", "manufacturer=LG", "serialNumber=105MAXX00017"), svc("_androidtvremote2._tcp", "Living Room TV", "bt=6C:AD:F8:00:00:17"))
	r.wire("00:17:88:00:00:18", 18)
	r.says("001788fffe000018.local", 18, svc("_hue._tcp", "Hue Bridge - 000018", "bridgeid=001788fffe000018", "modelid=BSB002"), svc("_hap._tcp", "Hue Bridge - 000018", "id=1A:2B:3C:00:00:18", "md=BSB002", "ci=2"))
	r.wire("48:a6:b8:00:00:20", 20)
	r.says("Sonos-48A6B8000020.local", 20, svc("_sonos._tcp", "48A6B8000020@Bedroom", "info=/api/v1/players/RINCON_48A6B800002001400/info"))
	r.wire("f0:18:98:00:00:22", 22)
	return r.all
}

// TestTheWholeHomeIsOneEntryForEachDevice plays what three sources report of
// the home in a box, in many orders: every physical device is one entry, with a
// name that a person understands, and nobody is asked anything.
func TestTheWholeHomeIsOneEntryForEachDevice(t *testing.T) {
	at, all := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC), box()
	want := "Brother HL-L2350DW series is printer, Denon AVR-X2700H is media_player, FRITZ!Box 7590 is router, Hue Bridge is hub, Kitchen is speaker, " +
		"Living Room TV is television, Sonos Bedroom is speaker, Unknown device is , diskstation is storage, musicbox is server"
	for seed := range uint64(60) {
		shuffled := slices.Clone(all)
		rand.New(rand.NewPCG(seed, 7)).Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		n := 0
		inv, err := discovery.NewInventory(discovery.InventoryConfig{
			Now:         func() time.Time { return at },
			NewID:       func() discovery.DeviceID { n++; return discovery.DeviceID(fmt.Sprint("d", n)) },
			Identify:    fingerprint.Identifiers,
			Fingerprint: func(d discovery.Device) discovery.Guess { return fingerprint.Guess(d, nil) },
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range shuffled {
			s.At = at
			inv.Observe(s)
		}
		var got []string
		for _, d := range inv.Devices() {
			got = append(got, fmt.Sprintf("%s is %s", d.Name(), d.Guess.Kind))
			if len(d.Addresses) != 2 {
				t.Errorf("%s has addresses %v", d.Name(), d.Addresses)
			}
		}
		slices.Sort(got)
		if s := strings.Join(got, ", "); s != want {
			t.Fatalf("order %d gives\n%s\nwant\n%s", seed, s, want)
		}
		if q := inv.Questions(); len(q) != 0 {
			t.Fatalf("order %d asks %+v", seed, q)
		}
		// Everything once more changes nothing.
		for _, s := range shuffled {
			s.At = at.Add(time.Minute)
			if changed := inv.Observe(s); changed != nil {
				t.Fatalf("order %d: %v changed by a refresh (%+v)", seed, changed, s)
			}
		}
	}
}
