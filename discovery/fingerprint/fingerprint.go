// Package fingerprint guesses what a device is: its maker, model, kind and
// name, from its hardware address, what its services and descriptions say and
// how it is called. Every guess names what it rests on and how sure it is. The
// package is pure: tables and functions, no state, no network.
package fingerprint

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"unicode"

	"bestbefore/assets/words"
	"bestbefore/discovery"
)

const maxEvidence = 16 // reasons that a guess keeps

// isRouter is the reason by which the router is known.
func isRouter() string { return words.Text("is the way out of the home network") }

// hints gathers evidence; the most trusted of each sort wins.
type hints struct {
	all     []hint
	origin  string // the service or description that is being read
	dropped bool   // the rule that is being read says that its type tells nothing
}

// hint is a piece of evidence and the service or description that it is from.
type hint struct {
	discovery.Evidence
	origin string
}

func (h *hints) add(what, v string, conf float64, because string, src discovery.Source) {
	if v = clean(v); v != "" && conf > 0 {
		h.all = append(h.all, hint{discovery.Evidence{What: what, Value: v, Because: because, Source: src, Confidence: conf}, h.origin})
	}
}

func (h *hints) kind(k discovery.Kind, conf float64, because string, src discovery.Source) {
	h.add("kind", string(k), conf, because, src)
}

func (h *hints) maker(v string, conf float64, because string, src discovery.Source) {
	h.add("maker", Maker(v), conf, because, src)
}

func (h *hints) model(v string, conf float64, because string, src discovery.Source) {
	h.add("model", v, conf, because, src)
}

func (h *hints) name(v string, conf float64, because string, src discovery.Source) {
	h.add("name", readable(v), conf, because, src)
}

func (h *hints) drop() { h.dropped = true }

// Guess says what d probably is. oui names the maker of a hardware address; nil
// means that nobody can say. The same device gives the same guess.
func Guess(d discovery.Device, oui func(mac string) (string, bool)) discovery.Guess {
	h := &hints{}
	switch d.Role {
	case discovery.RoleThisComputer:
		h.kind(discovery.KindComputer, 0.97, words.Text("is this computer"), discovery.SourceSelf)
	case discovery.RoleRouter:
		h.kind(discovery.KindRouter, 0.95, isRouter(), discovery.SourceNeighbor)
	}
	for _, s := range d.Services {
		h.origin = s.Type + " " + s.Instance
		readService(s, h)
	}
	readFacts(d.Facts, h)
	h.origin = ""
	readNames(d, h)
	readHardware(d, oui, h)
	return h.guess()
}

func readService(s discovery.Service, h *hints) {
	r, ok := typeRules[strings.ToLower(s.Type)]
	if !ok {
		return
	}
	program := ""
	for _, k := range []string{"am", "md", "model", "manufacturer"} {
		program = first(program, software(value(s, k)))
	}
	h.dropped = false
	if r.read != nil {
		r.read(s, h)
	}
	if h.dropped || isCastGroup(s) && r.name == "fn" {
		return
	}
	if program == "" {
		h.maker(value(s, r.maker), 0.9, saysTXT(s, r.maker), s.Source)
		h.maker(r.vendor, vendorConf(r), says(s), s.Source)
		for _, k := range strings.Fields(r.model) {
			h.model(value(s, k), 0.85, saysTXT(s, k), s.Source)
		}
		if r.maker != "" && value(s, r.maker) != "" {
			for _, k := range strings.Fields(r.model) {
				h.model(value(s, k), 0.9, saysTXT(s, r.maker, k), s.Source)
			}
		}
	}
	conf := cmp.Or(r.conf, 0.7)
	because := says(s)
	if program != "" {
		conf, because = min(conf, 0.5), words.Sprintf("runs %s (%s)", program, clean(s.Type))
	}
	h.kind(r.kind, conf, because, s.Source)
	switch r.name {
	case "":
	case "*":
		h.name(r.as+instanceName(s), 0.8, says(s), s.Source)
	default:
		h.name(r.as+value(s, r.name), 0.92, saysTXT(s, r.name), s.Source)
	}
}

// vendorConf is lower where others make devices with a company's service type.
func vendorConf(r typeRule) float64 {
	if r.vendor == "Google" || r.vendor == "Amazon" {
		return 0.6
	}
	return 0.9
}

