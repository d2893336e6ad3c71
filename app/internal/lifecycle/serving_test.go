package lifecycle

import (
	"context"
	"testing"
	"time"
)

// serving runs h until the answer is called, or the test ends.
func serving(t testing.TB, h *Home) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- h.Serve(ctx) }()
	stopped := false
	stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Serve: %v", err)
		}
		if err := h.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	}
	t.Cleanup(stop)
	return stop
}

// until polls a condition of the real engine; what never happens fails the test.
func until(t testing.TB, what string, ok func() bool) {
	t.Helper()
	deadline := time.Now().Add(2 * time.Minute) // long, for a busy machine
	for !ok() {
		if time.Now().After(deadline) {
			t.Fatalf("in two minutes this did not happen: %s", what)
		}
		time.Sleep(20 * time.Millisecond) // between two looks at a condition
	}
}
