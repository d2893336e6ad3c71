//go:build lab

package mdns

import (
	"net"
	"regexp"
	"testing"
	"time"

	"github.com/miekg/dns"
)

// dropped reports whether a counter in an nft listing has counted.
func dropped(listing string) bool {
	return regexp.MustCompile(`counter packets [1-9]`).MatchString(listing)
}

// Changes and goodbyes of one device, scripted.
func TestLabChanges(t *testing.T) {
	needRoot(t)
	l := newLAN(t)
	probe := l.host("probe")
	r := newResponder(t, l.host("farm"), false, devices(1, 1, 1))
	c := newCollector()
	browse(t, probe, Config{}, c.handle)
	const k = "_t0._tcp|Device 0 no 0"
	is := func(f func(Event) bool) func() bool {
		return func() bool { e, ok := c.get(k); return ok && f(e) }
	}
	goneNow := func() bool { _, ok := c.get(k); return !ok }
	eventually(t, 5*time.Second, "found", is(hasFour))
	time.Sleep(1200 * time.Millisecond) // older than a second, so that the cache-flush bit means it

	r.change(0, func(s *svc) []dns.RR { s.txt = []string{"id=changed"}; return []dns.RR{s.text(4500)} })
	d := eventually(t, 5*time.Second, "TXT update", is(func(e Event) bool { return len(e.Service.TXT) == 1 }))
	t.Logf("TXT update after %v", d)
	r.change(0, func(s *svc) []dns.RR { s.port = 9999; return []dns.RR{s.srv(120)} })
	t.Logf("port update after %v", eventually(t, 5*time.Second, "port update", is(func(e Event) bool { return e.Service.Port == 9999 })))
	r.change(0, func(s *svc) []dns.RR { s.four = "10.77.9.9"; return s.addrs(120) })
	only := is(func(e Event) bool { return len(e.Addresses) == 2 && e.Addresses[0].String() == "10.77.9.9" })
	t.Logf("new address alone after %v", eventually(t, 10*time.Second, "address update", only))

	r.quiet(true)
	r.change(0, func(s *svc) []dns.RR { return []dns.RR{s.ptr(0), s.srv(0), s.text(0)} })
	t.Logf("removal after %v", eventually(t, 10*time.Second, "removal", goneNow))
	r.change(0, func(s *svc) []dns.RR { return s.all() })
	t.Logf("return after %v", eventually(t, 5*time.Second, "return", is(hasFour)))
	time.Sleep(1200 * time.Millisecond)
	r.change(0, func(s *svc) []dns.RR { return []dns.RR{s.ptr(0)} })
	t.Logf("removal by PTR only after %v", eventually(t, 10*time.Second, "removal by PTR", goneNow))
}

// An interface that is plugged in later, and one that is pulled.
func TestLabInterfaceComesLater(t *testing.T) {
	needRoot(t)
	l := newLAN(t)
	newResponder(t, l.host("farm"), false, devices(10, 2, 5))
	sh(t, "ip", "netns", "add", l.prefix+"late")
	var said []Trouble
	c := newCollector()
	stop := browse(t, "/run/netns/"+l.prefix+"late", Config{Report: func(tr Trouble) { said = append(said, tr) }}, c.handle)
	time.Sleep(500 * time.Millisecond)
	if c.count(anyEvent) != 0 {
		t.Error("found something without any interface")
	}
	begun := time.Now()
	l.plug("late", "eth0")
	eventually(t, 30*time.Second, "10 of 10 after plugging in", func() bool { return c.count(hasFour) == 10 })
	t.Logf("10 of 10 %v after the interface came up", time.Since(begun).Round(10*time.Millisecond))
	stop()
	if len(said) != 2 || said[0].Code != NoInterface || said[0].Err == nil || said[1].Err != nil {
		t.Errorf("said %v", said)
	}
}

