package openwrt

import (
	"context"
	"net/netip"
	"sync"
	"testing"
	"time"

	"bestbefore/connectors"
	"bestbefore/discovery"
	"bestbefore/discovery/flow"
)

// watcher is one run of Observe.
type watcher struct {
	mu     sync.Mutex // guards all below
	up     map[uint16]uint64
	down   map[uint16]uint64
	mac    string
	beats  int
	cursor connectors.Cursor
	done   chan error
}

func watch(ctx context.Context, s *Session, from connectors.Cursor) *watcher {
	w := &watcher{up: map[uint16]uint64{}, down: map[uint16]uint64{}, done: make(chan error, 1)}
	go func() {
		w.done <- s.Observe(ctx, from, func(recs []flow.Record, next connectors.Cursor) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.cursor = next
			w.beats++
			for _, r := range recs {
				w.up[r.Port] += r.Up
				w.down[r.Port] += r.Down
				w.mac = r.Local.MAC
			}
		})
	}()
	return w
}

func (w *watcher) wait(t *testing.T) {
	t.Helper()
	if err := <-w.done; err != nil {
		t.Error(err)
	}
}

func (w *watcher) sums(port uint16) (up, down uint64, beats int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.up[port], w.down[port], w.beats
}

// beat waits until the table was read twice more.
func (w *watcher) beat(t *testing.T) {
	t.Helper()
	_, _, n := w.sums(0)
	eventually(t, "a look at the table", func() bool { _, _, m := w.sums(0); return m >= n+2 })
}

func TestBytesBothWaysAndResets(t *testing.T) {
	r := newRouter(t)
	s := r.open(t)
	r.send(camera, "203.0.113.5", 81, 5000, nil) // before we look: not news
	ctx, cancel := context.WithCancel(t.Context())
	w := watch(ctx, s, nil)
	w.beat(t)
	c, _ := r.send(camera, "203.0.113.5", 443, 1000, nil)
	w.beat(t)
	r.send(camera, "203.0.113.5", 443, 500, c)
	w.beat(t)
	r.with(func() { c.up, c.down = 70, 30 }) // another connection with the same ends
	w.beat(t)
	if up, down, _ := w.sums(443); up != 1570 || down != 2030 || w.mac != camera {
		t.Errorf("up %d, down %d, of %s", up, down, w.mac)
	}
	if up, _, _ := w.sums(81); up != 0 {
		t.Errorf("what was there before is told as news: %d", up)
	}
	// The router's own connections and those within the home are nobody's.
	r.with(func() {
		r.table = append(r.table, &tracked{src: "192.168.178.2", dst: "203.0.113.5", sport: 1, dport: 82, up: 9}, &tracked{src: addressOf[tv], dst: addressOf[camera], sport: 1, dport: 83, up: 9})
	})
	w.beat(t)
	cancel()
	w.wait(t)
	if a, _, _ := w.sums(82); a != 0 {
		t.Error("the router's own connection is taken for a device's")
	}
	if a, _, _ := w.sums(83); a != 0 {
		t.Error("a connection within the home is taken for one to the outside")
	}
	// Off and on again: what went on meanwhile is told once.
	r.send(camera, "203.0.113.5", 443, 1000, c)
	again, stop := context.WithCancel(t.Context())
	defer stop()
	second := watch(again, s, w.cursor)
	second.beat(t)
	stop()
	second.wait(t)
	if up, _, _ := second.sums(443); up != 1000 {
		t.Errorf("after a pause: %d, want 1000", up)
	}
}

func coverage(t *testing.T, s *Session) connectors.Coverage {
	t.Helper()
	c, err := s.Coverage(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func observeOnce(t *testing.T, s *Session) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	w := watch(ctx, s, nil)
	w.beat(t)
	cancel()
	w.wait(t)
}

func TestWhatIsMissingIsSaid(t *testing.T) {
	fill := func(r *router) {
		for range 100 {
			r.send(camera, "203.0.113.5", 443, 100, nil)
		}
	}
	for name, c := range map[string]struct {
		set  func(*router)
		text string
	}{
		"a file without a size":  {func(r *router) { delete(r.acl.Read.File, "/bin/cat /proc/net/nf_conntrack"); fill(r) }, "Only the beginning of the table"},
		"no accounting":          {func(r *router) { r.accounting = false; fill(r) }, "does not count bytes"},
		"nlbwmon":                {func(r *router) { r.nlbwmon = true; fill(r) }, "nlbwmon"},
		"no right to the table":  {func(r *router) { r.acl.Read.File = nil }, "may not read the table"},
		"no right to the rules":  {func(r *router) { r.acl.Write.UCI = nil }, "It cannot block: the account lacks the right for writing the firewall"},
		"no method to set rules": {func(r *router) { delete(r.acl.Write.UBUS, "uci") }, "It cannot block: the account lacks the right for uci"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRouter(t)
			c.set(r)
			s := r.open(t)
			caps := connectors.CapabilitiesOf(s)
			if caps.Observer != nil {
				observeOnce(t, s)
			}
			cov := coverage(t, s)
			if !holds(cov.Text, c.text) {
				t.Errorf("%q", cov.Text)
			}
			if (caps.Blocker == nil) != holds(cov.Text, "cannot block") {
				t.Errorf("blocker %v: %q", caps.Blocker, cov.Text)
			}
		})
	}
	// The twin: with all rights nothing of that is said.
	r := newRouter(t)
	fill(r)
	s := r.open(t)
	observeOnce(t, s)
	if cov := coverage(t, s); !cov.Whole || holds(cov.Text, "Only") || holds(cov.Text, "nlbwmon") || holds(cov.Text, "cannot") {
		t.Errorf("%+v", cov)
	}
}

