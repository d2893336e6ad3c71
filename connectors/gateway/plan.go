package gateway

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"bestbefore/assets/words"
	"bestbefore/connectors"
	"bestbefore/discovery"
)

// Limits on what one mark may carry, against hostile or runaway input.
const (
	maxAddresses = 4096
	maxMACs      = 64
	maxMark      = 64
)

// mac is a hardware address.
type mac [6]byte

func (m mac) String() string { return net.HardwareAddr(m[:]).String() }

// unicast reports whether m can be the address of one device.
func (m mac) unicast() bool { return m[0]&1 == 0 && m != mac{} }

func parseMAC(s string) (mac, bool) {
	hw, err := net.ParseMAC(s)
	if err != nil || len(hw) != 6 {
		return mac{}, false
	}
	m := mac(hw)
	return m, m.unicast()
}

// addrRange is a closed range of addresses of one family.
type addrRange struct{ first, last netip.Addr }

func (r addrRange) String() string {
	if r.first == r.last {
		return r.first.String()
	}
	return r.first.String() + "-" + r.last.String()
}

func (r addrRange) contains(a netip.Addr) bool {
	return a.BitLen() == r.first.BitLen() && r.first.Compare(a) <= 0 && a.Compare(r.last) <= 0
}

// atHome says what never leaves the home: what goes out by these interfaces,
// and what goes to these addresses.
type atHome struct {
	ifs  []string
	nets []netip.Prefix
}

func (a atHome) equal(b atHome) bool {
	return slices.Equal(a.ifs, b.ifs) && slices.Equal(a.nets, b.nets)
}

// plan is one mark's block: what is set in the kernel and nothing else.
type plan struct {
	mark        string
	macs        []mac // sorted
	any         bool
	to          []addrRange // sorted, merged; empty when any
	from, until time.Time   // zero: now, until lifted
}

// planFor checks r and works out what to set.
func planFor(r connectors.BlockRequest) (plan, error) {
	p := plan{mark: r.Mark, any: r.Target.Recipient.Any, from: trunc(r.From), until: trunc(r.Until)}
	if r.Mark == "" {
		return plan{}, connectors.Permanent(words.Text("a block without a mark cannot be lifted again"), nil)
	}
	if !p.until.IsZero() && !p.until.After(p.from) {
		return plan{}, connectors.Permanent(words.Text("the block would end before it starts"), nil)
	}
	for _, id := range r.Target.Identifiers {
		if id.Type != discovery.MAC {
			continue
		}
		if m, ok := parseMAC(id.Value); ok {
			p.macs = append(p.macs, m)
		}
	}
	slices.SortFunc(p.macs, func(a, b mac) int { return slices.Compare(a[:], b[:]) })
	p.macs = slices.Compact(p.macs)
	if len(p.macs) == 0 {
		return plan{}, connectors.NeedsPerson(words.Text("this device's hardware address is not known, so the router cannot tell it from the others"), nil)
	}
	if len(p.macs) > maxMACs {
		return plan{}, connectors.Permanent(words.Sprintf("this device has more than %d hardware addresses", maxMACs), nil)
	}
	if p.any {
		return p, nil
	}
	texts := slices.Concat(r.Target.Recipient.Destinations, r.Target.Resolved)
	if len(texts) > 4*maxAddresses {
		return plan{}, tooMany()
	}
	p.to = mergeRanges(parseRanges(texts))
	if len(p.to) == 0 {
		return plan{}, connectors.Transient(words.Text("no address of this recipient is known yet, so the router cannot stop it"), nil)
	}
	if len(p.to) > maxAddresses {
		return plan{}, tooMany()
	}
	return p, nil
}

func tooMany() error {
	return connectors.Permanent(words.Sprintf("this recipient has more than %d addresses; block the whole device instead", maxAddresses), nil)
}

// trunc keeps milliseconds: what the rules' comments and the kernel share.
func trunc(t time.Time) time.Time {
	if t.IsZero() {
		return t
	}
	return time.UnixMilli(t.UnixMilli()).UTC()
}

// parseRanges reads addresses and prefixes; host names are left out, since the
// engine gives their addresses apart.
func parseRanges(texts []string) []addrRange {
	var out []addrRange
	for _, s := range texts {
		if p, err := netip.ParsePrefix(s); err == nil {
			if p.Addr().Is4In6() {
				continue
			}
			out = append(out, addrRange{p.Masked().Addr(), lastOf(p)})
			continue
		}
		if a, err := netip.ParseAddr(s); err == nil {
			a = a.Unmap().WithZone("")
			if !a.IsUnspecified() {
				out = append(out, addrRange{a, a})
			}
		}
	}
	return out
}

