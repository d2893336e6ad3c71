package mud

import (
	"encoding/json"
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// protocols are the numbers that have a name here.
var protocols = map[string]string{"1": "icmp", "6": "tcp", "17": "udp", "58": "icmpv6"}

// ignored are conditions that say nothing of who talks to whom.
var ignored = map[string]bool{"dscp": true, "ecn": true, "ttl": true, "length": true, "flow-label": true, "type": true, "code": true, "flags": true}

// matcher fills an Entry from its conditions.
type matcher struct {
	e    Entry
	from bool // the device sends: the remote side is the destination
	ok   bool // nothing that is not understood
}

// entry reads one access control entry. False when it has a condition that is not
// understood: leaving the condition out would declare more than the maker did.
func entry(a object, from bool, kind string) (Entry, bool) {
	m := matcher{from: from, ok: true}
	m.e.Name = a.first("name", "rule-name")
	act := a.object("actions")
	_, permit := act["permit"]
	_, deny := act["deny"]
	forwarding := strings.TrimPrefix(act.text("forwarding"), "ietf-access-control-list:")
	m.e.Accept = forwarding == "accept" || permit && !deny
	switch {
	case strings.Contains(kind, "ipv4"):
		m.e.Family = 4
	case strings.Contains(kind, "ipv6"):
		m.e.Family = 6
	}
	m.take(a.object("matches"))
	if m.e.Protocol == "icmp" && m.e.Family == 6 {
		m.e.Protocol = "icmpv6"
	}
	return m.e, m.ok
}

// family and proto set what is said of the two. All conditions hold together, so
// two that exclude each other are a mistake that nobody can read.
func (m *matcher) family(f int) {
	m.ok = m.ok && (m.e.Family == 0 || m.e.Family == f)
	m.e.Family = f
}

func (m *matcher) proto(p string) {
	if old := m.e.Protocol; old != "" && old != p {
		m.ok = m.ok && strings.TrimSuffix(old, "v6") == strings.TrimSuffix(p, "v6")
		p = max(old, p)
	}
	m.e.Protocol = p
}

// take reads a group of conditions.
func (m *matcher) take(o object) {
	for _, key := range slices.Sorted(maps.Keys(o)) {
		v := o[key]
		switch key {
		case "l3", "l4":
			m.take(o.object(key))
		case "ipv4", "ipv4-acl":
			m.family(4)
			m.take(o.object(key))
		case "ipv6", "ipv6-acl":
			m.family(6)
			m.take(o.object(key))
		case "tcp", "udp", "icmp", "tcp-acl", "udp-acl":
			m.proto(strings.TrimSuffix(key, "-acl"))
			m.take(o.object(key))
		case "mud", "mud-acl":
			m.class(o.object(key))
		default:
			m.condition(o, key, v)
		}
	}
}

// condition reads one condition.
func (m *matcher) condition(o object, key string, v any) {
	side, what, _ := strings.Cut(key, "-")
	remote := side == "dst" || side == "destination"
	if !m.from {
		remote = side == "src" || side == "source"
	}
	switch {
	case ignored[key]:
	case key == "protocol":
		m.protocol(v)
	case key == "direction-initiated":
		m.e.Initiated = o.text(key)
	case what == "dnsname":
		m.e.DNS = strings.ToLower(strings.TrimSuffix(o.text(key), "."))
		m.ok = m.ok && remote && m.e.DNS != ""
	case what == "ipv4-network", what == "ipv6-network":
		p, err := netip.ParsePrefix(o.text(key))
		m.ok = m.ok && remote && err == nil
		m.e.Networks = append(m.e.Networks, p.Masked())
	case what == "port", what == "port-range", what == "port-range-or-operator":
		p, ok := ports(o.object(key))
		m.ok = m.ok && ok
		if remote {
			m.e.Remote = p
		} else {
			m.e.Local = p
		}
	default:
		m.class(object{key: v})
	}
}

// protocol reads a number, as a number or as text.
func (m *matcher) protocol(v any) {
	n, ok := v.(json.Number)
	if s, text := v.(string); text {
		n, ok = json.Number(s), true
	}
	i, err := strconv.ParseUint(n.String(), 10, 8)
	if !ok || err != nil {
		m.ok = false
		return
	}
	s := strconv.FormatUint(i, 10)
	if name := protocols[s]; name != "" {
		s = name
	}
	m.proto(s)
}

// class reads the abstract remote sides of RFC 8520 section 3.
func (m *matcher) class(o object) {
	for _, key := range slices.Sorted(maps.Keys(o)) {
		switch key {
		case "same-manufacturer":
			m.e.SameManufacturer = true
		case "my-controller":
			m.e.MyController = true
		case "local-networks":
			m.e.LocalNetworks = true
		case "manufacturer":
			m.e.Manufacturer = strings.ToLower(o.text(key))
			m.ok = m.ok && m.e.Manufacturer != ""
		case "model":
			m.e.Model = o.text(key)
			m.ok = m.ok && m.e.Model != ""
		case "controller":
			m.e.Controller = o.text(key)
			m.ok = m.ok && m.e.Controller != ""
		case "direction-initiated":
			m.e.Initiated = o.text(key)
		default:
			m.ok = false
		}
	}
}

// ports reads an operator with a port, or a range (RFC 8519, packet fields).
func ports(o object) (Ports, bool) {
	at := func(key string) (uint16, bool) {
		_, there := o[key].(json.Number)
		n := o.number(key)
		return uint16(min(n, 0xffff)), there && n <= 0xffff
	}
	if low, ok := at("lower-port"); ok {
		high, there := at("upper-port")
		if _, said := o["upper-port"]; !said {
			high, there = low, true
		}
		return Ports{Low: low, High: high}, there && low <= high && high > 0
	}
	n, ok := at("port")
	if !ok || n == 0 {
		return Ports{}, false
	}
	switch o.text("operator") {
	case "eq", "":
		return Ports{Low: n, High: n}, true
	case "neq":
		return Ports{Low: n, High: n, Not: true}, true
	case "lte":
		return Ports{High: n}, true
	case "gte":
		return Ports{Low: n, High: 0xffff}, true
	default:
		return Ports{}, false
	}
}
