package gateway

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/google/nftables"
	"github.com/google/nftables/binaryutil"
	"github.com/google/nftables/expr"
)

// kept is one mark as it stands in the kernel.
type kept struct {
	plan
	gen   string // "a" or "b", part of its sets' names
	rules []rule
	sets  []string
	known bool // what its sets hold has been read
	tries []try
	seen  uint64 // packets refused when tries was read
}

// try is one destination that was refused.
type try struct {
	mac     mac
	dest    tryDest
	packets uint64
	bytes   uint64
	last    time.Time
}

// tryDest is where a refused packet wanted to go.
type tryDest struct {
	addr  netip.Addr
	proto uint8
	port  uint16
}

// setName is the name of one of a mark's sets in one generation.
func setName(mark, gen, role string) string { return key(mark) + gen + "_" + role }

// side is what a mark needs for one address family.
type side struct {
	fam
	to           []addrRange
	in           *nftables.Set // of to; nil when all destinations are meant
	flows, tries *nftables.Set
}

// sides are the families of which p says something.
func (p plan) sides(gen string) []side {
	var out []side
	for _, f := range families() {
		s := side{fam: f, flows: flowSet(p, gen, f), tries: trySet(p, gen, f)}
		if !p.any {
			if s.to = p.family(f.v6()); len(s.to) == 0 {
				continue
			}
			s.in = &nftables.Set{
				Table: ownTable(), Name: setName(p.mark, gen, "to"+f.suffix), KeyType: f.kind, Interval: true,
				KeyByteOrder: binaryutil.BigEndian,
			}
		}
		out = append(out, s)
	}
	return out
}

// macSet holds p's devices.
func macSet(p plan, gen string) *nftables.Set {
	return &nftables.Set{
		Table: ownTable(), Name: setName(p.mark, gen, "mac"), KeyType: nftables.TypeEtherAddr,
		KeyByteOrder: binaryutil.BigEndian, HasTimeout: !p.until.IsZero(),
	}
}

// addSets adds p's sets to the batch and gives their names.
func addSets(c *nftables.Conn, p plan, gen string, now time.Time) ([]string, error) {
	var names []string
	add := func(s *nftables.Set, es []nftables.SetElement) error {
		if err := c.AddSet(s, es); err != nil {
			return fmt.Errorf("making a set: %w", err)
		}
		names = append(names, s.Name)
		return nil
	}
	if err := add(macSet(p, gen), macElements(p, now)); err != nil {
		return nil, err
	}
	for _, s := range p.sides(gen) {
		if s.in != nil {
			if err := add(s.in, nil); err != nil {
				return nil, err
			}
			for part := range slices.Chunk(interval(s.to), elementsPer) {
				if err := c.SetAddElements(s.in, part); err != nil {
					return nil, fmt.Errorf("filling a set: %w", err)
				}
			}
		}
		for _, x := range []*nftables.Set{s.flows, s.tries} {
			if err := add(x, nil); err != nil {
				return nil, err
			}
		}
	}
	return names, nil
}

// rulesFor are p's rules over its sets of gen.
func rulesFor(p plan, gen string) []*nftables.Rule {
	var out []*nftables.Rule
	rule := func(chain, role string, parts ...[]expr.Any) {
		out = append(out, &nftables.Rule{
			Table: ownTable(), Chain: &nftables.Chain{Name: chain, Table: ownTable()},
			Exprs: slices.Concat(parts...), UserData: commentData(p.comment(role)),
		})
	}
	device := fromDevice(macSet(p, gen))
	rule(chainLeaving, roleHome, device, []expr.Any{&expr.Verdict{Kind: expr.VerdictJump, Chain: chainHome}})
	for _, s := range p.sides(gen) {
		match := slices.Concat(isFamily(s.fam), device)
		if s.in != nil {
			match = slices.Concat(match, []expr.Any{network(s.dst, s.size, reg0), lookup(s.in, reg0)})
		}
		rule(chainLeaving, roleLearn, match, hasPorts(), learn(s.fam, s.flows))
		rule(chainLeaving, roleTry, match, hasPorts(), during(p), note(s.fam, s.tries))
		rule(chainLeaving, roleRefuse, match, during(p), drop())
		rule(chainReturning, roleFreeze, isFamily(s.fam), hasPorts(), returning(s.fam, s.flows), during(p), drop())
	}
	return out
}

