package engine

import (
	"context"
	"errors"
	"log/slog"
	"net/netip"
	"net/url"
	"sync"
	"time"

	"bestbefore/app/internal/changes"
	"bestbefore/assets/words"
	"bestbefore/connectors"
	"bestbefore/consent"
	"bestbefore/consent/ledger"
	"bestbefore/discovery"
	"bestbefore/discovery/flow"
	"bestbefore/discovery/recipient"
)

// Config is what Core is built from. No field may be nil unless it says so.
type Config struct {
	Store     Store
	Inventory *discovery.Inventory
	Sessions  Sessions
	Registry  *connectors.Registry
	Hub       *changes.Hub
	Log       *slog.Logger
	Now       func() time.Time
	// Zone is the system's zone now; asked on each use, since it may change.
	Zone func() (name string, loc *time.Location)
	// NewID makes an opaque id with a one-letter prefix.
	NewID func(prefix string) string
	// Poke wakes the scheduler and the runner after a decision.
	Poke func()
	// RightClock takes a person's word that the computer's clock is right; nil where
	// nobody judges it.
	RightClock func(ctx context.Context, who string) error
	// Retry tries one action now.
	Retry func(ctx context.Context, id consent.ActionID) error
	// LookAgain looks at what was done now: its device has moved, it was seen to go
	// on, or it may have been lifted. May be nil.
	LookAgain func(ctx context.Context, id consent.ActionID) error
	// Lookup asks the system's resolver for the addresses of a host name.
	Lookup func(ctx context.Context, host string) ([]netip.Addr, error)
	// PutSecret seals a value under a new reference; nil where there is no key store.
	PutSecret func(ctx context.Context, label string, value connectors.Secret) (consent.SecretRef, error)
	// Link begins to link what gives its secret itself; nil where nothing can.
	Link func(ctx context.Context, c connectors.Connection) (connectors.Link, error)
	// Keeper holds the key that seals; nil where there is none.
	Keeper Keys
	// Safe keeps the backups; may be nil.
	Safe Backups
	// Recover makes the phrase that opens them elsewhere; may be nil.
	Recover Recovery
	// Problems lists what is wrong beside what Core knows itself; may be nil.
	Problems func() []Problem
	// Resolvers are the DNS servers that this computer was told; may be nil.
	Resolvers func() []netip.Addr
	// Knock asks a box at home for one page that it shows to everybody; nil asks nobody.
	Knock func(ctx context.Context, at netip.Addr, k connectors.Knock) (connectors.KnockAnswer, error)
	// LogOf is what a connection wrote down lately, without secrets; may be nil.
	LogOf func(connection string) []LogLine
	// Recipients says who is behind a destination; nil knows nobody.
	Recipients func(d flow.Destination) recipient.Result
	// Coarse is a domain that stands for the company behind a destination and tells
	// nothing more, "" where none is known; nil knows nobody.
	Coarse func(d flow.Destination) string
	// Shelf keeps connector files from outside; nil takes none.
	Shelf Shelf
	// Guides gives the steps that end by hand what a device sends to somebody with these
	// names (none: anybody); nil knows none.
	Guides func(names []string, d discovery.Device) (connectors.Guide, bool)
	// Book lists the steps for all makers and accounts that are known, by name; nil knows none.
	Book func() []connectors.Guide
	// FetchDescription reads a maker's description of a device (RFC 8520) from where
	// a person agreed that it may be fetched; nil where that is not possible.
	FetchDescription func(ctx context.Context, at *url.URL) ([]byte, error)
	// ReadCapture reads a capture file; nil where that is not possible.
	ReadCapture ReadCapture
	// ExportRows bounds the flows of one export; 0 is the usual bound.
	ExportRows int
	// Person is how the diary names who decides.
	Person string
}

// Core is the engine. It is safe for concurrent use.
type Core struct {
	Config
	names names
	// heard is what devices were told that names stand for.
	heard  answers
	dirty  *dirty
	losses losses
	vigils vigils
	sent   sent

	lastSent lastSent
	links    links
	taking   importing

	watching watching

	granting sync.Mutex // guards issuers, held while they are asked
	issuers  map[string]issuer

	arrivals arrivals

	meeting sync.Mutex // held while what is remembered of recipients and of behaviour is read and written
	listing sync.Mutex // held while the list of what can be undone is read and written

	mu    sync.Mutex // guards since and undo order: decisions are made one at a time
	since time.Time  // when this run began: the page "new since"

	deletions int // of what was seen, that run; mu guards it
}

