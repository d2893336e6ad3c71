//go:build lab

package mdns

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bestbefore/discovery"
)

// reference is what avahi-browse says of one service.
type reference struct {
	resolved  bool // false: avahi lists it but cannot resolve it (a host name with a space)
	four, six bool
	txt       []string
}

// avahiBrowse asks the real thing, as `avahi-browse -a -r -t -p -k` in the lab.
func avahiBrowse(t *testing.T, h *home) map[string]reference {
	t.Helper()
	out, err := h.run("browse")
	if err != nil {
		t.Logf("avahi-browse, which may not be up yet: %v", err)
	}
	all := map[string]reference{}
	for _, line := range strings.Split(out, "\n") {
		f := strings.SplitN(line, ";", 10)
		if len(f) < 6 || f[1] == "lo" {
			continue
		}
		k := f[4] + "|" + discovery.UnescapeBytes(f[3])
		r := all[k]
		if f[0] == "+" {
			all[k] = r
		}
		if f[0] != "=" || len(f) < 10 {
			continue
		}
		r.resolved = true
		r.four = r.four || !strings.Contains(f[7], ":")
		r.six = r.six || strings.Contains(f[7], ":")
		r.txt = splitQuoted(f[9])
		all[k] = r
	}
	return all
}

// splitQuoted reads "a=b" "c=d" with backslash escapes, in sorted order.
func splitQuoted(s string) []string {
	var out []string
	for {
		i := strings.IndexByte(s, '"')
		if i < 0 {
			break
		}
		s = s[i+1:]
		end := 0
		for end < len(s) && s[end] != '"' {
			if s[end] == '\\' {
				end++
			}
			end++
		}
		if v := discovery.UnescapeBytes(s[:min(end, len(s))]); v != "" {
			out = append(out, v)
		}
		s = s[min(end+1, len(s)):]
	}
	slices.Sort(out)
	return out
}

// stableReference asks until two answers in a row are alike: the daemons take
// some seconds to announce everything.
func stableReference(t *testing.T, h *home) map[string]reference {
	t.Helper()
	last := avahiBrowse(t, h)
	for range 30 {
		time.Sleep(2 * time.Second)
		now := avahiBrowse(t, h)
		if len(now) == len(last) && len(now) > 30 && cmp.Equal(last, now, cmp.AllowUnexported(reference{})) {
			return now
		}
		last = now
	}
	t.Fatalf("the lab does not settle: %d services", len(last))
	return nil
}

// The home in a box, which takes half a minute to come up, for both tests.
func TestLabHome(t *testing.T) {
	h := newHome(t)
	want := stableReference(t, h)
	t.Run("equals avahi", func(t *testing.T) { homeEqualsAvahi(t, h, want) })
	t.Run("sightings", func(t *testing.T) { homeSightings(t, h, want) })
}

// The whole home, against avahi: the same services, the same families, the same
// TXT bytes, three times.
func homeEqualsAvahi(t *testing.T, h *home, want map[string]reference) {
	for run := range 3 {
		c := newCollector()
		stop := browse(t, h.probe, Config{}, c.handle)
		eventually(t, 10*time.Second, "all services with all families", func() bool { return len(differences(want, c)) == 0 })
		stop()
		for _, d := range differences(want, c) {
			t.Errorf("run %d: %s", run, d)
		}
		n := len(want)
		t.Logf("run %d: %d of %d services, %d with IPv4, %d with IPv6, t50 %v t95 %v t100 %v", run, len(c.state), n,
			c.count(hasFour), c.count(hasSix), c.t(n, .5), c.t(n, .95), c.t(n, 1))
		if c.t(n, .95) > 3*time.Second {
			t.Errorf("run %d: t95 %v, want under 3 s", run, c.t(n, .95))
		}
		time.Sleep(1500 * time.Millisecond) // avahi says nothing twice in a second
	}
}

func differences(want map[string]reference, c *collector) []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var out []string
	for _, k := range slices.Sorted(maps.Keys(want)) {
		w := want[k]
		e, ok := c.state[k]
		if !ok {
			out = append(out, "missing "+k)
			continue
		}
		txt := slices.Sorted(slices.Values(e.Service.TXT))
		// More than avahi resolved is no fault: it gives up on one family of the smallest responder now and then.
		if w.resolved && (w.four && !hasFour(e) || w.six && !hasSix(e) || !slices.Equal(txt, w.txt)) {
			out = append(out, fmt.Sprintf("%s: have %v %v %q, avahi %v %v %q", k, hasFour(e), hasSix(e), txt, w.four, w.six, w.txt))
		}
	}
	for _, k := range slices.Sorted(maps.Keys(c.state)) {
		if _, ok := want[k]; !ok {
			out = append(out, "too many: "+k)
		}
	}
	return out
}

// What Scan says of the same home: one sighting for each host, with the address
// that it was heard from.
func homeSightings(t *testing.T, h *home, want map[string]reference) {
	e, err := New(Config{Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex // guards last
	last := map[string]discovery.Sighting{}
	ctx, cancel := context.WithCancel(context.Background())
	var scanning sync.WaitGroup
	scanning.Go(func() {
		inside(t, h.probe, func() {
			_ = e.Scan(ctx, func(s discovery.Sighting) {
				mu.Lock()
				defer mu.Unlock()
				last[s.Identifiers[0].Value] = s
			})
		})
	})
	seen := func() (hosts, services int) {
		mu.Lock()
		defer mu.Unlock()
		for _, s := range last {
			hosts++
			services += len(s.Services)
		}
		return hosts, services
	}
	eventually(t, 20*time.Second, "hosts with all their services", func() bool { _, n := seen(); return n >= len(want) })
	time.Sleep(35 * time.Second) // into the next quiet look
	cancel()
	scanning.Wait()
	hosts, services := seen()
	t.Logf("%d hosts, %d services", hosts, services)
	for name, s := range last {
		if !slices.Contains(s.Addresses, s.From) || s.Interface != "eth0" || len(s.Addresses) == 0 {
			t.Errorf("%s: from %v on %q, addresses %v", name, s.From, s.Interface, s.Addresses)
		}
	}
	if hosts < 9 {
		t.Errorf("%d hosts, want 9 or more", hosts)
	}
}
