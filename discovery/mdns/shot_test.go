package mdns

import (
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/miekg/dns"

	"bestbefore/discovery"
)

// After an interface came up two one-shot questions go out between the rounds,
// for what is known to be there; none while answers are still coming in.
func TestOneShotQuestions(t *testing.T) {
	times := func(w *wire) (out []time.Duration) {
		w.mu.Lock()
		defer w.mu.Unlock()
		for _, p := range w.shot {
			out = append(out, p.at)
		}
		return out
	}
	looping(t, eth0, Config{Types: []string{"_hue._tcp"}}, func(w *wire, _ *[]discovery.Sighting) {
		rest(time.Hour)
		if diff := cmp.Diff([]time.Duration{450 * time.Millisecond, 2 * time.Second}, times(w)); diff != "" {
			t.Errorf("asked once at -want +got\n%s", diff)
		}
		var names []string
		for _, q := range w.shot[0].msg.Question {
			names = append(names, q.Name)
		}
		if !cmp.Equal(names, []string{"_hue._tcp.local.", enumerate}) || len(w.shot[0].msg.Answer) != 0 {
			t.Errorf("asked for %q", names)
		}
	})
	looping(t, eth0, Config{}, func(w *wire, _ *[]discovery.Sighting) { // 115 types: only what is here
		rest(100 * time.Millisecond)
		w.hear(t, lamp.all()...)
		rest(time.Minute)
		if len(w.shot) != 2 || len(w.shot[0].msg.Question) != 2 {
			t.Errorf("%d packets, %v", len(w.shot), w.shot[0].msg.Question)
		}
	})
	looping(t, eth0, Config{}, func(w *wire, _ *[]discovery.Sighting) { // the twin: not while it pours
		rest(400 * time.Millisecond)
		w.hear(t, lamp.all()...)
		rest(time.Minute)
		if diff := cmp.Diff([]time.Duration{2 * time.Second}, times(w)); diff != "" {
			t.Errorf("asked once at -want +got\n%s", diff)
		}
	})
}

// A round waits for the end of the answers, but not for ever, and longer where
// a lot is known.
func TestRoundsWaitForAnswers(t *testing.T) {
	second := func(every time.Duration, each int) time.Duration {
		var at time.Duration
		looping(t, eth0, Config{Types: []string{"_hue._tcp"}}, func(w *wire, _ *[]discovery.Sighting) {
			n := 0
			for begun := time.Now(); time.Since(begun) < 5*time.Second; rest(every) {
				for range each {
					s := lamp
					s.inst = "Lamp" + time.Duration(n).String()
					w.hear(t, s.all()...)
					n++
				}
			}
			if asked := w.asked("_hue._tcp.local."); len(asked) > 1 {
				at = asked[1]
			}
		})
		return at
	}
	for _, c := range []struct {
		name  string
		every time.Duration
		each  int
		want  time.Duration
	}{
		{"quiet", 5 * time.Second, 1, firstWait},
		{"answers without end", 100 * time.Millisecond, 1, firstWait + calmMost},
		{"many are known", 5 * time.Second, manyKnown + 1, manyWait},
		{"not so many", 5 * time.Second, manyKnown, firstWait},
	} {
		if got := second(c.every, c.each); got != c.want {
			t.Errorf("%s: second round after %v, want %v", c.name, got, c.want)
		}
	}
}

