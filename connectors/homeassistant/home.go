package homeassistant

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"bestbefore/consent"
	"bestbefore/discovery"
)

// The bounds of what is read of one home.
const (
	maxDevices  = 5000
	maxEntities = 50_000
	maxEntries  = 2000
	maxAreas    = 1000
)

// home is what Home Assistant's registries say.
type home struct {
	at       time.Time // zero: not read yet
	devices  map[string]device
	entities map[string]entity
	entries  map[string]entry
	rooms    map[string]string
	kinds    map[string]manifest // by integration
	odd      int                 // rows that could not be read
}

// device is one row of the device registry.
type device struct {
	ID           word            `json:"id"`
	Area         word            `json:"area_id"`
	Name         word            `json:"name"`
	Called       word            `json:"name_by_user"`
	Manufacturer word            `json:"manufacturer"`
	Model        word            `json:"model"`
	Serial       word            `json:"serial_number"`
	EntryType    word            `json:"entry_type"` // "service": no device
	Entries      []string        `json:"config_entries"`
	Primary      word            `json:"primary_config_entry"`
	Connections  json.RawMessage `json:"connections"`
}

// entity is one row of the entity registry.
type entity struct {
	ID       word `json:"entity_id"`
	Device   word `json:"device_id"`
	Entry    word `json:"config_entry_id"`
	Platform word `json:"platform"`
	Category word `json:"entity_category"`
}

// entry is one integration as the household set it up.
type entry struct {
	ID       string `json:"entry_id"`
	Domain   string `json:"domain"`
	Title    string `json:"title"`
	State    string `json:"state"`
	Disabled word   `json:"disabled_by"`
}

// off reports whether it is disabled; loaded, whether it is in use all the same,
// which it is until a restart where it cannot be unloaded.
func (e entry) off() bool { return e.Disabled != "" }

func (e entry) loaded() bool {
	return e.State == "loaded" || e.State == "failed_unload" || e.State == "setup_in_progress"
}

// manifest is what an integration says of itself.
type manifest struct {
	Domain string `json:"domain"`
	Name   word   `json:"name"`
	Class  word   `json:"iot_class"`
}

func (m manifest) cloud() bool { return strings.HasPrefix(string(m.Class), "cloud_") }

// speaks reports whether what its entities say comes from a device: what is
// worked out from others, or assumed, comes from Home Assistant itself.
func (m manifest) speaks() bool { return m.Class != "calculated" && m.Class != "assumed_state" }

// readHome reads the registries. Those that the token's user may not read are
// taken for empty.
func (s *Session) readHome(ctx context.Context) (*home, error) {
	h := &home{devices: map[string]device{}, entities: map[string]entity{}, entries: map[string]entry{}, rooms: map[string]string{}, kinds: map[string]manifest{}}
	type area struct {
		ID   string `json:"area_id"`
		Name word   `json:"name"`
	}
	err := cmp.Or(
		each(ctx, s, h, "config/device_registry/list", maxDevices, func(d device) { h.devices[string(d.ID)] = d }),
		each(ctx, s, h, "config/entity_registry/list", maxEntities, func(e entity) { h.entities[string(e.ID)] = e }),
		each(ctx, s, h, "config/area_registry/list", maxAreas, func(a area) { h.rooms[a.ID] = clean(string(a.Name)) }),
		each(ctx, s, h, "config_entries/get", maxEntries, func(e entry) { h.entries[e.ID] = e }),
		each(ctx, s, h, "manifest/list", maxEntries, func(m manifest) { h.kinds[m.Domain] = m }),
	)
	if err != nil {
		return nil, err
	}
	delete(h.devices, "")
	delete(h.entities, "")
	h.at = s.now().UTC()
	return h, nil
}

// each reads one list row by row.
func each[V any](ctx context.Context, s *Session, h *home, list string, most int, take func(V)) error {
	b, err := s.ask(ctx, command{"type": list})
	if saysNo(err, codeUnauthorized, codeUnknown) {
		return nil
	}
	if err != nil {
		return said(err)
	}
	all, odd, err := rows[V](b, most)
	if err != nil {
		return err
	}
	h.odd += odd
	for _, v := range all {
		take(v)
	}
	return nil
}

// known is the home as it was last read; it is read now where it is old.
func (s *Session) known(ctx context.Context) (*home, error) {
	if h, fresh := s.watch.home(); fresh {
		return h, nil
	}
	s.watch.reading()
	h, err := s.readHome(ctx)
	if err != nil {
		s.watch.old()
		return nil, err
	}
	s.watch.put(h)
	return h, nil
}

// title is what to call an integration, cleaned.
func (h *home) title(e entry) string {
	return cmp.Or(clean(e.Title), clean(string(h.kinds[e.Domain].Name)), clean(e.Domain))
}

// entriesOf are the integrations by which a device is in the list, sorted: the
// one that Home Assistant calls its own, else those whose entities speak for it,
// else all.
func (h *home) entriesOf(id string) []string {
	d := h.devices[id]
	if _, ok := h.entries[string(d.Primary)]; ok {
		return []string{string(d.Primary)}
	}
	var speak, all []string
	for _, e := range d.Entries {
		if _, ok := h.entries[e]; ok {
			all = append(all, e)
		}
	}
	for _, x := range h.entities {
		e := string(x.Entry)
		if string(x.Device) == id && slices.Contains(all, e) && !slices.Contains(speak, e) && h.kinds[h.entries[e].Domain].speaks() && domainOf(string(x.ID)) != "device_tracker" {
			speak = append(speak, e)
		}
	}
	if len(speak) == 0 {
		speak = all
	}
	slices.Sort(speak)
	return slices.Compact(speak)
}

// behind are the devices that are in the list by an integration, sorted.
func (h *home) behind(entry string) []string {
	var out []string
	for id, d := range h.devices {
		if d.EntryType != "service" && slices.Contains(h.entriesOf(id), entry) {
			out = append(out, id)
		}
	}
	slices.Sort(out)
	return out
}

// real reports whether a row is a device and no service.
func (d device) real() bool { return d.EntryType != "service" && d.ID != "" }

// identifiers are what a row is joined with ours by, beside its own id: hardware
// addresses, and the ids of UPnP devices. They stand in a text, so they are claims.
func (d device) identifiers() []discovery.Identifier {
	var pairs [][]json.RawMessage
	if json.Unmarshal(d.Connections, &pairs) != nil {
		return nil
	}
	var out []discovery.Identifier
	for _, p := range pairs {
		var kind, value word
		if len(p) != 2 || len(out) >= maxIdentifiers || kind.UnmarshalJSON(p[0]) != nil || value.UnmarshalJSON(p[1]) != nil {
			continue
		}
		i := discovery.Identifier{Value: string(value)}
		switch kind {
		case "mac":
			i.Type = discovery.MAC
		case "upnp":
			i.Type = discovery.UDN
		default:
			continue // radio addresses are of another kind of network
		}
		if i, ok := i.Normalize(); ok && !slices.Contains(out, i) {
			out = append(out, i)
		}
	}
	return out
}

const maxIdentifiers = 16

// name is what to call a device: the household's own name for it first.
func (d device) name() string {
	return cmp.Or(clean(string(d.Called)), clean(string(d.Name)))
}

// categories are the words for the kinds of data of an entity.
func (h *home) category(x entity, st state) (consent.Category, bool) {
	if !h.kinds[string(x.Platform)].speaks() {
		return "", false
	}
	return categoryOf(domainOf(string(x.ID)), st.class, st.source, x.Category != "")
}

func domainOf(entityID string) string {
	domain, _, _ := strings.Cut(entityID, ".")
	return domain
}
