package mdns

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/miekg/dns"

	"bestbefore/discovery"
)

// wire is a network of one interface without sockets.
type wire struct {
	queue  chan packet
	mu     sync.Mutex // guards all below
	up     []string
	down   []string
	begun  time.Time
	sent   []sentPacket
	shot   []sentPacket // one-shot questions
	closed bool
}

type sentPacket struct {
	at    time.Duration
	iface string
	msg   *dns.Msg
	size  int
}

func newWire(up ...string) *wire {
	return &wire{queue: make(chan packet, queueLen), up: up, begun: time.Now()}
}

func (w *wire) watch() (up, down []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	up, down = w.up, w.down
	w.up, w.down = nil, nil
	return up, down
}

func (w *wire) send(iface string, as sort, packets [][]byte) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, b := range packets {
		m := new(dns.Msg)
		if err := m.Unpack(b); err != nil {
			panic(err)
		}
		p := sentPacket{time.Since(w.begun), iface, m, len(b)}
		if as == oneShot {
			w.shot = append(w.shot, p)
		} else {
			w.sent = append(w.sent, p)
		}
	}
}

func (w *wire) packets() <-chan packet { return w.queue }
func (w *wire) close()                 { w.mu.Lock(); w.closed = true; w.mu.Unlock() }

func (w *wire) hear(t *testing.T, rrs ...dns.RR) {
	w.queue <- packet{data: answer(t, rrs...), from: from("192.168.1.5")}
}

// forget empties the list of what was sent.
func (w *wire) forget() { w.mu.Lock(); w.sent = nil; w.mu.Unlock() }

// asked returns when question name was sent.
func (w *wire) asked(name string) []time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	var out []time.Duration
	for _, p := range w.sent {
		for _, q := range p.msg.Question {
			if q.Name == name {
				out = append(out, p.at)
			}
		}
	}
	return out
}

// looping runs an engine on w in a bubble, calls f, and ends it.
func looping(t *testing.T, w func() *wire, c Config, f func(w *wire, got *[]discovery.Sighting)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		c.Now = time.Now
		e, err := New(c)
		if err != nil {
			t.Fatal(err)
		}
		n := w()
		var got []discovery.Sighting
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() {
			done <- e.loop(ctx, n, func(b batch) { got = append(got, b.sightings...) })
		}()
		synctest.Wait()
		f(n, &got)
		cancel()
		if err := <-done; err != nil {
			t.Errorf("ended with %v", err)
		}
		if !n.closed {
			t.Error("the network was left open")
		}
	})
}

// rest lets time go by in the bubble, and everything that is due be done.
func rest(d time.Duration) { time.Sleep(d); synctest.Wait() }

func eth0() *wire { return newWire("eth0") }

func TestRoundsGetRarer(t *testing.T) {
	looping(t, eth0, Config{}, func(w *wire, _ *[]discovery.Sighting) {
		rest(3 * time.Hour)
		var got []string
		for _, d := range w.asked("_hap._tcp.local.") {
			got = append(got, d.Round(time.Second).String())
		}
		want := "0s 1s 3s 8s 17s 36s 1m12s 2m26s 4m53s 9m48s 19m36s 39m14s 1h18m29s 2h18m29s"
		if strings.Join(got, " ") != want {
			t.Errorf("asked at %v, want %s", got, want)
		}
		if len(w.asked(enumerate)) != len(got) {
			t.Error("the enumeration is not part of each round")
		}
		first := 0
		for _, p := range w.sent {
			if len(p.msg.Question) > perPacket {
				t.Errorf("%d questions in one packet", len(p.msg.Question))
			}
			if p.at == 0 {
				first += len(p.msg.Question)
			}
		}
		if first != len(builtinTypes)+1 {
			t.Errorf("%d questions at once, want %d", first, len(builtinTypes)+1)
		}
	})
}

