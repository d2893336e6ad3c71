package netflow

import (
	"net/netip"
	"strconv"
	"strings"
	"time"

	"bestbefore/assets/words"
	"bestbefore/connectors"
	"bestbefore/discovery/flow"
)

// homes are the networks of the home.
type homes []netip.Prefix

const maxHomes = 32

// parseHomes reads the networks that the household named; none are all private ones.
func parseHomes(s string) (homes, error) {
	named := strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == ' ' })
	if len(named) == 0 {
		named = []string{"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "fc00::/7", "fe80::/10"}
	}
	if len(named) > maxHomes {
		return nil, connectors.NeedsPerson(words.Sprintf("at most %d networks can be the home's", maxHomes), nil)
	}
	var out homes
	for _, w := range named {
		p, err := netip.ParsePrefix(w)
		if err != nil {
			a, bad := netip.ParseAddr(w)
			if bad != nil {
				return nil, connectors.NeedsPerson(words.Sprintf("%q is not a network such as 192.168.1.0/24", w), err)
			}
			p = netip.PrefixFrom(a, a.BitLen())
		}
		out = append(out, p.Masked())
	}
	return out, nil
}

func (h homes) has(a netip.Addr) bool {
	for _, p := range h {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

// oneWay is what an exporter tells of one direction: bytes from src to dst, and
// back where it tells both.
type oneWay struct {
	src, dst         netip.Addr
	srcPort, dstPort uint16
	proto            uint8
	bytes, back      uint64
	first, last      time.Time
}

// tallies add up both directions of what was told.
type tallies struct {
	homes homes
	of    map[tallyKey]*tally
	order []tallyKey // as they came
}

type tallyKey struct {
	local, dest netip.Addr
	proto       uint8
	port        uint16
}

type tally struct {
	up, down    uint64
	outs, ins   uint64
	first, last time.Time
}

func newTallies(h homes) *tallies { return &tallies{homes: h, of: map[tallyKey]*tally{}} }

// add takes one flow; false when it does not lead between the home and the outside.
func (t *tallies) add(f oneWay) bool {
	from, to := t.homes.has(f.src), t.homes.has(f.dst)
	if from == to || elsewhere(f.src) || elsewhere(f.dst) {
		return false
	}
	k := tallyKey{f.src, f.dst, f.proto, servicePort(f.dstPort, f.srcPort)}
	up, down := f.bytes, f.back
	if to {
		k = tallyKey{f.dst, f.src, f.proto, servicePort(f.srcPort, f.dstPort)}
		up, down = down, up
	}
	x := t.of[k]
	if x == nil {
		x = &tally{first: f.first, last: f.last}
		t.of[k] = x
		t.order = append(t.order, k)
	}
	x.up, x.down = x.up+up, x.down+down
	if from {
		x.outs++
	} else {
		x.ins++
	}
	if f.first.Before(x.first) {
		x.first = f.first
	}
	if f.last.After(x.last) {
		x.last = f.last
	}
	return true
}

// elsewhere are addresses that are nobody's: groups, broadcasts, none.
func elsewhere(a netip.Addr) bool {
	return a.IsMulticast() || a.IsUnspecified() || a.IsLoopback() || a == netip.AddrFrom4([4]byte{255, 255, 255, 255})
}

// ephemeral is where systems begin to take the ports of those who ask.
const ephemeral = 32768

// servicePort is the port of the one who was asked: the outside's, unless only
// the device's is one that services use.
func servicePort(outside, device uint16) uint16 {
	if outside >= ephemeral && device < ephemeral && device != 0 {
		return device
	}
	return outside
}

// take gives what was added up, in batches, and begins anew.
func (t *tallies) take() [][]flow.Record {
	var out [][]flow.Record
	for _, k := range t.order {
		x := t.of[k]
		if n := len(out); n == 0 || len(out[n-1]) == maxBatch {
			out = append(out, nil)
		}
		n := len(out) - 1
		out[n] = append(out[n], flow.Record{
			Key:   flow.Key{Destination: flow.Destination{Address: k.dest}, Protocol: protocolName(k.proto), Port: k.port},
			Local: flow.Local{Address: k.local},
			Up:    x.up, Down: x.down, Count: max(x.outs, x.ins),
			First: x.first.UTC(), Last: x.last.UTC(),
		})
	}
	clear(t.of)
	t.order = t.order[:0]
	return out
}

// The protocols that have a word of their own.
const (
	protoICMP  = 1
	protoTCP   = 6
	protoUDP   = 17
	protoICMP6 = 58
)

func protocolName(p uint8) flow.Protocol {
	switch p {
	case protoTCP:
		return "tcp"
	case protoUDP:
		return "udp"
	case protoICMP, protoICMP6:
		return "icmp"
	}
	return flow.Protocol("ip-" + strconv.Itoa(int(p)))
}
