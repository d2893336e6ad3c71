package fingerprint

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bestbefore/discovery"
)

// makers are lines of the IEEE listing.
func makers(mac string) (string, bool) {
	name, ok := map[string]string{
		"44:4e:6d": "AVM Audiovisuelles Marketing und Computersysteme GmbH", "b8:27:eb": "Raspberry Pi Foundation", "00:1b:a9": "Brother industries, LTD.",
		"00:11:32": "Synology Incorporated", "dc:a6:32": "Raspberry Pi Trading Ltd", "00:05:cd": "D&M Holdings Inc.", "e4:5f:01": "Raspberry Pi Trading Ltd",
		"24:0a:c4": "Espressif Inc.", "6c:ad:f8": "AzureWave Technology Inc.", "00:17:88": "Philips Lighting BV", "30:ae:a4": "Espressif Inc.",
		"48:a6:b8": "Sonos, Inc.", "cc:50:e3": "Espressif Inc.", "f0:18:98": "Apple, Inc.",
	}[mac[:min(8, len(mac))]]
	return name, ok
}

func svc(typ, instance, host string, txt ...string) discovery.Service {
	return discovery.Service{Type: typ, Instance: instance, Host: host, Port: 1, TXT: txt, Source: discovery.SourceMDNS}
}

func device(mac, host string, services ...discovery.Service) discovery.Device {
	d := discovery.Device{Hardware: []string{mac}, Identifiers: []discovery.Identifier{{Type: discovery.MAC, Value: mac}}, Services: services}
	if host != "" {
		d.Identifiers = append(d.Identifiers, discovery.Identifier{Type: discovery.Hostname, Value: strings.ToLower(host)})
	}
	return d
}

func upnp(d discovery.Device, kv ...string) discovery.Device {
	for i := 0; i < len(kv); i += 2 {
		d.Facts = append(d.Facts, discovery.Fact{Key: kv[i], Value: kv[i+1], Source: discovery.SourceSSDP, Of: "one"})
	}
	return d
}

