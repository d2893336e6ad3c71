package mdns

import (
	"slices"
	"strings"
	"time"

	"github.com/miekg/dns"

	"bestbefore/discovery"
)

const (
	gather      = 25 * time.Millisecond  // packets of one answer arrive together
	eventGap    = 100 * time.Millisecond // between two events of one instance
	quietEvery  = 30 * time.Second       // look for hosts that were heard without news
	textTries   = 6                      // some devices have no TXT record at all
	familyTries = 6                      // how often to ask for the address family that is missing
)

// batch is what one round of evaluation brought.
type batch struct {
	events    []Event
	sightings []discovery.Sighting
}

// browser turns claims into events. It does no I/O and reads no clock, so that
// everything it does can be tested with made-up packets and times. Not safe for
// concurrent use.
type browser struct {
	cache     *cache
	asker     *asker
	limits    *limiter
	known     func(host string) bool
	only      bool            // no types but the given ones
	types     map[string]bool // "_http._tcp.local."
	learned   map[string]bool // those of types that somebody here announced
	instances map[string]*instance
	hosts     map[string]*host
	dirty     map[string]*instance
	dirtyHost map[string]*host
	flushAt   time.Time // when the dirty ones are due; zero: none
	quietAt   time.Time
	strangers int // hosts that are not known
}

// instance is one service instance that some PTR record names.
type instance struct {
	full   string // lower case, escaped, with the domain
	raw    string // instance label as sent, escaped
	typ    string
	host   *host
	last   Event
	beside bool // found by the name of another service; no PTR record names it
	shown  bool // an Added was sent and no Removed after it
	sent   time.Time
}

func newBrowser(types []string, only bool, known func(string) bool) *browser {
	b := &browser{
		cache: newCache(), asker: newAsker(), limits: newLimiter(), known: known, only: only,
		types: map[string]bool{}, learned: map[string]bool{}, instances: map[string]*instance{}, hosts: map[string]*host{},
		dirty: map[string]*instance{}, dirtyHost: map[string]*host{},
	}
	for _, t := range types {
		b.types[t] = true
	}
	return b
}

// take takes in one packet. Records are looked at in the order in which they
// explain each other, whatever order they were sent in.
func (b *browser) take(m message, o origin, now time.Time) {
	if b.cache.spare = 0; b.familiar(m) {
		b.cache.spare = keptForKnown
	}
	slices.SortStableFunc(m.claims, func(x, y claim) int { return stage(x.typ) - stage(y.typ) })
	for i := range m.claims {
		c := &m.claims[i]
		switch c.typ {
		case dns.TypePTR:
			b.takePTR(c, o, now)
		case dns.TypeSRV, dns.TypeTXT:
			b.takeService(c, o, now)
		default:
			b.takeAddress(c, o, now)
		}
	}
}

// familiar reports whether m speaks of a host that the household knows. While
// somebody floods the network with inventions, such packets are the ones to keep.
// Who puts a known name beside an invention gains the spare room and no more.
func (b *browser) familiar(m message) bool {
	return slices.ContainsFunc(m.claims, func(c claim) bool {
		name := c.key
		switch c.typ {
		case dns.TypeSRV:
			name = lower(c.target)
		case dns.TypeA, dns.TypeAAAA:
		default:
			return false
		}
		if h := b.hosts[name]; h != nil {
			return h.known
		}
		return b.known(strings.TrimSuffix(unescape(name), "."))
	})
}

func stage(typ uint16) int {
	switch typ {
	case dns.TypePTR:
		return 0
	case dns.TypeSRV:
		return 1
	case dns.TypeTXT:
		return 2
	default:
		return 3
	}
}

func (b *browser) takePTR(c *claim, o origin, now time.Time) {
	if c.key == enumerate {
		if typ, prefix, ok := typeOf(c.target); ok && prefix == "" && c.ttl > 0 {
			b.learn(typ, o, now)
		}
		return
	}
	typ, prefix, ok := typeOf(c.name)
	if !ok || prefix != "" {
		return
	}
	full := lower(c.target)
	if len(full) <= len(typ)+1 || !strings.HasSuffix(full, "."+typ) {
		return
	}
	if !b.learn(typ, o, now) {
		return
	}
	if c.ttl > 0 && b.cache.spare == 0 && b.cache.find(c) == nil && !b.limits.name(o.addr, now) {
		return
	}
	out := b.cache.put(*c, o, now)
	if out == refused {
		b.limits.refused++
	}
	if out == added {
		b.asker.busy, b.asker.many = now.Add(calm), len(b.cache.ptrs) > manyKnown
	}
	if !out.news() {
		return
	}
	in := b.instances[full]
	if in == nil {
		in = &instance{full: full, typ: typ, raw: c.target[:len(c.target)-len(typ)-1]}
		b.instances[full] = in
	}
	b.touch(in, now)
}

// learn takes up a service type and reports whether typ is one that we browse.
func (b *browser) learn(typ string, o origin, now time.Time) bool {
	if b.types[typ] {
		return true
	}
	if b.only {
		return false
	}
	if len(b.types) >= maxTypes {
		b.limits.refused++
		return false
	}
	if !b.limits.typ(o.addr, now) {
		return false
	}
	b.types[typ], b.learned[typ] = true, true
	b.asker.once(key{typ, dns.TypePTR}, o.iface, now)
	return true
}

func (b *browser) takeService(c *claim, o origin, now time.Time) {
	typ, prefix, ok := typeOf(c.name)
	if !ok || prefix == "" || b.only && !b.types[typ] {
		return
	}
	in := b.instances[c.key]
	if in == nil {
		in = b.besideOf(c, typ, prefix)
	}
	out := b.put(c, o, now, in != nil)
	if in == nil || out == refused || out == unknown {
		return
	}
	if out.news() || in.host == nil {
		b.instances[c.key] = in
		b.touch(in, now)
		if c.typ == dns.TypeSRV && c.ttl > 0 {
			// At once, so that the addresses in the same packet are expected.
			b.attach(in, lower(c.target), c.target)
		}
	}
	if in.host != nil && c.ttl > 0 {
		in.host.renewed = true
	}
}

func (b *browser) takeAddress(c *claim, o origin, now time.Time) {
	h := b.hosts[c.key]
	out := b.put(c, o, now, h != nil)
	if out == refused || out == unknown {
		return
	}
	stranger := h == nil
	if stranger {
		if h = b.host(c.key, c.name); h == nil {
			return
		}
	}
	h.renewed = h.renewed || c.ttl > 0
	if !out.news() && !stranger {
		return
	}
	b.touchHost(h, now)
	for in := range h.instances {
		b.touch(in, now)
	}
}

// put files c unless its sender has used up its allowance of new names.
func (b *browser) put(c *claim, o origin, now time.Time, expected bool) outcome {
	if c.ttl > 0 && !expected && b.cache.spare == 0 && b.cache.find(c) == nil && !b.limits.name(o.addr, now) {
		return refused
	}
	out := b.cache.put(*c, o, now)
	switch out {
	case refused:
		b.limits.refused++
	case added:
		b.asker.busy = now.Add(calm)
	}
	return out
}

func (b *browser) touch(in *instance, now time.Time) {
	b.dirty[in.full] = in
	b.flushBy(now.Add(gather))
}

func (b *browser) touchHost(h *host, now time.Time) {
	b.dirtyHost[h.key] = h
	b.flushBy(now.Add(gather))
}

func (b *browser) flushBy(at time.Time) {
	if b.flushAt.IsZero() || at.Before(b.flushAt) {
		b.flushAt = at
	}
}
