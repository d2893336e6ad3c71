package mdns

import (
	"testing"

	"github.com/miekg/dns"
)

func TestAZoneSeesOnlyItself(t *testing.T) {
	z := zone("demo")
	m := z.inward(message{claims: []claim{
		{name: "_hap._tcp.Demo.local.", key: "_hap._tcp.demo.local.", target: `Front\ door._hap._tcp.demo.local.`},
		{name: "_hap._tcp.local.", key: "_hap._tcp.local.", target: "Real._hap._tcp.local."},
		{name: "x._hap._tcp.demo.local.", key: "x._hap._tcp.demo.local.", target: "real-host.local."},
		{name: "demo.local.", key: "demo.local."},
		{name: "notdemo.local.", key: "notdemo.local."},
	}})
	if len(m.claims) != 1 || m.claims[0].key != "_hap._tcp.local." || m.claims[0].target != `Front\ door._hap._tcp.local.` {
		t.Errorf("taken in: %+v", m.claims)
	}
	if got := zone("").inward(message{claims: []claim{{name: "a.local."}}}); len(got.claims) != 1 {
		t.Error("without a zone something was left out")
	}
}

func TestAZoneAsksForItself(t *testing.T) {
	var q dns.Msg
	q.Question = []dns.Question{{Name: "_hap._tcp.local.", Qtype: dns.TypePTR, Qclass: dns.ClassINET}}
	q.Answer = []dns.RR{&dns.PTR{Hdr: dns.RR_Header{Name: "_hap._tcp.local.", Rrtype: dns.TypePTR, Class: dns.ClassINET, Ttl: 9}, Ptr: "x._hap._tcp.local."}}
	raw, err := q.Pack()
	if err != nil {
		t.Fatal(err)
	}
	if raw, err = zone("demo").outward(raw); err != nil {
		t.Fatal(err)
	}
	var got dns.Msg
	if err := got.Unpack(raw); err != nil {
		t.Fatal(err)
	}
	if got.Question[0].Name != "_hap._tcp.demo.local." || got.Answer[0].Header().Name != "_hap._tcp.demo.local." || got.Answer[0].(*dns.PTR).Ptr != "x._hap._tcp.demo.local." {
		t.Errorf("asked: %s", got.String())
	}
	if _, err := zone("demo").outward([]byte("no packet")); err == nil {
		t.Error("what is no packet was moved")
	}
}
