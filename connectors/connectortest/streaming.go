package connectortest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"bestbefore/connectors"
	"bestbefore/discovery"
	"bestbefore/discovery/flow"
)

func streamCases() []Case {
	return []Case{
		{"what is sent is observed once", observesOnce},
		{"observing resumes without a gap or a double", observingResumes},
		{"streams end with their context", streamsEnd},
		{"coverage does not come from the future", coverageIsSane},
	}
}

// watch is one run of Observe.
type watch struct {
	mu     sync.Mutex // guards all below
	up     map[uint16]uint64
	cursor connectors.Cursor
	over   bool
	faults []string

	cancel context.CancelFunc
	done   chan error
}

func observe(o Options, c connectors.Capabilities, from connectors.Cursor) *watch {
	ctx, cancel := context.WithCancel(context.Background())
	w := &watch{up: map[uint16]uint64{}, cancel: cancel, done: make(chan error, 1)}
	go func() {
		err := c.Observer.Observe(ctx, from, w.take)
		w.mu.Lock()
		w.over = true
		w.mu.Unlock()
		w.done <- err
	}()
	return w
}

func (w *watch) take(recs []flow.Record, next connectors.Cursor) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case w.over:
		w.faults = append(w.faults, "a batch came after Observe had returned")
	case len(recs) > connectors.MaxBatch:
		w.faults = append(w.faults, fmt.Sprintf("a batch holds more than %d records", connectors.MaxBatch))
	}
	w.cursor = bytes.Clone(next)
	for _, r := range recs {
		w.up[r.Port] += r.Up
		if r.Count == 0 || r.Last.Before(r.First) || (r.Local.MAC == "" && !r.Local.Address.IsValid() && r.Local.Remote == "") {
			w.faults = append(w.faults, "a record counts nothing, ends before it begins or names no device")
		}
	}
}

func (w *watch) sum(port uint16) uint64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.up[port]
}

// stop ends the run and gives where to go on.
func (w *watch) stop(t T, o Options) connectors.Cursor {
	t.Helper()
	w.cancel()
	limit := time.NewTimer(o.CallTimeout)
	defer limit.Stop()
	select {
	case err := <-w.done:
		if err != nil && !errors.Is(err, context.Canceled) {
			checkError(t, o, "Observe", err)
			t.Errorf("Observe ended with %v, want the context's end", err)
		}
	case <-limit.C:
		t.Fatalf("Observe does not end with its context")
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, f := range w.faults {
		t.Errorf("%s", f)
	}
	return w.cursor
}

// wantOnce waits for the bytes of one flow and refuses doubled ones.
func wantOnce(t T, o Options, port uint16, ws ...*watch) {
	t.Helper()
	total := func() (n uint64) {
		for _, w := range ws {
			n += w.sum(port)
		}
		return n
	}
	if !eventually(o.Settle, func() bool { return total() >= SendBytes }) {
		t.Errorf("of a flow of %d bytes only %d were observed", SendBytes, total())
	}
	if n := total(); n >= 2*SendBytes {
		t.Errorf("a flow of %d bytes was observed with %d: counted twice", SendBytes, n)
	}
}

// The destination ports of the suite's flows.
const (
	portOne uint16 = 4101 + iota
	portTwo
	portThree
)

func observesOnce(t T, o Options) {
	c := connectors.CapabilitiesOf(o.Open(t))
	need(t, c.Observer != nil && o.Send != nil, "observe")
	w := observe(o, c, nil)
	defer w.cancel()
	ready(t, o, w)
	o.Send(t, portOne)
	wantOnce(t, o, portOne, w)
	w.stop(t, o)
	wantOnce(t, o, portOne, w) // nothing was added at the end
}

// ready waits until the observer reports flows at all, since it may begin "from now".
func ready(t T, o Options, w *watch) {
	t.Helper()
	const port = 4100
	if !eventually(o.CallTimeout, func() bool { o.Send(t, port); return w.sum(port) > 0 }) {
		t.Fatalf("nothing is observed at all")
	}
}

func observingResumes(t T, o Options) {
	c := connectors.CapabilitiesOf(o.Open(t))
	need(t, c.Observer != nil && o.Send != nil, "observe")
	first := observe(o, c, nil)
	defer first.cancel()
	ready(t, o, first)
	o.Send(t, portOne)
	wantOnce(t, o, portOne, first)
	cursor := first.stop(t, o)
	if len(cursor) == 0 {
		t.Errorf("a batch with records carries no cursor")
	}
	if o.SeesWhileOff {
		o.Send(t, portTwo)
	}
	second := observe(o, c, cursor)
	defer second.cancel()
	ready(t, o, second)
	o.Send(t, portThree)
	wantOnce(t, o, portThree, second)
	if o.SeesWhileOff {
		wantOnce(t, o, portTwo, second)
	}
	wantOnce(t, o, portOne, first, second) // not once more after resuming
	second.stop(t, o)
}

func streamsEnd(t T, o Options) {
	c := connectors.CapabilitiesOf(o.Open(t))
	need(t, c.Observer != nil || c.Discoverer != nil, "stream")
	if c.Observer != nil {
		w := observe(o, c, nil)
		w.stop(t, o)
	}
	if c.Discoverer == nil {
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() {
		done <- c.Discoverer.Discover(ctx, func(s discovery.Sighting) {})
	}()
	cancel()
	limit := time.NewTimer(o.CallTimeout)
	defer limit.Stop()
	select {
	case err := <-done:
		if err != nil && !errors.Is(err, context.Canceled) {
			checkError(t, o, "Discover", err)
		}
	case <-limit.C:
		t.Fatalf("Discover does not end with its context")
	}
}

func coverageIsSane(t T, o Options) {
	c := connectors.CapabilitiesOf(o.Open(t))
	need(t, c.Coverer != nil, "say what it covers")
	cov := must(t, o, "Coverage", c.Coverer.Coverage)
	soon := o.Now().Add(time.Minute)
	if cov.Since.After(soon) || cov.Alive.After(soon) {
		t.Errorf("coverage since %s, alive %s: that is to come", cov.Since, cov.Alive)
	}
	if len(cov.Sees) == 0 || cov.Text == "" {
		t.Errorf("it does not say what it sees: %+v", cov)
	}
}
