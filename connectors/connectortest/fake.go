package connectortest

import (
	"context"
	"maps"
	"net/netip"
	"slices"
	"sync"
	"time"

	"bestbefore/connectors"
	"bestbefore/consent"
	"bestbefore/discovery"
	"bestbefore/discovery/flow"
)

// FakeKind is the kind of the fake connector.
const FakeKind = "fake"

// Peer is a home's router in memory, for tests: devices send through it, it
// counts, and it blocks what it is told. Its methods are safe for concurrent use.
type Peer struct {
	now func() time.Time

	mu      sync.Mutex // guards all below
	rules   map[string]rule
	grants  map[string]consent.Grant
	records []flow.Record
	more    chan struct{} // closed and made anew with each record
	down    bool
	busy    time.Time // until when it refuses, and says so
	traits  connectors.Traits
}

// rule is one block with its drop counter.
type rule struct {
	req     connectors.BlockRequest
	refused uint64
	last    time.Time
}

// NewPeer makes a peer that goes by now.
func NewPeer(now func() time.Time) *Peer {
	return &Peer{
		now: now, rules: map[string]rule{}, grants: map[string]consent.Grant{}, more: make(chan struct{}),
		traits: connectors.Traits{
			Grain: connectors.GrainRecipient, HoldsStart: true, HoldsEnd: true, IPv4: true, IPv6: true, CutsOpenFlows: true,
			Note: "holds until it restarts",
		},
	}
}

// SetTraits changes what sessions opened from now on say of themselves.
func (p *Peer) SetTraits(t connectors.Traits) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.traits = t
}

// SetDown makes the peer unreachable, or reachable again.
func (p *Peer) SetDown(down bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.down = down
}

// SetBusy makes the peer refuse until a moment, of which it tells.
func (p *Peer) SetBusy(until time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.busy = until
}

// KillGrant ends a grant as its issuer would.
func (p *Peer) KillGrant(id string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.grants, id)
}

// Restart loses every block.
func (p *Peer) Restart() {
	p.mu.Lock()
	defer p.mu.Unlock()
	clear(p.rules)
}

// AddGrant adds a grant that can be revoked.
func (p *Peer) AddGrant(g consent.Grant) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.grants[g.ID] = g
}

// Works reports whether a grant is still good.
func (p *Peer) Works(id string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	_, ok := p.grants[id]
	return ok
}

// Marks are the marks held, sorted.
func (p *Peer) Marks() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Sorted(maps.Keys(p.rules))
}

// Send is traffic of a device, known by its MAC, to an address; it says whether
// it got through.
func (p *Peer) Send(mac, to string, port uint16, bytes uint64) (passed bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now, addr := p.now().UTC(), netip.MustParseAddr(to)
	passed = true
	for mark, r := range p.rules {
		if r.inForce(now) && r.hits(mac, addr) {
			r.refused++
			r.last = now
			p.rules[mark] = r
			passed = false
		}
	}
	rec := flow.Record{
		Key:   flow.Key{Destination: flow.Destination{Address: addr}, Protocol: "tcp", Port: port},
		Local: flow.Local{MAC: mac}, Count: 1, First: now, Last: now, Refused: !passed,
	}
	if passed {
		rec.Up = bytes
	}
	p.records = append(p.records, rec)
	close(p.more)
	p.more = make(chan struct{})
	return passed
}

func (r rule) inForce(now time.Time) bool {
	return !now.Before(r.req.From) && (r.req.Until.IsZero() || now.Before(r.req.Until))
}

func (r rule) hits(mac string, to netip.Addr) bool {
	t := r.req.Target
	if !slices.Contains(t.Identifiers, discovery.Identifier{Type: discovery.MAC, Value: mac}) {
		return false
	}
	who := t.Recipient
	who.Destinations = slices.Concat(who.Destinations, t.Resolved)
	return who.Any || consent.Covers(who, flow.Destination{Address: to})
}

// Connector is the connector for p.
func (p *Peer) Connector() connectors.Connector { return fake{p} }

type fake struct{ p *Peer }

func (f fake) Spec() connectors.Spec {
	return connectors.Spec{
		Kind: FakeKind, Name: "Home in memory", Sees: "What the test lets it see.", Stops: "What it is told to, in memory.",
		Options: []connectors.Option{{Key: "password", Label: "Password", Secret: true}},
	}
}

func (f fake) Open(ctx context.Context, _ connectors.Settings, _ *connectors.Host) (connectors.Session, error) {
	s := &session{p: f.p}
	if err := s.Probe(ctx); err != nil {
		return nil, err
	}
	return s, nil
}
