package mdns

import (
	"time"

	"github.com/miekg/dns"
)

// due is when work must be called again; zero when there is nothing to wait for.
func (b *browser) due() time.Time {
	at := b.asker.due()
	for _, t := range []time.Time{b.flushAt, b.cache.due, b.quietAt} {
		if !t.IsZero() && (at.IsZero() || t.Before(at)) {
			at = t
		}
	}
	return at
}

// work does what is due at now: ends what ran out, evaluates what changed, and
// leaves the questions in the asker.
func (b *browser) work(now time.Time) batch {
	b.sweep(now)
	var out batch
	if !b.flushAt.IsZero() && !b.flushAt.After(now) {
		b.flushAt = time.Time{}
		for full, in := range b.dirty {
			if wait := in.sent.Add(eventGap); in.shown && wait.After(now) {
				b.flushBy(wait)
				continue
			}
			delete(b.dirty, full)
			b.evaluate(in, now, &out)
		}
		b.hostSightings(now, &out)
	}
	if b.quietAt.IsZero() || !b.quietAt.After(now) {
		b.quietAt = now.Add(quietEvery)
		b.quiet(now, &out)
	}
	return out
}

func (b *browser) sweep(now time.Time) {
	gone, old := b.cache.sweep(now)
	for _, r := range gone {
		b.ended(r, now)
	}
	for _, r := range old {
		if k := (key{r.key, r.typ}); b.concerns(r) {
			b.asker.once(k, r.iface, now)
		}
	}
}

// ended marks what an ended record was part of.
func (b *browser) ended(r *record, now time.Time) {
	switch r.typ {
	case dns.TypePTR:
		if in := b.instances[lower(r.target)]; in != nil {
			b.touch(in, now)
		}
	case dns.TypeSRV, dns.TypeTXT:
		if in := b.instances[r.key]; in != nil {
			b.touch(in, now)
		}
	default:
		if h := b.hosts[r.key]; h != nil {
			b.touchHost(h, now)
			for in := range h.instances {
				b.touch(in, now)
			}
		}
	}
}

// concerns reports whether r is worth a refresh question: only what a shown
// instance is made of.
func (b *browser) concerns(r *record) bool {
	switch r.typ {
	case dns.TypePTR:
		in := b.instances[lower(r.target)]
		return in != nil && in.shown
	case dns.TypeSRV, dns.TypeTXT:
		in := b.instances[r.key]
		return in != nil && in.shown
	default:
		h := b.hosts[r.key]
		return h != nil && len(h.instances) > 0
	}
}
