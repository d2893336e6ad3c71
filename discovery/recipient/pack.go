package recipient

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"slices"
)

// Span is addresses, From and To included, that are registered as Name.
type Span struct {
	From, To netip.Addr
	Name     string
}

// ErrSpan says that spans overlap, or are not in order, or are none.
var ErrSpan = errors.New("spans must follow each other")

// PackRanges makes the form that Config.Countries and Config.Owners take, of
// spans in ascending order, IPv4 first. Of an IPv6 /48 that is not registered as
// a whole nothing is kept: it stays unknown.
func PackRanges(spans []Span) ([]byte, error) {
	p := packer{number: map[string]uint32{}, last4: -1}
	for _, s := range spans {
		if err := p.add(s); err != nil {
			return nil, err
		}
	}
	p.close()
	return p.bytes()
}

// start is where a value begins to hold.
type start struct {
	key   uint64
	value uint32
}

// packer gathers starts.
type packer struct {
	number map[string]uint32
	names  []string
	v4, v6 []start
	last4  int64  // the last IPv4 address that is taken
	next6  uint64 // the first /48 that is free
}

func (p *packer) add(s Span) error {
	if !s.From.IsValid() || s.From.Is4() != s.To.Is4() || s.To.Less(s.From) {
		return fmt.Errorf("%w: %s to %s", ErrSpan, s.From, s.To)
	}
	if s.From.Is4() {
		from, to := int64(binary.BigEndian.Uint32(s.From.AsSlice())), int64(binary.BigEndian.Uint32(s.To.AsSlice()))
		if from <= p.last4 {
			return fmt.Errorf("%w: %s comes after %s", ErrSpan, s.From, netip.AddrFrom4([4]byte(binary.BigEndian.AppendUint32(nil, uint32(p.last4)))))
		}
		if from > p.last4+1 {
			p.v4 = push(p.v4, uint64(p.last4+1), 0)
		}
		p.v4, p.last4 = push(p.v4, uint64(from), p.value(s.Name)), to
		return nil
	}
	from, to, ok := whole48(s)
	if !ok {
		return nil
	}
	if from < p.next6 {
		return fmt.Errorf("%w: %s", ErrSpan, s.From)
	}
	if from > p.next6 {
		p.v6 = push(p.v6, p.next6, 0)
	}
	p.v6, p.next6 = push(p.v6, from, p.value(s.Name)), to+1
	return nil
}

// whole48 gives the first and the last /48 that s covers as a whole.
func whole48(s Span) (from, to uint64, ok bool) {
	a, b := s.From.As16(), s.To.As16()
	from, to = key6(string(a[:6])), key6(string(b[:6]))
	if slices.ContainsFunc(a[6:], func(c byte) bool { return c != 0 }) {
		from++
	}
	if slices.ContainsFunc(b[6:], func(c byte) bool { return c != 0xff }) {
		if to == 0 {
			return 0, 0, false
		}
		to--
	}
	return from, to, from <= to
}

// push adds a start unless the value holds already.
func push(all []start, key uint64, value uint32) []start {
	if n := len(all); n > 0 && all[n-1].value == value {
		return all
	}
	return append(all, start{key, value})
}

func (p *packer) value(name string) uint32 {
	if name == "" {
		return 0
	}
	if n, ok := p.number[name]; ok {
		return n
	}
	p.names = append(p.names, name)
	p.number[name] = uint32(len(p.names))
	return uint32(len(p.names))
}

// close ends the last spans.
func (p *packer) close() {
	if p.last4 < 1<<32-1 {
		p.v4 = push(p.v4, uint64(p.last4+1), 0)
	}
	if p.next6 < 1<<48 {
		p.v6 = push(p.v6, p.next6, 0)
	}
}

func (p *packer) bytes() ([]byte, error) {
	width := 1
	for len(p.names) >= 1<<(8*width) {
		width++
	}
	if width > 3 {
		return nil, fmt.Errorf("%w: too many names", ErrSpan)
	}
	v4, buckets := p.bucketed()
	var ends, text []byte
	for _, n := range p.names {
		text = append(text, n...)
		ends = binary.BigEndian.AppendUint32(ends, uint32(len(text)))
	}
	out := []byte(packMagic)
	for _, n := range []int{len(p.names), len(v4), len(p.v6), len(text), width} {
		out = binary.BigEndian.AppendUint32(out, uint32(n))
	}
	out = append(append(append(out, ends...), text...), buckets...)
	for _, s := range v4 {
		out = binary.BigEndian.AppendUint16(out, uint16(s.key))
	}
	out = appendValues(out, v4, width)
	for _, s := range p.v6 {
		out = append(out, binary.BigEndian.AppendUint64(nil, s.key)[2:]...)
	}
	return appendValues(out, p.v6, width), nil
}

func appendValues(out []byte, all []start, width int) []byte {
	for _, s := range all {
		out = append(out, binary.BigEndian.AppendUint32(nil, s.value)[4-width:]...)
	}
	return out
}

// bucketed gives the IPv4 starts with one more at the beginning of each first
// half, so that a search never has to leave its bucket, and the buckets.
func (p *packer) bucketed() (all []start, buckets []byte) {
	value, next := uint32(0), 0
	for half := range uint64(1 << 16) {
		buckets = binary.BigEndian.AppendUint32(buckets, uint32(len(all)))
		if next == len(p.v4) || p.v4[next].key != half<<16 {
			all = append(all, start{half << 16, value})
		}
		for ; next < len(p.v4) && p.v4[next].key>>16 == half; next++ {
			value = p.v4[next].value
			all = append(all, p.v4[next])
		}
	}
	return all, binary.BigEndian.AppendUint32(buckets, uint32(len(all)))
}
