package mdns

import (
	"fmt"
	"strings"

	"github.com/miekg/dns"
)

// zone is a label below local. whose names are browsed in place of those of
// local. itself: "demo" makes the engine look for x.demo.local. and call it
// x.local. Whoever looks for local. sees nothing of it, and the other way round.
// Names are changed at the engine's edge only. The empty zone changes nothing.
type zone string

func (z zone) suffix() string { return "." + string(z) + "." + domain }

// inside gives the name below local. that stands for a name of the zone.
func (z zone) inside(name string) (string, bool) {
	s := z.suffix()
	if len(name) <= len(s) || lower(name[len(name)-len(s):]) != s {
		return "", false
	}
	return name[:len(name)-len(s)] + "." + domain, true
}

// outside is the opposite of inside.
func (z zone) outside(name string) string {
	return strings.TrimSuffix(name, "."+domain) + z.suffix()
}

// inward leaves in m what belongs to the zone.
func (z zone) inward(m message) message {
	if z == "" {
		return m
	}
	kept := m.claims[:0]
	for _, c := range m.claims {
		var ok bool
		if c.name, ok = z.inside(c.name); !ok {
			continue
		}
		c.key = lower(c.name)
		if c.target != "" {
			if c.target, ok = z.inside(c.target); !ok {
				continue
			}
		}
		kept = append(kept, c)
	}
	m.claims = kept
	return m
}

// outward makes a packed question one about the zone.
func (z zone) outward(raw []byte) ([]byte, error) {
	if z == "" {
		return raw, nil
	}
	var m dns.Msg
	if err := m.Unpack(raw); err != nil {
		return nil, fmt.Errorf("moving a question to its zone: %w", err)
	}
	for i := range m.Question {
		m.Question[i].Name = z.outside(m.Question[i].Name)
	}
	for _, rr := range m.Answer {
		rr.Header().Name = z.outside(rr.Header().Name)
		if p, ok := rr.(*dns.PTR); ok {
			p.Ptr = z.outside(p.Ptr)
		}
	}
	m.Compress = true
	return m.Pack()
}
