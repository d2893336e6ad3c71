package category

import (
	"cmp"
	"slices"
	"strings"

	"bestbefore/consent"
	"bestbefore/discovery"
)

// Basis says how it is known that a device sends a kind of data.
type Basis string

// The bases, the strongest first.
const (
	Seen     Basis = "seen"     // it was in what the device sent
	Declared Basis = "declared" // the maker says so: a label, a description, a discovery message
	Typical  Basis = "typical"  // devices of its kind usually do
	Unknown  Basis = "unknown"
)

// rank orders bases, the strongest first.
func (b Basis) rank() int {
	if i := slices.Index([]Basis{Seen, Declared, Typical}, b); i >= 0 {
		return i
	}
	return 3
}

// Claim is that a device sends a kind of data, and by what that is known.
type Claim struct {
	Category consent.Category `json:"category"`
	Basis    Basis            `json:"basis"`
	Source   string           `json:"source,omitempty"` // who says so: a connection's name, a document; "" for typical
}

// SeenIn reads what a flow record says that it carried (flow.Record.Categories:
// words with commas).
func SeenIn(said, source string) []Claim {
	var out []Claim
	for w := range strings.SplitSeq(said, ",") {
		if c := Normal(w); c != "" {
			out = append(out, Claim{c, Seen, source})
		}
	}
	return Best(out)
}

// Best keeps the strongest claim for each kind of data: the first of equal
// ones. Strongest first, sensitive ones before others, then by name.
func Best(claims []Claim) []Claim {
	best := map[consent.Category]Claim{}
	for _, c := range claims {
		if was, ok := best[c.Category]; !ok || c.Basis.rank() < was.Basis.rank() {
			best[c.Category] = c
		}
	}
	out := make([]Claim, 0, len(best))
	for _, c := range best {
		out = append(out, c)
	}
	slices.SortFunc(out, func(a, b Claim) int {
		return cmp.Or(cmp.Compare(a.Basis.rank(), b.Basis.rank()), cmp.Compare(calm(a), calm(b)), cmp.Compare(a.Category, b.Category))
	})
	return out
}

// calm is 0 for sensitive kinds of data and 1 for others.
func calm(c Claim) int {
	if t, ok := Of(c.Category); ok && t.Sensitive {
		return 0
	}
	return 1
}

// TypicalOf is what devices of a kind usually send to their makers, the most
// telling first. It says nothing of the one device, so that every claim is
// Typical; nothing is claimed of kinds that we do not know.
func TypicalOf(k discovery.Kind) []Claim {
	out := make([]Claim, 0, len(typical[k]))
	for _, c := range typical[k] {
		out = append(out, Claim{Category: c, Basis: Typical})
	}
	return out
}

// typical are the kinds of data by kind of device: what the device's sensors
// and its purpose make possible and makers' privacy notices commonly name.
var typical = map[discovery.Kind][]consent.Category{
	discovery.KindComputer:   {"browsing", "files", "usage", "location", "diagnostics", "identifiers"},
	discovery.KindPhone:      {"location", "messages", "browsing", "usage", "account", "diagnostics", "identifiers"},
	discovery.KindTablet:     {"location", "browsing", "viewing", "usage", "account", "diagnostics", "identifiers"},
	discovery.KindRouter:     {"network", "diagnostics", "identifiers"},
	discovery.KindTelevision: {"viewing", "voice", "usage", "account", "diagnostics", "identifiers"},
	discovery.KindSpeaker:    {"voice", "listening", "usage", "account", "diagnostics"},
	discovery.KindMedia:      {"viewing", "listening", "usage", "account", "diagnostics", "identifiers"},
	discovery.KindCamera:     {"video", "audio", "motion", "presence", "face", "account", "diagnostics"},
	discovery.KindDoorbell:   {"video", "audio", "presence", "motion", "face", "account", "diagnostics"},
	discovery.KindPrinter:    {"print", "usage", "diagnostics", "identifiers"},
	discovery.KindScanner:    {"files", "usage", "diagnostics", "identifiers"},
	discovery.KindStorage:    {"files", "usage", "account", "diagnostics"},
	discovery.KindLight:      {"presence", "usage", "routines", "energy", "diagnostics"},
	discovery.KindPlug:       {"energy", "presence", "usage", "routines", "diagnostics"},
	discovery.KindThermostat: {"presence", "routines", "temperature", "humidity", "energy", "usage", "location", "diagnostics"},
	discovery.KindSensor:     {"presence", "motion", "opening", "temperature", "humidity", "diagnostics"},
	discovery.KindLock:       {"presence", "opening", "access_codes", "account", "diagnostics"},
	discovery.KindAlarm:      {"presence", "motion", "opening", "safety", "account", "diagnostics"},
	discovery.KindHub:        {"presence", "routines", "usage", "network", "account", "diagnostics"},
	discovery.KindVacuum:     {"floor_plan", "video", "routines", "usage", "account", "diagnostics"},
	discovery.KindAppliance:  {"usage", "routines", "energy", "account", "diagnostics"},
	discovery.KindEnergy:     {"energy", "presence", "location", "account", "diagnostics"},
	discovery.KindGarage:     {"presence", "opening", "account", "diagnostics"},
	discovery.KindAir:        {"presence", "air", "temperature", "humidity", "usage", "diagnostics"},
	discovery.KindPrinter3D:  {"files", "video", "usage", "account", "diagnostics"},
	discovery.KindGame:       {"playing", "voice", "purchases", "usage", "account", "diagnostics", "identifiers"},
	discovery.KindServer:     {"diagnostics"},
}
