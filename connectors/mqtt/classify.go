package mqtt

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"

	"bestbefore/consent"
	"bestbefore/discovery"
)

// The bounds of what is looked at in one message.
const (
	maxTopic      = 1024
	maxLevels     = 32
	maxDepth      = 32 // of JSON
	maxKeys       = 256
	maxCategories = 8
)

// Class is what one message says of itself: which kinds of data it carries and,
// where the way that its topic is built tells it, who published it and by what
// that is inferred. It holds no value of the message.
type Class struct {
	Categories []consent.Category // sorted, without doubles; empty: not known
	Publisher  string             // id within this broker, "" when the topic does not tell
	Name       string             // what to call it, cleaned
	Because    string             // the evidence in words
}

// kindOfWord says which kind of data a word in a topic or a field's name stands for.
var kindOfWord = map[string]consent.Category{
	"temperature": "temperature", "temp": "temperature", "current_temperature": "temperature", "climate": "temperature", "thermostat": "temperature", "local_temperature": "temperature", "tc": "temperature",
	"humidity": "humidity", "moisture": "humidity",
	"presence": "presence", "occupancy": "presence", "person": "presence", "people": "presence", "occupied": "presence",
	"motion": "motion", "pir": "motion", "vibration": "motion", "moving": "motion",
	"energy": "energy", "power": "energy", "voltage": "energy", "current": "energy", "consumption": "energy", "meter": "energy", "apower": "energy", "aenergy": "energy", "total_energy": "energy",
	"gas": "energy", "water": "energy",
	"location": "location", "latitude": "location", "longitude": "location", "gps": "location", "lat": "location", "lon": "location", "device_tracker": "location", "owntracks": "location", "gps_accuracy": "location",
	"image": "image", "snapshot": "image", "picture": "image", "thumbnail": "image", "jpeg": "image", "jpg": "image",
	"video": "video", "camera": "video", "clip": "video", "stream": "video", "recording": "video",
	"audio": "audio", "sound": "audio", "voice": "audio", "microphone": "audio", "speech": "audio", "noise": "audio", "sound_pressure": "audio",
	"door": "opening", "window": "opening", "contact": "opening", "opening": "opening", "garage": "opening", "garage_door": "opening", "lock": "opening", "cover": "opening",
	"light": "usage", "switch": "usage", "relay": "usage", "state": "usage", "output": "usage", "button": "usage", "action": "usage", "vacuum": "usage", "media_player": "usage", "brightness": "usage", "input": "usage",
	"smoke": "safety", "carbon_monoxide": "safety", "water_leak": "safety", "flood": "safety", "alarm": "safety", "tamper": "safety",
	"air_quality": "air", "co2": "air", "pm25": "air", "voc": "air", "carbon_dioxide": "air", "formaldehyd": "air",
	"heart_rate": "health", "weight": "health", "blood_pressure": "health", "steps": "health", "sleep": "health", "heartrate": "health",
	"illuminance": "light level", "illuminance_lux": "light level", "lux": "light level", "pressure": "air", "wind": "weather", "rain": "weather",
}

// Classify names what kinds of data a message carries, from its topic, from the
// names of the fields of a JSON payload and from the first bytes of pictures
// and recordings, and reads the publisher out of topics that are built by a
// known rule. It is pure and keeps nothing.
func Classify(topic string, payload []byte) Class {
	topic = topic[:min(len(topic), maxTopic)]
	levels := strings.SplitN(topic, "/", maxLevels)
	c := publisherOf(levels)
	found := map[consent.Category]bool{}
	for i, l := range levels {
		if i == 0 && l == "homeassistant" {
			continue
		}
		addWords(found, l)
	}
	if kind := magic(payload); kind != "" {
		found[kind] = true
	} else if len(payload) <= maxPacket {
		addKeys(found, payload)
	}
	if len(found) > 1 {
		delete(found, "usage") // says nothing beside something better
	}
	for k := range found {
		c.Categories = append(c.Categories, k)
	}
	slices.Sort(c.Categories)
	c.Categories = c.Categories[:min(len(c.Categories), maxCategories)]
	return c
}

