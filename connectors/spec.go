package connectors

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"bestbefore/assets/words"
	"bestbefore/consent"
)

// Spec is a connector's self-description: from it come the set-up form, the
// command line's --set keys, the checks and the redaction.
type Spec struct {
	Kind    string   `json:"kind"` // "gateway", "mqtt" ...
	Name    string   `json:"name"` // on screen
	Sees    string   `json:"sees"` // one sentence each, for the connectors page
	Stops   string   `json:"stops"`
	Options []Option `json:"options"`
	Needs   []string `json:"needs,omitempty"` // "root on this computer", ...
	Once    bool     `json:"once,omitempty"`  // there can be only one such connection
	// Hosts are names on the internet that it talks to, beside what the household typed as an address.
	Hosts []string `json:"hosts,omitempty"`
	// Setup is what a household may paste at the peer beforehand, so that our account there need not be all-powerful.
	Setup string `json:"setup,omitempty"`
	// Access says in a few words which access (tokens, keys, logins, accounts) it can list; empty for none.
	Access string `json:"access,omitempty"`
	// Announced says by which announced services a peer of this kind is found.
	Announced []Announced `json:"announced,omitempty"`
	// Knocks are the pages by which a router or name server is known as a peer of this kind.
	Knocks []Knock `json:"knocks,omitempty"`
	// Links says that its connector is a Linker: the person says yes on the peer's own page.
	Links bool `json:"links,omitempty"`
	// SetsNothing says that nothing is ever set at the peer, so that a connection
	// may be removed although it does not answer.
	SetsNothing bool `json:"sets_nothing,omitempty"`
	// Stays is what the peer keeps of us when a connection is removed.
	Stays Stays `json:"stays,omitzero"`
}

// Resident is a connector whose peer is this computer itself, so that nothing
// announces it.
type Resident interface {
	Connector
	// Behind are the networks whose traffic this computer carries; none where it
	// is an ordinary computer, or where that cannot be told.
	Behind() []netip.Prefix
}

// Announced is a service or a UPnP device type that peers of a kind announce:
// where it is goes into the option Key, written as Scheme, host and port; of a
// UPnP device the host alone.
type Announced struct {
	Type   string `json:"type"` // "_mqtt._tcp", "urn:…:device:InternetGatewayDevice:1"
	Key    string `json:"key"`
	Scheme string `json:"scheme,omitempty"` // "tls://"; empty for none
}

// Option is one question of the set-up form.
type Option struct {
	Key      string `json:"key"`
	Label    string `json:"label"`
	Help     string `json:"help,omitempty"`
	Default  string `json:"default,omitempty"`
	Required bool   `json:"required,omitempty"`
	Secret   bool   `json:"secret,omitempty"` // stored sealed, never shown
	// Address marks the answer that says where the peer is: the guarded way out leads there and nowhere else.
	Address bool `json:"address,omitempty"`
	// Device marks the answer that names one of the home's devices. The engine
	// turns it into that device's ID before a connector sees it.
	Device bool `json:"device,omitempty"`
	// Choices are the only answers there are; none where any text will do.
	Choices []Answer `json:"choices,omitempty"`
	// Seldom marks what hardly any household changes: the form shows it when asked to.
	Seldom bool `json:"seldom,omitempty"`
}

// Answer is one of an option's choices. The empty value is one too, where it
// stands among them.
type Answer struct {
	Value string `json:"value"`
	Label string `json:"label"` // "after a restart too"
}

// Accepts reports whether value may be the answer to o. Upper and lower case
// are the same, and what is empty is left to the connector's default.
func (o Option) Accepts(value string) bool {
	return value == "" || len(o.Choices) == 0 ||
		slices.ContainsFunc(o.Choices, func(a Answer) bool { return strings.EqualFold(a.Value, value) })
}

// Values are the choices as they are typed on the command line, but the empty one.
func (o Option) Values() (out []string) {
	for _, a := range o.Choices {
		if a.Value != "" {
			out = append(out, a.Value)
		}
	}
	return out
}

// Settings are the answers to a Spec's options. Secrets are references.
type Settings struct {
	Values  map[string]string            `json:"values"`
	Secrets map[string]consent.SecretRef `json:"secrets,omitempty"`
}

// Check joins all faults of s against spec.
func (spec Spec) Check(s Settings) error {
	var errs []error
	known := map[string]Option{}
	for _, o := range spec.Options {
		known[o.Key] = o
		if o.Required && s.Values[o.Key] == "" && s.Secrets[o.Key] == "" {
			errs = append(errs, words.Errorf("%s: %q is needed (%s)", spec.Kind, o.Key, o.Label))
		}
	}
	for k, v := range s.Values {
		switch o, ok := known[k]; {
		case !ok:
			errs = append(errs, words.Errorf("%s has no setting %q", spec.Kind, k))
		case o.Secret:
			errs = append(errs, words.Errorf("%s: %q is a secret and must be given on standard input", spec.Kind, k))
		case !o.Accepts(strings.TrimSpace(v)):
			errs = append(errs, words.Errorf("%s: %q may be %s, or left out; it was %q", spec.Kind, k, strings.Join(o.Values(), ", "), v))
		}
	}
	return errors.Join(errs...)
}

