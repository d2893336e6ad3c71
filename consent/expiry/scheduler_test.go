package expiry

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
	_ "time/tzdata"

	"bestbefore/consent"
	"bestbefore/discovery"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// memory is an in-memory Store that keeps the contract of store.go.
type memory struct {
	mu       sync.Mutex
	consents map[consent.ID]consent.Consent
	made     []consent.Decision
	actions  []consent.Action
	asked    int   // how often Due was asked
	fail     error // of Decide
	failFor  consent.ID
}

func (m *memory) NextDue(context.Context) (at time.Time, ok bool, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, c := range m.consents {
		if end := c.DueAt(); c.Decided.Live() && !end.IsZero() && (!ok || end.Before(at)) {
			at, ok = end, true
		}
	}
	return at, ok, nil
}

func (m *memory) Due(_ context.Context, now time.Time, limit int) ([]consent.Consent, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.asked++
	all := slices.SortedFunc(maps.Values(m.consents), func(a, b consent.Consent) int {
		return cmp.Or(a.DueAt().Compare(b.DueAt()), cmp.Compare(a.ID, b.ID))
	})
	var out []consent.Consent
	for _, c := range all {
		if c.Due(now) && len(out) < limit {
			out = append(out, c)
		}
	}
	return out, nil
}

func (m *memory) Grants(context.Context, consent.Consent) ([]consent.Grant, error) { return nil, nil }

func (m *memory) Decide(_ context.Context, d consent.Decision) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fail != nil && (m.failFor == "" || m.failFor == d.Consent.ID) {
		return m.fail
	}
	if m.consents[d.Consent.ID].Version != d.Expect {
		return consent.ErrChanged
	}
	m.consents[d.Consent.ID] = d.Consent
	m.made = append(m.made, d)
	m.actions = append(m.actions, d.Actions...)
	return nil
}

func (m *memory) put(c consent.Consent) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.consents[c.ID] = c
}

func (m *memory) get(id consent.ID) consent.Consent {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.consents[id]
}

func (m *memory) decisions() []consent.Decision {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.made)
}

// clock is a wall clock that may be moved apart from the bubble's timers, as a
// computer's clock moves while its timers stand still.
type clock struct {
	mu   sync.Mutex
	skew time.Duration
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.skew)
}

func (c *clock) jump(by time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.skew += by
}

// bench is a scheduler in a bubble.
type bench struct {
	*memory
	*clock
	s     *Scheduler
	mu    sync.Mutex
	poked int
	last  error // newest report
}

func (b *bench) trouble() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.last
}

func onBench(t *testing.T, f func(t *testing.T, b *bench), tune ...func(*Config)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		b := &bench{memory: &memory{consents: map[consent.ID]consent.Consent{}}, clock: &clock{}}
		c := Config{
			Store: b, Now: b.now,
			Decided: func() { b.mu.Lock(); b.poked++; b.mu.Unlock() },
			Report:  func(_ string, err error) { b.mu.Lock(); b.last = err; b.mu.Unlock() },
			Device: func(_ context.Context, id discovery.DeviceID) (discovery.Device, bool, error) {
				return discovery.Device{ID: id, Label: "Doorbell"}, true, nil
			},
		}
		for _, f := range tune {
			f(&c)
		}
		var err error
		if b.s, err = New(c); err != nil {
			t.Fatal(err)
		}
		f(t, b)
	})
}

func (b *bench) serve() (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); _ = b.s.Serve(ctx) }()
	return func() { cancel(); <-done }
}

// give puts a permission that ends in d from now.
func (b *bench) give(id consent.ID, d time.Duration, then consent.Remedy) consent.Consent {
	now := b.now().Round(0).UTC()
	c := consent.Consent{
		SchemaVersion: 1, ID: id, Version: 1, Device: "d1", Recipient: consent.Recipient{Name: "Acme", Any: true}, Data: []consent.Category{"any"},
		Decided: consent.Given, DecidedBy: "somebody", DecidedHow: "clicked", Given: now, Term: consent.Term{Kind: consent.ForPeriod, Rule: "PT1S"},
		Expires: now.Add(d), ExpiresCivil: now.Add(d).Format("2006-01-02T15:04:05"), Zone: "UTC", Remedy: then,
	}
	b.put(c)
	return c
}
