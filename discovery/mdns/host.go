package mdns

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/miekg/dns"

	"bestbefore/discovery"
)

// host is one owner of addresses, with the services that point to it.
type host struct {
	key       string // lower case, escaped, with the domain
	name      string // as sent
	known     bool
	instances map[*instance]bool
	gone      []discovery.Service // removed since the last sighting
	addrs     []netip.Addr        // as last said
	said      bool                // a sighting was sent
	sent      time.Time           // when, the last time
	changed   bool                // an event of one of its services came after that
	renewed   bool                // heard since the last quiet look
}

// host returns the host called name, new if need be; nil when there are too
// many strangers.
func (b *browser) host(name, asSent string) *host {
	if h := b.hosts[name]; h != nil {
		return h
	}
	known := b.known(strings.TrimSuffix(unescape(name), "."))
	if !known && b.strangers >= maxHosts {
		b.limits.refused++
		return nil
	}
	if !known {
		b.strangers++
	}
	h := &host{key: name, name: asSent, known: known, instances: map[*instance]bool{}}
	b.hosts[name] = h
	return h
}

func (b *browser) forgetHost(h *host) {
	delete(b.hosts, h.key)
	b.asker.drop(key{h.key, dns.TypeA})
	b.asker.drop(key{h.key, dns.TypeAAAA})
	if !h.known {
		b.strangers--
	}
}

// hostSightings says what changed, host by host, at most ten times a second for
// one host.
func (b *browser) hostSightings(now time.Time, out *batch) {
	for name, h := range b.dirtyHost {
		if wait := h.sent.Add(eventGap); h.said && wait.After(now) {
			b.flushBy(wait)
			continue
		}
		delete(b.dirtyHost, name)
		addrs := b.addresses(h.key, now)
		changed := h.changed || len(h.gone) > 0 || !slices.Equal(addrs, h.addrs) || !h.said
		here := len(addrs) > 0
		if changed && (here || h.said && len(h.gone)+len(h.instances) > 0) {
			out.sightings = append(out.sightings, b.sighting(h, addrs, now))
			h.said, h.sent = true, now
		}
		h.addrs, h.gone, h.changed = addrs, nil, false
		if len(h.instances) == 0 && !here {
			b.forgetHost(h)
		}
	}
}

// quiet says of each host that was heard without news that it is still here.
func (b *browser) quiet(now time.Time, out *batch) {
	for _, h := range b.hosts {
		if !h.renewed || !h.said {
			continue
		}
		h.renewed = false
		s := b.sighting(h, b.addresses(h.key, now), now)
		s.Quiet = true
		out.sightings = append(out.sightings, s)
	}
}

// sighting puts together what is known of h.
func (b *browser) sighting(h *host, addrs []netip.Addr, now time.Time) discovery.Sighting {
	s := discovery.Sighting{
		Source: discovery.SourceMDNS, At: now,
		Identifiers: []discovery.Identifier{{Type: discovery.Hostname, Value: identifierText(hostLabel(h.key))}},
		Addresses:   slices.Clone(addrs),
	}
	for in := range h.instances {
		if in.shown {
			s.Services = append(s.Services, in.last.Service)
		}
	}
	present := len(s.Services)
	for _, g := range h.gone {
		if !slices.ContainsFunc(s.Services, func(o discovery.Service) bool { return o.Type == g.Type && o.Instance == g.Instance }) {
			s.Services = append(s.Services, g)
		}
	}
	slices.SortFunc(s.Services, func(x, y discovery.Service) int {
		return strings.Compare(x.Type+"\x00"+x.Instance, y.Type+"\x00"+y.Instance)
	})
	for _, sv := range s.Services {
		s.Identifiers = append(s.Identifiers, discovery.Identifier{Type: discovery.Instance, Value: identifierText(sv.Instance + "." + sv.Type)})
	}
	b.sources(h, &s, now)
	s.Detail = detail(present, len(s.Services)-present)
	return s
}

func detail(present, gone int) string {
	switch {
	case gone > 0:
		return fmt.Sprintf("mDNS: %d services, %d said goodbye or fell silent", present, gone)
	case present == 0:
		return "mDNS: announces its name"
	case present == 1:
		return "mDNS: announces 1 service"
	default:
		return fmt.Sprintf("mDNS: announces %d services", present)
	}
}

// sources fills in who spoke for h. The senders' addresses count as h's own only
// where one of them is an address that h claims and no IPv4 sender is a stranger
// to it: a sleep proxy or a reflector speaks for others.
func (b *browser) sources(h *host, s *discovery.Sighting, now time.Time) {
	var from []netip.Addr
	var newest time.Time
	see := func(r *record) {
		if !r.at.Before(newest) {
			newest, s.Interface = r.at, r.iface
		}
		for _, a := range []netip.Addr{r.from4, r.from6} {
			if a.IsValid() && !slices.Contains(from, a) {
				from = append(from, a)
			}
		}
	}
	for _, typ := range []uint16{dns.TypeA, dns.TypeAAAA} {
		for _, r := range b.cache.live(h.key, typ, now) {
			see(r)
		}
	}
	for in := range h.instances {
		if r := b.cache.newest(in.full, dns.TypeSRV, now); r != nil && lower(r.target) == h.key {
			see(r)
		}
	}
	slices.SortFunc(from, netip.Addr.Compare)
	if len(from) > 1 {
		s.Senders = from
	}
	if len(from) > 0 {
		s.From = from[0]
	}
	self := slices.ContainsFunc(from, func(a netip.Addr) bool { return slices.Contains(s.Addresses, a) })
	other := slices.ContainsFunc(from, func(a netip.Addr) bool { return a.Is4() && !slices.Contains(s.Addresses, a) })
	if !self || other {
		return
	}
	for _, a := range from {
		if !slices.Contains(s.Addresses, a) {
			s.Addresses = append(s.Addresses, a)
		}
	}
	slices.SortFunc(s.Addresses, netip.Addr.Compare)
}