// lab is the home in a box: every device with what its daemons really announce.
var lab = []struct {
	name   string
	device discovery.Device
	want   discovery.Guess // without evidence and confidence
}{
	{
		"gw", upnp(device("44:4e:6d:00:00:01", "fritz.local"), "manufacturer", "AVM Berlin", "model", "FRITZ!Box 7590", "friendly_name", "FRITZ!Box 7590",
			"serial", "12345678", "device_type", "urn:schemas-upnp-org:device:InternetGatewayDevice:1", "server", "Debian/12 UPnP/1.1 MiniUPnPd/2.3.1"),
		discovery.Guess{Name: "FRITZ!Box 7590", Vendor: "AVM", Model: "FRITZ!Box 7590", Kind: discovery.KindRouter},
	},
	{
		"speaker", device("b8:27:eb:00:00:10", "kitchen-speaker.local",
			svc("_raop._tcp", "33FA00A66F2E@Kitchen", "kitchen-speaker.local", "txtvers=1", "ch=2", "cn=0,1", "ek=1", "et=0,1", "sv=false", "da=true", "sr=44100", "ss=16",
				"pw=false", "vn=65537", "tp=UDP", "vs=105.1", "am=ShairportSync", "fv=76400.10", "md=0,1,2", "sf=0x4"),
			svc("_mpd._tcp", "Music Player @ kitchen-speaker", "kitchen-speaker.local")),
		discovery.Guess{Name: "Kitchen", Vendor: "Raspberry Pi", Kind: discovery.KindSpeaker},
	},
	{
		"printer", device("00:1b:a9:00:00:11", "brw001ba9000011.local",
			svc("_ipp._tcp", "Brother HL-L2350DW series", "BRW001BA9000011.local", "txtvers=1", "rp=ipp/print", "ty=Brother HL-L2350DW series", "adminurl=http://BRW001BA9000011.local:631/",
				"note=Home office", "pdl=application/pdf,image/urf,image/pwg-raster", "Color=F", "Duplex=T", "UUID=8a4e7e0b-9c1f-3d02-6f3c-1d3c0a8e0011", "TLS=1.2", "URF=V1.4", "qtotal=1"),
			queue("_printer._tcp", "Brother HL-L2350DW series"),
			svc("_http._tcp", "Brother HL-L2350DW series", "BRW001BA9000011.local")),
		discovery.Guess{Name: "Brother HL-L2350DW series", Vendor: "Brother", Model: "HL-L2350DW series", Kind: discovery.KindPrinter},
	},
	{
		"nas", upnp(device("00:11:32:00:00:12", "diskstation.local",
			svc("_http._tcp", "diskstation", "diskstation.local", "vendor=Synology", "model=DS918+", "serial=1780PDN123456", "version_major=7", "version_minor=2",
				"version_build=64570", "admin_port=5000", "secure_admin_port=5001", "mac_address=00:11:32:00:00:12"),
			svc("_workstation._tcp", "diskstation [00:11:32:00:00:12]", "diskstation.local"),
			svc("_smb._tcp", "DISKSTATION", "diskstation.local"),
			queue("_printer._tcp", "Laser in the hall @ diskstation"),
			svc("_device-info._tcp", "DISKSTATION", "diskstation.local", "model=Xserve"),
			svc("_adisk._tcp", "DISKSTATION", "diskstation.local", "sys=waMA=0,adVF=0x100", "dk0=adVN=backup,adVF=0x82"),
			svc("_ipp._tcp", "Laser in the hall @ diskstation", "diskstation.local", "txtvers=1", "rp=printers/Laser", "ty=Local Raw Printer", "printer-type=0x1006", "product=(X)", "UUID=5ee8a4ee-0000-3b60-7e5d-000000000012")),
			"manufacturer", "Justin Maggard", "model", "DS918+", "friendly_name", "DiskStation media", "serial", "1780PDN123456",
			"device_type", "urn:schemas-upnp-org:device:MediaServer:1", "server", "Debian DLNADOC/1.50 UPnP/1.0 MiniDLNA/1.3.0"),
		discovery.Guess{Name: "diskstation", Vendor: "Synology", Model: "DS918+", Kind: discovery.KindStorage},
	},
	{
		"music", device("dc:a6:32:00:00:13", "musicbox.local",
			svc("_snapcast._tcp", "Snapcast", "musicbox.local"), svc("_snapcast-http._tcp", "Snapcast", "musicbox.local"),
			svc("_mqtt._tcp", "Mosquitto on musicbox", "musicbox.local")),
		discovery.Guess{Name: "musicbox", Vendor: "Raspberry Pi", Kind: discovery.KindServer},
	},
	{
		"renderer", upnp(device("00:05:cd:00:00:14", ""), "manufacturer", "Ivo Clarysse, Henner Zeller", "model", "gmediarender", "friendly_name", "Denon AVR-X2700H",
			"device_type", "urn:schemas-upnp-org:device:MediaRenderer:1", "server", "Linux/6.1.0 UPnP/1.0 GMediaRender/0.0.9"),
		discovery.Guess{Name: "Denon AVR-X2700H", Vendor: "Denon", Kind: discovery.KindMedia},
	},
	{
		"hap", device("e4:5f:01:00:00:15", "homebridge.local",
			svc("_hap._tcp", "Homebridge 0015 7B1C", "homebridge.local", "c#=2", "ff=0", "id=0E:4A:5B:00:00:15", "md=homebridge", "pv=1.1", "s#=1", "sf=1", "ci=2", "sh=k0lmrQ==")),
		discovery.Guess{Name: "Homebridge 0015", Vendor: "Raspberry Pi", Kind: discovery.KindHub},
	},
	{
		"matter", device("24:0a:c4:00:00:16", "240ac4000016.local",
			svc("_matterc._udp", "A1B2C3D4E5F60718", "240AC4000016.local", "VP=65521+32768", "DT=256", "DN=Desk light", "SII=500", "D=3840", "CM=1", "PH=33", "PI=")),
		discovery.Guess{Name: "Desk light", Vendor: "Espressif", Kind: discovery.KindLight},
	},
	{
		"cast", device("6c:ad:f8:00:00:17", "living-room-tv.local",
			svc("_googlecast._tcp", "Chromecast-Ultra-0123456789abcdef0123456789abcdef", "living-room-tv.local", "id=0123456789abcdef0123456789abcdef",
				"cd=AABBCCDDEEFF00112233445566778899", "rm=", "ve=05", "md=Chromecast Ultra", "ic=/setup/icon.png", "fn=Living Room TV", "ca=463365", "st=0", "bs=6CADF8000017", "nf=1", "rs="),
			svc("_androidtvremote2._tcp", "Living Room TV", "living-room-tv.local", "bt=6C:AD:F8:00:00:17"),
			svc("_spotify-connect._tcp", "Living Room TV", "living-room-tv.local", "CPath=/zc", "VERSION=1.0", "Stack=SP"),
			svc("_airplay._tcp", "Living Room TV", "living-room-tv.local", "deviceid=6C:AD:F8:00:00:17", "features=0x7F8AD0,0x38BCF46", "flags=0x244", "model=OLED55C1",
				"manufacturer=LG", "fv=p20.03.30.30", "serialNumber=105MAXX00017", "protovers=1.1", "srcvers=377.30", "pi=8e1c0f00-0000-4000-8000-6cadf8000017"),
			svc("_amzn-wplay._tcp", "amzn.dmgr:0A1B2C3D4E5F", "living-room-tv.local", "s=0", "n=Fire TV Living Room", "ad=A2GFL5ZMWNE0PX")),
		discovery.Guess{Name: "Living Room TV", Vendor: "LG", Model: "OLED55C1", Kind: discovery.KindTelevision},
	},
	{
		"hue", device("00:17:88:00:00:18", "001788fffe000018.local",
			svc("_hue._tcp", "Hue Bridge - 000018", "001788fffe000018.local", "bridgeid=001788fffe000018", "modelid=BSB002"),
			svc("_hap._tcp", "Hue Bridge - 000018", "001788fffe000018.local", "c#=26", "ff=1", "id=1A:2B:3C:00:00:18", "md=BSB002", "pv=1.1", "s#=1", "sf=1", "ci=2", "sh=ABCDEF==")),
		discovery.Guess{Name: "Hue Bridge", Vendor: "Signify", Model: "BSB002", Kind: discovery.KindHub},
	},
	{
		"esp", device("30:ae:a4:00:00:19", "shellyplus1pm.local",
			svc("_shelly._tcp", "shellyplus1pm-30aea4000019", "shellyplus1pm.local", "gen=2", "app=Plus1PM", "ver=1.4.4"),
			svc("_http._tcp", "shellyplus1pm-30aea4000019", "shellyplus1pm.local", "gen=2")),
		discovery.Guess{Name: "shellyplus1pm-30aea4000019", Vendor: "Shelly", Model: "Plus1PM", Kind: discovery.KindPlug},
	},
	{
		"sonos", device("48:a6:b8:00:00:20", "sonos-48a6b8000020.local",
			svc("_sonos._tcp", "48A6B8000020@Bedroom", "Sonos-48A6B8000020.local", "info=/api/v1/players/RINCON_48A6B800002001400/info", "vers=3", "location=http://192.168.77.20:1400/xml/device_description.xml"),
			svc("_spotify-connect._tcp", "48A6B8000020@Bedroom", "Sonos-48A6B8000020.local", "VERSION=1.0", "CPath=/spotifyzc")),
		discovery.Guess{Name: "Sonos Bedroom", Vendor: "Sonos", Kind: discovery.KindSpeaker},
	},
	{
		"tiny", device("cc:50:e3:00:00:21", "tiny sensor.local", svc("_http._tcp", "tiny sensor", "tiny sensor.local", "path=/status", "vendor=Example")),
		discovery.Guess{Name: "tiny sensor", Vendor: "Example", Kind: discovery.KindSensor},
	},
	{"silent", device("f0:18:98:00:00:22", ""), discovery.Guess{Vendor: "Apple"}},

	// The other devices that share the lab's .19, each as it is when it stands alone.
	{
		"garage door", device("30:ae:a4:00:00:19", "garage-door.local", svc("_esphomelib._tcp", "garage-door", "garage-door.local", "friendly_name=Garage Door", "version=2025.5.1",
			"mac=30aea4000019", "platform=ESP32", "board=esp32dev", "network=wifi", "project_name=example.garage", "project_version=1.0")),
		discovery.Guess{Name: "Garage Door", Vendor: "example", Model: "garage", Kind: discovery.KindGarage},
	},
	{
		"wled", device("30:ae:a4:00:00:19", "wled-shelf.local", svc("_wled._tcp", "wled-shelf", "wled-shelf.local", "mac=30aea4000019")),
		discovery.Guess{Name: "wled-shelf", Vendor: "WLED", Kind: discovery.KindLight},
	},
	{
		"heating", device("30:ae:a4:00:00:19", "", svc("_http._tcp", "Büro · Ölheizung 1.5 kW", "x.local", "path=/", "Hersteller=Müller & Söhne")),
		discovery.Guess{Name: "Büro · Ölheizung 1.5 kW", Vendor: "Espressif", Kind: discovery.KindThermostat},
	},
	{
		"nanoleaf", device("30:ae:a4:00:00:19", "", svc("_nanoleafapi._tcp", "Shapes 52C1", "x.local", "md=NL42", "srcvers=9.6.2", "id=30:AE:A4:52:C1:00")),
		discovery.Guess{Name: "Shapes 52C1", Vendor: "Nanoleaf", Model: "NL42", Kind: discovery.KindLight},
	},
	{
		"miio", device("30:ae:a4:00:00:19", "", svc("_miio._udp", "zhimi-airpurifier-mb3_miio123456789", "x.local", "mac=04cf8c000019", "path=/mybox", "epoch=1")),
		discovery.Guess{Vendor: "Xiaomi", Model: "zhimi-airpurifier-mb3", Kind: discovery.KindAir},
	},
	{
		"octoprint", device("b8:27:eb:00:00:19", "prusa.local", svc("_octoprint._tcp", "OctoPrint on prusa", "prusa.local", "path=/", "version=1.10.0", "api=0.1", "model=MK4", "vendor=Prusa")),
		discovery.Guess{Name: "OctoPrint on prusa", Vendor: "Prusa", Model: "MK4", Kind: discovery.KindPrinter3D},
	},
}

