package enforce

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"bestbefore/connectors"
	"bestbefore/consent"
	"bestbefore/consent/ledger"
	"bestbefore/discovery"
)

// holdsAndFails runs a check twice: on a whole home, where it must find nothing,
// and on one that lacks a mechanism, its twin, where it must find a fault.
func holdsAndFails(t *testing.T, check func(h *bench) string, without func(c *Config, h *bench)) {
	t.Helper()
	found := ""
	inHome(t, func(_ *testing.T, h *bench) { found = check(h) })
	if found != "" {
		t.Errorf("%s", found)
	}
	inHome(t, func(_ *testing.T, h *bench) { found = check(h) }, func(c *Config) { without(c, c.Store.(*bench)) })
	if found == "" {
		t.Error("the twin: without the mechanism nothing is found, so this test shows nothing")
	}
}

// What a home lacks in a twin.

// noRecovery leaves running what an earlier run left running.
type noRecovery struct{ *bench }

func (noRecovery) Recover(context.Context) (int, error) { return 0, nil }

// forgetful counts every try as the first after a start.
type forgetful struct{ *bench }

func (f forgetful) Recover(ctx context.Context) (int, error) {
	f.memory.mu.Lock()
	for i := range f.actions {
		if f.actions[i].State == consent.Waiting {
			f.actions[i].State, f.actions[i].Attempt = consent.Pending, 0
		}
	}
	f.memory.mu.Unlock()
	return f.bench.Recover(ctx)
}

// lying says that all was written.
type lying struct{ *bench }

func (l lying) SaveAction(ctx context.Context, a consent.Action, ns ...ledger.Note) error {
	_ = l.bench.SaveAction(ctx, a, ns...)
	return nil
}

// intentless says that intents were written, and writes none.
type intentless struct{ *bench }

func (l intentless) SaveAction(ctx context.Context, a consent.Action, ns ...ledger.Note) error {
	if a.State == consent.Running {
		return nil
	}
	return l.bench.SaveAction(ctx, a, ns...)
}

// stale shows each permission as it was first read.
type stale struct {
	*bench
	first map[consent.ID]consent.Consent
}

func (s stale) Consent(ctx context.Context, id consent.ID) (consent.Consent, error) {
	c, err := s.bench.Consent(ctx, id)
	s.memory.mu.Lock()
	defer s.memory.mu.Unlock()
	if first, ok := s.first[id]; ok {
		return first, nil
	}
	return c, err
}

// unmarked does not know what is essential.
type unmarked struct{ *bench }

func (u unmarked) Device(ctx context.Context, id discovery.DeviceID) (discovery.Device, bool, error) {
	d, ok, err := u.bench.Device(ctx, id)
	d.Essential = discovery.EssentialNone
	return d, ok, err
}

// anonymous does not know by what a device was known when it was agreed.
type anonymous struct{ *bench }

func (u anonymous) Consent(ctx context.Context, id consent.ID) (consent.Consent, error) {
	c, err := u.bench.Consent(ctx, id)
	c.Identity = nil
	return c, err
}

// coarseErrors changes what connectors say before the runner hears it.
type coarseErrors struct {
	*bench
	change func(*connectors.Error)
}

func (s coarseErrors) Use(ctx context.Context, name string, f func(context.Context, connectors.Capabilities) error) error {
	err := s.bench.Use(ctx, name, f)
	var e *connectors.Error
	if errors.As(err, &e) {
		x := *e
		s.change(&x)
		return &x
	}
	return err
}

func changing(f func(*connectors.Error)) func(*Config, *bench) {
	return func(c *Config, h *bench) { c.Sessions = coarseErrors{h, f} }
}

func transient(text string) error {
	return &connectors.Error{Kind: consent.KindTransient, Text: text}
}

// state is what an action has come to, in one word for a fault.
func (h *bench) state(id consent.ActionID) string {
	a := h.action(id)
	return fmt.Sprintf("%s/%s/%s %q", a.Kind, a.State, a.Level, a.Reason)
}

// fault joins a condition and its words.
func fault(bad bool, format string, args ...any) string {
	if !bad {
		return ""
	}
	return fmt.Sprintf(format, args...)
}

// watched is a peer on which a revocation can be seen.
func (h *bench) watched(name string, seen consent.Seen, grants ...consent.Grant) *peer {
	p := &peer{m: h.memory, name: name, traits: fine, rules: map[string]connectors.BlockRequest{}, grants: grants}
	p.verify = func(connectors.Receipt) (connectors.Finding, error) {
		return connectors.Finding{Level: consent.Configured, Seen: seen}, nil
	}
	if h.each != nil {
		h.each(p)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.peers[name] = p
	return p
}

// settle lets everything that is due happen.
func settle(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}
