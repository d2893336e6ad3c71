// Package sessions opens the household's connections, keeps them open, and runs
// what streams from them. It owns "with what": engines ask it which connections
// are open and what they can do, and borrow one for a call at a time.
//
// Connectors are foreign code here: each call is bounded in time, a panic costs
// one connection, and one that never returns is left behind.
package sessions

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"bestbefore/connectors"
	"bestbefore/consent"
	"bestbefore/discovery/flow"
)

// Batch is what an observer gives at once, with the cursor that follows it.
type Batch struct {
	Records []flow.Record
	Next    connectors.Cursor
}

// Health is how a connection does. One that is neither open nor in trouble is
// being opened for the first time: whether it is well nobody can say yet.
type Health struct {
	Open    bool
	Alive   time.Time // last success or heartbeat
	Since   time.Time // open since
	Trouble string    // one sentence, "" when well
	Kind    consent.ErrorKind
	// Certificate is the unknown one that the peer showed, nil where that is not the trouble.
	Certificate *connectors.CertificateError
}

// Pool holds the sessions. Its methods are safe for concurrent use; Serve runs
// once at a time.
type Pool struct {
	c      Config
	reload chan chan error
	ready  chan struct{} // closed when every connection of the start was tried once

	mu      sync.Mutex // guards all below
	keepers map[string]*keeper
	loaded  bool // the keepers are those of the configured connections
	isReady bool
}

// New checks c and starts nothing.
func New(c Config) (*Pool, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	if c.Opened == nil {
		c.Opened = func(string) {}
	}
	if c.Changed == nil {
		c.Changed = func() {}
	}
	if c.Report == nil {
		c.Report = func(string, error) {}
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.CallTimeout == 0 {
		c.CallTimeout = defaultCallTimeout
	}
	if c.ProbeEvery == 0 {
		c.ProbeEvery = defaultProbeEvery
	}
	return &Pool{c: c, reload: make(chan chan error), ready: make(chan struct{}), keepers: map[string]*keeper{}}, nil
}

// Serve keeps the configured connections open until ctx ends, then closes them.
func (p *Pool) Serve(ctx context.Context) error {
	var wg sync.WaitGroup
	defer wg.Wait()
	defer p.stopAll()
	again := time.NewTimer(0)
	defer again.Stop()
	for {
		var done chan error
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-again.C:
		case done = <-p.reload:
		}
		firsts, err := p.follow(ctx)
		if err != nil {
			p.report(ctx, "connections", err)
			again.Reset(5 * time.Second)
		} else {
			p.report(ctx, "connections", nil)
		}
		wg.Add(1)
		go func() { // answered when each new connection was tried once
			defer wg.Done()
			for _, f := range firsts {
				<-f
			}
			if err == nil {
				p.setReady()
			}
			if done != nil {
				done <- err
			}
		}()
	}
}

func (p *Pool) setReady() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.isReady {
		p.isReady = true
		close(p.ready)
	}
}

// Ready waits until each connection that was configured at the start has been
// tried once, whether it opened or not.
func (p *Pool) Ready(ctx context.Context) error {
	select {
	case <-p.ready:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// report passes trouble on, unless it is only the end.
func (p *Pool) report(ctx context.Context, what string, err error) {
	if ctx.Err() != nil {
		return
	}
	if err != nil {
		p.c.Log.Warn("trouble with a connection", "what", what, "error", err)
	}
	p.c.Report(what, err)
}

// Reload opens new connections, closes removed ones and opens changed ones
// anew; also those that stopped after a refused password. It returns when each
// was tried once.
func (p *Pool) Reload(ctx context.Context) error {
	done := make(chan error, 1)
	select {
	case p.reload <- done:
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// follow makes the keepers those of the configured connections. firsts are
// closed when each was tried once.
func (p *Pool) follow(ctx context.Context) (firsts []<-chan struct{}, err error) {
	want, err := p.c.Connections(ctx)
	if err != nil {
		return nil, fmt.Errorf("reading connections: %w", err)
	}
	keep := map[string]bool{}
	for _, c := range want {
		if c.Disabled {
			continue
		}
		keep[c.ID] = true
		old := p.keeper(c.ID)
		if old != nil && sameConnection(old.conn, c) && !old.gaveUp() {
			firsts = append(firsts, old.tried) // it may have been opened a moment ago
			continue
		}
		if old != nil {
			old.stop()
		}
		k := newKeeper(p, c)
		p.mu.Lock()
		p.keepers[c.ID] = k
		p.mu.Unlock()
		k.start(ctx)
		firsts = append(firsts, k.tried)
	}
	for _, k := range p.list() {
		if !keep[k.conn.ID] {
			k.stop()
			p.mu.Lock()
			delete(p.keepers, k.conn.ID)
			p.mu.Unlock()
			p.report(ctx, "connection "+k.conn.ID, nil)
		}
	}
	p.mu.Lock()
	p.loaded = true
	p.mu.Unlock()
	return firsts, nil
}

func (p *Pool) stopAll() {
	ks := p.list()
	for _, k := range ks {
		k.cancel()
	}
	for _, k := range ks {
		k.stop()
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	clear(p.keepers)
}

func (p *Pool) keeper(id string) *keeper {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.keepers[id]
}

func (p *Pool) list() []*keeper {
	p.mu.Lock()
	defer p.mu.Unlock()
	out := make([]*keeper, 0, len(p.keepers))
	for _, k := range p.keepers {
		out = append(out, k)
	}
	return out
}

// All gives what each open connection can do, and why each of the others is
// not open (a *connectors.Error). It asks nobody and returns at once.
func (p *Pool) All() (open map[string]connectors.Capabilities, closed map[string]error) {
	open, closed = map[string]connectors.Capabilities{}, map[string]error{}
	for _, k := range p.list() {
		if c, err := k.capabilities(); err != nil {
			closed[k.conn.ID] = err
		} else {
			open[k.conn.ID] = c
		}
	}
	return open, closed
}

// Capabilities of an open connection; false when it is not open. Calls go
// through Use.
func (p *Pool) Capabilities(connection string) (connectors.Capabilities, bool) {
	k := p.keeper(connection)
	if k == nil {
		return connectors.Capabilities{}, false
	}
	c, err := k.capabilities()
	return c, err == nil
}

// Name is what the household calls a connection, its id where it has no name.
func (p *Pool) Name(connection string) string {
	if k := p.keeper(connection); k != nil && k.conn.Name != "" {
		return k.conn.Name
	}
	return connection
}

// Health of a connection; of one that is not configured it says so, as soon as
// it is known which are.
func (p *Pool) Health(connection string) Health {
	p.mu.Lock()
	k, loaded := p.keepers[connection], p.loaded
	p.mu.Unlock()
	switch {
	case k != nil:
		return k.healthNow()
	case !loaded:
		return Health{}
	default:
		return Health{Trouble: "it is not set up or was switched off"}
	}
}
