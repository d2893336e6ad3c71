//go:build lab

package mdns

import (
	"context"
	"sync"
	"testing"
	"time"

	"bestbefore/discovery/announce"
)

// What we announce is found by our own engine and by avahi, follows a new
// address, and is taken back at the end, without the other services of the host.
func TestLabAnnounce(t *testing.T) {
	needRoot(t, "avahi-daemon")
	l := newLAN(t)
	probe, agent := l.host("probe"), l.avahi("agent", 3, 3)
	c := newCollector()
	browse(t, probe, Config{}, c.handle)
	a, err := announce.New(announce.Config{Version: "0.1.0", ID: "3f6c", Host: "pi", Interfaces: onlyEth0})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var serving sync.WaitGroup
	serving.Go(func() {
		inside(t, agent, func() {
			if err := a.Serve(ctx); err != nil {
				t.Error(err)
			}
		})
	})
	defer serving.Wait()
	defer cancel()
	const k = "_bestbefore._tcp|Best Before on pi"
	t.Logf("found after %v", eventually(t, 10*time.Second, "announced", func() bool {
		e, ok := c.get(k)
		return ok && hasFour(e) && hasSix(e)
	}))
	e, _ := c.get(k)
	if v, _ := e.Service.TXT.Get("ver"); v != "0.1.0" || e.Service.Port != 9 || e.Service.Host != "best-before-on-pi.local" {
		t.Errorf("%+v", e.Service)
	}
	if id, _ := e.Service.TXT.Get("id"); id != "3f6c" {
		t.Errorf("TXT %q", e.Service.TXT)
	}
	eventually(t, 20*time.Second, "the host's own services", func() bool { return c.count(hasFour) == 4 })
	sh(t, "ip", "-n", l.prefix+"agent", "addr", "add", "10.77.200.1/16", "dev", "eth0")
	t.Logf("new address after %v", eventually(t, 20*time.Second, "new address", func() bool {
		e, _ := c.get(k)
		for _, a := range e.Addresses {
			if a.String() == "10.77.200.1" {
				return true
			}
		}
		return false
	}))
	cancel()
	serving.Wait()
	t.Logf("gone after %v", eventually(t, 10*time.Second, "goodbye", func() bool { _, ok := c.get(k); return !ok }))
	time.Sleep(1500 * time.Millisecond)
	if c.count(hasFour) != 3 {
		t.Errorf("%d of the host's 3 own services are left with an address", c.count(hasFour))
	}
}
