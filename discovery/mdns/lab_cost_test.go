//go:build lab

package mdns

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// victimEnv makes this test binary a lone engine that prints what it costs.
const victimEnv = "BB_MDNS_VICTIM"

// TestLabVictim is not a test of its own: TestLabHostile runs it in a process
// of its own, to measure the engine alone.
func TestLabVictim(t *testing.T) {
	if os.Getenv(victimEnv) == "" {
		t.Skip("run by TestLabHostile")
	}
	e, err := New(Config{Now: time.Now, Report: func(tr Trouble) { fmt.Println("trouble", tr.Code) }})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() {
		_ = e.Browse(ctx, func(ev Event) { fmt.Println("event", ev.Kind, ev.Service.Instance) })
	})
	fmt.Println("ready")
	var b [1]byte
	_, _ = os.Stdin.Read(b[:]) // until the other side closes it
	cancel()
	wg.Wait()
	status, _ := os.ReadFile("/proc/self/status")
	for _, line := range strings.Split(string(status), "\n") {
		if f := strings.Fields(line); len(f) == 3 && f[0] == "VmHWM:" {
			fmt.Println("peak", f[1])
		}
	}
	fmt.Println("goroutines", runtime.NumGoroutine())
}

// 20,000 mutated packets at about 10,000 a second, then a flood of 20,000
// well-formed inventions: the engine lives, stays small, and finds the true device.
func TestLabHostile(t *testing.T) {
	needRoot(t)
	l := newLAN(t)
	l.host("probe")
	r := newResponder(t, l.host("farm"), false, nil)
	cmd := exec.Command("ip", "netns", "exec", l.prefix+"probe", os.Args[0], "-test.run", "^TestLabVictim$", "-test.v")
	cmd.Env = append(os.Environ(), victimEnv+"=1")
	var out syncBuffer
	cmd.Stdout, cmd.Stderr = &out, &out
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	eventually(t, 20*time.Second, "the victim is ready", func() bool { return strings.Contains(out.String(), "ready") })

	base := answer(t, devices(1, 1, 1)[0].all()...)
	rnd := rand.New(rand.NewPCG(1, 2))
	for i := range 20000 {
		r.raw(mutate(rnd, base))
		if i%20 == 0 {
			time.Sleep(2 * time.Millisecond)
		}
	}
	fakes := devices(20000, 1, 20)
	for i := range fakes {
		fakes[i].host = fmt.Sprintf("flood%d.local.", i)
		r.raw(answer(t, fakes[i].all()...))
		if i%20 == 0 {
			time.Sleep(2 * time.Millisecond)
		}
	}
	honest := newResponder(t, l.host("honest"), false, []svc{{inst: "Honest", typ: "_hue._tcp", host: "honest.local.", port: 1, four: "10.77.5.5"}})
	honest.send(honest.svcs[0].all(), nil)
	eventually(t, 10*time.Second, "the honest device is found", func() bool { return strings.Contains(out.String(), "event add Honest") })
	in.Close()
	if err := cmd.Wait(); err != nil {
		t.Errorf("the victim: %v\n%s", err, out.String())
	}
	peak := number(out.String(), "peak ")
	t.Logf("peak memory of the process %d kB, %d events, %d notices", peak, strings.Count(out.String(), "event "), strings.Count(out.String(), "trouble flood"))
	if peak == 0 || peak > 50*1024 {
		t.Errorf("peak memory %d kB, want under 50 MB", peak)
	}
	if n := strings.Count(out.String(), "trouble"); n > 1 || strings.Contains(out.String(), string(BadPacket)) {
		t.Errorf("%d notices of trouble", n)
	}
}

func number(s, after string) int {
	_, rest, _ := strings.Cut(s, after)
	line, _, _ := strings.Cut(rest, "\n")
	n, _ := strconv.Atoi(strings.TrimSpace(line))
	return n
}

// syncBuffer is a buffer that a process writes while a test reads.
type syncBuffer struct {
	mu sync.Mutex // guards b
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// Packets in a minute of quiet in a home of 40 services, counted by the kernel.
func TestLabSteadyState(t *testing.T) {
	needRoot(t, "nft")
	long(t)
	l := newLAN(t)
	probe := l.host("probe")
	newResponder(t, l.host("farm"), false, devices(40, 3, 20))
	sh(t, "ip", "netns", "exec", l.prefix+"probe", "nft",
		"add table inet count; add chain inet count out { type filter hook output priority 0 ; }; add rule inet count out udp dport 5353 counter")
	c := newCollector()
	browse(t, probe, Config{}, c.handle)
	eventually(t, 10*time.Second, "40 of 40", func() bool { return c.count(hasFour) == 40 })
	time.Sleep(20 * time.Second) // the first rounds are over
	sent := func() int {
		return number(strings.ReplaceAll(sh(t, "ip", "netns", "exec", l.prefix+"probe", "nft", "list", "table", "inet", "count"), " bytes", "\n"), "counter packets ")
	}
	before := sent()
	time.Sleep(150 * time.Second) // longer than a whole life of SRV and addresses
	n := sent() - before
	t.Logf("%d packets in 150 s (%.2f a second, both families), %v", n, float64(n)/150, c.kinds)
	if n > 2*150 {
		t.Errorf("%d packets in 150 s, want under 2 a second", n)
	}
	if c.count(func(e Event) bool { return hasFour(e) && !e.Service.Stale }) != 40 || c.kinds[Removed] != 0 {
		t.Errorf("not all of 40 are fresh: %v", c.kinds)
	}
}

// A thousand starts leave nothing behind.
func TestLabStartsLeaveNothing(t *testing.T) {
	needRoot(t)
	l := newLAN(t)
	probe := l.host("probe")
	e, err := New(Config{Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	open := func() int { d, _ := os.ReadDir("/proc/self/fd"); return len(d) }
	inside(t, probe, func() {
		run := func() {
			ctx, cancel := context.WithTimeout(context.Background(), 3*time.Millisecond)
			defer cancel()
			if err := e.Browse(ctx, func(Event) {}); err != nil {
				t.Error(err)
			}
		}
		run()
		g, f := runtime.NumGoroutine(), open()
		for range 1000 {
			run()
		}
		t.Logf("1,000 starts: goroutines %d to %d, descriptors %d to %d", g, runtime.NumGoroutine(), f, open())
		if runtime.NumGoroutine() > g || open() > f {
			t.Error("something was left behind")
		}
	})
}