// Answers to one-shot questions teach what is new and change nothing else.
func TestDirectAnswersOnlyTeach(t *testing.T) {
	w := newBench(t)
	direct := func(rrs ...dns.RR) {
		t.Helper()
		m, err := parse(answer(t, rrs...))
		if err != nil {
			t.Fatal(err)
		}
		w.b.take(w.b.direct(m), from("192.168.1.5"), w.now)
	}
	pointer := func() *record { return w.b.cache.pointer("_hue._tcp.local.", lower(lamp.full()), w.now) }
	direct(lamp.all()...)
	w.pass(100 * time.Millisecond)
	w.expect("one add", lampUp)
	if r := pointer(); r == nil || r.life != minTTL {
		t.Fatalf("%+v", r)
	}
	w.hear("192.168.1.5", lamp.ptr(4500))
	direct(lamp.ptr(10))
	if r := pointer(); r == nil || r.life != 4500*time.Second {
		t.Errorf("a short life replaced a long one: %+v", r)
	}
	w.pass(2 * time.Second)
	other := lamp
	other.four, other.six = "192.168.1.9", ""
	direct(append(other.addrs(10), lamp.ptr(0), lamp.srv(0))...) // with the cache-flush bit and goodbyes
	w.pass(2 * time.Second)
	for _, e := range w.got.events {
		if e.Kind == Removed || len(e.Addresses) < 2 {
			t.Errorf("a direct answer ended something: %+v", e)
		}
	}
	// The twin: the same by multicast does end it.
	w.hear("192.168.1.5", lamp.ptr(0))
	w.pass(2 * time.Second)
	if len(w.b.instances) != 0 {
		t.Error("a goodbye by multicast ends nothing")
	}
}

// Nobody is believed who does not repeat the number of a question of the last
// two seconds.
func TestDirectAnswersMustBeExpected(t *testing.T) {
	k := &socket{expects: new(atomic.Pointer[expected])}
	if k.takes(0, start) {
		t.Error("an answer was taken although nothing was asked")
	}
	k.expects.Store(&expected{id: 7, until: start.Add(directFor)})
	for _, c := range []struct {
		id   uint16
		at   time.Duration
		want bool
	}{{7, 0, true}, {7, 1999 * time.Millisecond, true}, {8, 0, false}, {0, 0, false}, {7, 2 * time.Second, false}} {
		if got := k.takes(c.id, after(c.at)); got != c.want {
			t.Errorf("number %d after %v: %v", c.id, c.at, got)
		}
	}
	if !new(socket).takes(99, start) {
		t.Error("an ordinary socket must take what multicast brings")
	}
}

// A real one-shot question on the loopback interface is answered to its port.
func TestOneShotOverSockets(t *testing.T) {
	ifi := loopback(t)
	device, err := open4(ifi)
	if err != nil {
		t.Fatal(err)
	}
	defer device.conn.Close()
	s := newSockets(Config{Now: time.Now, Logger: discard(), Report: func(Trouble) {}, Interfaces: func() ([]net.Interface, error) { return []net.Interface{ifi}, nil }})
	s.watch()
	defer s.close()
	b := newBrowser([]string{"_bbshot._tcp.local."}, true, func(string) bool { return false })
	q, err := b.shot(start)
	if err != nil {
		t.Fatal(err)
	}
	s.send(ifi.Name, oneShot, q)
	buf := make([]byte, 9000)
	for _, wrong := range []uint16{1, 0} { // the twin first: with another number
		for {
			_ = device.conn.SetReadDeadline(time.Now().Add(time.Minute))
			n, asker, err := device.conn.ReadFromUDPAddrPort(buf)
			if err != nil {
				t.Fatalf("the question did not come: %v", err)
			}
			var m dns.Msg
			if m.Unpack(buf[:n]) != nil || m.Response || len(m.Question) != 1 || m.Question[0].Name != "_bbshot._tcp.local." || asker.Port() == port {
				continue
			}
			r := new(dns.Msg)
			r.Id, r.Response, r.Answer = m.Id+wrong, true, []dns.RR{lamp.ptr(10)}
			raw, _ := r.Pack()
			if _, err := device.conn.WriteToUDPAddrPort(raw, asker); err != nil {
				t.Fatal(err)
			}
			break
		}
		if wrong != 0 {
			s.send(ifi.Name, oneShot, q)
			continue
		}
		for deadline := time.After(time.Minute); ; {
			select {
			case p := <-s.packets():
				if !p.direct {
					continue
				}
				if m, err := parse(p.data); err != nil || len(m.claims) != 1 {
					t.Errorf("%v, %v", m, err)
				}
				return
			case <-deadline:
				t.Fatal("the answer did not come back")
			}
		}
	}
}
