//go:build lab

package mdns

import (
	"net/netip"
	"slices"
	"sync"
	"testing"
	"time"
)

// collector gathers events of a browse.
type collector struct {
	begun time.Time
	mu    sync.Mutex // guards all below
	state map[string]Event
	first map[string]time.Duration // to the first Added
	kinds map[EventKind]int
}

func newCollector() *collector {
	return &collector{begun: time.Now(), state: map[string]Event{}, first: map[string]time.Duration{}, kinds: map[EventKind]int{}}
}

func (c *collector) handle(e Event) {
	c.mu.Lock()
	defer c.mu.Unlock()
	k := e.Service.Type + "|" + e.Service.Instance
	c.kinds[e.Kind]++
	if e.Kind == Removed {
		delete(c.state, k)
		return
	}
	c.state[k] = e
	if _, ok := c.first[k]; !ok {
		c.first[k] = time.Since(c.begun)
	}
}

func (c *collector) get(k string) (Event, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.state[k]
	return e, ok
}

func (c *collector) count(want func(Event) bool) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := 0
	for _, e := range c.state {
		if want(e) {
			n++
		}
	}
	return n
}

// t returns when the share (0 to 1) of n instances had been found.
func (c *collector) t(n int, share float64) time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	var all []time.Duration
	for _, d := range c.first {
		all = append(all, d)
	}
	slices.Sort(all)
	i := int(float64(n)*share+0.9999) - 1
	if i < 0 || i >= len(all) {
		return -1
	}
	return all[i].Round(time.Millisecond)
}

func anyEvent(Event) bool { return true }
func hasFour(e Event) bool {
	return slices.ContainsFunc(e.Addresses, netip.Addr.Is4)
}

func hasSix(e Event) bool {
	return slices.ContainsFunc(e.Addresses, netip.Addr.Is6)
}

// eventually polls until ok or the time is up.
func eventually(t *testing.T, most time.Duration, what string, ok func() bool) time.Duration {
	t.Helper()
	begun := time.Now()
	for !ok() {
		if time.Since(begun) > most {
			t.Errorf("%s: not within %v", what, most)
			return -1
		}
		time.Sleep(2 * time.Millisecond)
	}
	return time.Since(begun)
}