func TestEveryDeviceOfTheLab(t *testing.T) {
	for _, c := range lab {
		t.Run(c.name, func(t *testing.T) {
			got := Guess(c.device, makers)
			for _, e := range got.Evidence {
				if e.Because == "" || e.Confidence <= 0 || e.Confidence > 1 {
					t.Errorf("evidence without reason or measure: %+v", e)
				}
				t.Logf("%-6s %-30s %.2f %s", e.What, e.Value, e.Confidence, e.Because)
			}
			sure := got.Confidence
			got.Evidence, got.Confidence = nil, 0
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("want -, got +\n%s", diff)
			}
			if c.want.Kind != "" && sure < 0.3 || sure > 1 {
				t.Errorf("confidence %.2f", sure)
			}
			// The order in which services were heard must not matter.
			slices.Reverse(c.device.Services)
			slices.Reverse(c.device.Facts)
			again := Guess(c.device, makers)
			again.Evidence, again.Confidence = nil, 0
			if diff := cmp.Diff(got, again); diff != "" {
				t.Errorf("in another order:\n%s", diff)
			}
		})
	}
}

func TestGuessing(t *testing.T) {
	const pi = "b8:27:eb:00:00:10"
	for _, c := range []struct {
		name   string
		device discovery.Device
		want   discovery.Guess
	}{
		{"nothing is known of nothing", discovery.Device{}, discovery.Guess{}},
		{"a random hardware address has no maker", device("f2:18:98:00:00:22", ""), discovery.Guess{}},
		{"a phone by its name", device("f2:18:98:00:00:22", "annas-iphone.local"), discovery.Guess{Name: "annas-iphone", Kind: discovery.KindPhone}},
		{"a host name of digits is a poor name", device(pi, "001788fffe000018.local"), discovery.Guess{Name: "001788fffe000018", Vendor: "Raspberry Pi"}},
		{"an Apple TV", device(pi, "", svc("_airplay._tcp", "Salon", "h", "model=AppleTV11,1", "features=0x0")), discovery.Guess{Name: "Salon", Vendor: "Apple", Model: "AppleTV11,1", Kind: discovery.KindMedia}},
		{
			"an AirPlay speaker", device(pi, "", svc("_airplay._tcp", "Bad", "h", "model=One", "manufacturer=Sonos", "features=0x445F8A00,0x1C340")),
			discovery.Guess{Name: "Bad", Vendor: "Sonos", Model: "One", Kind: discovery.KindSpeaker},
		},
		{"AirPlay that says nothing", device(pi, "", svc("_airplay._tcp", "Bad", "h", "features=0x")), discovery.Guess{Name: "Bad", Vendor: "Raspberry Pi", Kind: discovery.KindSpeaker}},
		{"AirPlay with one digit", device(pi, "", svc("_airplay._tcp", "Bad", "h", "features=1")), discovery.Guess{Name: "Bad", Vendor: "Raspberry Pi", Kind: discovery.KindTelevision}},
		{"a cast speaker", device(pi, "", svc("_googlecast._tcp", "x", "h", "md=Nest Mini", "fn=Küche", "ca=198660")), discovery.Guess{Name: "Küche", Vendor: "Google", Model: "Nest Mini", Kind: discovery.KindSpeaker}},
		{"a cast group tells nothing of the device", device(pi, "", svc("_googlecast._tcp", "x", "h", "md=Google Cast Group", "fn=Everywhere", "ca=199204")), discovery.Guess{Vendor: "Raspberry Pi"}},
		{"a Mac by its device info", device(pi, "", svc("_device-info._tcp", "Studio", "h", "model=Macmini9,1")), discovery.Guess{Vendor: "Apple", Model: "Macmini9,1", Kind: discovery.KindComputer}},
		{
			"a printer with USB names", device(pi, "", svc("_pdl-datastream._tcp", "x", "h", "usb_MFG=HP", "usb_MDL=LaserJet 400", "ty=HP LaserJet 400")),
			discovery.Guess{Name: "HP LaserJet 400", Vendor: "HP", Model: "LaserJet 400", Kind: discovery.KindPrinter},
		},
		{"a QNAP", device(pi, "", svc("_http._tcp", "store", "h", "vendor=QNAP", "model=TS-453")), discovery.Guess{Name: "store", Vendor: "QNAP", Model: "TS-453", Kind: discovery.KindStorage}},
		{"a Shelly of the first generation", device(pi, "", svc("_http._tcp", "shelly1-00A0B1", "h", "id=shelly1-00A0B1")), discovery.Guess{Name: "shelly1-00A0B1", Vendor: "Shelly"}},
		{"a Roomba by its Alexa set-up", device(pi, "", svc("_amzn-alexa._tcp", "Roomba-31", "h")), discovery.Guess{Vendor: "iRobot", Kind: discovery.KindVacuum}},
		{"a Yeelight", device(pi, "", svc("_miio._udp", "yeelink-light-color1_miio1", "h")), discovery.Guess{Vendor: "Xiaomi", Model: "yeelink-light-color1", Kind: discovery.KindLight}},
		{"miIO without the word", device(pi, "", svc("_miio._udp", "x", "h")), discovery.Guess{Vendor: "Xiaomi"}},
		{"ESPHome without a project", device(pi, "", svc("_esphomelib._tcp", "x", "h")), discovery.Guess{Vendor: "Raspberry Pi"}},
		{
			"Matter after it stopped naming its kind", device(pi, "", discovery.Service{Type: "_matterc._udp", Instance: "A", Once: discovery.TXT{"DT=266", "DN=Plug"}}),
			discovery.Guess{Name: "Plug", Vendor: "Raspberry Pi", Kind: discovery.KindPlug},
		},
		{"this computer", discovery.Device{Role: discovery.RoleThisComputer}, discovery.Guess{Kind: discovery.KindComputer}},
		{"the router", discovery.Device{Role: discovery.RoleRouter}, discovery.Guess{Kind: discovery.KindRouter}},
		{
			"a connector knows the name",
			discovery.Device{Facts: []discovery.Fact{{Key: "name", Value: "Annas Tablet", Source: "connector:fritz"}}},
			discovery.Guess{Name: "Annas Tablet", Kind: discovery.KindTablet},
		},
		{
			"a connector knows the kind",
			discovery.Device{Facts: []discovery.Fact{{Key: "kind", Value: "camera", Source: "connector:x"}, {Key: "vendor", Value: "Reolink Innovation Limited"}}},
			discovery.Guess{Vendor: "Reolink Innovation", Kind: discovery.KindCamera},
		},
		{"a Roku", upnp(discovery.Device{}, "device_type", "roku:ecp", "manufacturer", "Roku, Inc.", "model", "Roku Ultra"), discovery.Guess{Vendor: "Roku", Model: "Roku Ultra", Kind: discovery.KindMedia}},
		{
			"Kodi on a computer", device(pi, "htpc.local", svc("_airplay._tcp", "HTPC", "h", "model=Xbmc,1", "manufacturer=XBMC Foundation", "features=0x1")),
			discovery.Guess{Name: "HTPC", Vendor: "Raspberry Pi"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := Guess(c.device, makers)
			evidence := got.Evidence
			got.Evidence, got.Confidence = nil, 0
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("want -, got +\n%s%+v", diff, evidence)
			}
		})
	}
}

