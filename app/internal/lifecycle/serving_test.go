package lifecycle

import (
	"context"
	"errors"
	"net/netip"
	"testing"
	"time"

	"bestbefore/connectors"
)

// served is a whole engine with these kinds of connectors, which works until stop
// is called or the test ends. c says what is not as in every test.
func served(t testing.TB, c Config, kinds ...connectors.Connector) (h *Home, stop func()) {
	t.Helper()
	reg, err := connectors.NewRegistry(kinds...)
	if err != nil {
		t.Fatal(err)
	}
	if c.Dir == "" {
		c.Dir = t.TempDir()
	}
	c.Enforce, c.Registry, c.Credentials = true, reg, credential(t)
	h = opened(t, c)
	return h, serving(t, h)
}

// noNames is a Config.Lookup that leaves the real network alone.
func noNames(context.Context, string) ([]netip.Addr, error) {
	return nil, errors.New("nobody asks the real network")
}

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
