package homeassistant

import (
	"encoding/json"
	"slices"
	"time"
)

// fakeHome is what the registries of the stand-in hold, by their own rows
// (helpers/device_registry.py dict_repr, helpers/entity_registry.py
// as_partial_dict, components/config/config_entries.py entry_json).
type fakeHome struct {
	devices  []map[string]any
	entities []fakeEntity
	entries  []*fakeEntry
	kinds    []map[string]any
	told     map[string]bool // entities that have a state now
	past     []fakePast
}

// fakePast is one row of its history, which the recorder writes.
type fakePast struct {
	entity string
	at     time.Time
}

type fakeEntity struct {
	ID, Device, Entry, Class, Category string
}

type fakeEntry struct {
	ID, Domain, Title, State string
	Disabled                 any
	stuck                    bool // cannot be unloaded
}

func newFakeHome() fakeHome {
	h := fakeHome{told: map[string]bool{}}
	h.entry("e-plugs", "plugs", "Plugs", "local_polling", false)
	h.entry("e-lumi", "lumicloud", "Lumi Cloud", "cloud_push", false)
	h.entry("e-stuck", "stuck", "Stuck Cam", "cloud_polling", true)
	h.device("d-kettle", "Kettle", "64:90:c1:00:00:01", "e-plugs", "")
	h.device("d-fridge", "Fridge", "64-90-C1-00-00-02", "e-plugs", "kitchen")
	h.device("d-vacuum", "Vacuum", "64:90:c1:00:00:03", "e-lumi", "")
	h.device("d-porch", "Porch", "", "e-stuck", "")
	h.devices = append(h.devices, map[string]any{"id": "d-weather", "name": "Weather", "entry_type": "service", "config_entries": []string{"e-lumi"}, "connections": []any{}})
	h.entities = []fakeEntity{
		{"sensor.kettle_power", "d-kettle", "e-plugs", "power", ""},
		{"sensor.fridge_temperature", "d-fridge", "e-plugs", "temperature", ""},
		{"sensor.vacuum_state", "d-vacuum", "e-lumi", "", ""},
		{"sensor.porch_motion", "d-porch", "e-stuck", "", ""},
	}
	for _, e := range h.entities {
		h.told[e.ID] = true
	}
	return h
}

func (h *fakeHome) entry(id, domain, title, class string, stuck bool) {
	h.entries = append(h.entries, &fakeEntry{ID: id, Domain: domain, Title: title, State: "loaded", stuck: stuck})
	h.kinds = append(h.kinds, map[string]any{"domain": domain, "name": title, "iot_class": class})
}

func (h *fakeHome) device(id, name, mac, entry, area string) {
	d := map[string]any{
		"id": id, "name": name, "name_by_user": nil, "manufacturer": "Acme", "model": "P1", "area_id": nil, "entry_type": nil, "disabled_by": nil,
		"config_entries": []string{entry}, "connections": [][]string{}, "identifiers": [][]any{{"x", id}, {"x", 3, nil}}, "via_device_id": nil, "serial_number": nil,
	}
	if mac != "" {
		d["connections"] = [][]string{{"mac", mac}, {"bluetooth", "aa:aa:aa:aa:aa:aa"}}
	}
	if area != "" {
		d["area_id"] = area
	}
	h.devices = append(h.devices, d)
}

func (f *fake) find(entry string) *fakeEntry {
	for _, e := range f.home.entries {
		if e.ID == entry {
			return e
		}
	}
	return nil
}

// aboutHome answers what the registries are asked.
func (f *fake) aboutHome(l *fakeLine, q fakeAsk) {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch q.Type {
	case "config/device_registry/list":
		l.result(q.ID, f.home.devices)
	case "config/entity_registry/list":
		out := []map[string]any{}
		for _, e := range f.home.entities {
			row := map[string]any{"entity_id": e.ID, "device_id": e.Device, "config_entry_id": e.Entry, "platform": f.find(e.Entry).Domain, "entity_category": nil}
			if e.Category != "" {
				row["entity_category"] = e.Category
			}
			out = append(out, row)
		}
		l.result(q.ID, out)
	case "config/area_registry/list":
		l.result(q.ID, []map[string]any{{"area_id": "kitchen", "name": "Kitchen"}})
	case "config_entries/get":
		out := []map[string]any{}
		for _, e := range f.home.entries {
			out = append(out, map[string]any{"entry_id": e.ID, "domain": e.Domain, "title": e.Title, "source": "user", "state": e.State, "disabled_by": e.Disabled, "reason": nil})
		}
		l.result(q.ID, out)
	case "manifest/list":
		l.result(q.ID, f.home.kinds)
	case "config_entries/disable":
		f.disable(l, q)
	case "history/history_during_period":
		l.result(q.ID, f.history(q))
	default:
		l.no(q.ID, "unknown_command", "Unknown command.")
	}
}

