package fingerprint

import (
	"strings"
	"unicode"

	"bestbefore/assets/words"
	"bestbefore/discovery"
)

// readFacts reads what UPnP descriptions and connectors say. The facts of one
// description belong together: when one of them betrays a program, its author
// is not the device's maker.
func readFacts(facts []discovery.Fact, h *hints) {
	programs := map[string]string{}
	for _, f := range facts {
		switch f.Key {
		case "manufacturer", "model", "server", "model_description":
			programs[f.Of] = first(programs[f.Of], software(f.Value))
		}
	}
	for _, f := range facts {
		h.origin = string(f.Source) + " " + f.Of
		readFact(f, programs[f.Of], h)
	}
}

func readFact(f discovery.Fact, program string, h *hints) {
	conf := 0.8
	because := words.Sprintf("its description says so (%s)", f.Key)
	if strings.HasPrefix(string(f.Source), "connector:") {
		because = words.Sprintf("a connector says so (%s)", f.Key)
	}
	if program != "" {
		conf, because = 0.4, words.Sprintf("%s runs there and says so (%s)", program, f.Key)
	}
	switch f.Key {
	case "manufacturer", "vendor":
		if program == "" {
			h.maker(f.Value, conf, because, f.Source)
		}
	case "model", "model_name":
		if software(f.Value) == "" {
			h.model(f.Value, conf, because, f.Source)
		}
	case "friendly_name", "name":
		// A person gives a renderer its name, also to one that is a program.
		if software(f.Value) == "" {
			h.name(f.Value, max(conf-0.05, 0.6), because, f.Source)
		}
	case "device_type":
		for _, r := range upnpKinds {
			if strings.Contains(f.Value, r.word) {
				c := r.conf
				if program != "" {
					c = min(c, 0.55)
				}
				h.kind(r.kind, c, because, f.Source)
			}
		}
	case "kind":
		h.kind(discovery.Kind(f.Value), 0.6, because, f.Source)
	}
}

// readNames looks for telling words in host and instance names, and takes the
// host name for the name when nothing better is known.
func readNames(d discovery.Device, h *hints) {
	for _, id := range d.Identifiers {
		if id.Type == discovery.Hostname {
			host, _, _ := strings.Cut(id.Value, ".")
			conf := 0.3
			if !telling(host) {
				conf = 0.1
			}
			h.name(host, conf, words.Text("calls itself so on the network"), discovery.SourceMDNS)
			readWords(host, words.Later("its host name is %s"), discovery.SourceMDNS, h)
		}
	}
	for _, s := range d.Services {
		if strings.HasPrefix(s.Type, "_http.") || typeRules[strings.ToLower(s.Type)].name == "*" {
			readWords(s.Instance, words.Later("its service is called %s"), s.Source, h)
		}
	}
	for _, f := range d.Facts {
		if f.Key == "friendly_name" || f.Key == "name" {
			readWords(f.Value, words.Later("its description says %s"), f.Source, h)
		}
	}
}

// readWords takes what a name says; because is the key of the reason, in which the name stands.
func readWords(name, because string, src discovery.Source, h *hints) {
	parts := strings.FieldsFunc(strings.ToLower(name), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '!' })
	for _, w := range parts {
		for _, r := range wordKinds {
			if w == r.word {
				h.kind(r.kind, r.conf, words.Sprintf(because, clean(name)), src)
			}
		}
	}
}

// telling reports whether a host name is more than a number that a factory gave.
func telling(host string) bool {
	digits := 0
	for _, r := range host {
		if unicode.IsDigit(r) {
			digits++
		}
	}
	return digits*2 < len(host)
}

// readHardware asks who made the network chip. The address that answered on
// the network counts before one that is only spoken of.
func readHardware(d discovery.Device, oui func(string) (string, bool), h *hints) {
	if oui == nil {
		return
	}
	macs := d.Hardware
	if len(macs) == 0 {
		macs = d.MACs()
	}
	for _, mac := range macs {
		if discovery.RandomMAC(mac) {
			continue
		}
		long, ok := oui(mac)
		if !ok {
			continue
		}
		maker := Maker(long)
		because := words.Sprintf("its hardware address belongs to %s", clean(long))
		if chipMakers[maker] {
			h.maker(maker, 0.2, words.Sprintf("its hardware address belongs to %s, who also makes chips for others", clean(long)), discovery.SourceNeighbor)
		} else {
			h.maker(maker, 0.4, because, discovery.SourceNeighbor)
		}
		if r, ok := makerKinds[maker]; ok {
			h.kind(r.kind, r.conf*0.9, because, discovery.SourceNeighbor)
		}
	}
}

// legalForms end the names of companies and tell a household nothing.
var legalForms = map[string]bool{
	"inc": true, "incorporated": true, "corp": true, "corporation": true, "co": true, "company": true, "ltd": true, "limited": true, "llc": true, "gmbh": true,
	"ag": true, "kg": true, "mbh": true, "bv": true, "b.v": true, "s.a": true, "sa": true, "s.r.l": true, "srl": true, "s.p.a": true, "spa": true, "oy": true, "ab": true, "as": true,
	"a/s": true, "plc": true, "pte": true, "pty": true, "llp": true, "technologies": true, "technology": true, "electronics": true, "berlin": true, "&": true, "international": true,
	"communications": true, "systems": true, "industries": true, "sas": true, "ug": true, "kk": true, "k.k": true, "group": true, "holdings": true, "trading": true, "foundation": true,
}

// Maker shortens a company's name to what is printed on its devices: "AVM
// Audiovisuelles Marketing und Computersysteme GmbH" to "AVM".
func Maker(long string) string {
	long = clean(long)
	lower := strings.ToLower(long)
	for _, m := range makerNames {
		if rest, ok := strings.CutPrefix(lower, m.prefix); ok && (rest == "" || strings.IndexFunc(rest, unicode.IsLetter) != 0) {
			return m.name
		}
	}
	words := strings.Fields(strings.ReplaceAll(long, ",", " "))
	for len(words) > 1 && legalForms[strings.ToLower(strings.Trim(words[len(words)-1], ".()"))] {
		words = words[:len(words)-1]
	}
	return strings.Join(words, " ")
}