// addWords looks a name up, whole and in its parts.
func addWords(found map[consent.Category]bool, name string) {
	if len(name) > 64 {
		return
	}
	name = strings.ToLower(name)
	if k, ok := kindOfWord[name]; ok {
		found[k] = true
		return
	}
	for _, w := range strings.FieldsFunc(name, func(r rune) bool { return !(r >= 'a' && r <= 'z' || r >= '0' && r <= '9') }) {
		if k, ok := kindOfWord[w]; ok {
			found[k] = true
		}
	}
}

// addKeys looks at the names of a JSON object's fields, never at their values.
func addKeys(found map[consent.Category]bool, payload []byte) {
	payload = bytes.TrimSpace(payload)
	if len(payload) < 2 || payload[0] != '{' || !shallow(payload) {
		return
	}
	dec := json.NewDecoder(bytes.NewReader(payload))
	var isObject []bool // of the open brackets
	wantKey := false
	for keys := 0; keys < maxKeys; {
		tok, err := dec.Token()
		if err != nil {
			return
		}
		switch v := tok.(type) {
		case json.Delim:
			switch v {
			case '{', '[':
				isObject = append(isObject, v == '{')
			default:
				isObject = isObject[:len(isObject)-1]
			}
			wantKey = len(isObject) > 0 && isObject[len(isObject)-1]
		case string:
			if wantKey {
				addWords(found, v)
				keys++
				wantKey = false
				continue
			}
			wantKey = len(isObject) > 0 && isObject[len(isObject)-1]
		default:
			wantKey = len(isObject) > 0 && isObject[len(isObject)-1]
		}
	}
}

// magic knows pictures, recordings and films by their first bytes.
func magic(p []byte) consent.Category {
	has := func(at int, s string) bool { return len(p) >= at+len(s) && string(p[at:at+len(s)]) == s }
	switch {
	case has(0, "\xff\xd8\xff"), has(0, "\x89PNG\r\n"), has(0, "GIF8"), has(0, "RIFF") && has(8, "WEBP"):
		return "image"
	case has(0, "RIFF") && has(8, "WAVE"), has(0, "OggS"), has(0, "ID3"), has(0, "fLaC"):
		return "audio"
	case has(4, "ftyp"), has(0, "\x1aE\xdf\xa3"), has(0, "RIFF") && has(8, "AVI "):
		return "video"
	}
	return ""
}

// shallow reports whether JSON is nested no deeper than is sane. It counts
// brackets outside of strings and needs no memory.
func shallow(b []byte) bool {
	depth, inString := 0, false
	for i := 0; i < len(b); i++ {
		switch c := b[i]; {
		case inString && c == '\\':
			i++
		case c == '"':
			inString = !inString
		case inString:
		case c == '{' || c == '[':
			if depth++; depth > maxDepth {
				return false
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	return true
}

// publisherOf reads who published out of a topic that follows a known rule.
func publisherOf(levels []string) Class {
	if len(levels) < 2 {
		return Class{}
	}
	rule := func(kind, name, why string) Class {
		label := clean(name)
		if label == "" {
			return Class{}
		}
		return Class{Publisher: kind + "/" + label, Name: label, Because: why}
	}
	first, second := levels[0], levels[1]
	switch first {
	case "tele", "stat":
		return rule("tasmota", second, "Tasmota puts a device's own name second in its topics")
	case "zigbee2mqtt":
		if second == "bridge" {
			return rule("zigbee2mqtt", "bridge", "Zigbee2MQTT's own topics")
		}
		return rule("zigbee2mqtt", second, "Zigbee2MQTT puts a device's name second in its topics")
	case "shellies":
		if second != "announce" && second != "command" {
			return rule("shelly", second, "Shelly puts a device's own id second in its topics")
		}
	case "esphome":
		if second != "discover" {
			return rule("esphome", second, "ESPHome puts a device's own name second in its topics")
		}
	case "owntracks":
		if len(levels) > 2 {
			return rule("owntracks", second+" "+levels[2], "OwnTracks puts a person and a phone into its topics")
		}
	case "frigate":
		if second != "events" && second != "stats" && second != "available" && second != "reviews" {
			return rule("frigate", second, "Frigate puts a camera's name second in its topics")
		}
	}
	return Class{}
}

func clean(s string) string { return string(discovery.Clean(s)) }

func clip(s string, n int) string {
	s = string(discovery.CleanLong(s))
	return strings.ToValidUTF8(s[:min(len(s), n)], "")
}
