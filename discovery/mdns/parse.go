package mdns

import (
	"encoding/binary"
	"errors"
	"net/netip"
	"strings"

	"github.com/miekg/dns"

	"bestbefore/discovery"
)

// What one packet may hold and what is kept of one record. A device that needs
// more than this is not believed rather than served.
const (
	maxPacket     = 9000 // RFC 6762 section 17
	maxClaims     = 64   // owner names in one packet
	maxRecords    = 512  // records in one packet
	maxTXTStrings = 64
	maxTXTBytes   = 1300
	headerLen     = 12

	smallestRecord = 14 // two pointers around type, class, TTL and length
)

var (
	errTooLong     = errors.New("packet is longer than 9000 bytes")
	errNotResponse = errors.New("not a response")
	errHeader      = errors.New("packet has no whole header")
)

// claim is one record as its sender states it. Names are escaped.
type claim struct {
	name   string // owner, as sent
	key    string // owner, lower case
	typ    uint16
	ttl    uint32
	flush  bool          // the cache-flush bit
	target string        // of PTR and SRV
	port   uint16        // of SRV
	txt    discovery.TXT // raw bytes
	addr   netip.Addr    // of A and AAAA
}

// data is the part of c that makes two records of one name and type different.
func (c *claim) data() string {
	switch c.typ {
	case dns.TypePTR:
		return lower(c.target)
	case dns.TypeSRV:
		return string(binary.BigEndian.AppendUint16(nil, c.port)) + lower(c.target)
	case dns.TypeTXT:
		return strings.Join(c.txt, "\x00")
	default:
		return c.addr.String()
	}
}

// message is what one packet claims.
type message struct {
	claims []claim
	bad    int // records that did not parse and were skipped
}

// parse reads a response. It is lenient: a record that does not parse is
// skipped by its length and the others are kept; where even the length is
// lost, what came before is kept. The cost is bounded by the packet's length.
func parse(b []byte) (message, error) {
	var m message
	if len(b) > maxPacket {
		return m, errTooLong
	}
	if len(b) < headerLen {
		return m, errHeader
	}
	// QR set, operation 0, response code 0: records inside questions are known
	// answers or probes, not facts.
	if b[2]&0xf8 != 0x80 || b[3]&0x0f != 0 {
		return m, errNotResponse
	}
	off := headerLen
	for range binary.BigEndian.Uint16(b[4:]) {
		next, err := skipName(b, off)
		if err != nil || next+4 > len(b) {
			m.bad++
			return m, nil
		}
		off = next + 4
	}
	count := int(binary.BigEndian.Uint16(b[6:])) + int(binary.BigEndian.Uint16(b[8:])) + int(binary.BigEndian.Uint16(b[10:]))
	r := reader{b: b, owners: map[string]string{}, budget: 8*len(b) + 2048}
	m.claims = make([]claim, 0, min(count, maxRecords, len(b)/smallestRecord))
	for range min(count, maxRecords) {
		next, ok := r.record(off, &m)
		if !ok {
			m.bad++
			break
		}
		off = next
	}
	return m, nil
}

// reader takes records out of one packet.
type reader struct {
	b      []byte
	owners map[string]string // owner names as sent to lower case; bounds the claims
	budget int               // bytes of names left to write: compression must not multiply a packet
}

// record reads the record at off and adds it to m if it is one that we use. ok
// is false when the end of the record cannot be found or the packet is used up.
func (r *reader) record(off int, m *message) (next int, ok bool) {
	body, err := skipName(r.b, off)
	if err != nil || body+10 > len(r.b) {
		return 0, false
	}
	h := r.b[body : body+10]
	end := body + 10 + int(binary.BigEndian.Uint16(h[8:]))
	if end > len(r.b) {
		return 0, false
	}
	typ, class := binary.BigEndian.Uint16(h), binary.BigEndian.Uint16(h[2:])
	if !wanted(typ) || class&0x7fff != dns.ClassINET {
		return end, true
	}
	if r.budget <= 0 {
		return 0, false
	}
	c := claim{typ: typ, ttl: binary.BigEndian.Uint32(h[4:]), flush: class&0x8000 != 0}
	if c.name, _, err = r.unpack(off); err != nil || !inLocal(c.name) {
		m.bad++
		return end, true
	}
	if c.key, ok = r.owners[c.name]; !ok {
		if len(r.owners) == maxClaims {
			return 0, false
		}
		c.key = lower(c.name)
		r.owners[c.name] = c.key
	}
	if !r.rdata(&c, body+10, end) {
		m.bad++
		return end, true
	}
	m.claims = append(m.claims, c)
	return end, true
}

// rdata reads the data of c, which lies in b[off:end].
func (r *reader) rdata(c *claim, off, end int) bool {
	d := r.b[off:end]
	var ok bool
	switch c.typ {
	case dns.TypeA:
		c.addr, ok = netip.AddrFromSlice(d)
		return ok && len(d) == 4 && usable(c.addr)
	case dns.TypeAAAA:
		c.addr, ok = netip.AddrFromSlice(d)
		return ok && len(d) == 16 && usable(c.addr) && !c.addr.Is4In6()
	case dns.TypeTXT:
		c.txt, ok = parseTXT(d)
		return ok
	case dns.TypeSRV:
		if len(d) < 7 {
			return false
		}
		c.port = binary.BigEndian.Uint16(d[4:])
		off += 6
	}
	var stop int
	var err error
	c.target, stop, err = r.unpack(off)
	return err == nil && stop == end && inLocal(c.target)
}

// unpack reads a name and charges it to the budget.
func (r *reader) unpack(off int) (string, int, error) {
	name, next, err := dns.UnpackDomainName(r.b, off)
	r.budget -= len(name)
	return name, next, err
}

func wanted(typ uint16) bool {
	switch typ {
	case dns.TypePTR, dns.TypeSRV, dns.TypeTXT, dns.TypeA, dns.TypeAAAA:
		return true
	default:
		return false
	}
}

// usable refuses addresses that no neighbour can have.
func usable(a netip.Addr) bool {
	return a.IsValid() && !a.IsUnspecified() && !a.IsMulticast()
}

// skipName returns the offset after the name at off without reading the name.
func skipName(b []byte, off int) (int, error) {
	for off < len(b) {
		switch n := int(b[off]); {
		case n == 0:
			return off + 1, nil
		case n&0xc0 == 0xc0:
			if off+2 > len(b) {
				return 0, dns.ErrBuf
			}
			return off + 2, nil
		case n&0xc0 != 0:
			return 0, dns.ErrRdata
		default:
			off += n + 1
		}
	}
	return 0, dns.ErrBuf
}

// parseTXT splits the data of a TXT record into its strings, raw. Empty strings
// carry nothing (RFC 6763 section 6.1) and are left out; what goes beyond the
// limits is left out too. ok is false when a string runs past the end.
func parseTXT(d []byte) (txt discovery.TXT, ok bool) {
	size := 0
	for len(d) > 0 {
		n := int(d[0])
		if n+1 > len(d) {
			return nil, false
		}
		s := d[1 : n+1]
		d = d[n+1:]
		if n == 0 || len(txt) == maxTXTStrings || size+n > maxTXTBytes {
			continue
		}
		size += n
		txt = append(txt, string(s))
	}
	return txt, true
}
