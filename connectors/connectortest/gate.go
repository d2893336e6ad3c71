package connectortest

import (
	"net/http"
	"strconv"
	"sync"
	"time"
)

// Gate stands in front of a stand-in that speaks HTTP: it counts, and answers in
// its place while something is wrong. Its zero value lets everything pass; it is
// safe for concurrent use.
type Gate struct {
	mu     sync.Mutex // guards both below
	before http.HandlerFunc
	asked  int
}

// Wrap is h behind the gate.
func (g *Gate) Wrap(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		g.mu.Lock()
		g.asked++
		before := g.before
		g.mu.Unlock()
		if before == nil {
			before = h.ServeHTTP
		}
		before(w, r)
	})
}

// Strike answers with before from now on; nil lets everything pass again.
func (g *Gate) Strike(before http.HandlerFunc) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.before = before
}

// Asked is how many requests have come.
func (g *Gate) Asked() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.asked
}

// Break is an Options.Break: every connection is reset.
func (g *Gate) Break(t T) {
	g.Strike(HangUp)
	t.Cleanup(func() { g.Strike(nil) })
}

// Busy is an Options.Busy: every request is refused with 429 and a time.
func (g *Gate) Busy(t T, until time.Time) {
	g.Strike(func(w http.ResponseWriter, _ *http.Request) {
		left := time.Until(until)
		w.Header().Set("Retry-After", strconv.Itoa(int((left+time.Second-1)/time.Second)))
		w.WriteHeader(http.StatusTooManyRequests)
	})
	t.Cleanup(func() { g.Strike(nil) })
}
