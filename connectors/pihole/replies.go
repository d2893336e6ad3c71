package pihole

import (
	"context"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"bestbefore/connectors/dnsblock"
	"bestbefore/connectors/web"
	"bestbefore/discovery/flow"
)

// replies remembers for a moment which addresses were given for names. Of a reply
// the query log says only of what kind it was (FTL's specs/queries.yaml), so the
// addresses are taken from the name server's own log (specs/logs.yaml), of which
// FTL keeps the newest lines in memory. Who asked stands in the query log alone:
// a line of the other belongs to the question for that name at that moment.
type replies struct {
	mu   sync.Mutex // guards all below
	next int        // the first line that was not read yet
	pid  int64      // of the program: another one counts anew
	of   map[string][]reply
	off  bool // it does not show that log

	chain []string // names that stand for the one whose addresses follow
	last  string   // whose address the line before gave
}

type reply struct {
	address netip.Addr
	at      time.Time
}

const (
	// replyWithin is how long after a question its answer may come from afar.
	replyWithin = 10 * time.Second
	// replyBefore is how much earlier it may be stamped.
	replyBefore = time.Second
	replyKept   = 2 * time.Minute

	maxReplies = 16   // of one name
	maxNamed   = 4096 // names
	maxChain   = 16
)

// lines is one answer of the log.
type lines struct {
	Log []struct {
		Timestamp float64 `json:"timestamp"`
		Message   string  `json:"message"`
	} `json:"log"`
	Next int   `json:"nextID"`
	PID  int64 `json:"pid"`
}

// readReplies reads what was answered since the last time, where pg holds new
// questions that are young enough for their answers to be there. Without it
// everything works but for the addresses.
func (s *Session) readReplies(ctx context.Context, mark int64, pg page) {
	now := s.Now().Add(s.Seat.Web.Ahead())
	young := func(r row) bool {
		_, place := dnsblock.Destination(r.name)
		return place && r.id > mark && !r.refused && now.Sub(r.at) < replyKept
	}
	if !slices.ContainsFunc(pg.rows, young) {
		return
	}
	s.replies.mu.Lock()
	defer s.replies.mu.Unlock()
	for range 2 { // a program that was started anew is asked from its first line on
		if s.replies.off {
			return
		}
		r, err := s.Seat.Do(ctx, web.Request{Method: http.MethodGet, Path: "/api/logs/dnsmasq", Query: url.Values{"nextID": {strconv.Itoa(s.replies.next)}}})
		if err != nil {
			return // the query log says what is wrong
		}
		var got lines
		if !r.OK() || s.Seat.Web.Decode(r, &got) != nil {
			s.replies.off = r.Status == http.StatusForbidden || r.Status == http.StatusNotFound
			return
		}
		if !s.replies.take(got) {
			return
		}
	}
}

// take takes lines in; again says that they have to be asked for anew, from the first on.
func (p *replies) take(got lines) (again bool) {
	if p.pid != got.PID {
		again = p.next > 0
		p.pid, p.next, p.chain, p.last = got.PID, 0, nil, ""
		if again {
			return true
		}
	}
	p.next = max(got.Next, 0)
	var newest time.Time
	for _, l := range got.Log {
		if l.Timestamp >= leastTime && l.Timestamp <= mostTime {
			newest = time.UnixMicro(int64(l.Timestamp * 1e6))
			p.line(l.Message, newest)
		}
	}
	for name, all := range p.of {
		if all = slices.DeleteFunc(all, func(r reply) bool { return newest.Sub(r.at) > replyKept }); len(all) == 0 {
			delete(p.of, name)
			continue
		}
		p.of[name] = all
	}
	return false
}

// line reads "reply NAME is ADDRESS" and "cached NAME is ADDRESS"; with "<CNAME>"
// for the address, the name stands for the one of the next line.
func (p *replies) line(text string, at time.Time) {
	words := strings.Fields(text)
	if len(words) == 6 { // its extra logging writes a number and who asked before it
		words = words[2:]
	}
	if len(words) != 4 || words[2] != "is" || !slices.Contains([]string{"reply", "cached", "cached-stale"}, words[0]) {
		p.chain, p.last = nil, ""
		return
	}
	name, ok := dnsblock.Destination(words[1])
	address, err := netip.ParseAddr(words[3])
	switch {
	case ok && words[3] == "<CNAME>":
		if p.last != "" {
			p.chain, p.last = nil, ""
		}
		if len(p.chain) < maxChain {
			p.chain = append(p.chain, name)
		}
	case !ok || err != nil || address.IsUnspecified() || address.Zone() != "":
		p.chain, p.last = nil, ""
	default:
		if p.last != "" && p.last != name { // of another answer
			p.chain = nil
		}
		p.last = name
		for _, n := range append(slices.Clone(p.chain), name) {
			p.put(n, reply{address.Unmap(), at})
		}
	}
}

func (p *replies) put(name string, r reply) {
	all, known := p.of[name]
	if !known && len(p.of) >= maxNamed {
		return
	}
	if p.of == nil {
		p.of = map[string][]reply{}
	}
	all = slices.DeleteFunc(all, func(x reply) bool { return x.address == r.address })
	all = append(all, r)
	p.of[name] = all[max(len(all)-maxReplies, 0):]
}

// answers are those that a question got.
func (p *replies) answers(r row) []flow.Answer {
	name, ok := dnsblock.Destination(r.name)
	if !ok || r.refused {
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	var out []flow.Answer
	for _, x := range p.of[name] {
		if after := x.at.Sub(r.at); after >= -replyBefore && after <= replyWithin {
			out = append(out, flow.Answer{Address: x.address})
		}
	}
	return out
}
