// Package connectors holds how we reach outside: the contracts between the
// engine and the systems that see or stop a household's data flows (routers,
// DNS blockers, brokers, hubs, accounts).
//
// A Connector is a kind of thing we can talk to. Open gives a Session, a live
// connection whose abilities are optional interfaces, asserted once by
// CapabilitiesOf; nil means "cannot" and nobody else type-asserts a session.
// Every method is expressible as JSON in and JSON out, so that a connector may
// also be data (a recipe) or a sandboxed guest.
package connectors

import (
	"context"
	"encoding/json"
	"time"

	"bestbefore/consent"
	"bestbefore/discovery"
	"bestbefore/discovery/flow"
)

// Connector is a kind of outside system. It is stateless and safe for
// concurrent use; everything live belongs to the Session.
type Connector interface {
	// Spec describes the connector: options, questions, what it can do. It does no I/O.
	Spec() Spec
	// Open connects with s through h. It returns an *Error; after a refused
	// credential (KindSignIn) nobody tries again by itself.
	Open(ctx context.Context, s Settings, h *Host) (Session, error)
}

// Session is a live connection. Everything but Close is an optional interface.
// Methods are called from one goroutine at a time, except Observe and Discover,
// which run beside them; every call gets a context with a deadline.
type Session interface{ Close() error }

// Prober checks that the connection works and what the account may not do.
type Prober interface {
	Probe(ctx context.Context) error
}

// Discoverer tells which devices the peer knows. It blocks until ctx ends.
type Discoverer interface {
	Discover(ctx context.Context, emit func(discovery.Sighting)) error
}

// MaxBatch is how many records an Observer may give at once. Each batch is one
// transaction: small ones cost a long backlog most of its time.
const MaxBatch = 2000

// Observer reads flows. It resumes at from (nil is "from now"), blocks until
// ctx ends, and gives with every batch the cursor that follows it; the engine
// stores both together. Batches hold at most MaxBatch records. A batch without
// records is a heartbeat: the source is alive and saw nothing.
type Observer interface {
	Observe(ctx context.Context, from Cursor, emit func([]flow.Record, Cursor)) error
}

// Coverer says what the connection can see of which device, and since when.
type Coverer interface {
	Coverage(ctx context.Context) (Coverage, error)
}

// GrantLister lists tokens, keys and logins; our own have Own set.
type GrantLister interface {
	Grants(ctx context.Context) ([]consent.Grant, error)
}

// Revoker ends a grant at its issuer. It cannot be undone. Revoking what is
// already gone is success.
type Revoker interface {
	Revoke(ctx context.Context, r RevokeRequest) (Receipt, error)
}

// Blocker stops a device's traffic, reversibly. Block with a Mark that exists
// replaces that block (in one step, so that nothing slips through between);
// Unblock lifts exactly what the receipt's Mark set and nothing else. Doing
// either twice is success.
type Blocker interface {
	Block(ctx context.Context, r BlockRequest) (Receipt, error)
	Unblock(ctx context.Context, r Receipt) (Receipt, error)
}

// Holder lists everything over there that carries our mark, also what an
// earlier installation left.
type Holder interface {
	Held(ctx context.Context) ([]Held, error)
}

// Verifier looks again, somewhere else than where it wrote, and says which
// level is reached and what is seen. It changes nothing.
type Verifier interface {
	Verify(ctx context.Context, r Receipt) (Finding, error)
}

// PeerClock reads the peer's own clock, a second source of time.
type PeerClock interface {
	PeerTime(ctx context.Context) (time.Time, error)
}

// Leaver takes back all that the connection set up at the peer: blocks, boot
// files, settings that Open changed. Called once, when the household removes the
// connection and wants its blocks gone too; only Close may follow.
type Leaver interface {
	Leave(ctx context.Context) error
}

// Grain is the finest thing that a connector can cut.
type Grain string

// The grains, finest first.
const (
	GrainRecipient Grain = "recipient"
	GrainDevice    Grain = "device"
	GrainAccount   Grain = "account"
	GrainToken     Grain = "token"
)

// Capabilities is what one session can do: nil means "cannot". The three
// booleans and Grain come from the session's own Traits.
type Capabilities struct {
	Prober      Prober
	Discoverer  Discoverer
	Observer    Observer
	Coverer     Coverer
	GrantLister GrantLister
	Revoker     Revoker
	Blocker     Blocker
	Holder      Holder
	Verifier    Verifier
	PeerClock   PeerClock
	Leaver      Leaver
	Accounter   Accounter
	Resigner    Resigner
	Traits      Traits
}

// Traits are the facts about a session that no interface shows.
type Traits struct {
	Grain           Grain `json:"grain"`
	HoldsStart      bool  `json:"holds_start"`      // keeps a block's From by itself with our program off
	HoldsEnd        bool  `json:"holds_end"`        // keeps a block's Until by itself
	SurvivesRestart bool  `json:"survives_restart"` // what it holds survives a restart of the peer
	IPv4            bool  `json:"ipv4"`
	IPv6            bool  `json:"ipv6"`
	CutsOpenFlows   bool  `json:"cuts_open_flows"`
	NamesOnly       bool  `json:"names_only,omitempty"` // stops names from being looked up; a bare address passes
	// ByAddress says that a block hits the addresses that the device had when it was
	// set, and that the peer may not be able to follow it: it is set anew when the
	// device is found elsewhere.
	ByAddress bool `json:"by_address,omitempty"`
	// AtHome says that a block also ends what the device does with others at home.
	AtHome   bool   `json:"at_home,omitempty"`
	OwnClock bool   `json:"own_clock,omitempty"` // PeerTime is this computer's own clock, so it is no second source
	Note     string `json:"note,omitempty"`      // what is to know besides, for the screen, e.g. "this box does not forward IPv6"
}

