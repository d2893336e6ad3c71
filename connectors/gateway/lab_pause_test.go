//go:build lab && linux

package gateway

import (
	"context"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"time"

	"bestbefore/connectors"
	"bestbefore/discovery/flow"
)

// TestLabCountsStayTheSendersOwn: observed, stopped, resumed where it was left,
// and held up by a slow store in between: what was sent is counted once.
func TestLabCountsStayTheSendersOwn(t *testing.T) {
	s := open(t, map[string]string{"interval": "0.1"})
	var up *stream
	var cursor connectors.Cursor
	var total uint64
	for round := range 4 {
		w := observe(t, s, cursor)
		if round == 0 { // nothing was sent before anybody observed
			up = upload(t, "dev", other4, time.Millisecond)
		}
		flowing(t, "an upload", up)
		w.stop()
		got, _, _, _ := w.sum(other4, false, up.port)
		total, cursor = total+got, w.cursor
		flowing(t, "an upload while nobody observes", up)

		var held uint64
		held, cursor = observeSlowly(t, s, cursor, up)
		total += held
	}
	up.stop()
	w := observe(t, s, cursor)
	want := up.sent.Load() / 500 * 528
	until(t, "the rest", 5*time.Second, func() bool { got, _, _, _ := w.sum(other4, false, up.port); return total+got >= want })
	got, _, _, _ := w.sum(other4, false, up.port)
	t.Logf("figure: 4 rounds of stopping, resuming and a slow store: the sender's own %d bytes with headers, counted %d", want, total+got)
	if total+got != want {
		t.Errorf("counted %d, sent %d", total+got, want)
	}
	// The twin: without the place where it was left, what was counted is not known.
	w.stop()
	w = observe(t, s, nil)
	if again, _, _, _ := w.sum(other4, false, up.port); again == want {
		t.Error("without a place the same was counted: the test looks at nothing")
	}
}

// observeSlowly observes with a store that stands still for a while.
func observeSlowly(t *testing.T, s *Session, from connectors.Cursor, up *stream) (sum uint64, next connectors.Cursor) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	var mu sync.Mutex
	mu.Lock() // it stands still
	done := make(chan error, 1)
	next = from
	go func() {
		done <- s.Observe(ctx, from, func(rs []flow.Record, c connectors.Cursor) {
			mu.Lock()
			defer mu.Unlock()
			next = slices.Clone(c)
			for _, r := range rs {
				if r.Destination.Address == netip.MustParseAddr(other4) && r.Port == up.port && !r.Refused {
					sum += r.Up
				}
			}
		})
	}()
	flowing(t, "an upload while the store stands still", up)
	mu.Unlock()
	until(t, "what was held up", 5*time.Second, func() bool { mu.Lock(); defer mu.Unlock(); return sum > 0 })
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
	return sum, next
}
