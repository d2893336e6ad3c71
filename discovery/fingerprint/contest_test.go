package fingerprint

import (
	"slices"
	"testing"

	"bestbefore/discovery"
)

// everything is what the lab's one microcontroller announces from one address.
func everything() discovery.Device {
	const h = "shellyplus1pm.local"
	return device("30:ae:a4:00:00:19", h,
		svc("_shelly._tcp", "shellyplus1pm-30aea4000019", h, "gen=2", "app=Plus1PM"), svc("_http._tcp", "shellyplus1pm-30aea4000019", h, "gen=2"),
		svc("_esphomelib._tcp", "garage-door", h, "friendly_name=Garage Door", "project_name=example.garage"), svc("_wled._tcp", "wled-shelf", h, "mac=30aea4000019"),
		svc("_nanoleafapi._tcp", "Shapes 52C1", h, "md=NL42"), svc("_miio._udp", "zhimi-airpurifier-mb3_miio123456789", h),
		svc("_octoprint._tcp", "OctoPrint on prusa", h, "model=MK4", "vendor=Prusa"))
}

// Of kinds that go together the one that says more is meant; between kinds that
// contradict each other nobody chooses.
func TestKindsThatGoTogetherAndKindsThatDoNot(t *testing.T) {
	const mac = "9c:76:13:00:00:30"
	for _, c := range []struct {
		name   string
		device discovery.Device
		want   discovery.Kind
		least  float64
	}{
		{"the lab's doorbell, which has a camera", device(mac, "front-door.local", svc("_axis-video._tcp", "Front Door", "h", "macaddress=9C7613000030"),
			svc("_hap._tcp", "Front Door", "h", "md=Video Doorbell 2", "ci=18", "id=9C:76:13:00:00:30")), discovery.KindDoorbell, 0.8},
		{"a camera alone stays one", device(mac, "", svc("_axis-video._tcp", "Front Door", "h", "macaddress=9C7613000030")), discovery.KindCamera, 0.7},
		{"an Axis camera", device(mac, "", svc("_axis-video._tcp", "Yard", "h", "macaddress=ACCC8E000030")), discovery.KindCamera, 0.9},
		{"a DoorBird by its address", device(mac, "", svc("_axis-video._tcp", "Bird", "h", "macaddress=1CCAAE000030")), discovery.KindDoorbell, 0.9},
		{"everything at once is nothing for sure", everything(), discovery.KindUnknown, 0},
		{"a light and a plug", device(mac, "", svc("_wled._tcp", "a", "h"), svc("_ewelink._tcp", "b", "h"), svc("_hap._tcp", "b", "h", "ci=7")), discovery.KindUnknown, 0},
		{"a plug that HomeKit knows too", device(mac, "", svc("_shelly._tcp", "b", "h"), svc("_hap._tcp", "b", "h", "ci=7")), discovery.KindPlug, 0.8},
		{"a word in a name does not contradict a claim", device(mac, "printer.local", svc("_nanoleafapi._tcp", "Printer corner", "h", "md=NL42")), discovery.KindLight, 0.9},
		{"a printer that scans", device(mac, "", svc("_ipp._tcp", "x", "h", "ty=HP Envy"), svc("_uscan._tcp", "x", "h", "ty=HP Envy")), discovery.KindPrinter, 0.8},
		{"a television that plays and casts", device(mac, "", svc("_androidtvremote2._tcp", "TV", "h"), svc("_amzn-wplay._tcp", "x", "h"), svc("_spotify-connect._tcp", "x", "h")), discovery.KindTelevision, 0.8},
		{"a print server with 3D printer", device(mac, "", svc("_octoprint._tcp", "x", "h"), svc("_home-assistant._tcp", "x", "h")), discovery.KindPrinter3D, 0.8},
	} {
		t.Run(c.name, func(t *testing.T) {
			for range 2 {
				g := Guess(c.device, makers)
				if g.Kind != c.want || g.Confidence < c.least || c.want == discovery.KindUnknown && g.Confidence != 0 {
					t.Errorf("%q at %.2f, want %q: %+v", g.Kind, g.Confidence, c.want, g.Evidence)
				}
				if c.want != discovery.KindUnknown && (g.Evidence[0].What != "kind" || g.Evidence[0].Value != string(c.want)) {
					t.Errorf("the first reason is not that of the kind: %+v", g.Evidence[0])
				}
				slices.Reverse(c.device.Services)
			}
		})
	}
	// All that was said can still be looked at.
	kinds := map[string]bool{}
	for _, e := range Guess(everything(), makers).Evidence {
		if e.What == "kind" {
			kinds[e.Value] = true
		}
	}
	if len(kinds) < 3 {
		t.Errorf("evidence names %v", kinds)
	}
}

// What we know ourselves is not put to the vote.
func TestARoleIsNoClaim(t *testing.T) {
	d := everything()
	d.Role = discovery.RoleRouter
	if g := Guess(d, makers); g.Kind != discovery.KindRouter {
		t.Errorf("the router is %q", g.Kind)
	}
	d.Role = discovery.RoleThisComputer
	if g := Guess(d, makers); g.Kind != discovery.KindComputer {
		t.Errorf("this computer is %q", g.Kind)
	}
}

// Types whose makers, models and names were not read before.
func TestMoreTypes(t *testing.T) {
	const mac = "02:00:00:00:00:01"
	for _, c := range []struct {
		svc  discovery.Service
		want discovery.Guess
	}{
		{svc("_dyson_mqtt._tcp", "475_NM7-EU-JEA1234A", "h"), discovery.Guess{Vendor: "Dyson", Model: "TP02", Kind: discovery.KindAir}},
		{svc("_dyson_mqtt._tcp", "DYSON_9HC-EU-UDB1234A_438E", "h"), discovery.Guess{Vendor: "Dyson", Model: "TP07", Kind: discovery.KindAir}},
		{svc("_dyson_mqtt._tcp", "999_X", "h"), discovery.Guess{Vendor: "Dyson", Kind: discovery.KindAir}},
		{svc("_ewelink._tcp", "eWeLink_1000abcdef", "h", "type=diy_plug", "id=1000abcdef"), discovery.Guess{Vendor: "Sonoff", Model: "diy_plug", Kind: discovery.KindPlug}},
		{svc("_arduino._tcp", "esp8266-1", "h", "board=\"ESP8266_NODEMCU\""), discovery.Guess{Model: "\"ESP8266_NODEMCU\""}},
		{svc("_privet._tcp", "x", "h", "ty=Office Jet"), discovery.Guess{Name: "Office Jet", Kind: discovery.KindPrinter}},
		{svc("_apple-mobdev2._tcp", "x", "h"), discovery.Guess{Vendor: "Apple", Kind: discovery.KindPhone}},
		{svc("_mediaremotetv._tcp", "x", "h", "Name=Salon"), discovery.Guess{Name: "Salon", Vendor: "Apple", Kind: discovery.KindMedia}},
		{svc("_rabbitair._udp", "x", "h"), discovery.Guess{Vendor: "Rabbit Air", Kind: discovery.KindAir}},
	} {
		got := Guess(device(mac, "", c.svc), makers)
		got.Evidence, got.Confidence = nil, 0
		if got.Kind != c.want.Kind || got.Vendor != c.want.Vendor || got.Model != c.want.Model || got.Name != c.want.Name {
			t.Errorf("%s %s: %+v, want %+v", c.svc.Type, c.svc.Instance, got, c.want)
		}
	}
}