// Traiter is implemented by sessions that block.
type Traiter interface{ Traits() Traits }

// CapabilitiesOf asserts each optional interface once. A wrapping session
// (tests, recipes) that narrows them implements Narrower.
func CapabilitiesOf(s Session) Capabilities {
	if n, ok := s.(Narrower); ok {
		return n.Capabilities()
	}
	var c Capabilities
	c.Prober, _ = s.(Prober)
	c.Discoverer, _ = s.(Discoverer)
	c.Observer, _ = s.(Observer)
	c.Coverer, _ = s.(Coverer)
	c.GrantLister, _ = s.(GrantLister)
	c.Revoker, _ = s.(Revoker)
	c.Blocker, _ = s.(Blocker)
	c.Holder, _ = s.(Holder)
	c.Verifier, _ = s.(Verifier)
	c.PeerClock, _ = s.(PeerClock)
	c.Leaver, _ = s.(Leaver)
	c.Accounter, _ = s.(Accounter)
	c.Resigner, _ = s.(Resigner)
	if t, ok := s.(Traiter); ok {
		c.Traits = t.Traits()
	}
	return c
}

// Narrower is a session that states its capabilities itself.
type Narrower interface{ Capabilities() Capabilities }

// Target is what a block hits.
type Target struct {
	Device      discovery.DeviceID     `json:"device"`
	Identifiers []discovery.Identifier `json:"identifiers"` // checked again before every act (T37)
	Addresses   []string               `json:"addresses"`   // current ones, for peers that act on addresses
	Recipient   consent.Recipient      `json:"recipient"`   // Any for the whole device
	// Resolved are the recipient's addresses as the engine knows them now.
	Resolved []string `json:"resolved,omitempty"`
	Account  string   `json:"account,omitempty"`
}

// BlockRequest asks for one block.
type BlockRequest struct {
	Mark   string    `json:"mark"` // idempotency key; also written to the peer's name or comment
	Target Target    `json:"target"`
	From   time.Time `json:"from,omitzero"`  // zero: now. Later: only where Traits.HoldsStart
	Until  time.Time `json:"until,omitzero"` // zero: until lifted. Else: only where Traits.HoldsEnd
}

// RevokeRequest asks for the end of one grant.
type RevokeRequest struct {
	Mark  string        `json:"mark"`
	Grant consent.Grant `json:"grant"`
}

// Receipt is what a connector needs to verify or lift what it did. Data is the
// connector's own; the engine stores it and gives it back unread.
type Receipt struct {
	Mark   string          `json:"mark"`
	Level  consent.Level   `json:"level"` // reached by the call itself: Accepted or Configured
	At     time.Time       `json:"at"`
	Target Target          `json:"target"`
	From   time.Time       `json:"from,omitzero"`
	Until  time.Time       `json:"until,omitzero"`
	Grain  Grain           `json:"grain"` // what was really cut
	Text   string          `json:"text"`  // one sentence for the person
	Data   json.RawMessage `json:"data,omitempty"`
}

// Finding is what a Verifier saw.
type Finding struct {
	Level   consent.Level `json:"level"`
	Seen    consent.Seen  `json:"seen"`
	At      time.Time     `json:"at"`
	Refused uint64        `json:"refused"`          // packets or queries turned away since the block
	Passed  uint64        `json:"passed,omitempty"` // bytes that got through since the block
	LastTry time.Time     `json:"last_try,omitzero"`
	Missing bool          `json:"missing,omitempty"` // the peer no longer holds it (T39): apply again
	Text    string        `json:"text"`              // one sentence for the person
}

// Held is one thing over there that carries our mark.
type Held struct {
	Mark    string    `json:"mark"`
	Text    string    `json:"text"`
	From    time.Time `json:"from,omitzero"`
	Until   time.Time `json:"until,omitzero"`
	Active  bool      `json:"active"` // in force now
	Foreign bool      `json:"foreign,omitempty"`
	Receipt Receipt   `json:"receipt"` // good for Unblock
}

// Coverage says what a connection sees.
type Coverage struct {
	Since   time.Time              `json:"since,omitzero"`
	Alive   time.Time              `json:"alive,omitzero"` // last heartbeat of the source
	Sees    []string               `json:"sees"`           // "bytes", "destinations", "names", "queries", "presence"
	Devices []discovery.Identifier `json:"devices,omitempty"`
	// Addresses are those of devices that it sees and knows by nothing better.
	Addresses []string `json:"addresses,omitempty"`
	Whole     bool     `json:"whole"` // everything that passes it, not only some devices
	Text      string   `json:"text"`
	Lost      uint64   `json:"lost,omitempty"` // observations that are known to be missing since it was opened
	// Lessen is what a household can do so that less is lost, one sentence; empty
	// where nothing special is to be said.
	Lessen string `json:"lessen,omitempty"`
	// Claim says that anybody on the network could have sent what it tells, so
	// that its silence never proves that something stopped.
	Claim bool `json:"claim,omitempty"`
}

// Cursor is an observer's own place in its source; opaque to the engine.
type Cursor []byte

// CursorOf writes down a place as JSON, as most observers do. A place that cannot
// be written is none: what is observed is given, and the one before stays.
func CursorOf(place any) Cursor {
	b, err := json.Marshal(place)
	if err != nil {
		return nil
	}
	return b
}
