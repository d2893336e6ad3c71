package mqtt

import (
	"strings"
	"testing"
	"time"

	"bestbefore/discovery"
	"bestbefore/discovery/flow"
)

func TestClassify(t *testing.T) {
	for _, c := range []struct{ topic, payload, kinds, who string }{
		{"home/kitchen/temperature", "21.5", "temperature", ""},
		{"tele/plug3/SENSOR", `{"Time":"2026-05-01T12:00:00","ENERGY":{"Total":1.2,"Power":40}}`, "energy", "tasmota/plug3"},
		{"stat/plug3/POWER", "ON", "energy", "tasmota/plug3"},
		{"zigbee2mqtt/hall sensor", `{"occupancy":true,"illuminance_lux":30,"battery":90}`, "light level,presence", "zigbee2mqtt/hall sensor"},
		{"zigbee2mqtt/bridge/state", "online", "usage", "zigbee2mqtt/bridge"},
		{"shellies/shellyplug-s-7AB3C4/relay/0/power", "12.1", "energy", "shelly/shellyplug-s-7AB3C4"},
		{"owntracks/ann/phone", `{"_type":"location","lat":1,"lon":2}`, "location", "owntracks/ann phone"},
		{"frigate/front_door/person/snapshot", "\xff\xd8\xff\xe0....", "image,opening,presence", "frigate/front_door"},
		{"home/x", "\xff\xd8\xff\xe0", "image", ""},
		{"home/x", "RIFF1234WAVEfmt ", "audio", ""},
		{"home/x", "\x00\x00\x00\x20ftypisom", "video", ""},
		{"home/baby/microphone", "1", "audio", ""},
		{"homeassistant/binary_sensor/x/config", `{"device_class":"motion"}`, "", ""},
		{"home/x", `{"temperature_note":"location"}`, "temperature", ""}, // names of fields, not values
		{"home/x", strings.Repeat(`{"temperature":`, 100), "", ""},       // too deep
		{"zigbee2mqtt", "x", "", ""},
	} {
		got := Classify(c.topic, []byte(c.payload))
		if joined(got.Categories) != c.kinds || got.Publisher != c.who || (got.Because == "") != (c.who == "") {
			t.Errorf("%s %q: %q by %q because %q; want %q by %q", c.topic, c.payload, joined(got.Categories), got.Publisher, got.Because, c.kinds, c.who)
		}
	}
}

// FuzzClassify is F13.
func FuzzClassify(f *testing.F) {
	f.Add("tele/plug/SENSOR", []byte(`{"ENERGY":{"Power":1}}`))
	f.Add("home/\x1b[2J\u202e/x", []byte("\xff\xd8\xff"))
	f.Add("homeassistant/sensor/x/config", []byte(`{"~":"a","stat_t":"~/b","dev":{"ids":"x","cns":[["mac","aa:bb:cc:dd:ee:01"]]}}`))
	f.Add("zigbee2mqtt/bridge/devices", []byte(`[{"ieee_address":"0x1","friendly_name":"a/b","definition":null}]`))
	f.Add("shellies/announce", []byte(`{"id":"s1","mac":"AABBCCDDEE01"}`))
	f.Add("tasmota/discovery/AABBCCDDEEFF/config", []byte(`{"t":"plug","mac":"AABBCCDDEEFF"}`))
	f.Add("esphome/discover/n", []byte(`{"name":"n"}`))
	f.Fuzz(func(t *testing.T, topic string, payload []byte) {
		c := Classify(topic, payload)
		if len(c.Categories) > maxCategories || len(c.Publisher) > 400 {
			t.Fatalf("too much: %+v", c)
		}
		for _, k := range c.Categories {
			known := k == "image" || k == "audio" || k == "video"
			for _, w := range kindOfWord {
				known = known || w == k
			}
			if !known {
				t.Fatalf("%q is not a kind of data of ours", k)
			}
		}
		wantClean(t, c.Publisher, c.Name)
		b := newBook("m1")
		b.setRights([]right{{"cam", "Cam", "#"}}, func(string) uint16 { return 1 })
		b.take(topic, payload, len(payload)%2 == 0, time.Unix(1, 0))
		if len(b.topics) > 1 || len(b.claims) > maxClaims*maxListed || len(b.publishers) > maxListed+3 {
			t.Fatalf("one message made %d topics, %d claims, %d publishers", len(b.topics), len(b.claims), len(b.publishers))
		}
		for _, p := range b.publishers {
			wantClean(t, p.id, p.name, p.because, p.facts["manufacturer"], p.facts["model"], p.facts["serial"])
		}
	})
}

func wantClean(t *testing.T, texts ...string) {
	t.Helper()
	for _, s := range texts {
		for part := range strings.SplitSeq(s, "/") {
			if p := strings.Trim(part, " "); string(discovery.CleanLong(p)) != p {
				t.Fatalf("%q is not clean", s)
			}
		}
	}
}

