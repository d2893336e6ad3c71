//go:build lab

package mdns

import (
	"fmt"
	"os"
	"testing"
	"time"
)

// Ten real avahi daemons with fifty services each.
func TestLabTenAvahiHosts(t *testing.T) {
	needRoot(t, "avahi-daemon")
	l := newLAN(t)
	probe := l.host("probe")
	for i := range 10 {
		l.avahi(fmt.Sprintf("host%d", i), 50, 20)
	}
	warm := newCollector()
	stop := browse(t, probe, Config{}, warm.handle)
	eventually(t, time.Minute, "all daemons up", func() bool { return warm.count(hasFour) == 500 })
	stop()
	time.Sleep(10 * time.Second) // avahi repeats its first announcements and does not answer what it has just said
	for _, mode := range []struct {
		name string
		cfg  Config
	}{{"list", Config{Types: typeNames(20)}}, {"enumeration", Config{}}} {
		time.Sleep(1500 * time.Millisecond) // avahi says nothing twice in a second
		l.rest()
		c := newCollector()
		stop := browse(t, probe, mode.cfg, c.handle)
		// The goal is one second. Ten daemons that each take in what all others say
		// need some seconds of this machine's processors; where other work shares
		// those, the services still come in the first second or two, and the IPv4
		// address of a daemon that is late comes when it gets its turn.
		whole := eventually(t, 20*time.Second, "500 of 500 with both families", func() bool {
			return c.count(func(e Event) bool { return hasFour(e) && hasSix(e) }) == 500
		})
		stop()
		if c.count(anyEvent) != 500 {
			t.Errorf("%s: %d services, want 500", mode.name, c.count(anyEvent))
		}
		t.Logf("%s: %d of 500, %d with IPv4, %d with IPv6, t50 %v t95 %v t100 %v, with both families %v", mode.name, c.count(anyEvent), c.count(hasFour),
			c.count(hasSix), c.t(500, .5), c.t(500, .95), c.t(500, 1), whole.Round(time.Millisecond))
	}
}

// Devices that answer with the PTR record only, as RFC 6763 allows.
func TestLabPointersOnly(t *testing.T) {
	needRoot(t)
	l := newLAN(t)
	probe := l.host("probe")
	newResponder(t, l.host("farm"), true, devices(40, 2, 20))
	c := newCollector()
	browse(t, probe, Config{Types: typeNames(20)}, c.handle)
	eventually(t, 5*time.Second, "40 of 40 complete", func() bool {
		return c.count(func(e Event) bool { return hasFour(e) && hasSix(e) && len(e.Service.TXT) == 2 }) == 40
	})
	t.Logf("PTR only: %d of 40, t50 %v t95 %v t100 %v", c.count(anyEvent), c.t(40, .5), c.t(40, .95), c.t(40, 1))
}

// Some of the answers that arrive are lost, those by unicast too: worse than
// Wi-Fi, which loses multicast only.
func TestLabLoss(t *testing.T) {
	needRoot(t, "nft")
	for percent, want := range map[int]int{10: 200, 30: 200} {
		within := 5 * time.Second // 1.3 to 2.2 s in twelve runs on a busy machine
		if percent > 10 {
			within = 40 * time.Second
		}
		if percent > 10 && os.Getenv("LAB_LONG") == "" {
			continue
		}
		l := newLAN(t)
		probe := l.host("probe")
		sh(t, "ip", "netns", "exec", l.prefix+"probe", "nft", "add table inet lossy; add chain inet lossy in { type filter hook input priority 0 ; }; "+
			fmt.Sprintf("add rule inet lossy in udp sport 5353 numgen random mod 100 < %d counter drop", percent))
		newResponder(t, l.host("farm"), false, devices(200, 2, 20))
		c := newCollector()
		stop := browse(t, probe, Config{Types: typeNames(20)}, c.handle)
		eventually(t, within, fmt.Sprintf("%d of 200 at %d %% loss", want, percent), func() bool { return c.count(hasFour) >= want })
		stop()
		t.Logf("%d %% loss: %d of 200, t50 %v t95 %v t100 %v", percent, c.count(anyEvent), c.t(200, .5), c.t(200, .95), c.t(200, 1))
		if out := sh(t, "ip", "netns", "exec", l.prefix+"probe", "nft", "list", "table", "inet", "lossy"); !dropped(out) {
			t.Errorf("nothing was dropped:\n%s", out)
		}
		l.down()
	}
}