// Connection is a connector configured by the household.
type Connection struct {
	ID       string    `json:"id"`
	Kind     string    `json:"kind"`
	Name     string    `json:"name"`
	Settings Settings  `json:"settings"`
	Created  time.Time `json:"created"`
	Disabled bool      `json:"disabled,omitempty"`
}

// Error is the one error type that sessions return.
type Error struct {
	Kind    consent.ErrorKind
	RetryAt time.Time // earliest retry of a KindTransient; zero: the retry table decides
	Text    string    // one sentence for the person, no secrets; one of a variable is marked with words.Later
	Err     error     // cause, may be nil
	// Dead says that the service itself has ended for good, not only this call:
	// nothing behind the connection is asked again (T30).
	Dead bool
}

// IsDead reports an error that says that the whole service has ended.
func IsDead(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Dead
}

// Error gives the sentence and the cause.
func (e *Error) Error() string {
	if e.Err == nil {
		return words.Text(e.Text)
	}
	return words.Text(e.Text) + ": " + e.Err.Error()
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// KindOf sorts err: an *Error by its kind, a deadline or network fault as
// transient, everything else as transient too, since giving up is worse.
func KindOf(err error) consent.ErrorKind {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return consent.KindTransient
}

// Host is a session's only door to the outside. The wiring builds one per
// connection; fields may be nil where the connector does not need them, and a
// connector says so clearly when one is missing.
type Host struct {
	Connection string
	Log        *slog.Logger
	Now        func() time.Time
	HTTP       *http.Client // guarded: bounded, pinned, no redirects
	// Dial is guarded too: it reaches the connection's own peer and nothing else.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// ListenPacket waits for datagrams on one of this computer's own addresses at
	// home, or on loopback; never on all of them. May be nil.
	ListenPacket func(ctx context.Context, network, address string) (net.PacketConn, error)
	// TLS is the check of certificates for those who dial by themselves.
	TLS func(serverName string) *tls.Config
	// Secret fills in the value behind a reference; it is never logged.
	Secret func(ctx context.Context, ref consent.SecretRef) (Secret, error)
	// Listen waits for connections on this computer's own loopback and nowhere else. May be nil.
	Listen func(ctx context.Context, network, address string) (net.Listener, error)
	// Keep seals a value anew under one of the connection's own references. It is
	// durable when it returns. May be nil.
	Keep func(ctx context.Context, ref consent.SecretRef, v Secret) error
	// StateDir is a folder of the connection's own for files that must be on
	// disk (the gateway's boot file). Empty: keep nothing.
	StateDir string
}

// Secret is a value that prints as dots in fmt, slog and JSON.
type Secret struct{ value string }

// NewSecret wraps v.
func NewSecret(v string) Secret { return Secret{v} }

// Reveal gives the value. Its callers are listed in a test.
func (s Secret) Reveal() string { return s.value }

const dots = "••••"

// String prints dots.
func (Secret) String() string { return dots }

// GoString prints dots.
func (Secret) GoString() string { return dots }

// Format prints dots for every verb.
func (Secret) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(dots)) }

// MarshalJSON writes dots.
func (Secret) MarshalJSON() ([]byte, error) { return []byte(`"` + dots + `"`), nil }

// LogValue prints dots.
func (Secret) LogValue() slog.Value { return slog.StringValue(dots) }

// Registry is the explicit list of connectors that a program ships.
// Connectors from outside may come and go; it is safe for concurrent use.
type Registry struct {
	mu     sync.RWMutex // guards byKind
	byKind map[string]Connector
}

// NewRegistry holds cs; two of one kind are an error.
func NewRegistry(cs ...Connector) (*Registry, error) {
	r := &Registry{byKind: map[string]Connector{}}
	for _, c := range cs {
		k := c.Spec().Kind
		if r.byKind[k] != nil {
			return nil, fmt.Errorf("two connectors of kind %q", k)
		}
		r.byKind[k] = c
	}
	return r, nil
}

// Get returns the connector of a kind.
func (r *Registry) Get(kind string) (Connector, bool) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	c, ok := r.byKind[kind]
	return c, ok
}

// Put adds a connector, or takes the place of the one of its kind.
func (r *Registry) Put(c Connector) {
	kind := c.Spec().Kind
	r.mu.Lock()
	defer r.mu.Unlock()
	r.byKind[kind] = c
}

// Drop forgets a kind.
func (r *Registry) Drop(kind string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.byKind, kind)
}

// Specs lists all, sorted by kind.
func (r *Registry) Specs() []Spec {
	r.mu.RLock()
	defer r.mu.RUnlock()
	var out []Spec
	for _, c := range r.byKind {
		out = append(out, c.Spec())
	}
	sortSpecs(out)
	return out
}

func sortSpecs(s []Spec) {
	slices.SortFunc(s, func(a, b Spec) int { return cmp.Compare(a.Kind, b.Kind) })
}
