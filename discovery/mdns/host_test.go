package mdns

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bestbefore/discovery"
)

func TestSightingOfAHost(t *testing.T) {
	second := lamp
	second.typ, second.txt = "_hap._tcp", []string{"raw=\\255"}
	w := newBench(t, "_hue._tcp.local.", "_hap._tcp.local.")
	w.hear("192.168.1.5", append(lamp.all(), second.all()...)...)
	w.hear("fe80::5%eth0", lamp.addrs(120)...)
	w.pass(time.Second)
	if len(w.got.sightings) != 1 {
		t.Fatalf("%d sightings", len(w.got.sightings))
	}
	s := w.got.sightings[0]
	ids := []discovery.Identifier{
		{Type: discovery.Hostname, Value: "lamp.local"},
		{Type: discovery.Instance, Value: "lamp 1._hap._tcp"},
		{Type: discovery.Instance, Value: "lamp 1._hue._tcp"},
	}
	if d := cmp.Diff(ids, s.Identifiers); d != "" {
		t.Error(d)
	}
	if got := fmt.Sprint(s.Addresses); got != "[192.168.1.5 fd00::5 fe80::5%eth0]" {
		t.Errorf("addresses %s", got)
	}
	if s.Source != discovery.SourceMDNS || s.From.String() != "192.168.1.5" || s.Interface != "eth0" || s.Quiet || s.Detail != "mDNS: announces 2 services" {
		t.Errorf("%+v", s)
	}
	if len(s.Services) != 2 || s.Services[0].TXT[0] != "raw=\xff" || s.Services[1].Host != "Lamp.local" {
		t.Errorf("%+v", s.Services)
	}
	w.got.sightings = nil
	w.hear("192.168.1.5", second.ptr(0))
	w.pass(1500 * time.Millisecond)
	if len(w.got.sightings) != 1 || !w.got.sightings[0].Services[0].Gone || w.got.sightings[0].Services[1].Gone {
		t.Errorf("after a goodbye: %+v", w.got.sightings)
	}
}

// A sleep proxy answers for a sleeping host: its own address is not the host's.
func TestSightingDoesNotTakeTheProxysAddress(t *testing.T) {
	for _, c := range []struct{ four, six, want string }{
		{"192.168.1.5", "fe80::99%eth0", "[192.168.1.5 fd00::5 fe80::99%eth0]"}, // speaks for itself
		{"192.168.1.99", "fe80::99%eth0", "[192.168.1.5 fd00::5]"},
		{"192.168.1.99", "fd00::5", "[192.168.1.5 fd00::5]"}, // both speak
		{"", "fe80::99%eth0", "[192.168.1.5 fd00::5]"},       // nothing shows who that is
	} {
		w := newBench(t)
		if c.four != "" {
			w.hear(c.four, lamp.all()...)
		}
		w.hear(c.six, lamp.all()...)
		w.pass(time.Second)
		if len(w.got.sightings) != 1 || fmt.Sprint(w.got.sightings[0].Addresses) != c.want {
			t.Errorf("from %s and %s: %v, want %s", c.four, c.six, w.got.sightings, c.want)
		}
	}
}

func TestQuietSightingWhenHeardAgain(t *testing.T) {
	w := newBench(t)
	w.hear("192.168.1.5", lamp.all()...)
	w.pass(40 * time.Second)
	w.got = batch{}
	w.pass(2 * time.Minute / 3)
	if len(w.got.sightings) != 0 {
		t.Errorf("not heard, yet %+v", w.got.sightings)
	}
	w.hear("192.168.1.5", lamp.srv(120))
	w.pass(40 * time.Second)
	if len(w.got.sightings) != 1 || !w.got.sightings[0].Quiet {
		t.Errorf("%+v", w.got.sightings)
	}
}

func TestLinkLocalAddressesHaveAZone(t *testing.T) {
	local := lamp
	local.four, local.six = "", "fe80::5"
	w := newBench(t)
	w.hear("fe80::5%eth0", local.all()...)
	w.pass(time.Second)
	if len(w.got.events) != 1 || w.got.events[0].Service.Addrs[0] != "fe80::5%eth0" || w.got.events[0].From != netip.MustParseAddr("fe80::5%eth0") {
		t.Errorf("%+v", w.got.events)
	}
}

// A host with no end of services is held to a number, and the rest is not shown.
func TestServicesOfOneHostAreBounded(t *testing.T) {
	w := newBench(t)
	for i := range 2 * maxServices {
		s := lamp
		s.inst = fmt.Sprint("Many", i)
		w.hear("192.168.1.5", s.all()...)
		w.pass(time.Second / 20)
	}
	w.pass(time.Second)
	if n := len(w.got.sightings[len(w.got.sightings)-1].Services); n != maxServices {
		t.Errorf("%d services of one host, want %d", n, maxServices)
	}
	if n := len(w.got.sightings); n > 300 {
		t.Errorf("%d sightings of one host in 26 s, want about ten a second", n)
	}
}
