package dnsblock

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"
	"time"

	"bestbefore/discovery"
	"bestbefore/discovery/flow"
)

// protocolDNS is what was seen: a question for a name, no bytes.
const protocolDNS = flow.Protocol("dns")

// Question is one row of a query log.
type Question struct {
	Client  netip.Addr // invalid: the log does not say who asked
	Name    string
	At      time.Time
	Refused bool
	Answers []flow.Answer // where the log has them
}

// maxAnswers bounds the addresses that one name is told to stand for in a minute.
const maxAnswers = 16

// Tally adds questions up: the same device, name, answer and minute are one
// record with a count. No question is left out of a count.
type Tally struct {
	sums map[sumKey]*sum
}

type sumKey struct {
	client  netip.Addr
	name    string
	refused bool
	minute  int64
}

type sum struct {
	n           uint64
	first, last time.Time
	answers     []flow.Answer
}

// Add counts q; false when its name is no destination.
func (t *Tally) Add(q Question) bool {
	name, ok := Destination(q.Name)
	if !ok {
		return false
	}
	k := sumKey{q.Client, name, q.Refused, q.At.Unix() / 60}
	if t.sums == nil {
		t.sums = map[sumKey]*sum{}
	}
	s := t.sums[k]
	if s == nil {
		s = &sum{first: q.At, last: q.At}
		t.sums[k] = s
	}
	s.n++
	for _, a := range q.Answers {
		known := func(x flow.Answer) bool { return x.Address == a.Address }
		if len(s.answers) < maxAnswers && !q.Refused && !slices.ContainsFunc(s.answers, known) {
			s.answers = append(s.answers, a)
		}
	}
	if q.At.Before(s.first) {
		s.first = q.At
	}
	if q.At.After(s.last) {
		s.last = q.At
	}
	return true
}

// Records gives the sums, oldest first, and forgets them. A client that the log
// does not tell apart is somebody at home.
func (t *Tally) Records(source discovery.Source) []flow.Record {
	out := make([]flow.Record, 0, len(t.sums))
	for k, s := range t.sums {
		out = append(out, flow.Record{
			Key:   flow.Key{Destination: flow.Destination{Domain: k.name}, Protocol: protocolDNS},
			Local: flow.Local{Address: k.client, Somebody: !k.client.IsValid()}, Count: s.n,
			First: s.first.UTC(), Last: s.last.UTC(), Source: source, Refused: k.refused, Answers: s.answers,
		})
	}
	clear(t.sums)
	slices.SortFunc(out, func(a, b flow.Record) int {
		return cmp.Or(a.First.Compare(b.First), a.Local.Address.Compare(b.Local.Address), cmp.Compare(a.Destination.Domain, b.Destination.Domain))
	})
	return out
}

// Destination is a name in the form in which it is kept; false for what is
// no place that data goes to: reverse look-ups, names without a dot, and what
// can be no host name.
func Destination(name string) (string, bool) {
	s := strings.ToLower(strings.TrimSuffix(name, "."))
	if len(s) > 253 || !strings.Contains(s, ".") || s == "in-addr.arpa" || s == "ip6.arpa" || strings.HasSuffix(s, ".in-addr.arpa") || strings.HasSuffix(s, ".ip6.arpa") {
		return "", false
	}
	label := 0
	for i := range len(s) {
		switch c := s[i]; {
		case c == '.':
			if label == 0 {
				return "", false
			}
			label = 0
			continue
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9', c == '-', c == '_':
		default:
			return "", false
		}
		if label++; label > 63 {
			return "", false
		}
	}
	return s, label > 0
}

// Client is the address in a row; invalid where it says none.
func Client(s string) netip.Addr {
	a, err := netip.ParseAddr(s)
	if err != nil || a.IsUnspecified() || a.IsMulticast() {
		return netip.Addr{}
	}
	return a.Unmap().WithZone("")
}
