package recipient

import (
	"errors"
	"fmt"
	"net/netip"
	"sort"
	"strings"
)

// The packed form of "which addresses are registered as what". It is read where
// it lies, inside the program: nothing is unpacked, copied or built at start.
//
//	magic, 8 bytes
//	number of names, of IPv4 starts, of IPv6 starts; length of the names: 4 bytes each, big endian
//	bytes of a value: 4 bytes
//	ends of the names within the names: 4 bytes each; then the names
//	for each of the 65,536 first halves of an IPv4 address the number of its first start, and the end: 4 bytes each
//	second halves of the IPv4 starts: 2 bytes each; their values
//	the first 48 bits of the IPv6 starts: 6 bytes each; their values
//
// A start holds until the next one. Value 0 is "not known", n is the nth name.
const (
	packMagic   = "BBRANGE1"
	packHeader  = len(packMagic) + 5*4
	packBuckets = 1<<16 + 1
)

// packed is ranges in the form above.
type packed struct {
	ends, names      string
	buckets          string
	low4, val4       string
	start6, val6     string
	width, n6, known int
}

// openRanges reads text in either form; "" knows nothing.
func openRanges(data, what string) (ranges, error) {
	switch {
	case data == "":
		return nowhere{}, nil
	case strings.HasPrefix(data, packMagic):
		p, err := openPacked(data)
		if err != nil {
			return nil, fmt.Errorf("reading the %s of addresses: %w", what, err)
		}
		return p, nil
	}
	m, err := openDatabase(data)
	if err != nil {
		return nil, fmt.Errorf("reading the %s of addresses: %w", what, err)
	}
	return m, nil
}

// nowhere knows nothing.
type nowhere struct{}

func (nowhere) find(netip.Addr) string { return "" }

var errPacked = errors.New("the file is damaged")

// openPacked divides data into its parts. It looks at sizes only; find copes
// with whatever is inside.
func openPacked(data string) (*packed, error) {
	if len(data) < packHeader {
		return nil, errPacked
	}
	head := data[len(packMagic):]
	names, n4, n6, text, width := u32(head, 0), u32(head, 1), u32(head, 2), u32(head, 3), u32(head, 4)
	if width < 1 || width > 3 {
		return nil, errPacked
	}
	p := &packed{width: width, n6: n6, known: names}
	rest, ok := data[packHeader:], true
	for _, part := range []struct {
		to     *string
		length int
	}{
		{&p.ends, names * 4},
		{&p.names, text},
		{&p.buckets, packBuckets * 4},
		{&p.low4, n4 * 2},
		{&p.val4, n4 * width},
		{&p.start6, n6 * 6},
		{&p.val6, n6 * width},
	} {
		if part.length < 0 || part.length > len(rest) {
			ok = false
			break
		}
		*part.to, rest = rest[:part.length], rest[part.length:]
	}
	if !ok || rest != "" {
		return nil, errPacked
	}
	return p, nil
}

// u32 is the ith number of 4 bytes in s.
func u32(s string, i int) int {
	s = s[i*4 : i*4+4]
	return int(s[0])<<24 | int(s[1])<<16 | int(s[2])<<8 | int(s[3])
}

func (p *packed) find(a netip.Addr) string {
	if a = a.Unmap(); a.Is4() {
		return p.find4(a.As4())
	}
	if a.Is6() {
		return p.find6(a.As16())
	}
	return ""
}

func (p *packed) find4(b [4]byte) string {
	half := int(b[0])<<8 | int(b[1])
	from, to := u32(p.buckets, half), u32(p.buckets, half+1)
	if from >= to || to > len(p.low4)/2 {
		return ""
	}
	want := int(b[2])<<8 | int(b[3])
	i := sort.Search(to-from, func(i int) bool {
		i += from
		return int(p.low4[i*2])<<8|int(p.low4[i*2+1]) > want
	})
	if i == 0 {
		return ""
	}
	return p.name(p.val4, from+i-1)
}

func (p *packed) find6(b [16]byte) string {
	want := key6(string(b[:6]))
	i := sort.Search(p.n6, func(i int) bool { return key6(p.start6[i*6:i*6+6]) > want })
	if i == 0 {
		return ""
	}
	return p.name(p.val6, i-1)
}

// key6 is 6 bytes as a number.
func key6(s string) uint64 {
	return uint64(s[0])<<40 | uint64(s[1])<<32 | uint64(s[2])<<24 | uint64(s[3])<<16 | uint64(s[4])<<8 | uint64(s[5])
}

// name is the name of the ith value.
func (p *packed) name(values string, i int) string {
	v := 0
	for _, c := range []byte(values[i*p.width : (i+1)*p.width]) {
		v = v<<8 | int(c)
	}
	if v == 0 || v > p.known {
		return ""
	}
	from, to := 0, u32(p.ends, v-1)
	if v > 1 {
		from = u32(p.ends, v-2)
	}
	if from > to || to > len(p.names) {
		return ""
	}
	return p.names[from:to]
}
