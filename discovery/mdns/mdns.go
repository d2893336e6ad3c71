// Package mdns finds what announces itself on the home network by multicast DNS
// (RFC 6762) and DNS-based service discovery (RFC 6763).
//
// It is an engine of its own, on a DNS message library: one socket per address
// family and network interface, one cache of records joined over packets, and
// browsing on top. It asks for what a device left out, notices changes and
// goodbyes, follows interfaces that come and go, and never announces anything.
//
// Nothing that arrives is trusted: packets are answers from the link or are
// dropped, broken records are skipped, and every table has a limit.
package mdns

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"time"

	"bestbefore/discovery"
)

// Config is what an Engine needs.
type Config struct {
	// Now gives the time. Required.
	Now func() time.Time
	// Logger may be nil.
	Logger *slog.Logger
	// Types are the service types to ask for, as "_http._tcp"; nil means the
	// built-in list. Further types are learned unless OnlyTypes is set.
	Types []string
	// OnlyTypes leaves it at Types: no enumeration, nothing overheard.
	OnlyTypes bool
	// Interfaces lists the interfaces to use, asked every five seconds; nil
	// means all that are up and can multicast, without point-to-point links.
	Interfaces func() ([]net.Interface, error)
	// Loopback adds the loopback interface to those that nil Interfaces means.
	Loopback bool
	// Zone is a label below local. in which to look instead of in local. itself:
	// the names of a made-up home, which nobody else of the link is to see.
	Zone string
	// Report is told of trouble and of its end; may be nil. It must not block.
	Report func(Trouble)
	// Known reports whether a host (lower case, "name.local") is one that the
	// household knows; such hosts pass the limits on new names, and room is kept
	// for them. May be nil. It is called from the engine's goroutine and must not
	// block.
	Known func(host string) bool
}

// Code says what kind of trouble there is.
type Code string

// The kinds of trouble.
const (
	NoInterface Code = "no_interface" // nothing to listen on
	JoinFailed  Code = "join_failed"  // one interface and family cannot be used
	ReadFailed  Code = "read_failed"  // a socket stopped working
	Flood       Code = "flood"        // somebody invents names; over a limit they are ignored
	BadPacket   Code = "bad_packet"   // a packet made the parser fail; should never happen
)

// Trouble is something for the health page. Err is nil when it is over.
type Trouble struct {
	Code      Code
	Interface string // "" when it concerns none
	Err       error
}

// EventKind is what happened to a service instance.
type EventKind string

// The kinds of events.
const (
	Added   EventKind = "add"
	Updated EventKind = "update"
	Removed EventKind = "remove"
)

// Event is one change of one service instance. Every event carries the whole
// state; Service.Gone is set on Removed.
type Event struct {
	Kind      EventKind
	At        time.Time
	Service   discovery.Service
	Addresses []netip.Addr // of the host, sorted; link-local ones with zone
	Interface string
	From      netip.Addr
}

// Engine browses the home network. It is safe for concurrent use; each Scan
// and each Browse has sockets and a cache of its own.
type Engine struct {
	cfg   Config
	types []string // full lower-case names, "_http._tcp.local."
}

var _ discovery.Scanner = (*Engine)(nil)

// New checks c and returns an Engine. It opens nothing and starts nothing.
func New(c Config) (*Engine, error) {
	if c.Now == nil {
		return nil, errors.New("mdns: Now is required")
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	c.Logger = c.Logger.With("component", "mdns")
	if c.Report == nil {
		c.Report = func(Trouble) {}
	}
	if c.Known == nil {
		c.Known = func(string) bool { return false }
	}
	if c.Interfaces == nil {
		loopback := c.Loopback
		c.Interfaces = func() ([]net.Interface, error) { return usableInterfaces(loopback) }
	}
	list := c.Types
	if list == nil {
		list = builtinTypes
	}
	e := &Engine{cfg: c}
	for _, t := range list {
		typ, prefix, ok := typeOf(t + "." + domain)
		if !ok || prefix != "" {
			return nil, fmt.Errorf("mdns: %q is not a service type", t)
		}
		e.types = append(e.types, typ)
	}
	return e, nil
}

// Scan emits one Sighting for each host that is seen, changes, or loses a
// service, and a quiet one each half minute in which it is heard without news. It blocks
// until ctx ends and returns nil.
func (e *Engine) Scan(ctx context.Context, emit func(discovery.Sighting)) error {
	return e.run(ctx, func(b batch) {
		for _, s := range b.sightings {
			emit(s)
		}
	})
}

// Browse calls handle with each change of each service instance, at most ten
// times a second for one instance. It blocks until ctx ends and returns nil.
func (e *Engine) Browse(ctx context.Context, handle func(Event)) error {
	return e.run(ctx, func(b batch) {
		for _, ev := range b.events {
			handle(ev)
		}
	})
}
