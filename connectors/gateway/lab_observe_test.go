//go:build lab && linux

package gateway

import (
	"context"
	"net/netip"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ti-mo/conntrack"

	"bestbefore/connectors"
	"bestbefore/consent"
	"bestbefore/discovery"
	"bestbefore/discovery/flow"
)

// watch runs Observe until its stop is called and keeps what it gave.
type watch struct {
	mu      sync.Mutex
	records []flow.Record
	cursor  connectors.Cursor
	batches int
	largest int
	stop    func()
}

func observe(t testing.TB, s *Session, from connectors.Cursor) *watch {
	t.Helper()
	w := &watch{}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() {
		done <- s.Observe(ctx, from, func(rs []flow.Record, c connectors.Cursor) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.records, w.cursor = append(w.records, rs...), slices.Clone(c)
			w.batches++
			w.largest = max(w.largest, len(rs))
		})
	}()
	w.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(w.stop)
	until(t, "first heartbeat", 5*time.Second, func() bool { w.mu.Lock(); defer w.mu.Unlock(); return w.batches > 0 })
	return w
}

// sum adds up what was observed towards addr, on one port if given.
func (w *watch) sum(addr string, refused bool, port ...uint16) (up, down, n uint64, last flow.Record) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, r := range w.records {
		if len(port) > 0 && !slices.Contains(port, r.Port) { // what an earlier test left still tries
			continue
		}
		if r.Destination.Address == netip.MustParseAddr(addr) && r.Refused == refused {
			up, down, n, last = up+r.Up, down+r.Down, n+r.Count, r
		}
	}
	return up, down, n, last
}

func TestLabObservedBytesAreTheSendersOwn(t *testing.T) {
	s := open(t, map[string]string{"interval": "0.2"})
	w := observe(t, s, nil)
	u4, u6 := upload(t, "dev", acme4, time.Millisecond), upload(t, "dev", acme6, time.Millisecond)
	flowing(t, "IPv4", u4)
	time.Sleep(time.Second) // a stretch of traffic, not a wait for something
	u4.stop()
	u6.stop()
	for addr, c := range map[string]struct {
		s      *stream
		header uint64
	}{acme4: {u4, 28}, acme6: {u6, 48}} {
		want := c.s.sent.Load() / 500 * (500 + c.header)
		until(t, "all bytes of "+addr, 5*time.Second, func() bool { up, _, _, _ := w.sum(addr, false, c.s.port); return up >= want })
		up, _, _, r := w.sum(addr, false, c.s.port)
		t.Logf("figure: %s: sender %d packets = %d bytes with headers, observed %d", addr, c.s.sent.Load()/500, want, up)
		if up != want {
			t.Errorf("%s: observed %d, sent %d", addr, up, want)
		}
		if r.Local.MAC != devMAC || r.Protocol != "udp" || r.Port == 0 || r.Source != "connector:gw" || r.First.After(r.Last) {
			t.Errorf("record %+v", r)
		}
	}
	d := download(t, "dev2", acme6)
	flowing(t, "download", d)
	until(t, "the download's bytes", 5*time.Second, func() bool {
		_, down, _, r := w.sum(acme6, false)
		return r.Local.MAC == dev2MAC && down > 4000
	})
	c, err := s.Coverage(t.Context())
	if err != nil || !c.Whole || time.Since(c.Alive) > 2*time.Second {
		t.Errorf("coverage %+v, %v", c, err)
	}
	t.Log(c.Text)
}