// Two interfaces on two links: every device of both is found, on its own.
func TestLabTwoInterfaces(t *testing.T) {
	needRoot(t)
	l := newLAN(t)
	probe := l.host("probe")
	l.plug("probe", "eth1") // the same bridge: each device is heard twice
	newResponder(t, l.host("farm"), false, devices(10, 2, 5))
	c := newCollector()
	browse(t, probe, Config{}, c.handle)
	eventually(t, 10*time.Second, "10 of 10", func() bool { return c.count(hasFour) == 10 })
	time.Sleep(2 * time.Second)
	if n := c.count(anyEvent); n != 10 || c.kinds[Removed] != 0 {
		t.Errorf("%d services, %v", n, c.kinds)
	}
}

// avahi-daemon runs on this very host and keeps hearing and answering.
func TestLabBesideAvahi(t *testing.T) {
	needRoot(t, "avahi-daemon")
	l := newLAN(t)
	path := l.avahi("both", 5, 5)
	l.avahi("other", 5, 5)
	c := newCollector()
	browse(t, path, Config{}, c.handle)
	eventually(t, 30*time.Second, "10 of 10 beside a running avahi-daemon", func() bool { return c.count(hasFour) == 10 })
	far := newCollector()
	browse(t, l.host("probe"), Config{}, far.handle)
	eventually(t, 10*time.Second, "avahi still answers others", func() bool { return far.count(hasFour) == 10 })
}

// IPv6 link-local only, no default route.
func TestLabLinkLocalOnly(t *testing.T) {
	needRoot(t, "avahi-daemon")
	l := newLAN(t)
	probe := l.host("probe")
	l.avahi("six", 5, 5)
	for _, h := range []string{"probe", "six"} {
		sh(t, "ip", "-n", l.prefix+h, "-4", "addr", "flush", "dev", "eth0")
		sh(t, "ip", "-n", l.prefix+h, "-6", "addr", "flush", "dev", "eth0", "scope", "global")
	}
	c := newCollector()
	browse(t, probe, Config{}, c.handle)
	eventually(t, 30*time.Second, "5 of 5 over link-local IPv6", func() bool {
		return c.count(func(e Event) bool {
			return len(e.Addresses) == 1 && e.Addresses[0].IsLinkLocalUnicast() && e.Addresses[0].Zone() == "eth0" && e.From.Zone() == "eth0"
		}) == 5
	})
}

// What comes from another port or from off the link is not believed.
func TestLabOnlyNeighboursAreBelieved(t *testing.T) {
	needRoot(t)
	l := newLAN(t)
	probe, evil := l.host("probe"), l.host("evil")
	c := newCollector()
	browse(t, probe, Config{}, c.handle)
	sh(t, "ip", "-n", l.prefix+"evil", "addr", "add", "192.0.2.66/32", "dev", "eth0")
	say := func(name, src string, port int) {
		s := devices(1, 1, 1)[0]
		s.inst, s.host = name, name+".local."
		inside(t, evil, func() {
			conn, err := net.DialUDP("udp4", &net.UDPAddr{IP: net.ParseIP(src), Port: port}, &net.UDPAddr{IP: group4.AsSlice(), Port: 5353})
			if err != nil {
				t.Error(err)
				return
			}
			defer conn.Close()
			if _, err := conn.Write(answer(t, s.all()...)); err != nil {
				t.Error(err)
			}
		})
	}
	sh(t, "ip", "-n", l.prefix+"evil", "route", "add", "224.0.0.0/4", "dev", "eth0")
	say("offlink", "192.0.2.66", 5353)
	say("otherport", "10.77.0.2", 40000)
	say("neighbour", "10.77.0.2", 5353)
	eventually(t, 5*time.Second, "the neighbour is believed", func() bool { _, ok := c.get("_t0._tcp|neighbour"); return ok })
	time.Sleep(300 * time.Millisecond)
	if n := c.count(anyEvent); n != 1 {
		t.Errorf("%d services: somebody else was believed", n)
	}
}
