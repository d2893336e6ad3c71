package enforce

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"bestbefore/connectors"
	"bestbefore/consent"
	"bestbefore/consent/ledger"
	"bestbefore/discovery"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// memory is an in-memory Store that keeps the contract of store.go.
type memory struct {
	mu       sync.Mutex
	actions  []consent.Action // oldest first
	consents map[consent.ID]consent.Consent
	devices  map[discovery.DeviceID]discovery.Device
	notes    []ledger.Note
	log      []string // what happened, in order, with that of the peers
	fail     error    // of SaveAction
	next     int
}

func newMemory() *memory {
	return &memory{consents: map[consent.ID]consent.Consent{}, devices: map[discovery.DeviceID]discovery.Device{}}
}

func (m *memory) Recover(context.Context) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	n := 0
	for i := range m.actions {
		if m.actions[i].State == consent.Running {
			m.actions[i].State = consent.Pending
			n++
		}
	}
	return n, nil
}

func claimable(a consent.Action, now time.Time) bool {
	switch a.State {
	case consent.Pending:
		return true
	case consent.Waiting, consent.Stuck:
		return !a.RetryAt.After(now)
	default:
		return false
	}
}

func (m *memory) Claimable(_ context.Context, now time.Time, limit int, skip map[consent.ActionID]bool) ([]consent.Action, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []consent.Action
	for _, a := range m.actions {
		if claimable(a, now) && !skip[a.ID] {
			out = append(out, a)
		}
	}
	slices.SortStableFunc(out, func(a, b consent.Action) int {
		click := func(x consent.Action) int {
			if x.Origin == consent.FromPerson {
				return 0
			}
			return 1
		}
		return cmp.Or(cmp.Compare(click(a), click(b)), a.DueAt.Compare(b.DueAt))
	})
	return out[:min(limit, len(out))], nil
}

func (m *memory) Verifiable(_ context.Context, now time.Time, limit int, skip map[consent.ActionID]bool) ([]consent.Action, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []consent.Action
	for _, a := range m.actions {
		if a.State == consent.Done && !a.VerifyAt.IsZero() && !a.VerifyAt.After(now) && !skip[a.ID] {
			out = append(out, a)
		}
	}
	return out[:min(limit, len(out))], nil
}

func (m *memory) NextWork(context.Context) (at time.Time, ok bool, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, a := range m.actions {
		t := a.RetryAt
		switch {
		case a.State == consent.Pending:
			t = a.Created
		case a.State == consent.Done && !a.VerifyAt.IsZero():
			t = a.VerifyAt
		case a.State != consent.Waiting && a.State != consent.Stuck:
			continue
		}
		if !ok || t.Before(at) {
			at, ok = t, true
		}
	}
	return at, ok, nil
}

func (m *memory) SaveAction(_ context.Context, a consent.Action, notes ...ledger.Note) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fail != nil {
		return m.fail
	}
	i := slices.IndexFunc(m.actions, func(x consent.Action) bool { return x.ID == a.ID })
	if i < 0 {
		return consent.ErrNotFound
	}
	if m.actions[i].State == consent.Cancelled {
		return consent.ErrChanged
	}
	b, err := json.Marshal(a) // as a real store does
	if err != nil {
		return err
	}
	var back consent.Action
	if err := json.Unmarshal(b, &back); err != nil {
		return err
	}
	m.actions[i] = back
	m.notes = append(m.notes, notes...)
	m.log = append(m.log, "save "+string(a.State))
	return nil
}

func (m *memory) AddActions(_ context.Context, as []consent.Action, notes ...ledger.Note) ([]consent.Action, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for i := range as {
		m.next++
		as[i].ID = consent.ActionID(fmt.Sprintf("a%04d", m.next))
		m.actions = append(m.actions, as[i])
	}
	m.notes = append(m.notes, notes...)
	return as, nil
}

func (m *memory) ByMark(_ context.Context, mark string) ([]consent.Action, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []consent.Action
	for _, a := range slices.Backward(m.actions) {
		if a.Mark == mark {
			out = append(out, a)
		}
	}
	return out, nil
}

func (m *memory) Consent(_ context.Context, id consent.ID) (consent.Consent, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	c, ok := m.consents[id]
	if !ok {
		return c, consent.ErrNotFound
	}
	return c, nil
}

func (m *memory) SetSeen(_ context.Context, id consent.ID, seen consent.Seen, at time.Time, by discovery.Source) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	c := m.consents[id]
	c.Seen, c.SeenAt, c.SeenBy = seen, at, by
	m.consents[id] = c
	return nil
}

func (m *memory) Device(_ context.Context, id discovery.DeviceID) (discovery.Device, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	d, ok := m.devices[id]
	return d, ok, nil
}