// instanceName is the name that a household sees: without the hardware address
// before an "@" and without the number that a maker hangs behind it.
func instanceName(s discovery.Service) string {
	name := s.Instance
	if mac, rest, ok := strings.Cut(name, "@"); ok {
		if len(mac) == 12 && hexTail(mac) {
			name = rest
		}
	}
	if at := strings.LastIndex(name, " - "); at > 0 && hexTail(name[at+3:]) {
		name = name[:at]
	}
	if at := strings.LastIndexByte(name, ' '); at > 0 && strings.HasPrefix(s.Type, "_hap.") && len(name)-at == 5 && hexTail(name[at+1:]) {
		name = name[:at] // HomeKit accessories add four digits of their own
	}
	return name
}

func hexTail(s string) bool {
	return len(s) >= 4 && strings.Trim(strings.ToLower(s), "0123456789abcdef") == ""
}

// agree raises evidence that several services give independently, a little.
func (h *hints) agree() {
	type claim struct{ what, value string }
	count := map[claim]int{}
	for _, e := range h.all {
		count[claim{e.What, e.Value}]++
	}
	for i, e := range h.all {
		h.raise(i, 0.02*float64(min(count[claim{e.What, e.Value}]-1, 3)))
	}
}

// pair raises the models that come with the maker that will be chosen, so that
// the maker of one service is not put before the model of another.
func (h *hints) pair() {
	h.sort()
	at := slices.IndexFunc(h.all, func(e hint) bool { return e.What == "maker" })
	if at < 0 {
		return
	}
	from := map[string]bool{}
	for _, e := range h.all {
		if e.What == "maker" && e.Value == h.all[at].Value && e.origin != "" {
			from[e.origin] = true
		}
	}
	for i, e := range h.all {
		if e.What == "model" && from[e.origin] {
			h.raise(i, 0.1)
		}
	}
}

// raise adds to the confidence of the i-th hint; nothing becomes certain.
func (h *hints) raise(i int, by float64) {
	c := &h.all[i].Confidence
	*c = math.Round(100*min(max(*c, 0.98), *c+by)) / 100
}

// sort puts the most trusted first; ties go to the smaller value, so that the
// order of services does not matter.
func (h *hints) sort() {
	slices.SortStableFunc(h.all, func(a, b hint) int {
		return cmp.Or(cmp.Compare(b.Confidence, a.Confidence), cmp.Compare(a.What, b.What), cmp.Compare(a.Value, b.Value),
			cmp.Compare(a.Because, b.Because), cmp.Compare(a.origin, b.origin))
	})
}

// guess picks the best of each sort, and the kind that nothing contradicts.
func (h *hints) guess() discovery.Guess {
	h.agree()
	h.pair()
	h.sort()
	h.all = slices.CompactFunc(h.all, func(a, b hint) bool { return a.Evidence == b.Evidence })
	g := discovery.Guess{Evidence: []discovery.Evidence{}}
	seen := map[string]bool{}
	kind, sure := h.contest()
	if sure {
		g.Kind, g.Confidence = discovery.Kind(kind.Value), kind.Confidence
		g.Evidence, seen["kind"] = append(g.Evidence, kind), true
	}
	var rest []discovery.Evidence
	for _, x := range h.all {
		e := x.Evidence
		if sure && e == kind {
			continue
		}
		if seen[e.What] || e.What == "kind" {
			rest = append(rest, e)
			continue
		}
		seen[e.What] = true
		g.Evidence = append(g.Evidence, e)
		switch e.What {
		case "maker":
			g.Vendor = e.Value
		case "model":
			g.Model = e.Value
		case "name":
			g.Name = e.Value
		}
	}
	g.Evidence = append(g.Evidence, rest[:min(len(rest), maxEvidence-len(g.Evidence))]...)
	if g.Confidence < 0.3 { // too thin to choose a picture by
		g.Kind = discovery.KindUnknown
	}
	return g
}

// software names the program that text betrays, or "".
func software(text string) string {
	text = strings.ToLower(text)
	if text == "" {
		return ""
	}
	for _, w := range softwareWords {
		if strings.Contains(text, w.word) {
			return w.name
		}
	}
	return ""
}

// readable makes a host name fit for a person and refuses what is only a number.
func readable(s string) string {
	s = strings.TrimSuffix(strings.TrimSpace(s), ".local")
	if _, isMAC := discovery.NormalizeMAC(s); isMAC || strings.IndexFunc(s, unicode.IsLetter) < 0 {
		return ""
	}
	return s
}