func TestAnnouncementsBecomeDevices(t *testing.T) {
	b := startBroker(t, "127.0.0.1")
	b.account("bridge", "zigbee2mqtt/#", "homeassistant/#", "tele/#", "tasmota/#", "shellies/#", "esphome/#", "office/#", "cellar/#")
	b.account("other", "zigbee2mqtt/#", "homeassistant/#", "tele/#", "tasmota/#", "shellies/#", "esphome/#", "office/#", "cellar/#")
	pub := func(topic, payload string) {
		t.Helper()
		if !b.publish("bridge", "127.0.0.6", topic, payload, "-r") {
			t.Fatal("not published")
		}
	}
	pub("zigbee2mqtt/bridge/devices", `[{"ieee_address":"0x00158d0001a2b3c4","friendly_name":"hall sensor","type":"EndDevice","manufacturer":"LUMI","definition":{"model":"RTCGQ11LM","vendor":"Aqara"}},{"type":"Coordinator","friendly_name":"Coordinator"}]`)
	pub("tasmota/discovery/A4CF12000001/config", `{"ip":"192.0.2.4","dn":"Washing machine","fn":["Washer"],"mac":"A4CF12000001","md":"Sonoff S31","t":"washer"}`)
	pub("homeassistant/sensor/office/temp/config", `{"~":"office/node","stat_t":"~/temp","cmd_t":"cellar/x","dev_cla":"temperature","dev":{"ids":["office-node"],"cns":[["mac","a4:cf:12:00:00:02"]],"name":"Office node","mf":"Acme","mdl":"N1"}}`)
	ses := openSession(t, b.settings("admin", map[string]string{optTopics: "zigbee2mqtt/#,homeassistant/#,tele/#,tasmota/#,office/#,cellar/#"}))
	out := stream(t, ses)
	if n, _ := out.flows(func(r flow.Record) bool { return true }); n != 0 {
		t.Errorf("retained messages were counted as traffic: %d", n)
	}
	b.publish("bridge", "127.0.0.6", "zigbee2mqtt/hall sensor", `{"occupancy":true}`)
	b.publish("bridge", "127.0.0.6", "office/node/temp", "20")
	b.publish("bridge", "127.0.0.6", "tele/washer/SENSOR", `{"ENERGY":{"Power":3}}`)
	b.publish("bridge", "127.0.0.6", "cellar/x", "1")
	for _, c := range []struct {
		remote, name, maker, mac, kinds string
	}{
		{"m1/zigbee2mqtt/hall sensor", "hall sensor", "Aqara", "", "presence"},
		{"m1/tasmota/washer", "Washing machine", "Tasmota", "a4:cf:12:00:00:01", "energy"},
		{"m1/homeassistant/a4:cf:12:00:00:02", "Office node", "Acme", "a4:cf:12:00:00:02", "temperature"},
	} {
		if !eventually(2*time.Minute, func() bool {
			n, _ := out.flows(func(r flow.Record) bool { return r.Local.Remote == c.remote && r.Categories == c.kinds })
			s, ok := out.device(c.remote)
			return ok && n == 1 && fact(s, "data") == c.kinds
		}) {
			t.Errorf("%s was not seen to send %q once", c.remote, c.kinds)
		}
		s, _ := out.device(c.remote)
		if fact(s, "friendly_name") != c.name || fact(s, "manufacturer") != c.maker || !s.Claimed || s.Detail == "" {
			t.Errorf("%s: %+v", c.remote, s)
		}
		if has := len(s.Identifiers) == 2; has != (c.mac != "") || has && s.Identifiers[1].Value != c.mac {
			t.Errorf("%s: identifiers %+v", c.remote, s.Identifiers)
		}
	}
	// What nothing explains is counted, and is nobody's device.
	if !eventually(2*time.Minute, func() bool {
		n, _ := out.flows(func(r flow.Record) bool { return r.Local.Somebody && r.Local.Remote == "m1/somebody" })
		return n == 1
	}) {
		t.Error("what came from somebody at home was not counted")
	}
	if s, ok := out.device("m1/somebody"); ok {
		t.Errorf("somebody is told as a device: %+v", s)
	}
	if cov, _ := ses.Coverage(t.Context()); !strings.Contains(cov.Text, "1 of them from somebody at home") {
		t.Errorf("coverage does not say so: %s", cov.Text)
	}
}

func fact(s discovery.Sighting, key string) string {
	for _, f := range s.Facts {
		if f.Key == key {
			return f.Value
		}
	}
	return ""
}