func TestATableThatIsTooLarge(t *testing.T) {
	r := newRouter(t)
	s := r.open(t)
	for range 1500 {
		r.send(camera, "203.0.113.5", 443, 100, nil)
	}
	err := s.Observe(t.Context(), nil, func([]flow.Record, connectors.Cursor) {})
	if err == nil || !holds(err.Error(), "more open connections than it gives out") {
		t.Error(err)
	}
	if cov := coverage(t, s); cov.Whole || !holds(cov.Text, "larger than the router gives out") {
		t.Errorf("%+v", cov)
	}
}

// What is too large to be given out at once is read in parts.
func TestALargeTableIsReadInParts(t *testing.T) {
	for name, granted := range map[string]bool{"granted": true, "not granted": false} {
		r := newRouter(t)
		if !granted {
			delete(r.acl.Read.File, "/usr/sbin/conntrack -L -o extended -f ipv4 -p udp")
		}
		s := r.open(t)
		for i := range 1800 {
			c, _ := r.send(camera, "203.0.113.5", 443, 100, nil)
			r.with(func() { c.udp = i%2 == 0 })
		}
		rows, err := s.table(t.Context())
		if (err == nil) != granted || granted && len(rows) != 1800 {
			t.Errorf("%s: %d rows, %v", name, len(rows), err)
		}
		if cov := coverage(t, s); cov.Whole || holds(cov.Text, "read in parts") != granted {
			t.Errorf("%s: %+v", name, cov)
		}
	}
}

// The router tells of its devices in no order, and of the one at f0 as well: what
// is told is read until all have been.
func TestSightings(t *testing.T) {
	r := newRouter(t)
	s := r.open(t)
	ctx, cancel := context.WithCancel(t.Context())
	got := make(chan discovery.Sighting, 16)
	done := make(chan error, 1)
	go func() { done <- s.Discover(ctx, func(x discovery.Sighting) { got <- x }) }()
	seen := map[string]discovery.Sighting{}
	for len(seen) < 3 {
		select {
		case x := <-got:
			seen[x.Identifiers[0].Value] = x
		case err := <-done:
			t.Fatal(err)
		}
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
	if x := seen[tv]; len(x.Addresses) != 2 || len(x.Facts) != 1 || x.Facts[0].Value != "television" || x.Quiet {
		t.Errorf("%+v", x)
	}
	if x := seen[camera]; len(x.Addresses) != 1 || x.Facts[0].Value != "cam" {
		t.Errorf("%+v", x)
	}
}

func TestPeerTime(t *testing.T) {
	for _, off := range []time.Duration{0, 7 * time.Minute} {
		r := newRouter(t)
		r.clockOff = off
		at, err := r.open(t).PeerTime(t.Context())
		if err != nil || at.Sub(r.now()).Abs() > 3*time.Second {
			t.Errorf("%v: %v, want %v; %v", off, at, r.now(), err)
		}
	}
}

// The router tells of its neighbours on both sides; those outside are not the home's.
func TestANeighbourOutsideIsNoDevice(t *testing.T) {
	for name, granted := range map[string]bool{"granted": true, "not granted": false} {
		r := newRouter(t)
		if !granted { // the twin: which networks are the home's is not known
			delete(r.acl.Read.UBUS, "network.interface")
		}
		h, err := r.open(t).around(t.Context(), 0)
		if err != nil {
			t.Fatal(err)
		}
		outside := netip.MustParseAddr("192.168.178.1")
		if (h.devices[upstream] == nil) != granted || h.local(outside) == granted {
			t.Errorf("%s: %v, local %v", name, h.devices[upstream], h.local(outside))
		}
		if h.devices[tv] == nil || h.devices[camera] == nil || h.devices["3c:a6:2f:00:00:f0"] == nil {
			t.Errorf("%s: %v", name, h.devices)
		}
	}
}
