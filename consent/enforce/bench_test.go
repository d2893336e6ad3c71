package enforce

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"bestbefore/connectors"
	"bestbefore/consent"
	"bestbefore/discovery"
)

// bench is a runner with its store and peers in a synctest bubble.
type bench struct {
	*memory
	t      *testing.T
	r      *Runner
	mu     sync.Mutex
	peers  map[string]*peer
	closed map[string]error
	skew   time.Duration
	each   func(*peer) // changes every peer before it is used
}

func (h *bench) All() (map[string]connectors.Capabilities, map[string]error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	open := map[string]connectors.Capabilities{}
	for n, p := range h.peers {
		if h.closed[n] == nil {
			open[n] = p.capabilities()
		}
	}
	closed := map[string]error{}
	for n, err := range h.closed {
		closed[n] = err
	}
	return open, closed
}

func (h *bench) Name(connection string) string { return "the " + connection }

func (p *peer) capabilities() connectors.Capabilities {
	c := connectors.Capabilities{Blocker: p, Revoker: p, Traits: p.traits}
	if !p.noVerify {
		c.Verifier = p
	}
	if !p.noHold {
		c.Holder = p
	}
	if p.grants != nil {
		c.GrantLister = p
	}
	if p.account != nil {
		c.Accounter = p
	}
	return c
}

func (h *bench) Use(ctx context.Context, name string, f func(context.Context, connectors.Capabilities) error) error {
	h.mu.Lock()
	p, err := h.peers[name], h.closed[name]
	h.mu.Unlock()
	if err != nil {
		return err
	}
	p.turn.Lock()
	defer p.turn.Unlock()
	return f(ctx, p.capabilities())
}

func (h *bench) setClosed(name string, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if err == nil {
		delete(h.closed, name)
		return
	}
	h.closed[name] = err
}

func (h *bench) now() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return time.Now().Add(h.skew)
}

func (h *bench) peer(name string, t connectors.Traits) *peer {
	p := &peer{m: h.memory, name: name, traits: t, rules: map[string]connectors.BlockRequest{}}
	h.mu.Lock()
	h.peers[name] = p
	h.mu.Unlock()
	if h.each != nil {
		h.each(p)
	}
	return p
}

var fine = connectors.Traits{Grain: connectors.GrainRecipient, HoldsStart: true, HoldsEnd: true, SurvivesRestart: true}

// inHome runs f in a bubble with a home whose runner is not yet served.
func inHome(t *testing.T, f func(t *testing.T, h *bench), tune ...func(*Config)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		h := &bench{memory: newMemory(), t: t, peers: map[string]*peer{}, closed: map[string]error{}}
		h.devices["d1"] = discovery.Device{ID: "d1", Label: "Doorbell", Identifiers: []discovery.Identifier{{Type: discovery.MAC, Value: "02:00:00:00:00:01"}}}
		c := Config{Store: h, Sessions: h, Now: h.now, Jitter: func(d time.Duration) time.Duration { return d }}
		for _, f := range tune {
			f(&c)
		}
		var err error
		if h.r, err = New(c); err != nil {
			t.Fatal(err)
		}
		f(t, h)
	})
}

// serve runs the runner; stop ends it and waits.
func (h *bench) serve() (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = h.r.Serve(ctx)
	}()
	return func() { cancel(); <-done }
}

// given is a live permission that ends in a day.
func given(id consent.ID, then consent.Remedy) consent.Consent {
	now := time.Now().UTC()
	return consent.Consent{
		SchemaVersion: 1, ID: id, Version: 1, Device: "d1", Recipient: consent.Recipient{Name: "Acme", Destinations: []string{"203.0.113.7"}},
		Data: []consent.Category{"video"}, Decided: consent.Given, DecidedBy: "somebody", DecidedHow: "clicked", Given: now,
		Term: consent.Term{Kind: consent.ForPeriod, Rule: "P1D"}, Expires: now.Add(24 * time.Hour), ExpiresCivil: "2000-01-02", Zone: "UTC", Remedy: then,
	}
}

// ended writes a permission that has just ended, with its actions.
func (h *bench) ended(id consent.ID, then consent.Remedy, grants ...consent.Grant) consent.Action {
	h.t.Helper()
	c := given(id, then)
	c.Expires = h.now().Add(-time.Millisecond).UTC()
	next, as := consent.Expire(c, grants, h.now())
	if len(as) == 0 {
		h.t.Fatal("nothing has ended")
	}
	return h.decide(next, as...)[0]
}