func TestKnownAnswersAreSplit(t *testing.T) {
	looping(t, eth0, Config{Types: []string{"_hue._tcp"}}, func(w *wire, _ *[]discovery.Sighting) {
		for i := range 150 {
			s := lamp
			s.inst = fmt.Sprintf("A\\ lamp\\ with\\ a\\ name\\ %d", i)
			w.hear(t, s.all()...)
		}
		rest(1200 * time.Millisecond)
		known, cut := map[string]bool{}, 0
		for _, p := range w.sent {
			if p.size > 1440 {
				t.Errorf("a packet of %d bytes", p.size)
			}
			if p.at < 900*time.Millisecond {
				continue
			}
			if p.msg.Truncated {
				cut++
			}
			for _, rr := range p.msg.Answer {
				if ttl := rr.Header().Ttl; ttl < 4490 || ttl > 4500 || rr.Header().Class != dns.ClassINET {
					t.Errorf("known answer %v", rr)
				}
				known[rr.(*dns.PTR).Ptr] = true
			}
		}
		if len(known) != 150 || cut < 2 {
			t.Errorf("%d known answers, %d packets with more to come", len(known), cut)
		}
		w.forget()
		rest(70 * time.Minute)
		before, past := 0, 0
		for _, p := range w.sent {
			if p.at > 19*time.Minute && p.at < 20*time.Minute {
				before += len(p.msg.Answer)
			}
			if p.at > 38*time.Minute {
				past += len(p.msg.Answer)
			}
		}
		if before != 150 || past != 0 {
			t.Errorf("%d known answers in the last round before half of the life, want 150; %d past it, want none", before, past)
		}
	})
}

func TestNothingIsAskedTwiceInASecond(t *testing.T) {
	looping(t, eth0, Config{}, func(w *wire, _ *[]discovery.Sighting) {
		for range 40 {
			w.hear(t, lamp.ptr(4500))
			w.hear(t, lamp.ptr(0))
			rest(130 * time.Millisecond)
		}
		last := map[string]time.Duration{}
		for _, p := range w.sent {
			for _, q := range p.msg.Question {
				k := q.Name + dns.TypeToString[q.Qtype]
				if at, ok := last[k]; ok && p.at-at < time.Second {
					t.Errorf("%s asked again after %v", k, p.at-at)
				}
				last[k] = p.at
			}
		}
	})
}

func TestEventsOfOneInstanceAreGathered(t *testing.T) {
	looping(t, eth0, Config{}, func(w *wire, got *[]discovery.Sighting) {
		for i := range 1000 { // a thousand changes in a second
			s := lamp
			s.txt = []string{fmt.Sprint("n=", i)}
			w.hear(t, s.all()...)
			rest(time.Millisecond)
		}
		rest(time.Second)
		if n := len(*got); n < 5 || n > 15 {
			t.Errorf("%d sightings, want about 11", n)
		}
		if s := (*got)[len(*got)-1]; s.Services[0].TXT[0] != "n=999" {
			t.Errorf("the last word was %q", s.Services[0].TXT)
		}
	})
}

func TestInterfaceThatComesLater(t *testing.T) {
	var said []Trouble
	c := Config{Report: func(tr Trouble) { said = append(said, tr) }}
	looping(t, func() *wire { return newWire() }, c, func(w *wire, _ *[]discovery.Sighting) {
		rest(time.Hour)
		if len(w.sent) != 0 || len(said) != 1 || said[0].Code != NoInterface || said[0].Err == nil {
			t.Errorf("%d packets, trouble %v", len(w.sent), said)
		}
		w.mu.Lock()
		w.up = []string{"wlan0"}
		w.mu.Unlock()
		rest(7 * time.Second)
		if n := len(w.asked("_hap._tcp.local.")); n < 2 {
			t.Errorf("asked %d times on the new interface", n)
		}
		if len(said) != 2 || said[1].Err != nil {
			t.Errorf("trouble not ended: %v", said)
		}
		w.mu.Lock()
		w.down = []string{"wlan0"}
		w.mu.Unlock()
		rest(6 * time.Second)
		before := len(w.sent)
		rest(time.Hour)
		if n := len(w.sent) - before; n != 0 {
			t.Errorf("%d packets sent on an interface that is gone", n)
		}
	})
}

