package mqtt

import (
	"encoding/json"
	"strings"
	"time"

	"bestbefore/assets/words"
	"bestbefore/discovery"
)

// The bounds of one announcement.
const (
	maxClaims     = 64 // topics that one device may claim at once
	maxListed     = 1000
	maxClaimsKept = maxTopics
)

// isAnnouncement reports whether a topic carries descriptions of devices.
func isAnnouncement(topic string) bool {
	return strings.HasPrefix(topic, "homeassistant/") && strings.HasSuffix(topic, "/config") ||
		topic == zigbeeDevices || topic == "shellies/announce" ||
		strings.HasPrefix(topic, "tasmota/discovery/") && strings.HasSuffix(topic, "/config") ||
		strings.HasPrefix(topic, "esphome/discover/")
}

// announced is one device as an announcement describes it. All of it is a claim.
type announced struct {
	ID, Name, Maker, Model, Serial, MAC string
	Topics                              []string // on which it says that it publishes
	Because                             string
}

// announce reads an announcement. The caller holds mu.
func (b *book) announce(topic string, payload []byte, retained bool, now time.Time) {
	for _, a := range readAnnouncement(topic, payload) {
		id := a.ID
		for _, t := range a.Topics { // topics that name their publisher say which device this is
			if c := Classify(t, nil); c.Publisher != "" && strings.HasPrefix(id, "homeassistant/") {
				id = c.Publisher
				break
			}
		}
		fresh := b.publishers[id] == nil
		p := b.publisher(id, a.Name, a.Because, now)
		if p == nil {
			return
		}
		if fresh {
			p.old = retained
		} else if !retained {
			p.old = false
		}
		p.learn(a)
		p.carries(Classify(topic, nil).Categories)
		for _, t := range a.Topics {
			b.claim(t, p)
		}
		b.tell(p)
	}
}

func (p *publisher) learn(a announced) {
	set := func(key, v string) {
		if v != "" {
			p.facts[key] = v
		}
	}
	set("manufacturer", a.Maker)
	set("model", a.Model)
	set("serial", a.Serial)
	if a.Name != "" {
		p.name = a.Name
	}
	if a.MAC != "" {
		p.mac = a.MAC
	}
	if a.Because != "" {
		p.because = a.Because
	}
}

// claim notes who says that it publishes on a topic. A topic that two claim is nobody's.
func (b *book) claim(topic string, p *publisher) {
	before, known := b.claims[topic]
	switch {
	case known && before != p:
		b.claims[topic] = nil
	case !known && len(b.claims) < maxClaimsKept:
		b.claims[topic] = p
	}
}

// readAnnouncement reads one discovery message; nil when it is none.
func readAnnouncement(topic string, payload []byte) []announced {
	if len(payload) > maxPacket && topic != zigbeeDevices || !shallow(payload) {
		return nil
	}
	switch {
	case strings.HasPrefix(topic, "homeassistant/"):
		return readHomeAssistant(payload)
	case topic == zigbeeDevices:
		return readZigbee(payload)
	case topic == "shellies/announce":
		return readShelly(payload)
	case strings.HasPrefix(topic, "tasmota/"):
		return readTasmota(payload)
	}
	return readESPHome(payload)
}

// text is a JSON string; anything else reads as empty.
type text string

// UnmarshalJSON never fails, so that one odd field does not spoil the rest.
func (t *text) UnmarshalJSON(b []byte) error {
	var s string
	if json.Unmarshal(b, &s) == nil {
		*t = text(clean(s))
	}
	return nil
}

// texts is a JSON string or a list of them.
type texts []string

// UnmarshalJSON never fails, so that one odd field does not spoil the rest.
func (t *texts) UnmarshalJSON(b []byte) error {
	var one string
	var many []any
	if json.Unmarshal(b, &one) == nil {
		*t = texts{one}
	} else if json.Unmarshal(b, &many) == nil {
		for _, v := range many[:min(len(many), 16)] {
			if s, ok := v.(string); ok {
				*t = append(*t, s)
			}
		}
	}
	return nil
}

// homeDevice is the device block of Home Assistant's discovery, with its short names.
type homeDevice struct {
	IDs   texts   `json:"identifiers"`
	Ids   texts   `json:"ids"`
	Cns   []texts `json:"cns"`
	Conns []texts `json:"connections"`
	Name  text    `json:"name"`
	Mf    text    `json:"mf"`
	Maker text    `json:"manufacturer"`
	Mdl   text    `json:"mdl"`
	Model text    `json:"model"`
	SN    text    `json:"sn"`
	Ser   text    `json:"serial_number"`
}

