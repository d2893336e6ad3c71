package mdns

import (
	"log/slog"
	"net"
	"net/netip"
	"testing"

	"github.com/miekg/dns"
)

// svc is a service as test responders announce it; names are escaped.
type svc struct {
	inst, typ, host string
	port            uint16
	txt             []string
	four, six       string
}

const flushClass = dns.ClassINET | 1<<15

func header(name string, typ, class uint16, ttl uint32) dns.RR_Header {
	return dns.RR_Header{Name: name, Rrtype: typ, Class: class, Ttl: ttl}
}

func (s svc) full() string { return s.inst + "." + s.typ + ".local." }

func (s svc) ptr(ttl uint32) dns.RR {
	return &dns.PTR{Hdr: header(s.typ+".local.", dns.TypePTR, dns.ClassINET, ttl), Ptr: s.full()}
}

func (s svc) srv(ttl uint32) dns.RR {
	return &dns.SRV{Hdr: header(s.full(), dns.TypeSRV, flushClass, ttl), Port: s.port, Target: s.host}
}

func (s svc) text(ttl uint32) dns.RR {
	txt := s.txt
	if len(txt) == 0 {
		txt = []string{""}
	}
	return &dns.TXT{Hdr: header(s.full(), dns.TypeTXT, flushClass, ttl), Txt: txt}
}

func (s svc) addrs(ttl uint32) []dns.RR {
	var out []dns.RR
	if s.four != "" {
		out = append(out, &dns.A{Hdr: header(s.host, dns.TypeA, flushClass, ttl), A: net.ParseIP(s.four)})
	}
	if s.six != "" {
		out = append(out, &dns.AAAA{Hdr: header(s.host, dns.TypeAAAA, flushClass, ttl), AAAA: net.ParseIP(s.six)})
	}
	return out
}

// all is everything there is to say about s.
func (s svc) all() []dns.RR {
	return append([]dns.RR{s.ptr(4500), s.srv(120), s.text(4500)}, s.addrs(120)...)
}

// answer packs a response.
func answer(t testing.TB, rrs ...dns.RR) []byte {
	t.Helper()
	m := new(dns.Msg)
	m.Response, m.Authoritative, m.Compress, m.Answer = true, true, true, rrs
	b, err := m.Pack()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

var lamp = svc{
	inst: `Lamp\ 1`, typ: "_hue._tcp", host: "Lamp.local.", port: 443, txt: []string{"id=1", "md=Model"},
	four: "192.168.1.5", six: "fd00::5",
}

func from(a string) origin { return origin{addr: netip.MustParseAddr(a), iface: "eth0"} }

func discard() *slog.Logger { return slog.New(slog.DiscardHandler) }