func TestGuessWithoutAListOfMakers(t *testing.T) {
	if g := Guess(device("f0:18:98:00:00:22", ""), nil); g.Vendor != "" || g.Evidence == nil {
		t.Errorf("%+v", g)
	}
}

func TestTheMACInATextIsAskedWhenNothingElseIsThere(t *testing.T) {
	d := discovery.Device{Identifiers: []discovery.Identifier{{Type: discovery.MAC, Value: "f0:18:98:00:00:22"}, {Type: discovery.MAC, Value: "00:00:01:00:00:01"}}}
	if g := Guess(d, makers); g.Vendor != "Apple" {
		t.Errorf("maker %q", g.Vendor)
	}
}

func TestMaker(t *testing.T) {
	for long, want := range map[string]string{
		"AVM Audiovisuelles Marketing und Computersysteme GmbH": "AVM", "Sonos, Inc.": "Sonos", "Samsung Electronics Co.,Ltd": "Samsung",
		"HUAWEI TECHNOLOGIES CO.,LTD": "Huawei", "Zyxel Communications Corporation": "Zyxel", "Withings": "Withings", "Inc.": "Inc.", "": "",
		"LG": "LG", "2M Technology": "2M", "Evil\u202e Corp.": "Evil", "Apple": "Apple", "Applecross Ltd": "Applecross",
	} {
		if got := Maker(long); got != want {
			t.Errorf("Maker(%q) = %q, want %q", long, got, want)
		}
	}
}

// queue is a name that a print server holds without offering the service.
func queue(typ, instance string) discovery.Service {
	return discovery.Service{Type: typ, Instance: instance, Source: discovery.SourceMDNS}
}

func TestTheModelComesWithItsMaker(t *testing.T) {
	// Everything that announces itself from one address of the lab at once.
	g := Guess(device("30:ae:a4:00:00:19", "shellyplus1pm.local",
		svc("_shelly._tcp", "shellyplus1pm-30aea4000019", "h", "gen=2", "app=Plus1PM"), svc("_http._tcp", "shellyplus1pm-30aea4000019", "h", "gen=2"),
		svc("_nanoleafapi._tcp", "Shapes 52C1", "h", "md=NL42"), svc("_octoprint._tcp", "OctoPrint on prusa", "h", "model=MK4", "vendor=Prusa")), makers)
	if g.Vendor != "Shelly" || g.Model != "Plus1PM" {
		t.Errorf("%s %s", g.Vendor, g.Model)
	}
}