func TestLabObserveResumesWithoutCountingTwice(t *testing.T) {
	s := open(t, map[string]string{"interval": "0.1"})
	up := upload(t, "dev", other4, time.Millisecond)
	flowing(t, "upload", up) // before anybody observes: "from now" leaves it out
	early := up.sent.Load()
	w := observe(t, s, nil)
	begun := up.sent.Load()
	flowing(t, "upload", up)
	var seen uint64
	var rounds int
	for ; rounds < 5; rounds++ {
		w.stop()
		got, _, _, _ := w.sum(other4, false, up.port)
		seen += got
		flowing(t, "upload while nobody observes", up)
		w = observe(t, s, w.cursor)
	}
	up.stop()
	sent := (up.sent.Load() - begun) / 500 * 528
	until(t, "the rest", 5*time.Second, func() bool { got, _, _, _ := w.sum(other4, false, up.port); return seen+got >= sent })
	got, _, _, _ := w.sum(other4, false, up.port)
	t.Logf("figure: %d restarts: sent %d, observed %d", rounds, sent, seen+got)
	if most := (up.sent.Load() - early) / 500 * 528; seen+got > most { // it began somewhere between early and begun
		t.Errorf("observed %d, at most %d were sent", seen+got, most)
	}
	// A cursor of another run of the kernel counts what is there now, once.
	p, err := decodePlace(w.cursor)
	if err != nil {
		t.Fatal(err)
	}
	w.stop()
	p.boot = "another"
	w = observe(t, s, p.encode())
	all := up.sent.Load() / 500 * 528
	until(t, "everything since that boot", 5*time.Second, func() bool { got, _, _, _ := w.sum(other4, false, up.port); return got == all })
}

func TestLabShortFlowsAreNotLost(t *testing.T) {
	s := open(t, map[string]string{"interval": "1"})
	w := observe(t, s, nil)
	const flows = 200
	for range flows {
		c := upload(t, "dev", other6, time.Hour) // one packet, then silence
		until(t, "one packet", 5*time.Second, func() bool { return c.bytes.Load() > 0 })
		c.stop()
		if out, err := exec.Command("conntrack", "-D", "-f", "ipv6", "-p", "udp", "-d", other6).CombinedOutput(); err != nil {
			t.Fatalf("%v %s", err, out)
		}
	}
	until(t, "all flows", 5*time.Second, func() bool { _, _, n, _ := w.sum(other6, false); return n >= flows })
	up, _, n, _ := w.sum(other6, false)
	t.Logf("figure: %d flows that ended between two looks: %d observed, %d bytes", flows, n, up)
	if n != flows || up != flows*548 {
		t.Errorf("%d flows with %d bytes", n, up)
	}
}

func TestLabRefusedTrafficIsRecorded(t *testing.T) {
	s := open(t, map[string]string{"interval": "0.1"})
	w := observe(t, s, nil)
	block(t, s, connectors.BlockRequest{Mark: "device-d1", Target: target(devMAC)})
	up := upload(t, "dev", acme4, 5*time.Millisecond)
	until(t, "100 packets", 5*time.Second, func() bool { return up.sent.Load() > 50000 })
	up.stop()
	want := up.sent.Load() / 500
	until(t, "refused packets", 5*time.Second, func() bool { _, _, n, _ := w.sum(acme4, true, up.port); return n >= want })
	sum, _, n, r := w.sum(acme4, true, up.port)
	if n != want || sum != want*528 || r.Local.MAC != devMAC || r.Protocol != "udp" || r.Port == 0 {
		t.Errorf("refused %d packets, %d bytes, want %d: %+v", n, sum, want, r)
	}
	if got, _, _, _ := w.sum(acme4, false, up.port); got != 0 {
		t.Errorf("%d refused bytes were counted as sent", got)
	}
	// The device keeps its address and reaches nothing of the router but that.
	if out, err := exec.Command("ip", "netns", "exec", labName("dev"), "ping", "-c1", "-W2", "10.77.1.1").CombinedOutput(); err != nil {
		t.Errorf("ping to the router: %v %s", err, out)
	}
	if out, err := exec.Command("ip", "netns", "exec", labName("dev"), "ping", "-c1", "-W2", "10.77.1.3").CombinedOutput(); err != nil {
		t.Errorf("ping inside the home: %v %s", err, out)
	}
	if err := exec.Command("ip", "netns", "exec", labName("dev"), "ping", "-c1", "-W1", other4).Run(); err == nil {
		t.Error("ping to the outside came through")
	}
}

