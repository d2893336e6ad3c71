package mdns

import (
	"net/netip"
	"slices"
	"time"

	"github.com/miekg/dns"
)

// key is what records are filed under.
type key struct {
	name string // lower case, escaped
	typ  uint16
}

// record is a claim that is believed until expires.
type record struct {
	claim
	at, expires time.Time
	life        time.Duration
	asked       int  // refresh questions sent: after 80, 90 and 95 % of the life
	bye         bool // ends because it was said to, not because nobody answered
	iface       string
	from4       netip.Addr // who sent it last, by family: a host answers on both
	from6       netip.Addr
}

// origin is where a packet came from.
type origin struct {
	addr  netip.Addr // with zone where link-local
	iface string
}

// outcome is what put did with a claim.
type outcome int

const (
	refused outcome = iota
	added
	renewed
	ending  // said goodbye
	unknown // a goodbye for something that we do not hold
)

// news reports whether something may look different now. A renewal changes
// nothing: what it may have saved from ending was still there.
func (o outcome) news() bool { return o == added || o == ending }

// cache holds the records of all links, joined over packets. It does no I/O
// and reads no clock. Not safe for concurrent use.
type cache struct {
	sets  map[key][]*record
	ptrs  map[[2]string]*record // PTR records by name and target: those lists are long
	count int
	spare int       // room beyond the limits for the packet at hand
	due   time.Time // no record needs attention before this; zero: none at all
}

func newCache() *cache {
	return &cache{sets: map[key][]*record{}, ptrs: map[[2]string]*record{}}
}

// find returns the record that says the same as c.
func (c *cache) find(cl *claim) *record {
	if cl.typ == dns.TypePTR {
		return c.ptrs[[2]string{cl.key, cl.data()}]
	}
	set := c.sets[key{cl.key, cl.typ}]
	if len(set) == 0 {
		return nil
	}
	data := cl.data()
	for _, r := range set {
		if r.data() == data {
			return r
		}
	}
	return nil
}

// put takes in one claim (RFC 6762 section 10).
func (c *cache) put(cl claim, o origin, now time.Time) outcome {
	k := key{cl.key, cl.typ}
	found := c.find(&cl)
	if cl.flush && cl.ttl > 0 {
		c.flush(k, found, o, now)
	}
	if cl.ttl == 0 {
		if found == nil {
			return unknown
		}
		// One second, so that another owner of the record can object.
		found.bye = true
		c.end(found, now.Add(time.Second))
		return ending
	}
	out := renewed
	if found == nil {
		if !c.room(k, cl.flush) {
			return refused
		}
		found = &record{claim: cl}
		c.sets[k] = append(c.sets[k], found)
		if cl.typ == dns.TypePTR {
			c.ptrs[[2]string{cl.key, cl.data()}] = found
		}
		c.count++
		out = added
	}
	found.life = min(max(time.Duration(cl.ttl)*time.Second, minTTL), maxTTL)
	found.at, found.expires = now, now.Add(found.life)
	found.ttl, found.asked, found.bye = cl.ttl, 0, false
	found.iface = o.iface
	if o.addr.Is4() {
		found.from4 = o.addr
	} else {
		found.from6 = o.addr
	}
	c.wake(found.refreshAt())
	return out
}

// flush ends the older records beside found: the sender says that its records
// are all there is. Only what was heard on the same link, for a host on two
// links states a different address on each.
func (c *cache) flush(k key, found *record, o origin, now time.Time) {
	for _, r := range c.sets[k] {
		if r != found && r.iface == o.iface && now.Sub(r.at) > time.Second {
			r.bye = true
			c.end(r, now.Add(time.Second))
		}
	}
}

// room reports whether one more record may be filed under k. In a full set a
// sender with the cache-flush bit replaces the oldest record: it may end the
// older ones anyway, and this spares waiting for the second to pass.
func (c *cache) room(k key, flush bool) bool {
	set := c.sets[k]
	if c.count >= maxCached+c.spare || len(set) == 0 && len(c.sets) >= maxNames+c.spare {
		return false
	}
	if k.typ == dns.TypePTR || len(set) < maxPerName {
		return true
	}
	if !flush {
		return false
	}
	oldest := 0
	for i, r := range set {
		if r.at.Before(set[oldest].at) {
			oldest = i
		}
	}
	c.forget(set[oldest])
	c.sets[k] = slices.Delete(set, oldest, oldest+1)
	return true
}

func (c *cache) end(r *record, at time.Time) {
	if r.expires.After(at) {
		r.expires = at
	}
	c.wake(r.expires)
}

func (c *cache) wake(at time.Time) {
	if c.due.IsZero() || at.Before(c.due) {
		c.due = at
	}
}

// live returns the records of name and type that are believed at now, the most
// recently heard last.
func (c *cache) live(name string, typ uint16, now time.Time) []*record {
	set := c.sets[key{name, typ}]
	for i, r := range set {
		if !r.expires.After(now) {
			out := append([]*record(nil), set[:i]...)
			for _, r := range set[i+1:] {
				if r.expires.After(now) {
					out = append(out, r)
				}
			}
			return out
		}
	}
	return set
}

// newest returns the live record heard last, nil when there is none.
func (c *cache) newest(name string, typ uint16, now time.Time) *record {
	var best *record
	for _, r := range c.sets[key{name, typ}] {
		if r.expires.After(now) && (best == nil || !r.at.Before(best.at)) {
			best = r
		}
	}
	return best
}

// pointer returns the live PTR record from typ to target.
func (c *cache) pointer(typ, target string, now time.Time) *record {
	if r := c.ptrs[[2]string{typ, target}]; r != nil && r.expires.After(now) {
		return r
	}
	return nil
}

// refreshAt is when r next needs attention: a question or its end.
func (r *record) refreshAt() time.Time {
	parts := [...]time.Duration{80, 90, 95}
	if r.bye || r.asked >= len(parts) {
		return r.expires
	}
	return r.at.Add(r.life * parts[r.asked] / 100)
}

// slack lets records that are nearly due share one question packet.
const slack = 2 * time.Second

// sweep removes what ran out and returns it, with what should be asked for again.
func (c *cache) sweep(now time.Time) (gone, stale []*record) {
	if c.due.IsZero() || now.Before(c.due) {
		return nil, nil
	}
	c.due = time.Time{}
	for k, set := range c.sets {
		keep := set[:0]
		for _, r := range set {
			if !r.expires.After(now) {
				gone = append(gone, r)
				c.forget(r)
				continue
			}
			if at := r.refreshAt(); at.Before(r.expires) && at.Before(now.Add(min(slack, r.life/50))) {
				r.asked++
				stale = append(stale, r)
			}
			keep = append(keep, r)
			c.wake(r.refreshAt())
		}
		clear(set[len(keep):])
		if len(keep) == 0 {
			delete(c.sets, k)
		} else {
			c.sets[k] = keep
		}
	}
	return gone, stale
}

func (c *cache) forget(r *record) {
	c.count--
	if r.typ == dns.TypePTR {
		delete(c.ptrs, [2]string{r.key, r.data()})
	}
}