// macElements are p's devices; the kernel forgets them by itself when a pause is over.
func macElements(p plan, now time.Time) []nftables.SetElement {
	var out []nftables.SetElement
	for _, m := range p.macs {
		e := nftables.SetElement{Key: m[:]}
		if !p.until.IsZero() {
			e.Timeout = max(p.until.Sub(now), time.Millisecond)
		}
		out = append(out, e)
	}
	return out
}

// flowSet is where the kernel notes the open flows of p's devices.
func flowSet(p plan, gen string, f fam) *nftables.Set {
	return &nftables.Set{
		Table: ownTable(), Name: setName(p.mark, gen, "flow"+f.suffix), Dynamic: true, HasTimeout: true, Concatenation: true,
		KeyType: nftables.MustConcatSetType(f.kind, f.kind, nftables.TypeInetProto, nftables.TypeInetService, nftables.TypeInetService),
		Timeout: flowMemory, Size: flowsLimit,
	}
}

// trySet is where the kernel notes what it refused.
func trySet(p plan, gen string, f fam) *nftables.Set {
	return &nftables.Set{
		Table: ownTable(), Name: setName(p.mark, gen, "try"+f.suffix), Dynamic: true, HasTimeout: true, Concatenation: true,
		KeyType: nftables.MustConcatSetType(nftables.TypeEtherAddr, f.kind, nftables.TypeInetProto, nftables.TypeInetService),
		Timeout: tryMemory, Size: triesLimit,
	}
}

// refused counts what k has turned away, as its rules were read last.
func (k *kept) refused() (packets uint64) {
	for _, r := range k.rules {
		if role, _, _ := parseComment(r.comment); role == roleRefuse {
			packets += r.packets
		}
	}
	return packets
}

// fill reads what k's sets hold.
func (n *kernel) fill(k *kept, now time.Time) error {
	c, err := n.library()
	if err != nil {
		return err
	}
	k.macs, k.to, k.tries, k.any, k.known = nil, nil, nil, true, false
	k.seen = k.refused()
	for _, name := range k.sets {
		role := name[len(setName(k.mark, k.gen, "")):]
		if strings.HasPrefix(role, "flow") {
			continue
		}
		es, err := c.GetSetElements(&nftables.Set{Table: ownTable(), Name: name})
		if err != nil && !gone(err) {
			return fmt.Errorf("reading set %s: %w", name, err)
		}
		n.read.Add(1 + uint64(len(es)))
		switch role {
		case "mac":
			for _, e := range es {
				if len(e.Key) >= 6 {
					k.macs = append(k.macs, mac(e.Key[:6]))
				}
			}
		case "to4", "to6":
			k.any = false
			k.to = append(k.to, rangesOf(es)...)
		case "try4", "try6":
			k.tries = append(k.tries, triesOf(es, now)...)
		}
	}
	k.to = mergeRanges(k.to)
	slices.SortFunc(k.macs, func(a, b mac) int { return slices.Compare(a[:], b[:]) })
	k.known = true
	return nil
}

// complete reports whether k has every rule and set that its plan asks for.
func (k *kept) complete() bool {
	n := 0
	for _, f := range families() {
		if k.any || len(k.family(f.v6())) > 0 {
			n++
		}
	}
	sets := 1 + 2*n
	if !k.any {
		sets += n
	}
	return n > 0 && len(k.rules) == 1+4*n && len(k.sets) == sets
}

func sortedElements(es []nftables.SetElement) []nftables.SetElement {
	return slices.SortedFunc(slices.Values(es), func(a, b nftables.SetElement) int {
		if c := bytes.Compare(a.Key, b.Key); c != 0 {
			return c
		}
		if a.IntervalEnd == b.IntervalEnd {
			return 0
		}
		if a.IntervalEnd {
			return -1
		}
		return 1
	})
}

// triesOf reads the elements that note wrote.
func triesOf(es []nftables.SetElement, now time.Time) []try {
	var out []try
	for _, e := range es {
		size := len(e.Key) - 16 // hardware address 8, protocol 4, port 4
		if size != 4 && size != 16 {
			continue
		}
		a, _ := netip.AddrFromSlice(e.Key[8 : 8+size])
		t := try{mac: mac(e.Key[:6]), dest: tryDest{a, e.Key[8+size], binary.BigEndian.Uint16(e.Key[12+size:])}}
		if e.Counter != nil {
			t.packets, t.bytes = e.Counter.Packets, e.Counter.Bytes
		}
		if e.Expires > 0 && e.Expires <= tryMemory {
			t.last = now.Add(e.Expires - tryMemory).UTC()
		}
		out = append(out, t)
	}
	return out
}
