package homeassistant

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"bestbefore/connectors/web"
	"bestbefore/consent/category"
)

// TestEveryWordIsKnown: what an entity reports has a term among the kinds of data.
func TestEveryWordIsKnown(t *testing.T) {
	n := 0
	for domain, c := range byDomain {
		if _, ok := category.Of(c); !ok {
			t.Errorf("%s: %q has no term", domain, c)
		}
		n++
	}
	for domain, classes := range byClass {
		for class, c := range classes {
			if _, ok := category.Of(c); !ok || category.Normal(string(c)) != c {
				t.Errorf("%s %s: %q has no term, or another spelling", domain, class, c)
			}
			n++
		}
	}
	if n < 80 {
		t.Fatalf("only %d words; the check looks in the wrong place", n)
	}
	if _, ok := category.Of("cheese"); ok {
		t.Error("a made-up word has a term")
	}
}

func TestWhatReports(t *testing.T) {
	for _, c := range []struct {
		domain, class, source string
		technical             bool
		want                  string
		reports               bool
	}{
		{"binary_sensor", "motion", "", false, "motion", true},
		{"binary_sensor", "window", "", false, "opening", true},
		{"sensor", "power", "", false, "energy", true},
		{"sensor", "temperature", "", true, "diagnostics", true}, // of its own chip
		{"sensor", "", "", false, "", true},
		{"sensor", "quite new", "", false, "", true},
		{"camera", "", "", false, "video", true},
		{"media_player", "tv", "", false, "viewing", true},
		{"media_player", "", "", false, "usage", true},
		{"device_tracker", "", "gps", false, "location", true},
		{"device_tracker", "", "router", false, "", false}, // the router says so
		{"device_tracker", "", "bluetooth_le", false, "", false},
		{"button", "", "", false, "", false},
		{"scene", "", "", false, "", false},
	} {
		got, reports := categoryOf(c.domain, c.class, c.source, c.technical)
		if string(got) != c.want || reports != c.reports {
			t.Errorf("%+v: %q, %v", c, got, reports)
		}
	}
}

// aWatch follows one entity of each sort.
func aWatch() *watch {
	w := newWatch()
	h := &home{devices: map[string]device{}, entities: map[string]entity{}, entries: map[string]entry{}, kinds: map[string]manifest{"maths": {Domain: "maths", Class: "calculated"}}}
	for id, platform := range map[string]string{"sensor.real": "plugs", "sensor.sum": "maths", "device_tracker.phone": "router", "sensor.service": "plugs"} {
		h.entities[id] = entity{ID: word(id), Device: "d1", Entry: "e1", Platform: word(platform)}
	}
	h.entities["sensor.service"] = entity{ID: "sensor.service", Device: "d2", Platform: "plugs"}
	h.entities["sensor.alone"] = entity{ID: "sensor.alone", Platform: "plugs"}
	h.devices["d1"], h.devices["d2"] = device{ID: "d1"}, device{ID: "d2", EntryType: "service"}
	w.put(h)
	w.reading()
	return w
}

