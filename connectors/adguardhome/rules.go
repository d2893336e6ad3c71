package adguardhome

import (
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"bestbefore/connectors/dnsblock"
	"bestbefore/discovery"
)

// Our blocks are kept among the household's own filter rules. Each of our rules
// stands behind a comment that carries its mark and the hardware addresses that
// it is meant for, so that it is found again after a new installation:
//
//	! best-before consent-c1 aa:bb:cc:dd:ee:ff
//	||maker.example^$client=192.168.1.20|fd00::20,important
//
// "important" puts it above the household's exceptions. A rule without a name
// is for every name.
const (
	opening = "! best-before "
	anyName = "||*^"
	clients = "$client="
	ending  = ",important"
	noMAC   = "-"
)

// rule is one of ours.
type rule struct {
	mark  string
	macs  []string
	name  string // "" for every name
	addrs []netip.Addr
}

func (r rule) lines() []string {
	macs := noMAC
	if len(r.macs) > 0 {
		macs = strings.Join(r.macs, ",")
	}
	return []string{opening + url.QueryEscape(r.mark) + " " + macs, r.text()}
}

// text is the rule itself, as the query log shows it.
func (r rule) text() string {
	pattern := anyName
	if r.name != "" {
		pattern = "||" + r.name + "^"
	}
	var at []string
	for _, a := range r.addrs {
		at = append(at, a.String())
	}
	return pattern + clients + strings.Join(at, "|") + ending
}

// readRules takes the list apart: ours, and the lines of everybody else as they
// are. A comment of ours without its rule is dropped: it does nothing.
func readRules(lines []string) (ours []rule, others []string) {
	for i := 0; i < len(lines); i++ {
		r, isMark := readMark(lines[i])
		if !isMark {
			others = append(others, lines[i])
			continue
		}
		if i+1 < len(lines) && readRule(lines[i+1], &r) {
			ours = append(ours, r)
			i++
		}
	}
	return ours, others
}

func readMark(line string) (rule, bool) {
	rest, ok := strings.CutPrefix(line, opening)
	if !ok {
		return rule{}, false
	}
	words := strings.Fields(rest)
	if len(words) != 2 {
		return rule{}, false
	}
	mark, err := url.QueryUnescape(words[0])
	if err != nil || !dnsblock.GoodMark(mark) {
		return rule{}, false
	}
	r := rule{mark: mark}
	if words[1] == noMAC {
		return r, true
	}
	for m := range strings.SplitSeq(words[1], ",") {
		mac, ok := discovery.NormalizeMAC(m)
		if !ok {
			return rule{}, false
		}
		r.macs = append(r.macs, mac)
	}
	return r, true
}

func readRule(line string, r *rule) bool {
	pattern, rest, ok := strings.Cut(line, clients)
	if !ok {
		return false
	}
	list, ok := strings.CutSuffix(rest, ending)
	if !ok {
		return false
	}
	if pattern != anyName {
		name, ok := strings.CutPrefix(strings.TrimSuffix(pattern, "^"), "||")
		if n, good := dnsblock.Destination(name); !ok || !good || n != name {
			return false
		}
		r.name = name
	}
	for s := range strings.SplitSeq(list, "|") {
		a, err := netip.ParseAddr(s)
		if err != nil {
			return false
		}
		r.addrs = append(r.addrs, a)
	}
	return len(r.addrs) > 0
}

// write is the list with ours behind everybody else's.
func write(ours []rule, others []string) []string {
	out := slices.Clone(others)
	for _, r := range ours {
		out = append(out, r.lines()...)
	}
	return out
}

// of are the rules of one mark.
func of(ours []rule, mark string) []rule {
	var out []rule
	for _, r := range ours {
		if r.mark == mark {
			out = append(out, r)
		}
	}
	return out
}

// without are the rules of all other marks.
func without(ours []rule, mark string) []rule {
	return slices.DeleteFunc(slices.Clone(ours), func(r rule) bool { return r.mark == mark })
}