// history follows components/history/websocket_api.py: rows in the short form.
func (f *fake) history(q fakeAsk) map[string]any {
	out := map[string][]map[string]any{}
	for _, p := range f.home.past {
		if slices.Contains(q.Entities, p.entity) && !p.at.Before(q.Start) && p.at.Before(q.End) {
			out[p.entity] = append(out[p.entity], map[string]any{"s": "21.6", "lu": float64(p.at.UnixMicro()) / 1e6})
		}
	}
	all := map[string]any{}
	for id, rows := range out {
		all[id] = rows
	}
	return all
}

// disable follows async_set_disabled_by of config_entries.py: what cannot be
// unloaded stays in use and asks for a restart.
func (f *fake) disable(l *fakeLine, q fakeAsk) {
	e := f.find(q.Entry)
	switch {
	case e == nil:
		l.no(q.ID, "not_found", "Config entry not found")
		return
	case f.disableLies:
	case q.Disabled == nil:
		e.Disabled = nil
		if !e.stuck {
			e.State = "loaded"
			f.states(e.ID, true)
		}
	case e.stuck:
		e.Disabled, e.State = *q.Disabled, "failed_unload"
	default:
		e.Disabled, e.State = *q.Disabled, "not_loaded"
		f.states(e.ID, false)
	}
	f.fire("entity_registry_updated")
	l.result(q.ID, map[string]any{"require_restart": e.stuck && !f.disableLies})
}

// states adds or takes away the states of an integration's entities.
func (f *fake) states(entry string, there bool) {
	for _, e := range f.home.entities {
		if e.Entry != entry || f.home.told[e.ID] == there {
			continue
		}
		f.home.told[e.ID] = there
		if there {
			f.tell(map[string]any{"a": map[string]any{e.ID: e.state()}})
		} else {
			f.tell(map[string]any{"r": []string{e.ID}})
		}
	}
}

// state is the short form of as_compressed_state in core.py.
func (e fakeEntity) state() map[string]any {
	a := map[string]any{"friendly_name": e.ID}
	if e.Class != "" {
		a["device_class"] = e.Class
	}
	return map[string]any{"s": "21.5", "a": a, "c": "01ABC", "lc": float64(time.Now().UnixMicro()) / 1e6}
}

// report is one device reporting one thing; it is taken unless its integration
// is not in use.
func (f *fake) report(entity string) bool {
	if !f.home.told[entity] {
		return false
	}
	now := time.Now().Truncate(time.Microsecond)
	f.home.past = append(f.home.past, fakePast{entity, now})
	f.tell(map[string]any{"c": map[string]any{entity: map[string]any{"+": map[string]any{"s": "21.6", "lc": float64(now.UnixMicro()) / 1e6, "c": "01ABD"}}}})
	return true
}

// tell sends an event to all who follow states.
func (f *fake) tell(event map[string]any) {
	for l := range f.lines {
		if l.states > 0 {
			l.write(map[string]any{"id": l.states, "type": "event", "event": event})
		}
	}
}

func (f *fake) fire(event string) {
	for l := range f.lines {
		if id := l.events[event]; id > 0 {
			l.write(map[string]any{"id": id, "type": "event", "event": map[string]any{"event_type": event, "data": map[string]any{"action": "update"}}})
		}
	}
}

// subscribe follows handle_subscribe_entities of websocket_api/commands.py: the
// answer, then all states, then what differs.
func (f *fake) subscribe(l *fakeLine, q fakeAsk) {
	f.mu.Lock()
	defer f.mu.Unlock()
	l.result(q.ID, nil)
	if q.Type == "subscribe_events" {
		l.events[q.Event] = q.ID
		return
	}
	all := map[string]any{}
	for _, e := range f.home.entities {
		if f.home.told[e.ID] {
			all[e.ID] = e.state()
		}
	}
	l.write(map[string]any{"id": q.ID, "type": "event", "event": map[string]any{"a": all}})
	l.states = q.ID
}

// clear makes it hold nothing of ours; but stays as it is.
func (f *fake) clear(but string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.data = map[string]map[string]json.RawMessage{}
	for _, e := range f.home.entries {
		if e.ID == but {
			continue
		}
		e.Disabled, e.State = nil, "loaded"
		f.states(e.ID, true)
	}
}
