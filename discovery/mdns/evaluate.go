package mdns

import (
	"net/netip"
	"slices"
	"time"

	"github.com/miekg/dns"

	"bestbefore/discovery"
)

// evaluate compares what the cache holds of in with what was last said of it,
// adds an event if they differ, and asks for what is missing.
func (b *browser) evaluate(in *instance, now time.Time, out *batch) {
	ptr, owner := b.ground(in, now)
	if ptr == nil {
		b.remove(in, now, out)
		return
	}
	srv := b.cache.newest(owner, dns.TypeSRV, now)
	txt := b.cache.newest(in.full, dns.TypeTXT, now)
	b.asker.want(key{owner, dns.TypeSRV}, srv == nil, 0, ptr.iface, now)
	b.asker.want(key{in.full, dns.TypeTXT}, txt == nil, textTries, ptr.iface, now)
	ev := in.last
	ev.Service.Stale, ev.At = true, now
	if srv != nil {
		b.attach(in, lower(srv.target), srv.target)
		if in.host == nil {
			return // too many strangers, or too many services of one host
		}
		addrs := b.addresses(lower(srv.target), now)
		b.wantAddresses(lower(srv.target), addrs, srv.iface, now)
		if len(addrs) > 0 {
			ev = b.event(in, srv, txt, addrs, now)
		}
	}
	if !in.shown && ev.Service.Stale {
		return // never complete yet: nothing to say
	}
	ev.Kind = Updated
	if !in.shown {
		ev.Kind = Added
		b.askInfo(in, ptr.iface, now)
	} else if sameState(in.last, ev) {
		return
	}
	in.last, in.shown, in.sent = ev, true, now
	out.events = append(out.events, ev)
	if in.host != nil {
		in.host.changed = true
		b.dirtyHost[in.host.key] = in.host
	}
}

// event is the present state of in. When the TXT record is missing for the
// moment, what was known of it is kept.
func (b *browser) event(in *instance, srv, txt *record, addrs []netip.Addr, now time.Time) Event {
	s := discovery.Service{
		Type: typeLabel(in.typ), Instance: unescape(in.raw), Domain: "local", Host: hostLabel(srv.target), Port: int(srv.port),
		TXT: in.last.Service.TXT, Seen: discovery.At(now), Source: discovery.SourceMDNS, Addrs: texts(addrs),
	}
	if txt != nil {
		s.TXT = txt.txt
	}
	if in.beside {
		s.Port = 0 // the SRV record is another service's
	}
	from := srv.from4
	if !from.IsValid() {
		from = srv.from6
	}
	return Event{At: now, Service: s, Addresses: addrs, Interface: srv.iface, From: from}
}

// sameState reports whether two events say the same about the service.
func sameState(a, b Event) bool {
	return a.Service.Host == b.Service.Host && a.Service.Port == b.Service.Port && a.Service.Stale == b.Service.Stale &&
		slices.Equal(a.Service.TXT, b.Service.TXT) && slices.Equal(a.Addresses, b.Addresses)
}

// remove forgets in and says so if it had been shown.
func (b *browser) remove(in *instance, now time.Time, out *batch) {
	if in.shown {
		ev := in.last
		ev.Kind, ev.At, ev.Service.Gone, ev.Service.Stale = Removed, now, true, false
		out.events = append(out.events, ev)
		if in.host != nil {
			in.host.gone = append(in.host.gone, ev.Service)
			b.dirtyHost[in.host.key] = in.host
		}
	}
	b.asker.drop(key{in.full, dns.TypeSRV})
	b.asker.drop(key{in.full, dns.TypeTXT})
	if in.host != nil {
		delete(in.host.instances, in)
		b.dirtyHost[in.host.key] = in.host
	}
	delete(b.instances, in.full)
	b.leaveBeside(in, now)
}

// attach ties in to the host that its SRV record names.
func (b *browser) attach(in *instance, name, asSent string) {
	if in.host != nil && in.host.key == name {
		return
	}
	if in.host != nil {
		delete(in.host.instances, in)
		b.dirtyHost[in.host.key] = in.host
	}
	in.host = b.host(name, asSent)
	if in.host != nil && len(in.host.instances) >= maxServices {
		b.limits.refused++
		in.host = nil
	}
	if in.host != nil {
		in.host.instances[in] = true
	}
}

// wantAddresses asks for the addresses of a host: until one is there, and a few
// times for the family that is missing.
func (b *browser) wantAddresses(name string, addrs []netip.Addr, iface string, now time.Time) {
	four := slices.ContainsFunc(addrs, netip.Addr.Is4)
	six := slices.ContainsFunc(addrs, netip.Addr.Is6)
	tries := 0
	if four || six {
		tries = familyTries
	}
	b.asker.want(key{name, dns.TypeA}, !four, tries, iface, now)
	b.asker.want(key{name, dns.TypeAAAA}, !six, tries, iface, now)
}

// addresses returns the addresses that a host claims, sorted, the link-local
// ones with the zone on which they were heard.
func (b *browser) addresses(name string, now time.Time) []netip.Addr {
	var out []netip.Addr
	for _, typ := range []uint16{dns.TypeA, dns.TypeAAAA} {
		for _, r := range b.cache.live(name, typ, now) {
			a := r.addr
			if a.Is6() && a.IsLinkLocalUnicast() {
				a = a.WithZone(r.iface)
			}
			out = append(out, a)
		}
	}
	slices.SortFunc(out, netip.Addr.Compare)
	return out
}

func texts(addrs []netip.Addr) []string {
	out := make([]string, len(addrs))
	for i, a := range addrs {
		out[i] = a.String()
	}
	return out
}
