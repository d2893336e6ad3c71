// Package category holds the words for kinds of data: terms of the W3C Data
// Privacy Vocabulary (DPV) and, where it has none, our own extension, each with
// plain words and whether it is sensitive; and what kinds of devices typically
// send. It is pure and knows nothing of any real device: what it says of a kind
// is typical and never seen.
package category

import (
	"strings"

	"bestbefore/assets/words"
	"bestbefore/consent"
)

// Any is the word for everything that a device sends.
const Any consent.Category = "any"

// Term is one kind of data.
type Term struct {
	Category consent.Category `json:"category"`
	Words    string           `json:"words"` // plain English, lower case; translated where it is shown
	// Sensitive data tells of the inside of the home, of bodies, of whereabouts
	// or of what people say, write and watch. Special is what GDPR's article 9
	// protects more than other data; it is sensitive too.
	Sensitive bool `json:"sensitive"`
	Special   bool `json:"special,omitempty"`
	// IRI is DPV's own term. Where DPV has none, the term is ours and Broader is
	// the DPV term above it, "" for data that is hardly personal.
	IRI     string `json:"iri,omitempty"`
	Broader string `json:"broader,omitempty"`
}

// Ours reports whether the term is of our extension.
func (t Term) Ours() bool { return t.IRI == "" }

// All lists the terms in the order in which they may be offered.
func All() []Term { return append([]Term(nil), terms...) }

// Of gives the term for c or for another spelling of it; false for a word that
// somebody made up, which is allowed.
func Of(c consent.Category) (Term, bool) {
	c = Normal(string(c))
	for _, t := range terms {
		if t.Category == c {
			return t, true
		}
	}
	return Term{}, false
}

// Words is what to call c: the term's words, or a made-up word as it is.
func Words(c consent.Category) string {
	if t, ok := Of(c); ok {
		return words.Text(t.Words)
	}
	return strings.ReplaceAll(string(Normal(string(c))), "_", " ")
}

// Normal gives the spelling that consent takes: lower case, one word, and our
// word for other names of the same thing.
func Normal(word string) consent.Category {
	w := strings.Join(strings.Fields(strings.ToLower(word)), "_")
	w = strings.ReplaceAll(w, "-", "_")
	if same, ok := spellings[w]; ok {
		return same
	}
	return consent.Category(w)
}

// spellings are other names for our words.
var spellings = map[string]consent.Category{
	"sound": "audio", "microphone": "audio", "speech": "voice", "camera": "video", "camera_video": "video", "film": "video", "picture": "image",
	"pictures": "image", "photo": "image", "photos": "image", "snapshot": "image", "power": "energy", "energy_use": "energy", "electricity": "energy",
	"heartrate": "heart_rate", "pulse": "heart_rate", "steps": "activity", "exercise": "activity", "gps": "location", "whereabouts": "location",
	"occupancy": "presence", "map": "floor_plan", "floorplan": "floor_plan", "contact": "opening", "door": "opening", "window": "opening",
	"illuminance": "light_level", "light": "light_level", "air_quality": "air", "smoke": "safety", "alarm": "safety", "tv": "viewing",
	"viewing_habits": "viewing", "music": "listening", "documents": "files", "print_contents": "print", "printing": "print", "blood_glucose": "blood_sugar",
	"glucose": "blood_sugar", "faces": "face", "crash_reports": "diagnostics", "telemetry": "diagnostics", "everything": "any",
}