// decide stands for the engine: a new version, its actions, and the open ones
// of the same mark cancelled, in one step.
func (m *memory) decide(c consent.Consent, as ...consent.Action) []consent.Action {
	m.mu.Lock()
	for i, a := range m.actions {
		if a.State.Open() && a.Mark == consent.MarkFor(c.ID) {
			m.actions[i].State = consent.Cancelled
		}
	}
	m.consents[c.ID] = c
	m.mu.Unlock()
	out, _ := m.AddActions(context.Background(), as)
	return out
}

func (m *memory) Action(_ context.Context, id consent.ActionID) (consent.Action, error) {
	return m.action(id), nil
}

func (m *memory) action(id consent.ActionID) consent.Action {
	m.mu.Lock()
	defer m.mu.Unlock()
	i := slices.IndexFunc(m.actions, func(x consent.Action) bool { return x.ID == id })
	return m.actions[i]
}

func (m *memory) all() []consent.Action {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.actions)
}

func (m *memory) seen(id consent.ID) consent.Seen {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.consents[id].Seen
}

func (m *memory) count(k ledger.Kind) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	n := 0
	for _, x := range m.notes {
		if x.Kind == k {
			n++
		}
	}
	return n
}

// said is everything that the diary says under a kind.
func (m *memory) said(k ledger.Kind) string {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []string
	for _, x := range m.notes {
		if x.Kind == k {
			out = append(out, x.Text)
		}
	}
	return strings.Join(out, "\n")
}

func (m *memory) logf(format string, args ...any) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.log = append(m.log, fmt.Sprintf(format, args...))
}

// peer is one connection with function fields; nil fields keep the default,
// a peer that does what it is told.
type peer struct {
	m      *memory
	name   string
	traits connectors.Traits
	turn   sync.Mutex

	mu       sync.Mutex
	rules    map[string]connectors.BlockRequest
	calls    int
	block    func(context.Context, connectors.BlockRequest) error
	unblock  func(context.Context, connectors.Receipt) error
	revoke   func(context.Context, connectors.RevokeRequest) error
	answer   func(*connectors.Receipt)
	verify   func(connectors.Receipt) (connectors.Finding, error)
	noVerify bool
	noHold   bool
	grants   []consent.Grant
	account  func(connectors.Target) (connectors.Account, error)
}

func (p *peer) Block(ctx context.Context, r connectors.BlockRequest) (connectors.Receipt, error) {
	p.m.logf("%s block %s", p.name, r.Mark)
	p.mu.Lock()
	p.calls++
	p.mu.Unlock()
	if p.block != nil {
		if err := p.block(ctx, r); err != nil {
			return connectors.Receipt{}, err
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.rules[r.Mark] = r
	out := connectors.Receipt{Mark: r.Mark, Level: consent.Accepted, Target: r.Target, From: r.From, Grain: p.traits.Grain, Data: []byte(`{"rule":7}`)}
	if p.answer != nil {
		p.answer(&out)
	}
	return out, nil
}

func (p *peer) Unblock(ctx context.Context, r connectors.Receipt) (connectors.Receipt, error) {
	p.m.logf("%s unblock %s", p.name, r.Mark)
	if p.unblock != nil {
		if err := p.unblock(ctx, r); err != nil {
			return r, err
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.rules, r.Mark)
	return connectors.Receipt{Mark: r.Mark, Level: consent.Accepted}, nil
}

func (p *peer) Revoke(ctx context.Context, r connectors.RevokeRequest) (connectors.Receipt, error) {
	p.m.logf("%s revoke %s", p.name, r.Grant.ID)
	p.mu.Lock()
	p.calls++
	p.mu.Unlock()
	if p.revoke != nil {
		if err := p.revoke(ctx, r); err != nil {
			return connectors.Receipt{}, err
		}
	}
	return connectors.Receipt{Mark: r.Mark, Level: consent.Accepted, Grain: connectors.GrainToken}, nil
}

func (p *peer) Grants(context.Context) ([]consent.Grant, error) { return p.grants, nil }

func (p *peer) Held(context.Context) ([]connectors.Held, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	var out []connectors.Held
	for m := range p.rules {
		out = append(out, connectors.Held{Mark: m, Receipt: connectors.Receipt{Mark: m, Grain: p.traits.Grain}})
	}
	return out, nil
}

func (p *peer) Verify(_ context.Context, r connectors.Receipt) (connectors.Finding, error) {
	if p.verify != nil {
		return p.verify(r)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, ok := p.rules[r.Mark]; !ok {
		return connectors.Finding{Missing: true}, nil
	}
	return connectors.Finding{Level: consent.Effective, Seen: consent.Stopped, Refused: 3}, nil
}

func (p *peer) holds(mark string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	_, ok := p.rules[mark]
	return ok
}

func (p *peer) forget() {
	p.mu.Lock()
	defer p.mu.Unlock()
	clear(p.rules)
}

func (p *peer) asked() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.calls
}
