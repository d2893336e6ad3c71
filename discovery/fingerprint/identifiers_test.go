package fingerprint

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"bestbefore/discovery"
)

func TestIdentifiers(t *testing.T) {
	id := func(t discovery.IdentifierType, v string) discovery.Identifier {
		return discovery.Identifier{Type: t, Value: v}
	}
	for _, c := range []struct {
		name string
		in   discovery.Service
		want []discovery.Identifier
	}{
		{
			"a cast device by its id", svc("_googlecast._tcp", "x", "h", "id=0123456789ABCDEF0123456789abcdef", "md=Chromecast Ultra", "bs=6CADF8000017", "cd=AABB"),
			[]discovery.Identifier{id(discovery.UUID, "0123456789abcdef0123456789abcdef")},
		},
		{"a group of speakers is not a device", svc("_googlecast._tcp", "x", "h", "id=0123456789abcdef", "md=Google Cast Group"), nil},
		{"nor by its bit", svc("_googlecast._tcp", "x", "h", "id=0123456789abcdef", "md=Nest Audio", "ca=199204"), nil},
		{
			"AirPlay of a television", svc("_airplay._tcp", "x", "h", "deviceid=6C:AD:F8:00:00:17", "serialNumber=105MAXX00017", "pi=8e1c0f00-0000-4000-8000-6cadf8000017"),
			[]discovery.Identifier{id(discovery.MAC, "6c:ad:f8:00:00:17"), id(discovery.Serial, "105MAXX00017"), id(discovery.UUID, "8e1c0f00-0000-4000-8000-6cadf8000017")},
		},
		{"AirPlay by a program on a host is not the host", svc("_airplay._tcp", "x", "h", "deviceid=6C:AD:F8:00:00:17", "model=ShairportSync"), nil},
		{"RAOP by Shairport Sync neither", svc("_raop._tcp", "B827EB000010@Kitchen", "h", "am=ShairportSync"), nil},
		{"RAOP of an AirPort", svc("_raop._tcp", "6CADF8000017@Kitchen", "h", "am=AirPort10,115"), []discovery.Identifier{id(discovery.MAC, "6c:ad:f8:00:00:17")}},
		{"RAOP without an address", svc("_raop._tcp", "Kitchen", "h"), nil},
		{
			"a HomeKit accessory's id looks like a hardware address and is none", svc("_hap._tcp", "x", "h", "id=1A:2B:3C:00:00:18", "md=BSB002", "ci=2"),
			[]discovery.Identifier{id(discovery.UUID, "hap:1a:2b:3c:00:00:18")},
		},
		{"Homebridge's id is not the host's", svc("_hap._tcp", "x", "h", "id=0E:4A:5B:00:00:15", "md=homebridge"), nil},
		{
			"a Hue bridge's id holds the hardware address", svc("_hue._tcp", "x", "h", "bridgeid=001788fffe000018"),
			[]discovery.Identifier{id(discovery.MAC, "00:17:88:00:00:18"), id(discovery.UUID, "001788fffe000018")},
		},
		{"a printer by its UUID", svc("_ipp._tcp", "x", "h", "UUID=8A4E7E0B-9c1f-3d02-6f3c-1d3c0a8e0011"), []discovery.Identifier{id(discovery.UUID, "8a4e7e0b-9c1f-3d02-6f3c-1d3c0a8e0011")}},
		{"a print queue is not the computer that shares it", svc("_ipp._tcp", "x", "h", "UUID=8a4e7e0b-9c1f", "printer-type=0x1006"), nil},
		{
			"Sonos by its name and its UPnP number", svc("_sonos._tcp", "48A6B8000020@Bedroom", "h", "info=/api/v1/players/RINCON_48A6B800002001400/info"),
			[]discovery.Identifier{id(discovery.UDN, "rincon_48a6b800002001400"), id(discovery.MAC, "48:a6:b8:00:00:20")},
		},
		{"Sonos without a player in the path", svc("_sonos._tcp", "48A6B8000020@Bedroom", "h", "info=/x"), []discovery.Identifier{id(discovery.MAC, "48:a6:b8:00:00:20")}},
		{"ESPHome", svc("_esphomelib._tcp", "x", "h", "mac=30aea4000019"), []discovery.Identifier{id(discovery.MAC, "30:ae:a4:00:00:19")}},
		{"Shelly's name", svc("_shelly._tcp", "shellyplus1pm-30aea4000019", "h"), []discovery.Identifier{id(discovery.MAC, "30:ae:a4:00:00:19")}},
		{"half a hardware address is none", svc("_shelly._tcp", "shelly1-00A0B1", "h"), nil},
		{
			"a NAS with two cards", svc("_http._tcp", "x", "h", "vendor=Synology", "serial=1780PDN123456", "mac_address=00:11:32:00:00:12|00:11:32:00:00:13"),
			[]discovery.Identifier{id(discovery.MAC, "00:11:32:00:00:12"), id(discovery.MAC, "00:11:32:00:00:13"), id(discovery.Serial, "1780PDN123456")},
		},
		{"any web page may say mac_address", svc("_http._tcp", "x", "h", "mac_address=00:11:32:00:00:12"), nil},
		{"Avahi's workstation", svc("_workstation._tcp", "diskstation [00:11:32:00:00:12]", "h"), []discovery.Identifier{id(discovery.MAC, "00:11:32:00:00:12")}},
		{"a Bluetooth address is not the network's", svc("_androidtvremote2._tcp", "x", "h", "bt=6C:AD:F8:00:00:17"), nil},
		{"a Matter node among its fabric", svc("_matter._tcp", "87E1B004E235A130-8FC7772401CD0696", "h"), []discovery.Identifier{id(discovery.UUID, "matter:87e1b004e235a130-8fc7772401cd0696")}},
		{"a Matter node without a name", svc("_matter._tcp", "", "h"), nil},
		{"Matter's numbers for joining change", svc("_matterc._udp", "A1B2C3D4E5F60718", "h", "VP=1+2"), nil},
		{"Nanoleaf's id", svc("_nanoleafapi._tcp", "x", "h", "id=30:AE:A4:52:C1:00"), []discovery.Identifier{id(discovery.UUID, "nanoleaf:30:ae:a4:52:c1:00")}},
		{"Dyson old and new", svc("_dyson_mqtt._tcp", "DYSON_475_AB1-EU-KCA0123A", "h"), []discovery.Identifier{id(discovery.Serial, "AB1-EU-KCA0123A")}},
		{"Bond's name is its serial number", svc("_bond._tcp", "ZZBL12345", "h"), []discovery.Identifier{id(discovery.Serial, "ZZBL12345")}},
		{"what was once said still counts", discovery.Service{Type: "_wled._tcp", Once: discovery.TXT{"mac=30aea4000019"}}, []discovery.Identifier{id(discovery.MAC, "30:ae:a4:00:00:19")}},
		{"nonsense in a MAC field", svc("_wled._tcp", "x", "h", "mac=none"), nil},
		{"a serial number that nobody filled in", svc("_hwenergy._tcp", "x", "h", "serial=00000000"), nil},
		{"an unknown type", svc("_x._tcp", "x", "h", "mac=30aea4000019"), nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, Identifiers(c.in)); diff != "" {
				t.Errorf("want -, got +\n%s", diff)
			}
		})
	}
}