// TestAHardwareAddressInAMessageIsOnlyAClaim: nobody gets a device of another by saying its address.
func TestAHardwareAddressInAMessageIsOnlyAClaim(t *testing.T) {
	mac := discovery.Identifier{Type: discovery.MAC, Value: "a4:cf:12:00:00:02"}
	for claimed, want := range map[bool]int{true: 0, false: 1} {
		inv, err := discovery.NewInventory(discovery.InventoryConfig{Now: time.Now, NewID: func() discovery.DeviceID { return "d1" }})
		if err != nil {
			t.Fatal(err)
		}
		inv.Observe(discovery.Sighting{Source: "connector:m1", At: time.Now(), Claimed: claimed, Identifiers: []discovery.Identifier{mac, {Type: discovery.Remote, Value: "m1/x"}}})
		if got := inv.Devices(); len(got) != 1 || len(got[0].Hardware) != want {
			t.Errorf("claimed %v: %+v", claimed, got)
		}
	}
}

func TestATopicThatTwoClaimIsNobodys(t *testing.T) {
	b := newBook("m1")
	b.setRights(nil, func(string) uint16 { return 1 })
	now := time.Unix(1000, 0)
	b.take("homeassistant/sensor/a/config", []byte(`{"state_topic":"home/t","device":{"identifiers":"a"}}`), true, now)
	if p := b.claims["home/t"]; p == nil || p.id != "homeassistant/a" {
		t.Fatalf("claimed by %+v", p)
	}
	b.take("homeassistant/sensor/b/config", []byte(`{"state_topic":"home/t","device":{"identifiers":"b"}}`), true, now)
	b.take("home/t", []byte("1"), false, now)
	for k := range b.tallies {
		if k.publisher.id != somebody {
			t.Errorf("counted for %s", k.publisher.id)
		}
	}
}

func TestMarksSurviveTheirDescription(t *testing.T) {
	for _, m := range []marked{
		{"Garden camera", true, []string{"consent-c1"}},
		{"", false, []string{"consent-c1", "device-d 2]"}},
		{"odd [best-before thing]", true, []string{"x"}},
	} {
		if got := readMarks(m.String()); got.String() != m.String() || got.wasOn != m.wasOn || len(got.marks) != len(m.marks) || got.text != m.text {
			t.Errorf("%+v became %+v", m, got)
		}
	}
	for _, s := range []string{"", "x", "[best-before ]", "[best-before + ]", "a [best-before * m]", "[best-before + %zz]", "[best-before + m] b"} {
		if got := readMarks(s); len(got.marks) != 0 || got.String() != s {
			t.Errorf("%q was read as %+v", s, got)
		}
	}
}

func TestTopicsAreNarrow(t *testing.T) {
	for _, bad := range []string{"#", "+/x", "$SYS/#", "a/#/b", "a#", "a/b+", strings.Repeat("a,", 100)} {
		if _, err := filters(bad); err == nil {
			t.Errorf("%q may be read", bad)
		}
	}
	got, err := filters("home/a/b, home/#,home/#,other/+/x,other/1/x")
	if err != nil || strings.Join(got, ",") != "home/#,other/+/x" {
		t.Errorf("%q %v", got, err)
	}
	if usual, err := filters(""); err != nil || len(usual) != len(usualTopics) {
		t.Errorf("%q %v", usual, err)
	}
}

func TestTheBrokersLogIsReadWithCare(t *testing.T) {
	now := time.Unix(1000, 0)
	c := newClients(1883)
	for _, line := range []string{
		"1795333328: New connection from 192.0.2.7:1000 on port 8883.",
		"1795333328: New client connected from 192.0.2.7:1000 as evil as x (p2, c1, k60, u'victim'). (p2, c1, k60, u'cam').",
		"New client connected from nonsense", "New connection from : on port x.", "Client  not authorised.", "", ": ",
		"1795333328: New connection from 2001:db8::1:1000 on port 1883.",
		"1795333328: New client connected from 2001:db8::1:1000 as six (p2, c1, k60, u'six').",
		"1795333328: New connection from 192.0.2.8:1000 on port 1883.",
		"1795333328: New connection from 192.0.2.7:1001 on port 1883.",
		"1795333328: Client <unknown> disconnected, not authorised.", // one of two: nobody knows which
	} {
		c.take(line, now)
	}
	if c.aloneAt("192.0.2.7") != "cam" || c.portOf("cam") != 8883 || c.aloneAt("2001:db8::1") != "six" || c.aloneAt("192.0.2.8") != "" {
		t.Errorf("%+v", c.accounts)
	}
	if s := c.since("cam", nil, now.Add(-time.Second)); s.refused != 0 || s.logins != 1 {
		t.Errorf("%+v", s)
	}
	c.take("1795333328: Client cam1 [192.0.2.7:1001] disconnected: not authorised.", now)
	if s := c.since("cam", nil, now.Add(-time.Second)); s.refused != 1 {
		t.Errorf("%+v", s)
	}
	if s := c.since("cam", nil, now); s.refused != 0 {
		t.Errorf("what was before counts: %+v", s)
	}
}