// New checks c and returns the engine. It starts nothing; see Ingest and Serve.
func New(c Config) (*Core, error) {
	var missing []error
	for name, absent := range map[string]bool{
		"Store": c.Store == nil, "Inventory": c.Inventory == nil, "Sessions": c.Sessions == nil,
		"Registry": c.Registry == nil, "Hub": c.Hub == nil, "Log": c.Log == nil, "Now": c.Now == nil,
		"Zone": c.Zone == nil, "NewID": c.NewID == nil, "Poke": c.Poke == nil, "Retry": c.Retry == nil, "Lookup": c.Lookup == nil,
	} {
		if absent {
			missing = append(missing, words.Errorf("engine: Config.%s is needed", name))
		}
	}
	if err := errors.Join(missing...); err != nil {
		return nil, err
	}
	if c.Person == "" {
		c.Person = words.Later("you")
	}
	return &Core{Config: c, since: c.Now(), names: names{lookup: c.Lookup}, dirty: newDirty(c.Inventory), issuers: map[string]issuer{}}, nil
}

var _ Engine = (*Core)(nil)

// Watch gives a notification after each change until ctx ends.
func (e *Core) Watch(ctx context.Context) <-chan changes.Change { return e.Hub.Listen(ctx) }

// Serve keeps the addresses of named recipients fresh, the dates that peers
// hold in step, and what is known of access and of gaps up to date, until ctx ends.
func (e *Core) Serve(ctx context.Context) error {
	defer func() { e.giveUp(ctx, e.links.take(func(*pending) bool { return true })) }()
	tick := time.NewTicker(lossEvery)
	defer tick.Stop()
	for n := 0; ; n++ {
		e.warn(ctx, "asking what was missed", e.WatchLosses(ctx))
		if n%keepEvery == 0 {
			e.Look(ctx)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// lossEvery is how often connections are asked what they missed; with each
// keepEvery-th time names are looked up again and handed-over dates compared
// with the decisions, which is also done at each decision.
const (
	lossEvery = 15 * time.Second
	keepEvery = 4
)

// Look brings up to date what is known of names, handed-over dates, what has
// ended, and access; Serve does it by itself.
func (e *Core) Look(ctx context.Context) {
	e.refreshNames(ctx)
	e.warn(ctx, "handing dates over", e.ReconcileHandOvers(ctx))
	e.warn(ctx, "watching what has ended", e.WatchEnded(ctx))
	e.warn(ctx, "following devices that moved", e.WatchMoved(ctx))
	e.warn(ctx, "looking for new recipients", e.WatchRecipients(ctx))
	e.warn(ctx, "listing access", e.ListGrants(ctx))
}

// warn writes down what did not work this time, unless it is only the end.
func (e *Core) warn(ctx context.Context, what string, err error) {
	if err != nil && ctx.Err() == nil {
		e.Log.Warn("a round of the engine", "what", what, "error", err)
	}
}

// note makes a diary line that is about a consent.
func (e *Core) note(kind ledger.Kind, c consent.Consent, text string) ledger.Note {
	return ledger.Note{Time: e.Now(), Kind: kind, Device: string(c.Device), Consent: string(c.ID), Text: text}
}

// deviceNote makes a diary line that is about a device.
func (e *Core) deviceNote(kind ledger.Kind, id discovery.DeviceID, text string) ledger.Note {
	return ledger.Note{Time: e.Now(), Kind: kind, Device: string(id), Text: text}
}

// changed tells the listeners.
func (e *Core) changed(topics ...changes.Topic) { e.Hub.Publish(topics...) }

// deviceName is what to call a device in a sentence.
func (e *Core) deviceName(id discovery.DeviceID) string {
	if id == flow.Somebody {
		return words.Text("Somebody at home")
	}
	if d, ok := e.Inventory.Device(id); ok {
		return d.Name()
	}
	return words.Text("A device that is no longer known")
}
