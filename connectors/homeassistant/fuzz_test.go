package homeassistant

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"bestbefore/discovery"
)

// FuzzMessage: whatever comes over the line is a message with a type, or an
// error; what a refusal says of itself is cleaned.
func FuzzMessage(f *testing.F) {
	for _, s := range []string{
		``, `null`, `[]`, `{}`, `{"id":1,"type":"result","success":true,"result":null}`, `{"id":1,"type":"result","success":false,"error":{"code":"unauthorized","message":"Unauthorized"}}`,
		`{"id":"1","type":"event","event":{}}`, `{"id":9223372036854775808,"type":"event"}`, `{"type":"auth_required","ha_version":"2024.2.1"}`, `{"type":"auth_invalid","message":"\u001b[31m"}`,
		`[{"id":1,"type":"event"}]`, `{"id":1,"type":"result","error":"x"}`, strings.Repeat(`[`, 20000),
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := parseMessage(b)
		if (err == nil) != (m.Type != "") && err == nil {
			t.Fatal("a message without a type")
		}
		if m.Error != nil {
			if text := m.Error.Error(); strings.ContainsAny(text, "\x1b\x00") || len(text) > 2000 {
				t.Fatalf("not clean: %q", text)
			}
			if m.Error.fault() == nil {
				t.Fatal("a refusal is no error")
			}
		}
	})
}

// FuzzEvent: no panic, no report of what no device said, and bounds that hold.
func FuzzEvent(f *testing.F) {
	for _, s := range []string{
		`{"a":{"sensor.real":{"s":"1","a":{"device_class":"power"}}}}`, `{"c":{"sensor.real":{"+":{"s":"2","lc":1}}}}`, `{"r":["sensor.real"]}`, `{"c":{"sensor.real":null}}`, `{"c":{"sensor.real":{"+":null}}}`,
		`{"a":{"sensor.real":null}}`, `{"a":{"sensor.real":{"s":null,"a":null}}}`, `{"a":{"sensor.real":{"s":{},"a":{"device_class":[1]}}}}`, `{"a":[]}`, `null`, `7`,
	} {
		f.Add([]byte(s), []byte(`{"c":{"sensor.real":{"+":{"lu":1}}}}`))
	}
	now := time.Unix(1_800_000_000, 0)
	f.Fuzz(func(t *testing.T, first, then []byte) {
		w := aWatch()
		w.take(first, true, now, 0)
		if len(w.flush(now, true)) > 0 {
			t.Fatal("how things are is no report")
		}
		w.take(then, false, now, 0)
		for _, s := range w.flush(now, true) {
			if s.device != "d1" || s.count == 0 || s.count > 2 || len(s.category) > 32 {
				t.Fatalf("%+v", s)
			}
		}
		for _, st := range w.states {
			if len(st.class) > 300 || strings.ContainsAny(st.class, "\x1b\n") {
				t.Fatalf("%q", st.class)
			}
		}
	})
}

// FuzzRegistry: rows of any form give devices whose identifiers are in canonical form.
func FuzzRegistry(f *testing.F) {
	for _, s := range []string{
		`[{"id":"d1","connections":[["mac","64-90-C1-00-00-01"]],"name":"x","config_entries":["e1"]}]`, `[{"id":7}]`, `[null,{}]`, `[{"id":"d","connections":{"mac":"x"}}]`, `[{"id":"d","connections":[["mac"],["mac",1],[1,"x"],["mac","ff:ff:ff:ff:ff:ff"]]}]`,
		`[{"id":"d","connections":[["upnp","uuid:12345678-aaaa-bbbb-cccc-1234567890ab"]],"config_entries":null}]`, `{}`, `[{"id":"d","config_entries":[1]}]`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		all, odd, err := rows[device](b, 5)
		if err != nil {
			return
		}
		if len(all) > 5 || odd < 0 {
			t.Fatalf("%d rows, %d odd", len(all), odd)
		}
		h := &home{devices: map[string]device{}, entries: map[string]entry{"e1": {ID: "e1", Title: "One"}}, kinds: map[string]manifest{}, rooms: map[string]string{}}
		for _, d := range all {
			h.devices[string(d.ID)] = d
			for _, i := range d.identifiers() {
				if n, ok := i.Normalize(); !ok || n != i || i.Type != discovery.MAC && i.Type != discovery.UDN {
					t.Fatalf("%+v", i)
				}
			}
			if strings.ContainsAny(h.evidence(d)+d.name(), "\x1b\x00\n") {
				t.Fatalf("not clean: %q %q", h.evidence(d), d.name())
			}
		}
	})
}

// FuzzMarks: what is read is what is written again.
func FuzzMarks(f *testing.F) {
	for _, s := range []string{
		`{"value":null}`, `{}`, `{"value":{"version":1,"entries":{"e1":{"title":"x","was_on":true,"marks":["m"],"since":"2026-01-01T00:00:00Z"}}}}`, `{"value":{"version":2}}`, `{"value":{"version":1,"entries":{"":{"marks":["m"]}}}}`,
		`{"value":{"version":1,"entries":{"e":{"marks":["\n"]}}}}`, `{"value":[]}`, `7`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := parseMarks(b)
		if err != nil {
			return
		}
		again, err := json.Marshal(map[string]any{"value": m})
		if err != nil {
			t.Fatal(err)
		}
		if back, err := parseMarks(again); err != nil || len(back.Entries) != len(m.Entries) {
			t.Fatalf("%s: %v", again, err)
		}
		for id, e := range m.Entries {
			if id == "" || len(e.Marks) == 0 || len(e.Marks) > maxMarks {
				t.Fatalf("%q %+v", id, e)
			}
		}
	})
}