func readHomeAssistant(payload []byte) []announced {
	var raw map[string]json.RawMessage
	if json.Unmarshal(payload, &raw) != nil {
		return nil
	}
	var d homeDevice
	for _, key := range []string{"device", "dev"} {
		if v, ok := raw[key]; ok && json.Unmarshal(v, &d) == nil {
			break
		}
	}
	a := announced{
		Name: string(d.Name), Maker: first(d.Maker, d.Mf), Model: first(d.Model, d.Mdl), Serial: first(d.Ser, d.SN),
		Because: words.Text("its Home Assistant discovery message names the topic"),
	}
	for _, pair := range append(d.Conns, d.Cns...) {
		if len(pair) == 2 && pair[0] == "mac" {
			if mac, ok := discovery.NormalizeMAC(pair[1]); ok {
				a.MAC = mac
			}
		}
	}
	id := a.MAC
	for _, s := range append(d.IDs, d.Ids...) {
		if id == "" {
			id = clean(s)
		}
	}
	if id == "" {
		return nil // without an identifier nobody can tell devices apart
	}
	a.ID = "homeassistant/" + id
	base := stringOf(raw["~"])
	for key, v := range raw {
		if key != "t" && key != "topic" && !strings.HasSuffix(key, "_topic") && !strings.HasSuffix(key, "_t") || isCommand(key) {
			continue
		}
		t := stringOf(v)
		if rest, ok := strings.CutPrefix(t, "~"); ok {
			t = base + rest
		} else if rest, ok := strings.CutSuffix(t, "~"); ok {
			t = rest + base
		}
		if t != "" && len(t) <= maxTopic && len(a.Topics) < maxClaims {
			a.Topics = append(a.Topics, t)
		}
	}
	return []announced{a}
}

// isCommand reports whether a field names a topic that the device listens to,
// or that many share.
func isCommand(key string) bool {
	return strings.Contains(key, "command") || strings.Contains(key, "cmd") || strings.HasPrefix(key, "set_") ||
		strings.Contains(key, "avty") || strings.Contains(key, "availability")
}

func stringOf(v json.RawMessage) string {
	var s string
	if json.Unmarshal(v, &s) != nil || len(s) > maxTopic {
		return ""
	}
	return s
}

func first(a, b text) string {
	if a != "" {
		return string(a)
	}
	return string(b)
}

func readZigbee(payload []byte) []announced {
	var list []struct {
		IEEE       text `json:"ieee_address"`
		Name       text `json:"friendly_name"`
		Type       text `json:"type"`
		Maker      text `json:"manufacturer"`
		ModelID    text `json:"model_id"`
		Definition *struct {
			Model  text `json:"model"`
			Vendor text `json:"vendor"`
		} `json:"definition"`
	}
	if json.Unmarshal(payload, &list) != nil {
		return nil
	}
	var out []announced
	for _, d := range list[:min(len(list), maxListed)] {
		name := string(d.Name)
		if name == "" || d.Type == "Coordinator" {
			continue
		}
		short, _, _ := strings.Cut(name, "/")
		a := announced{
			ID: zigbeeBase + short, Name: name, Maker: string(d.Maker), Model: string(d.ModelID), Serial: string(d.IEEE),
			Because: words.Text("Zigbee2MQTT's list of devices names it"),
		}
		if d.Definition != nil {
			a.Maker, a.Model = first(d.Definition.Vendor, d.Maker), first(d.Definition.Model, d.ModelID)
		}
		out = append(out, a)
	}
	return out
}

func readTasmota(payload []byte) []announced {
	var d struct {
		Topic text  `json:"t"`
		Name  text  `json:"dn"`
		MAC   text  `json:"mac"`
		Model text  `json:"md"`
		Names texts `json:"fn"`
	}
	if json.Unmarshal(payload, &d) != nil || d.Topic == "" {
		return nil
	}
	a := announced{ID: "tasmota/" + string(d.Topic), Name: string(d.Name), Maker: "Tasmota", Model: string(d.Model), Because: words.Text("its Tasmota discovery message names it")}
	a.MAC, _ = discovery.NormalizeMAC(string(d.MAC))
	return []announced{a}
}

func readShelly(payload []byte) []announced {
	var d struct {
		ID    text `json:"id"`
		Model text `json:"model"`
		MAC   text `json:"mac"`
	}
	if json.Unmarshal(payload, &d) != nil || d.ID == "" {
		return nil
	}
	a := announced{ID: "shelly/" + string(d.ID), Name: string(d.ID), Maker: "Shelly", Model: string(d.Model), Because: words.Text("its Shelly announcement names it")}
	a.MAC, _ = discovery.NormalizeMAC(string(d.MAC))
	return []announced{a}
}

func readESPHome(payload []byte) []announced {
	var d struct {
		Name     text `json:"name"`
		Friendly text `json:"friendly_name"`
		MAC      text `json:"mac"`
		Board    text `json:"board"`
	}
	if json.Unmarshal(payload, &d) != nil || d.Name == "" {
		return nil
	}
	a := announced{ID: "esphome/" + string(d.Name), Name: first(d.Friendly, d.Name), Maker: "ESPHome", Model: string(d.Board), Because: words.Text("its ESPHome discovery message names it")}
	a.MAC, _ = discovery.NormalizeMAC(string(d.MAC))
	return []announced{a}
}