func TestLabDiscoversNeighbours(t *testing.T) {
	s := open(t, map[string]string{"interval": "0.1"})
	for _, d := range []string{"dev", "dev2"} {
		for _, a := range []string{"10.77.1.1", "fd77:1::1"} {
			if out, err := exec.Command("ip", "netns", "exec", labName(d), "ping", "-c1", "-W2", a).CombinedOutput(); err != nil {
				t.Fatalf("%v %s", err, out)
			}
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	found := map[string]discovery.Sighting{}
	err := s.Discover(ctx, func(sg discovery.Sighting) {
		found[sg.Identifiers[0].Value] = sg
		if len(found[devMAC].Addresses) > 1 && len(found[dev2MAC].Addresses) > 1 {
			cancel()
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	sg := found[devMAC]
	if !slices.Contains(sg.Addresses, netip.MustParseAddr("10.77.1.2")) || sg.Interface != "br0" || sg.Source != "connector:gw" {
		t.Errorf("sightings %+v", found)
	}
	if len(found) != 2 {
		t.Errorf("found %d devices, want the two of the home", len(found))
	}
	if tr := s.Traits(); !tr.IPv4 || !tr.IPv6 || tr.SurvivesRestart || tr.Note != "" {
		t.Errorf("traits %+v", tr)
	}
}

func TestLabDroppedEventsAreCounted(t *testing.T) {
	s := open(t, map[string]string{"interval": "0.1"})
	var stuck sync.Mutex
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	done, beat := make(chan error, 1), make(chan struct{}, 1)
	go func() {
		done <- s.Observe(ctx, nil, func([]flow.Record, connectors.Cursor) {
			stuck.Lock()
			defer stuck.Unlock()
			select {
			case beat <- struct{}{}:
			default:
			}
		})
	}()
	<-beat
	overruns := func() uint64 { _, _, n := s.tracker.coverage(); return n }
	stuck.Lock() // whoever takes the records is stuck, and the flows keep ending
	c, err := conntrack.Dial(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	src, dst := netip.MustParseAddr("10.77.1.2"), netip.MustParseAddr("198.51.100.1")
	for round := uint32(0); overruns() == 0 && round < 10; round++ {
		for i := range 5000 {
			f := conntrack.NewFlow(17, 0, src, dst, uint16(i+1), uint16(round+1), 600, 0)
			if err := c.Create(f); err != nil {
				t.Fatal(err)
			}
		}
		if err := c.Flush(); err != nil {
			t.Fatal(err)
		}
	}
	stuck.Unlock()
	until(t, "an overrun is counted", 10*time.Second, func() bool { return overruns() > 0 })
	cov, err := s.Coverage(t.Context())
	if err != nil || !strings.Contains(cov.Text, "short flows may be missing") {
		t.Errorf("coverage %+v, %v", cov, err)
	}
	t.Log(cov.Text)
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestLabSettingsArePutBack(t *testing.T) {
	read := func() (all string) {
		for _, n := range accountingSettings() {
			b, err := os.ReadFile("/proc/sys/" + n)
			if err != nil {
				t.Fatal(err)
			}
			all += strings.TrimSpace(string(b))
		}
		return all
	}
	for _, n := range accountingSettings() {
		if err := os.WriteFile("/proc/sys/"+n, []byte("0"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	dir := t.TempDir()
	s, _ := openIn(t, dir, nil)
	if got := read(); got != "11" {
		t.Errorf("settings are %s", got)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s, _ = openIn(t, dir, nil) // after a restart of ours it is still known who changed them
	if len(s.tuning.Changed) != 2 {
		t.Errorf("remembered %v", s.tuning.Changed)
	}
	if err := s.Leave(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := read(); got != "00" {
		t.Errorf("settings are %s after leaving", got)
	}
	if left, _ := os.ReadDir(dir); len(left) != 0 {
		t.Errorf("left %v", left)
	}
}

func TestLabForwardingOffIsSaid(t *testing.T) {
	s := open(t, nil)
	for _, c := range []struct{ file, want string }{
		{"/proc/sys/net/ipv4/ip_forward", "this box does not forward IPv4"},
		{"/proc/sys/net/ipv6/conf/all/forwarding", "this box does not forward IPv6"},
	} {
		if err := os.WriteFile(c.file, []byte("0"), 0o644); err != nil {
			t.Fatal(err)
		}
		cov, err := s.Coverage(t.Context())
		if tr := s.Traits(); err != nil || !strings.Contains(tr.Note, c.want) || !strings.Contains(cov.Text, c.want) || tr.IPv4 == tr.IPv6 {
			t.Errorf("%s: %+v %+v %v", c.file, tr, cov, err)
		}
		if err := os.WriteFile(c.file, []byte("1"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func TestLabManyFlows(t *testing.T) {
	s := open(t, nil)
	c, err := conntrack.Dial(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	const n = 20000
	src, dst := netip.MustParseAddr("10.77.1.2"), netip.MustParseAddr("198.51.100.1")
	for i := range n {
		if err := c.Create(conntrack.NewFlow(17, 0, src, dst, uint16(i+1), 9, 600, 0)); err != nil {
			t.Fatal(err)
		}
	}
	defer c.Flush() //nolint:errcheck // the namespace goes anyway
	var size int
	o := &observer{s: s, place: newPlace("x"), ended: map[uint32]seenFlow{}, emit: func(_ []flow.Record, c connectors.Cursor) { size = len(c) }}
	h, err := s.home()
	if err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	if err := o.step(h); err != nil {
		t.Fatal(err)
	}
	t.Logf("figure: one look at %d open flows took %v, cursor %d bytes", n, time.Since(start), size)
	if len(o.place.flows) < n {
		t.Errorf("%d flows seen", len(o.place.flows))
	}
}

// The way to the internet may go and come back: blocks can be set meanwhile.
func TestLabDefaultRouteGoesAway(t *testing.T) {
	s := open(t, map[string]string{"interval": "0.1"})
	w := observe(t, s, nil)
	ip := func(args ...string) {
		t.Helper()
		if out, err := exec.Command("ip", args...).CombinedOutput(); err != nil {
			t.Fatalf("ip %v: %v %s", args, err, out)
		}
	}
	ip("route", "del", "default")
	ip("-6", "route", "del", "default")
	t.Cleanup(func() {
		ip("route", "replace", "default", "via", acme4)
		ip("-6", "route", "replace", "default", "via", acme6)
	})
	if _, err := New().Open(t.Context(), connectors.Settings{}, &connectors.Host{Connection: "x", Now: time.Now}); connectors.KindOf(err) != consent.KindNeedsPerson {
		t.Errorf("opening without a way out: %v", err)
	}
	up, rest := upload(t, "dev", acme4, 5*time.Millisecond), upload(t, "dev", other4, 5*time.Millisecond)
	until(t, "bytes", 5*time.Second, func() bool { n, _, _, _ := w.sum(acme4, false); return n > 4000 })
	block(t, s, connectors.BlockRequest{Mark: "m", Target: target(devMAC, acme4)})
	quiet(t, "upload", up, time.Second)
	flowing(t, "the other", rest)
}

// A device that only sends never makes the router ask for it; the observer does.
func TestLabSilentNeighbourIsFound(t *testing.T) {
	s := open(t, map[string]string{"interval": "0.1"})
	for _, addr := range []string{acme4, acme6} {
		flowing(t, "upload", upload(t, "dev2", addr, 5*time.Millisecond)) // it knows the way
	}
	if out, err := exec.Command("ip", "neigh", "flush", "dev", "br0").CombinedOutput(); err != nil {
		t.Fatalf("%v %s", err, out)
	}
	w := observe(t, s, nil)
	for _, addr := range []string{acme4, acme6} {
		until(t, "its hardware address", 5*time.Second, func() bool { _, _, _, r := w.sum(addr, false); return r.Local.MAC == dev2MAC })
	}
}