// lastOf is the highest address of p.
func lastOf(p netip.Prefix) netip.Addr {
	b := p.Masked().Addr().AsSlice()
	for i := p.Bits(); i < len(b)*8; i++ {
		b[i/8] |= 1 << (7 - i%8)
	}
	a, _ := netip.AddrFromSlice(b)
	return a
}

// mergeRanges sorts rs and joins what overlaps or touches: the kernel's
// interval sets refuse overlaps.
func mergeRanges(rs []addrRange) []addrRange {
	slices.SortFunc(rs, func(a, b addrRange) int {
		if c := a.first.Compare(b.first); c != 0 {
			return c
		}
		return a.last.Compare(b.last)
	})
	var out []addrRange
	for _, r := range rs {
		if n := len(out); n > 0 && out[n-1].first.BitLen() == r.first.BitLen() {
			prev := &out[n-1]
			if next := prev.last.Next(); prev.contains(r.first) || next == r.first {
				if prev.last.Less(r.last) {
					prev.last = r.last
				}
				continue
			}
		}
		out = append(out, r)
	}
	return out
}

// family gives the ranges of p for IPv4 or IPv6.
func (p plan) family(v6 bool) []addrRange {
	var out []addrRange
	for _, r := range p.to {
		if r.first.Is6() == v6 {
			out = append(out, r)
		}
	}
	return out
}

// hits reports whether traffic to a is under p.
func (p plan) hits(a netip.Addr) bool {
	if p.any {
		return true
	}
	a = a.Unmap().WithZone("")
	i, found := slices.BinarySearchFunc(p.to, a, func(r addrRange, a netip.Addr) int { return r.first.Compare(a) })
	return found || i > 0 && p.to[i-1].contains(a)
}

// ended reports whether p is a pause that is over.
func (p plan) ended(now time.Time) bool { return !p.until.IsZero() && !now.Before(p.until) }

// active reports whether p is in force at now.
func (p plan) active(now time.Time) bool { return !p.ended(now) && !now.Before(p.from) }

func (p plan) grain() connectors.Grain {
	if p.any {
		return connectors.GrainDevice
	}
	return connectors.GrainRecipient
}

// targetHash stands for the devices and addresses of p, so that a receipt need not hold them.
func (p plan) targetHash() string {
	h := sha256.New()
	for _, m := range p.macs {
		fmt.Fprintln(h, m)
	}
	fmt.Fprintln(h, p.any)
	for _, r := range p.to {
		fmt.Fprintln(h, r)
	}
	return hex.EncodeToString(h.Sum(nil)[:12])
}

// key is the short name of a mark, used in the names of its sets.
func key(mark string) string {
	sum := sha256.Sum256([]byte(safeMark(mark)))
	return "m" + hex.EncodeToString(sum[:5])
}

// safeMark is mark as it may stand in a rule's comment: marks that are long or
// hold odd characters are replaced by their hash.
func safeMark(mark string) string {
	odd := func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("._:-", r))
	}
	if len(mark) <= maxMark && !strings.ContainsFunc(mark, odd) {
		return mark
	}
	sum := sha256.Sum256([]byte(mark))
	return "sha256:" + hex.EncodeToString(sum[:20])
}

// Roles of a mark's rules.
const (
	roleHome   = "home"   // what stays at home is let through
	roleLearn  = "learn"  // remembers the device's open flows
	roleTry    = "try"    // remembers what was refused
	roleRefuse = "refuse" // drops what the device sends
	roleFreeze = "freeze" // drops what comes back
)

// comment is what a rule of p carries, so that it can be known again.
func (p plan) comment(role string) string {
	return strings.Join([]string{"bb", role, milli(p.from), milli(p.until), safeMark(p.mark)}, "/")
}

// parseComment reads what comment wrote.
func parseComment(s string) (role string, p plan, ok bool) {
	f := strings.SplitN(s, "/", 5)
	if len(f) != 5 || f[0] != "bb" || f[4] == "" || safeMark(f[4]) != f[4] {
		return "", plan{}, false
	}
	p.mark = f[4]
	var ok1, ok2 bool
	p.from, ok1 = parseMilli(f[2])
	p.until, ok2 = parseMilli(f[3])
	return f[1], p, ok1 && ok2
}

func milli(t time.Time) string {
	if t.IsZero() {
		return "0"
	}
	return strconv.FormatInt(t.UnixMilli(), 10)
}

func parseMilli(s string) (time.Time, bool) {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < 0 {
		return time.Time{}, false
	}
	if n == 0 {
		return time.Time{}, true
	}
	return time.UnixMilli(n).UTC(), true
}
