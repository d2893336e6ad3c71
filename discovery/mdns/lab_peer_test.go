//go:build lab

package mdns

import (
	"context"
	"io"
	"log"
	"sync"
	"testing"
	"time"

	"github.com/grandcat/zeroconf"
)

// The library that many Go programs use, on the same devices, side by side: ten
// avahi hosts with twenty services each, and devices that answer with the PTR
// record only. Both are printed; only our own counts are asserted.
func TestLabBesideZeroconf(t *testing.T) {
	needRoot(t, "avahi-daemon")
	long(t)
	log.SetOutput(io.Discard)
	l := newLAN(t)
	probe := l.host("probe")
	for _, n := range []string{"a", "b", "c", "d", "e"} {
		l.avahi("host"+n, 40, 10)
	}
	lean := devices(40, 2, 10)
	for i := range lean {
		lean[i].typ = "_lean._tcp"
	}
	newResponder(t, l.host("farm"), true, lean)
	types := append(typeNames(10), "_lean._tcp")
	warm := newCollector()
	stop := browse(t, probe, Config{Types: types}, warm.handle)
	eventually(t, time.Minute, "all daemons up", func() bool { return warm.count(hasFour) == 240 })
	stop()
	time.Sleep(10 * time.Second) // the daemons' first announcements are over
	for run := range 3 {
		c := newCollector()
		stop := browse(t, probe, Config{Types: types}, c.handle)
		eventually(t, 10*time.Second, "240 of 240", func() bool { return c.count(hasFour) == 240 })
		stop()
		time.Sleep(1500 * time.Millisecond)
		found, four, fewest := zeroconfBrowse(t, probe, types)
		t.Logf("run %d: own %d of 240, %d with IPv4, %d with IPv6, t95 %v; zeroconf v1.0.0 %d of 240, %d with IPv4 (PTR only: %d of 40), in 3 s",
			run, c.count(anyEvent), c.count(hasFour), c.count(hasSix), c.t(240, .95), found, four, fewest)
		time.Sleep(1500 * time.Millisecond)
	}
}

// zeroconfBrowse runs one resolver for each type for three seconds.
func zeroconfBrowse(t *testing.T, path string, types []string) (found, four, lean int) {
	t.Helper()
	var mu sync.Mutex // guards the three results
	var wg sync.WaitGroup
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
	defer cancel()
	inside(t, path, func() {
		for _, typ := range types {
			r, err := zeroconf.NewResolver()
			if err != nil {
				t.Error(err)
				return
			}
			entries := make(chan *zeroconf.ServiceEntry)
			wg.Go(func() {
				for e := range entries {
					mu.Lock()
					found++
					if len(e.AddrIPv4) > 0 {
						four++
					}
					if typ == "_lean._tcp" {
						lean++
					}
					mu.Unlock()
				}
			})
			if err := r.Browse(ctx, typ, "local.", entries); err != nil {
				t.Error(err)
			}
		}
	})
	wg.Wait()
	return found, four, lean
}
