package engine

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"bestbefore/discovery"
	"bestbefore/discovery/flow"
)

var asking = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// question is a device's question for a name and what it was answered.
func question(id discovery.DeviceID, name string, at time.Time, ips ...string) flow.Record {
	r := flow.Record{Key: flow.Key{Device: id, Destination: flow.Destination{Domain: name}, Protocol: "dns"}, First: at, Last: at}
	for _, ip := range ips {
		r.Answers = append(r.Answers, flow.Answer{Address: netip.MustParseAddr(ip), TTL: time.Minute})
	}
	return r
}

func (a *answers) nameOf(id discovery.DeviceID, ip string, at time.Time) string {
	return a.complete(id, flow.Destination{Address: netip.MustParseAddr(ip)}, at, at).Domain
}

func TestAnAnswerNamesTheAskersOwnTrafficOnly(t *testing.T) {
	var a answers
	a.learn([]flow.Record{
		question("bell", "video.maker.example", asking, "198.51.100.7", "2001:db8:9::7"),
		question("bell", "metrics.example", asking.Add(time.Hour), "198.51.100.7"),
		question("tv", "tv.example", asking, "203.0.113.5"),
		question(flow.Somebody, "who.example", asking, "203.0.113.9"),
	})
	refused := question("bell", "ads.example", asking, "203.0.113.6")
	refused.Refused = true
	a.learn([]flow.Record{refused})
	for _, c := range []struct {
		id   discovery.DeviceID
		ip   string
		at   time.Duration
		want string
	}{
		{"bell", "198.51.100.7", time.Minute, "video.maker.example"},
		{"bell", "::ffff:198.51.100.7", time.Minute, "video.maker.example"},
		{"bell", "2001:db8:9::7", time.Minute, "video.maker.example"},
		{"bell", "198.51.100.7", 2 * time.Hour, "metrics.example"}, // asked for last
		{"bell", "198.51.100.7", -time.Minute, ""},                 // before it asked
		{"bell", "2001:db8:9::7", 7 * time.Hour, ""},               // too long ago
		{"bell", "203.0.113.5", time.Minute, ""},                   // another device's question
		{"bell", "203.0.113.6", time.Minute, ""},                   // it was refused
		{"bell", "203.0.113.9", time.Minute, ""},
		{flow.Somebody, "203.0.113.9", time.Minute, ""},
	} {
		if got := a.nameOf(c.id, c.ip, asking.Add(c.at)); got != c.want {
			t.Errorf("%s to %s after %s is %q, want %q", c.id, c.ip, c.at, got, c.want)
		}
	}
	if d := a.complete("bell", flow.Destination{Domain: "own.example", Address: netip.MustParseAddr("198.51.100.7")}, asking, asking); d.Domain != "own.example" {
		t.Errorf("a name that the source saw became %q", d.Domain)
	}
	a.forget()
	if got := a.nameOf("bell", "198.51.100.7", asking.Add(time.Minute)); got != "" {
		t.Errorf("forgotten, and yet %q", got)
	}
}

// Whatever a name server answers: bounded, and an address at home, or nobody's,
// is never named.
func TestHostileAnswersAreBounded(t *testing.T) {
	var a answers
	for _, ip := range []string{"192.168.1.7", "10.0.0.1", "127.0.0.1", "0.0.0.0", "169.254.1.1", "100.64.0.1", "224.0.0.251", "255.255.255.255", "fd00::1", "fe80::1", "::1", "ff02::fb", "::ffff:192.168.1.7"} {
		a.learn([]flow.Record{question("bell", "evil.example", asking, ip)})
		if got := a.nameOf("bell", ip, asking.Add(time.Second)); got != "" {
			t.Errorf("%s is named %q", ip, got)
		}
	}
	for i := range 200_000 { // three times what is kept
		ip := netip.AddrFrom4([4]byte{45, byte(i >> 16), byte(i >> 8), byte(i)})
		id := discovery.DeviceID(fmt.Sprint("d", i%64))
		r := question(id, fmt.Sprint("n", i%5000, ".example"), asking.Add(time.Duration(i)*time.Millisecond))
		r.Answers = []flow.Answer{{Address: ip, TTL: 1000 * time.Hour}, {Address: netip.MustParseAddr("46.1.1.1")}}
		a.learn([]flow.Record{r})
	}
	for i := range 1000 {
		a.learn([]flow.Record{question(discovery.DeviceID(fmt.Sprint("e", i)), "a.example", asking.Add(time.Hour+time.Duration(i)*time.Second), "46.1.1.1")})
	}
	all := 0
	for id, d := range a.of {
		if len(d.name) > toldAddresses {
			t.Fatalf("%s has %d addresses", id, len(d.name))
		}
		for ip, names := range d.name {
			all++
			if len(names) > toldNames || names[0].until.Sub(names[0].at) > toldMost {
				t.Fatalf("%s: %d names until %s", ip, len(names), names[0].until)
			}
		}
	}
	if len(a.of) > toldDevices || all == 0 {
		t.Errorf("%d devices, %d addresses", len(a.of), all)
	}
	t.Logf("%d devices and %d addresses are kept of a million answers", len(a.of), all)
}

func FuzzAnswers(f *testing.F) {
	f.Add([]byte{198, 51, 100, 7}, int64(60), int64(0))
	f.Add([]byte{192, 168, 1, 7}, int64(-1), int64(1<<62))
	f.Fuzz(func(t *testing.T, ip []byte, ttl, at int64) {
		addr, _ := netip.AddrFromSlice(ip)
		var a answers
		r := question("bell", "a.example", asking)
		r.Answers = []flow.Answer{{Address: addr, TTL: time.Duration(ttl)}}
		a.learn([]flow.Record{r})
		when := asking.Add(time.Duration(at))
		d := a.complete("bell", flow.Destination{Address: addr}, when, when)
		if d.Domain != "" && (!outside(addr.Unmap()) || when.Before(asking.Add(-toldSkew)) || when.After(asking.Add(toldMost))) {
			t.Fatalf("%s at %s is %q", addr, when, d.Domain)
		}
	})
}
