package mdns

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/miekg/dns"
)

var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func after(d time.Duration) time.Time { return start.Add(d) }

func addr(name, a string, ttl uint32, flush bool) claim {
	c := claim{name: name, key: lower(name), typ: dns.TypeA, ttl: ttl, flush: flush, addr: netip.MustParseAddr(a)}
	if c.addr.Is6() {
		c.typ = dns.TypeAAAA
	}
	return c
}

func pointer(typ, target string, ttl uint32) claim {
	return claim{name: typ, key: lower(typ), typ: dns.TypePTR, ttl: ttl, target: target}
}

func TestCacheForgetsAfterTheLife(t *testing.T) {
	c := newCache()
	c.put(addr("a.local.", "10.0.0.1", 120, true), from("10.0.0.1"), start)
	if n := len(c.live("a.local.", dns.TypeA, after(119*time.Second))); n != 1 {
		t.Errorf("%d records before the end", n)
	}
	if n := len(c.live("a.local.", dns.TypeA, after(120*time.Second))); n != 0 {
		t.Errorf("%d records after the end", n)
	}
	gone, _ := c.sweep(after(120 * time.Second))
	if len(gone) != 1 || c.count != 0 || len(c.sets) != 0 {
		t.Errorf("%d gone, %d left", len(gone), c.count)
	}
}

func TestCacheGoodbyeLeavesOneSecond(t *testing.T) {
	c := newCache()
	p := pointer("_hue._tcp.local.", "X._hue._tcp.local.", 4500)
	c.put(p, from("10.0.0.1"), start)
	p.ttl = 0
	if out := c.put(p, from("10.0.0.1"), after(time.Minute)); out != ending {
		t.Errorf("outcome %v", out)
	}
	if c.pointer(p.key, lower(p.target), after(time.Minute+900*time.Millisecond)) == nil {
		t.Error("gone before the second was over")
	}
	// The owner objects within the second: it stays.
	p.ttl = 4500
	c.put(p, from("10.0.0.1"), after(time.Minute+500*time.Millisecond))
	if gone, _ := c.sweep(after(time.Minute + 2*time.Second)); len(gone) != 0 {
		t.Error("ended although its owner objected")
	}
	p.ttl = 0
	c.put(p, from("10.0.0.1"), after(2*time.Minute))
	if gone, _ := c.sweep(after(2*time.Minute + time.Second)); len(gone) != 1 || len(c.ptrs) != 0 {
		t.Error("a goodbye that nobody objects to must end the record")
	}
	if out := c.put(p, from("10.0.0.1"), after(3*time.Minute)); out != unknown || c.count != 0 {
		t.Error("a goodbye for nothing must leave nothing")
	}
}

func TestCacheFlushEndsOlderAddresses(t *testing.T) {
	for _, flush := range []bool{true, false} {
		c := newCache()
		c.put(addr("a.local.", "10.0.0.1", 120, true), from("10.0.0.1"), start)
		c.put(addr("a.local.", "10.0.0.9", 120, flush), from("10.0.0.9"), after(10*time.Second))
		want := 2
		if flush {
			want = 1
		}
		if n := len(c.live("a.local.", dns.TypeA, after(11*time.Second))); n != want {
			t.Errorf("flush %v: %d addresses, want %d", flush, n, want)
		}
	}
}

func TestCacheFlushSparesItsOwnPacketAndOtherLinks(t *testing.T) {
	c := newCache()
	c.put(addr("a.local.", "10.0.0.1", 120, true), from("10.0.0.1"), start)
	c.put(addr("a.local.", "10.0.0.2", 120, true), from("10.0.0.1"), after(300*time.Millisecond))
	other := origin{addr: netip.MustParseAddr("172.16.0.1"), iface: "wlan0"}
	c.put(addr("a.local.", "172.16.0.1", 120, true), other, after(10*time.Second))
	if n := len(c.live("a.local.", dns.TypeA, after(12*time.Second))); n != 3 {
		t.Errorf("%d addresses, want 3", n)
	}
}

func TestCacheAsksAgainThreeTimes(t *testing.T) {
	c := newCache()
	c.put(addr("a.local.", "10.0.0.1", 1000, true), from("10.0.0.1"), start)
	var asked []time.Duration
	for s := range 1001 {
		if _, old := c.sweep(after(time.Duration(s) * time.Second)); len(old) > 0 {
			asked = append(asked, time.Duration(s)*time.Second)
		}
	}
	if got, want := fmt.Sprint(asked), "[13m20s 15m0s 15m50s]"; got != want {
		t.Errorf("asked at %s, want %s", got, want)
	}
	if c.count != 0 {
		t.Error("still there after its life")
	}
}

func TestCacheLimits(t *testing.T) {
	c := newCache()
	for i := range 100 {
		c.put(addr("a.local.", fmt.Sprintf("10.0.0.%d", i), 120, false), from("10.0.0.1"), start)
	}
	if n := len(c.live("a.local.", dns.TypeA, start)); n != maxPerName {
		t.Errorf("%d addresses of one name, want %d", n, maxPerName)
	}
	for i := range maxCached + 5000 {
		c.put(pointer("_hue._tcp.local.", fmt.Sprintf("x%d._hue._tcp.local.", i), 4500), from("10.0.0.1"), start)
	}
	if c.count != maxCached || len(c.ptrs) != maxCached-maxPerName {
		t.Errorf("%d records, %d pointers, want %d", c.count, len(c.ptrs), maxCached)
	}
	if out := c.put(addr("a.local.", "10.0.0.1", 120, false), from("10.0.0.1"), start); out != renewed {
		t.Error("a full cache must still renew what it holds")
	}
}

func TestCacheBoundsTheLife(t *testing.T) {
	for ttl, want := range map[uint32]time.Duration{1: minTTL, 120: 2 * time.Minute, 1 << 31: maxTTL} {
		c := newCache()
		c.put(addr("a.local.", "10.0.0.1", ttl, true), from("10.0.0.1"), start)
		if r := c.newest("a.local.", dns.TypeA, start); r.expires.Sub(start) != want {
			t.Errorf("TTL %d lives %v, want %v", ttl, r.expires.Sub(start), want)
		}
	}
}

func TestLimiterPerSource(t *testing.T) {
	l := newLimiter()
	a, b := netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("10.0.0.2")
	ok := 0
	for i := range 50000 { // 5,000 a second for ten seconds
		if l.name(a, after(time.Duration(i)*200*time.Microsecond)) {
			ok++
		}
	}
	if want := newNamesBurst + 10*newNamesSecond; ok < want-2 || ok > want+2 {
		t.Errorf("%d names accepted, want %d", ok, want)
	}
	if !l.name(b, after(10*time.Second)) {
		t.Error("another source must not suffer")
	}
	if _, due := l.notice(after(11 * time.Second)); !due {
		t.Error("no notice")
	}
	l.name(a, after(11*time.Second))
	l.refused = 5
	if _, due := l.notice(after(12 * time.Second)); due {
		t.Error("a second notice within the hour")
	}
	for i := range 5000 {
		l.name(netip.AddrFrom4([4]byte{10, 1, byte(i >> 8), byte(i)}), after(time.Minute))
	}
	if len(l.sources) > maxSources {
		t.Errorf("%d sources counted", len(l.sources))
	}
}