// The clock jumps while the machine sleeps; timers do not. The rounds begin anew.
func TestRoundsBeginAnewAfterSleep(t *testing.T) {
	for _, slept := range []time.Duration{0, 10 * time.Hour} {
		synctest.Test(t, func(t *testing.T) {
			var mu sync.Mutex
			var jump time.Duration
			e, err := New(Config{Now: func() time.Time { mu.Lock(); defer mu.Unlock(); return time.Now().Add(jump) }})
			if err != nil {
				t.Fatal(err)
			}
			w := eth0()
			ctx, cancel := context.WithCancel(t.Context())
			done := make(chan error)
			go func() { done <- e.loop(ctx, w, func(batch) {}) }()
			rest(40 * time.Minute)
			before := len(w.asked("_hap._tcp.local."))
			mu.Lock()
			jump = slept
			mu.Unlock()
			rest(10 * time.Second)
			more := len(w.asked("_hap._tcp.local.")) - before
			if slept > 0 && more < 3 || slept == 0 && more != 0 {
				t.Errorf("asleep for %v: %d more rounds in 10 s", slept, more)
			}
			cancel()
			<-done
		})
	}
}

func TestFloodIsReportedOnce(t *testing.T) {
	var said []Trouble
	c := Config{Report: func(tr Trouble) { said = append(said, tr) }}
	looping(t, eth0, c, func(w *wire, _ *[]discovery.Sighting) {
		for i := range 5000 {
			s := lamp
			s.inst, s.host = fmt.Sprint("x", i), fmt.Sprintf("x%d.local.", i)
			w.hear(t, s.all()...)
			if i%500 == 0 {
				rest(100 * time.Millisecond)
			}
		}
		rest(30 * time.Minute)
		if len(said) != 1 || said[0].Code != Flood {
			t.Errorf("said %v", said)
		}
	})
}

// A parser that panics costs one packet.
func TestParserPanicIsCaught(t *testing.T) {
	e, err := New(Config{Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	var said []Trouble
	e.cfg.Report = func(tr Trouble) { said = append(said, tr) }
	l := &looper{e: e, b: newBrowser(e.types, false, e.cfg.Known)}
	m, err := guard(func([]byte) (message, error) { panic("boom") }, nil, e.cfg.Report)
	if err == nil || len(m.claims) != 0 || len(said) != 1 || said[0].Code != BadPacket {
		t.Errorf("%v %v", err, said)
	}
	l.packet(packet{data: answer(t, lamp.all()...), from: from("192.168.1.5")})
	if l.b.cache.count != 5 {
		t.Error("the next packet was not taken")
	}
}

func TestNewRefusesNonsense(t *testing.T) {
	if _, err := New(Config{}); err == nil {
		t.Error("no clock")
	}
	for _, bad := range []string{"http", "_x._sub._http._tcp", "name._http._tcp", "_http._tcp.local."} {
		if _, err := New(Config{Now: time.Now, Types: []string{bad}}); err == nil {
			t.Errorf("type %q was taken", bad)
		}
	}
	if e, err := New(Config{Now: time.Now}); err != nil || len(e.types) < 100 {
		t.Errorf("built-in list: %v", err)
	}
}

func TestBuiltinTypesAreUnique(t *testing.T) {
	seen := map[string]bool{}
	for _, typ := range builtinTypes {
		if seen[lower(typ)] {
			t.Errorf("%s is there twice", typ)
		}
		seen[lower(typ)] = true
	}
}

// An interface that cannot be listed, or has no address, is no reason to stop.
func TestSocketsSurviveBadInterfaces(t *testing.T) {
	var said []string
	bad := errors.New("no netlink")
	list := func() ([]net.Interface, error) { return nil, bad }
	s := newSockets(Config{
		Logger: discard(), Interfaces: func() ([]net.Interface, error) { return list() },
		Report: func(tr Trouble) { said = append(said, string(tr.Code)+" "+tr.Interface+fmt.Sprint(tr.Err == nil)) },
	})
	defer s.close()
	if up, down := s.watch(); len(up)+len(down) != 0 {
		t.Errorf("up %v, down %v", up, down)
	}
	list = func() ([]net.Interface, error) {
		return []net.Interface{{Index: 9999, Name: "ghost0", Flags: net.FlagUp}}, nil
	}
	if up, down := s.watch(); len(up)+len(down) != 0 {
		t.Errorf("an interface without address: up %v, down %v", up, down)
	}
	s.report(JoinFailed, "vpn0", bad)
	s.report(JoinFailed, "vpn0", bad)
	s.report(JoinFailed, "vpn0", nil)
	s.report(JoinFailed, "vpn0", nil)
	if want := []string{"join_failed vpn0false", "join_failed vpn0true"}; !cmp.Equal(said, want) {
		t.Errorf("said %q", said)
	}
}
