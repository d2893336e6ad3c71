package mud

import (
	"net/netip"
	"slices"
	"strings"

	"bestbefore/discovery/flow"
)

// Seen is a declared entry and the traffic that it covers.
type Seen struct {
	Entry   Entry         `json:"entry"`
	Records []flow.Record `json:"records"`
}

// Result is a description held against what was seen. Every record is in exactly
// one of Declared, Undeclared and Unclear; of several entries that cover a record
// the first counts, as in an access list.
type Result struct {
	Declared   []Seen        `json:"declared"`   // declared and seen
	Never      []Entry       `json:"never"`      // the device may send it, and never did
	Undeclared []flow.Record `json:"undeclared"` // seen and not declared
	// Unclear is what cannot be told: the record lacks what a condition asks for,
	// or the condition is about who is whose controller.
	Unclear []flow.Record `json:"unclear"`
}

// answer is how far a record meets a condition.
type answer int

const (
	no answer = iota
	perhaps
	yes
)

// Compare holds p against records of the device's own traffic. The entries for
// what is sent to the device mirror the others and are not looked at: a record
// knows both directions as one.
func Compare(p Profile, records []flow.Record) Result {
	r := Result{Declared: []Seen{}, Never: []Entry{}, Undeclared: []flow.Record{}, Unclear: []flow.Record{}}
	covers := make([][]flow.Record, len(p.From))
	possible := make([]bool, len(p.From))
	for _, rec := range records {
		at, verdict := judge(p.From, rec, possible)
		switch verdict {
		case yes:
			covers[at] = append(covers[at], rec)
		case perhaps:
			r.Unclear = append(r.Unclear, rec)
		case no:
			r.Undeclared = append(r.Undeclared, rec)
		}
	}
	for i, e := range p.From {
		switch {
		case len(covers[i]) > 0:
			r.Declared = append(r.Declared, Seen{e, covers[i]})
		case e.Accept && !possible[i]: // what may have been seen was not "never" seen
			r.Never = append(r.Never, e)
		}
	}
	return r
}

// judge finds the entry that decides about rec. Entries that may cover it are
// noted in possible. An uncertain entry matters only when a later one, or the end
// of the list, which refuses (RFC 8520 section 2.1), would decide otherwise.
func judge(entries []Entry, rec flow.Record, possible []bool) (at int, verdict answer) {
	mayAccept, mayRefuse := false, false
	for i, e := range entries {
		switch e.meets(rec) {
		case no:
		case perhaps:
			possible[i] = true
			mayAccept, mayRefuse = mayAccept || e.Accept, mayRefuse || !e.Accept
		case yes:
			switch {
			case e.Accept && !mayRefuse:
				return i, yes
			case !e.Accept && !mayAccept:
				return i, no
			}
			possible[i] = true
			return i, perhaps
		}
	}
	if mayAccept {
		return -1, perhaps
	}
	return -1, no
}

// meets reports whether rec meets all conditions of e.
func (e Entry) meets(rec flow.Record) answer {
	dst := rec.Destination
	out := e.meetsName(dst)
	if e.Initiated == "to-device" {
		out = min(out, perhaps) // a record does not say who began
	}
	if dst.Address.IsValid() {
		if e.Family == 4 && !dst.Address.Unmap().Is4() || e.Family == 6 && dst.Address.Unmap().Is4() {
			return no
		}
	}
	out = min(out, e.meetsPlace(dst.Address))
	if looked := rec.Protocol == "dns" && !dst.Address.IsValid(); looked {
		return out // a name that was looked up: with what it was then reached, nobody saw
	}
	return min(out, e.meetsTransport(rec))
}

func (e Entry) meetsName(dst flow.Destination) answer {
	switch {
	case e.DNS == "":
		return yes
	case dst.Domain == "":
		return perhaps
	case strings.EqualFold(strings.TrimSuffix(dst.Domain, "."), e.DNS):
		return yes
	default:
		return no
	}
}

// meetsPlace looks at networks and at the abstract remote sides.
func (e Entry) meetsPlace(a netip.Addr) answer {
	out := yes
	if len(e.Networks) > 0 {
		out = perhaps
		if a.IsValid() {
			out = when(slices.ContainsFunc(e.Networks, func(p netip.Prefix) bool { return p.Contains(a.Unmap().WithZone("")) }))
		}
	}
	if e.LocalNetworks {
		out = min(out, home(a, yes))
	}
	if e.SameManufacturer || e.Manufacturer != "" || e.Model != "" { // devices of this home
		out = min(out, home(a, perhaps))
	}
	if e.MyController || e.Controller != "" { // may be anywhere
		out = min(out, perhaps)
	}
	return out
}

// home is then for an address at home, no for one outside, and perhaps when the
// address is not known.
func home(a netip.Addr, then answer) answer {
	switch {
	case !a.IsValid():
		return perhaps
	case a.IsPrivate() || a.IsLinkLocalUnicast() || a.IsLinkLocalMulticast() || a.IsLoopback():
		return then
	default:
		return no
	}
}

func (e Entry) meetsTransport(rec flow.Record) answer {
	out := yes
	if e.Protocol != "" {
		switch p := string(rec.Protocol); {
		case p == e.Protocol, p == "icmp" && e.Protocol == "icmpv6":
		case p == "tcp" || p == "udp" || strings.HasPrefix(p, "icmp"):
			return no
		default: // "mqtt", "" and the like do not name the transport
			out = perhaps
		}
	}
	if !e.Remote.Any() {
		if rec.Port == 0 {
			return min(out, perhaps)
		}
		out = min(out, when(e.Remote.Has(rec.Port)))
	}
	if !e.Local.Any() { // nobody records the device's own port
		out = min(out, perhaps)
	}
	return out
}

func when(b bool) answer {
	if b {
		return yes
	}
	return no
}