// TestWhatCountsAsAReport: only what a device itself says counts, and no value of
// it is kept.
func TestWhatCountsAsAReport(t *testing.T) {
	w, now := aWatch(), time.Unix(1_800_000_000, 0)
	for _, id := range []string{"sensor.real", "sensor.sum", "device_tracker.phone", "sensor.service", "sensor.alone", "sensor.unknown"} {
		w.take(json.RawMessage(fmt.Sprintf(`{"a":{%q:{"s":"secret-4711","a":{"device_class":"power","source_type":"router","note":"secret-4712"},"lc":1}}}`, id)), true, now, 0)
	}
	if n := len(w.flush(now, true)); n != 0 {
		t.Fatalf("how things were is no report: %d", n)
	}
	change := func(id, plus string) int {
		w.take(json.RawMessage(fmt.Sprintf(`{"c":{%q:{"+":%s,"-":{"a":["x"]}}}}`, id, plus)), false, now, 0)
		n := 0
		for _, s := range w.flush(now, true) {
			n += int(s.count)
		}
		return n
	}
	for _, c := range []struct {
		id, plus string
		want     int
	}{
		{"sensor.real", `{"s":"secret-4713","lc":2}`, 1},
		{"sensor.real", `{"lu":3}`, 1},
		{"sensor.real", `{"a":{"note":"secret-4714"},"lu":3}`, 1},
		{"sensor.real", `{"c":"01"}`, 0},                       // only by whom
		{"sensor.real", `{"s":"unavailable","lc":4}`, 0},       // Home Assistant says so, not the device
		{"sensor.real", `{"a":{"restored":true},"lu":4}`, 0},   // it is still gone
		{"sensor.real", `{"s":"secret-4715","lc":5}`, 1},       // and back
		{"sensor.sum", `{"s":"1","lc":2}`, 0},                  // worked out
		{"device_tracker.phone", `{"s":"home","lc":2}`, 0},     // the router says so
		{"sensor.service", `{"s":"1","lc":2}`, 0},              // no device
		{"sensor.alone", `{"s":"1","lc":2}`, 0},                // of no device
		{"sensor.unknown", `{"s":"1","lc":2}`, 0},              // in no registry
		{"sensor.never_told", `{"s":"secret-4716","lc":2}`, 0}, // not among those told first
	} {
		if got := change(c.id, c.plus); got != c.want {
			t.Errorf("%s %s counts %d, want %d", c.id, c.plus, got, c.want)
		}
	}
	w.begun(now) // what is in the history is not counted as it comes, as long as that may be
	if n := change("sensor.real", fmt.Sprintf(`{"s":"secret-4717","lc":%d}`, now.Unix()-1)); n != 0 {
		t.Errorf("what the history has is counted again: %d", n)
	}
	if n := change("sensor.real", fmt.Sprintf(`{"s":"secret-4718","lc":%d}`, now.Unix()+1)); n != 1 {
		t.Errorf("what came after is not counted: %d", n)
	}
	now = now.Add(overtaken + time.Second) // a clock over there that was set back loses nothing
	if n := change("sensor.real", `{"s":"secret-4719","lc":2}`); n != 1 {
		t.Errorf("by a wrong clock it is not counted: %d", n)
	}
	if dump := fmt.Sprintf("%+v %+v %+v", w.states, w.reports, w.known); strings.Contains(dump, "secret") || strings.Contains(dump, "471") {
		t.Errorf("a value was kept: %s", dump)
	}
	e, err := parseEvent(json.RawMessage(`{"a":{"sensor.x":{"s":"secret","a":{"note":"secret","device_class":"power"}}}}`))
	if err != nil || strings.Contains(fmt.Sprintf("%+v %+v", e.Added["sensor.x"].State, e.Added["sensor.x"].Attributes), "secret") {
		t.Errorf("a value was decoded: %+v, %v", e, err)
	}
}

// TestWhatIsSaidOfIt: names of logins and addresses as a person types them.
func TestWhatIsSaidOfIt(t *testing.T) {
	for client, want := range map[string]string{
		"https://home-assistant.io/android": "Home Assistant app for Android", "https://home-assistant.io/iOS": "Home Assistant app for iPhone and iPad",
		"https://home-assistant.io/x": "Home Assistant app", "http://homeassistant.local:8123/": "a browser at homeassistant.local:8123",
		"": "a login without a name", "::::": "a login without a name", "http://\x1b[31m/": "a login without a name",
	} {
		if got := (token{ClientID: word(client)}).name(); got != want {
			t.Errorf("%q: %q, want %q", client, got, want)
		}
	}
	for typed, want := range map[string]string{
		"homeassistant.local": "http://homeassistant.local:8123", "192.168.1.5": "http://192.168.1.5:8123", "http://HA.lan:80/lovelace/0": "http://ha.lan:80",
		"https://ha.example": "https://ha.example:443", "https://ha.example:8443": "https://ha.example:8443", "fd00::5": "http://[fd00::5]:8123",
	} {
		if got, err := baseOf(typed); err != nil || got.String() != want {
			t.Errorf("%q: %v, %v", typed, got, err)
		}
	}
	for _, typed := range []string{"", "ftp://x", "http://", "http://x:0", "http://x:70000", "http://user:pw@x"} {
		if got, err := baseOf(typed); err == nil {
			t.Errorf("%q is taken for %v", typed, got)
		}
	}
	w := &way{web: &web.Client{Peer: peer}}
	for body, ok := range map[string]bool{
		`[{"name":"x","id":null,"type":"homeassistant"}]`: true, `{"providers":[{"type":"homeassistant"}],"preselect_remember_me":true}`: true, `{"providers":[],"preselect_remember_me":false}`: true,
		`{}`: false, `[1]`: false, `[{}]`: false, `"x"`: false, `{"providers":7}`: false, `<html>`: false,
	} {
		if err := w.introduced(web.Reply{Body: []byte(body)}); (err == nil) != ok {
			t.Errorf("%s: %v", body, err)
		}
	}
	if instant("2026-11-22T10:00:00+01:00").UTC().Hour() != 9 || !instant("yesterday").IsZero() || !instant("0001-01-01T00:00:00Z").IsZero() || !instant("9999-01-01T00:00:00Z").IsZero() {
		t.Error("moments are misread")
	}
}
