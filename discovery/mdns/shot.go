package mdns

import (
	"slices"
	"strings"
	"time"

	"github.com/miekg/dns"
)

// A round of questions is answered by multicast, which Wi-Fi loses more often
// than anything else, and may not be repeated as often as one would like (RFC
// 6762 section 5.2: a second, then twice as long each time). So after an
// interface came up two one-shot questions (section 5.1) go out between the
// first rounds: they leave from a port of their own, and are answered to that
// port alone, by unicast (section 6.7). Such answers carry a short life and no
// cache-flush bit, so they only teach what is new; the next ordinary answer
// makes it last.

const (
	calm      = 250 * time.Millisecond // without news for so long: the answers to the last question are in
	calmMost  = 2 * time.Second        // a round waits no longer for it
	manyKnown = 250                    // services of which a question has to say that they are known
	manyWait  = 4 * time.Second        // before the second round among so many
	shotTypes = 4 * perPacket          // types asked for in one one-shot question
)

// shotsAfter is when the one-shot questions go out after an interface came up.
var shotsAfter = [...]time.Duration{450 * time.Millisecond, 2 * time.Second}

// early reports whether a round on s must wait because there is so much known
// that saying so costs everybody on the network more than the round may bring;
// what a first round missed is then found by the one-shot questions.
func (a *asker) early(s *schedule, now time.Time) bool {
	at := s.up.Add(manyWait)
	if s.wait == firstWait || !a.many || !now.Before(at) {
		return false
	}
	a.wake(at)
	return true
}

// shots returns the interfaces on which a one-shot question is due.
func (a *asker) shots(now time.Time) []string {
	var out []string
	for iface, s := range a.links {
		if s.shots < len(shotsAfter) && !s.up.Add(shotsAfter[s.shots]).After(now) {
			s.shots++
			if !now.Before(a.busy) { // while answers pour in, nobody needs to be asked once more
				out = append(out, iface)
			}
		}
	}
	return out
}

// shotDue is when shots should be called; zero when there is no more to come.
func (a *asker) shotDue() (at time.Time) {
	for _, s := range a.links {
		if s.shots >= len(shotsAfter) {
			continue
		}
		if t := s.up.Add(shotsAfter[s.shots]); at.IsZero() || t.Before(at) {
			at = t
		}
	}
	return at
}

// shot packs a one-shot question for what this home is known to have: all types
// when there are few, else those that somebody announced.
func (b *browser) shot(now time.Time) ([][]byte, error) {
	var names []string
	for t := range b.types {
		if len(b.types) <= shotTypes || b.learned[t] || len(b.cache.live(t, dns.TypePTR, now)) > 0 {
			names = append(names, t)
		}
	}
	slices.SortFunc(names, strings.Compare)
	names = names[:min(len(names), shotTypes)]
	if !b.only {
		names = append(names, enumerate)
	}
	var out [][]byte
	for chunk := range slices.Chunk(names, perPacket) {
		m := new(dns.Msg)
		m.Compress = true
		for _, n := range chunk {
			m.Question = append(m.Question, dns.Question{Name: n, Qtype: dns.TypePTR, Qclass: dns.ClassINET})
		}
		raw, err := m.Pack()
		if err != nil {
			return out, err
		}
		out = append(out, raw)
	}
	return out, nil
}

// direct makes m, the answer to a one-shot question, fit for the cache: its
// lives are short whatever it says, it ends nothing, and it is silent about what
// is known from ordinary answers.
func (b *browser) direct(m message) message {
	kept := m.claims[:0]
	for _, c := range m.claims {
		if c.ttl == 0 || b.cache.find(&c) != nil {
			continue
		}
		c.flush, c.ttl = false, uint32(minTTL/time.Second)
		kept = append(kept, c)
	}
	m.claims = kept
	return m
}
