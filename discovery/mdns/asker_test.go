package mdns

import (
	"testing"
	"time"

	"github.com/miekg/dns"
)

// The same question waits until a second has passed; another one does not, nor
// the same one on another interface.
func TestAskerKeepsEqualQuestionsApart(t *testing.T) {
	a := newAsker()
	for _, l := range []string{"eth0", "wlan0"} {
		a.linkUp(l, start)
	}
	a.collect(nil, true, start)
	k := key{"x.local.", dns.TypeA}
	count := func(at time.Duration) (n int) {
		for _, qs := range a.collect(nil, true, after(at)) {
			n += len(qs)
		}
		return n
	}
	ask := func(k key, iface string, at time.Duration, want int) {
		t.Helper()
		a.once(k, iface, after(at))
		if n := count(at); n != want {
			t.Errorf("at %v: %d questions, want %d", at, n, want)
		}
	}
	ask(k, "eth0", 10*time.Millisecond, 1)
	ask(k, "eth0", 400*time.Millisecond, 0)
	ask(key{"y.local.", dns.TypeA}, "eth0", 410*time.Millisecond, 1)
	ask(k, "wlan0", 420*time.Millisecond, 1)
	if n := count(900 * time.Millisecond); n != 0 {
		t.Errorf("%d questions within the second", n)
	}
	if n := count(1150 * time.Millisecond); n != 1 {
		t.Errorf("%d questions after the second, want the one that waited", n)
	}
	ask(k, "gone0", 3*time.Second, 2) // an interface that is gone: everywhere
}

// No more than so many follow-up questions leave in one second, and none is lost.
func TestAskerSpreadsFollowUps(t *testing.T) {
	a := newAsker()
	a.linkUp("eth0", start)
	a.collect(nil, true, start)
	for i := range 3 * followUpsMax {
		a.want(key{string(rune('a'+i%26)) + time.Duration(i).String(), dns.TypeSRV}, true, 1, "eth0", start)
	}
	total := 0
	for s := range 6 {
		in := 0
		for ms := 0; ms < 1000; ms += 50 {
			for _, qs := range a.collect(nil, true, after(time.Duration(s)*time.Second+time.Duration(ms)*time.Millisecond)) {
				in += len(qs)
			}
		}
		if in > followUpsMax {
			t.Errorf("%d follow-up questions in second %d", in, s)
		}
		total += in
	}
	if total != 3*followUpsMax {
		t.Errorf("%d questions asked in all, want %d", total, 3*followUpsMax)
	}
}

// A type learned just before a round is asked for again soon after that round.
func TestAskerRoundDoesNotForget(t *testing.T) {
	a := newAsker()
	a.linkUp("eth0", start)
	a.collect(map[string]bool{}, true, start)
	types := map[string]bool{"_late._tcp.local.": true}
	a.once(key{"_late._tcp.local.", dns.TypePTR}, "eth0", after(500*time.Millisecond))
	var asked []time.Duration
	for ms := 500; ms < 2900; ms += 50 {
		at := time.Duration(ms) * time.Millisecond
		if len(a.collect(types, true, after(at))["eth0"]) > 0 {
			asked = append(asked, at)
		}
	}
	if len(asked) != 2 || asked[1] < 1500*time.Millisecond || asked[1] > 1800*time.Millisecond {
		t.Errorf("asked at %v, want 500ms and about 1.5s", asked)
	}
}
