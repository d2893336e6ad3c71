package recipe

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"bestbefore/connectors"
	"bestbefore/connectors/connectortest"
	"bestbefore/discovery"
	"bestbefore/discovery/flow"
)

// nextDNS follows the service's documentation: X-Api-Key, data[] of queries with
// an RFC 3339 time stamp, from is inclusive, sort and limit are obeyed.
type nextDNS struct {
	mu   sync.Mutex // guards rows
	rows []map[string]any
}

func (n *nextDNS) add(at time.Time, name, status string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.rows = append(n.rows, map[string]any{
		"timestamp": at.UTC().Format("2006-01-02T15:04:05.000Z07:00"), "domain": name, "status": status,
		"device": map[string]string{"id": "8TD1G", "name": "bell", "localIp": "192.0.2.11"},
	})
}

func (n *nextDNS) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if q.Header.Get("X-Api-Key") != "dns-key-3" {
		answer(w, 403, map[string]any{"errors": []map[string]string{{"code": "forbidden"}}})
		return
	}
	if q.URL.Path != "/profiles/abc123/logs" {
		answer(w, 200, map[string]any{"data": map[string]string{"name": "home"}})
		return
	}
	limit, _ := strconv.Atoi(q.URL.Query().Get("limit"))
	out := []map[string]any{}
	for _, r := range n.rows {
		if later(r["timestamp"].(string), q.URL.Query().Get("from")) >= 0 && len(out) < limit {
			out = append(out, r)
		}
	}
	answer(w, 200, map[string]any{"data": out})
}

func nextdns(t testing.TB) (*rig, *nextDNS) {
	p := &nextDNS{}
	return newRig(t, recipeText(t, "nextdns"), p, map[string]string{"profile": "abc123"}, map[string]string{"api_key": "dns-key-3"}), p
}

// The second example, in a bubble where its half minutes cost nothing.
func TestExampleNextDNS(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g, p := nextdns(t)
		o := g.options(func() {})
		good := o.Open
		o.Open = func(t connectortest.T) connectors.Session { return connectortest.AsFlows(good(t)) }
		o.SeesWhileOff, o.Settle, o.CallTimeout = true, 2*time.Minute, 3*time.Minute
		o.Send = func(_ connectortest.T, port uint16) {
			p.add(time.Now(), connectortest.PortName(port), "default")
		}
		for name, faults := range connectortest.Check(o) {
			t.Errorf("%s: %q", name, faults)
		}
	})
}

// Many queries in the same millisecond, over several pages, are each seen once.
func TestPagesWithEqualMoments(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g, p := nextdns(t)
		s := connectors.CapabilitiesOf(g.open(t))
		begin := time.Now()
		const n = 1400
		for i := range n {
			p.add(begin.Add(time.Duration(i/300)*time.Millisecond+time.Second), fmt.Sprintf("n%d.example", i), "blocked")
		}
		seen := map[string]int{}
		var last connectors.Cursor
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
		defer cancel()
		err := s.Observer.Observe(ctx, nil, func(recs []flow.Record, next connectors.Cursor) {
			for _, r := range recs {
				if !r.Refused || r.Local.Remote != "8TD1G" {
					t.Errorf("record %+v", r)
				}
				seen[r.Destination.Domain]++
			}
			if next != nil {
				last = next
			}
		})
		if ctx.Err() == nil {
			t.Fatalf("ended by itself: %v", err)
		}
		for name, k := range seen {
			if k != 1 {
				t.Errorf("%s seen %d times", name, k)
			}
		}
		if len(seen) != n || len(last) == 0 {
			t.Errorf("%d of %d seen, cursor %q", len(seen), n, last)
		}
	})
}

// More of one moment than a page holds does not stop observing for ever.
func TestACrowdedMomentIsPassed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g, p := nextdns(t)
		s := connectors.CapabilitiesOf(g.open(t))
		at := time.Now().Add(time.Second)
		for i := range 700 {
			p.add(at, fmt.Sprintf("n%d.example", i), "default")
		}
		p.add(at.Add(time.Second), "later.example", "default")
		seen := map[string]bool{}
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
		defer cancel()
		_ = s.Observer.Observe(ctx, nil, func(recs []flow.Record, _ connectors.Cursor) {
			for _, r := range recs {
				seen[r.Destination.Domain] = true
			}
		})
		cov, err := s.Coverer.Coverage(t.Context())
		if !seen["later.example"] || len(seen) != 501 || err != nil || cov.Lost == 0 {
			t.Errorf("%d names seen, the later one: %v; coverage %+v, %v", len(seen), seen["later.example"], cov, err)
		}
	})
}

func TestDevicesOfARouter(t *testing.T) {
	g, _ := mikrotik(t)
	s := connectors.CapabilitiesOf(g.open(t))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	got := make(chan discovery.Sighting, 1)
	done := make(chan error, 1)
	go func() {
		done <- s.Discoverer.Discover(ctx, func(s discovery.Sighting) { got <- s })
	}()
	one := <-got
	cancel()
	<-done
	if !one.Claimed || len(one.Identifiers) != 1 || one.Identifiers[0].Value != "02:00:00:00:00:01" || one.Addresses[0].String() != "192.0.2.11" {
		t.Errorf("sighting %+v", one)
	}
}