// FuzzIdentifiers proves that no TXT breaks the rules, and that what comes out
// is canonical.
func FuzzIdentifiers(f *testing.F) {
	for _, c := range lab {
		for _, s := range c.device.Services {
			txt := ""
			for _, x := range s.TXT {
				txt += x + "\n"
			}
			f.Add(s.Type, s.Instance, txt)
		}
	}
	f.Fuzz(func(t *testing.T, typ, instance, txt string) {
		s := svc(typ, instance, "h", splitLines(txt)...)
		for _, id := range Identifiers(s) {
			if again, ok := id.Normalize(); !ok || again != id {
				t.Fatalf("%+v is not canonical", id)
			}
		}
		g := Guess(device("30:ae:a4:00:00:19", "h.local", s), makers)
		for _, v := range []string{g.Name, g.Vendor, g.Model} {
			if string(discovery.Clean(v)) != v {
				t.Fatalf("%+q is not clean", v)
			}
		}
		if len(g.Evidence) > maxEvidence {
			t.Fatalf("%d reasons", len(g.Evidence))
		}
	})
}

func splitLines(s string) (out []string) {
	line := ""
	for _, c := range []byte(s) {
		if c == '\n' {
			out, line = append(out, line), ""
		} else {
			line += string([]byte{c})
		}
	}
	return append(out, line)
}
