package mdns

import (
	"slices"
	"strings"
	"time"

	"github.com/miekg/dns"
)

// packetRoom is how full a question packet gets before the next one is begun:
// an Ethernet frame without the headers and with room for one more record.
const packetRoom = 1350

// pack turns the questions for one interface into packets. What is known and
// still has more than half of its life is put beside them, so that nobody needs
// to say it again (RFC 6762 section 7.1); what does not fit follows in packets
// of its own, announced by the TC bit (section 7.2).
func (b *browser) pack(qs []dns.Question, iface string, now time.Time) ([][]byte, error) {
	slices.SortFunc(qs, func(x, y dns.Question) int { return strings.Compare(x.Name, y.Name) })
	var out [][]byte
	for chunk := range slices.Chunk(qs, perPacket) {
		m := new(dns.Msg)
		m.Compress = true
		m.Question = chunk
		size := headerLen
		for _, q := range chunk {
			size += len(q.Name) + 6
		}
		for _, rr := range b.knownAnswers(chunk, iface, now) {
			more := 14 + len(rr.Ptr)
			if size+more > packetRoom {
				m.Truncated = true
				raw, err := m.Pack()
				if err != nil {
					return out, err
				}
				out = append(out, raw)
				m, size = new(dns.Msg), headerLen+len(rr.Hdr.Name)
				m.Compress = true
			}
			m.Answer = append(m.Answer, rr)
			size += more
		}
		raw, err := m.Pack()
		if err != nil {
			return out, err
		}
		out = append(out, raw)
	}
	return out, nil
}

// knownAnswers returns the PTR records that the questions would bring again.
func (b *browser) knownAnswers(qs []dns.Question, iface string, now time.Time) []*dns.PTR {
	var out []*dns.PTR
	for _, q := range qs {
		if q.Qtype != dns.TypePTR {
			continue
		}
		for _, r := range b.cache.live(q.Name, q.Qtype, now) {
			left := r.expires.Sub(now)
			if r.iface != iface || r.bye || left <= r.life/2 {
				continue
			}
			out = append(out, &dns.PTR{
				Hdr: dns.RR_Header{Name: r.name, Rrtype: dns.TypePTR, Class: dns.ClassINET, Ttl: uint32(left / time.Second)},
				Ptr: r.target,
			})
		}
	}
	return out
}
