package engine

import (
	"context"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"bestbefore/consent"
	"bestbefore/discovery/flow"
)

// noAddr is where no address is known.
var noAddr netip.Addr

// names remembers which addresses the host names of recipients stand for. A
// name may have many addresses and change them, so old ones are kept for a day:
// a device may still use what it looked up this morning.
type names struct {
	lookup func(ctx context.Context, host string) ([]netip.Addr, error)

	mu    sync.Mutex // guards known
	known map[string]map[netip.Addr]time.Time
}

// Bounds on what a hostile or busy name server can make us keep.
const (
	nameKeep     = 24 * time.Hour
	nameMax      = 64 // addresses of one name
	nameDeadline = 3 * time.Second
)

// refresh looks host up and remembers what it finds; an unknown name changes nothing.
func (n *names) refresh(ctx context.Context, host string, now time.Time) error {
	ctx, cancel := context.WithTimeout(ctx, nameDeadline)
	defer cancel()
	addrs, err := n.lookup(ctx, host)
	if err != nil {
		return err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.known == nil {
		n.known = map[string]map[netip.Addr]time.Time{}
	}
	if n.known[host] == nil {
		n.known[host] = map[netip.Addr]time.Time{}
	}
	for _, a := range addrs {
		if len(n.known[host]) < nameMax {
			n.known[host][a.Unmap()] = now
		}
	}
	for a, at := range n.known[host] {
		if now.Sub(at) > nameKeep {
			delete(n.known[host], a)
		}
	}
	return nil
}

// addresses are those that host stands for, sorted.
func (n *names) addresses(host string) []netip.Addr {
	n.mu.Lock()
	defer n.mu.Unlock()
	var out []netip.Addr
	for a := range n.known[host] {
		out = append(out, a)
	}
	slices.SortFunc(out, netip.Addr.Compare)
	return out
}

// hostNames are the destinations of r that are names rather than addresses.
func hostNames(r consent.Recipient) []string {
	var out []string
	for _, d := range r.Destinations {
		if _, err := netip.ParseAddr(d); err == nil {
			continue
		}
		if _, err := netip.ParsePrefix(d); err == nil {
			continue
		}
		out = append(out, strings.ToLower(strings.TrimSuffix(d, ".")))
	}
	return out
}

// Resolve gives the addresses that the names of r stand for now, for a
// connector that acts on addresses. Names that cannot be looked up are left out,
// and addresses at home: those of the router or of a neighbour are nobody's outside.
func (e *Core) Resolve(ctx context.Context, r consent.Recipient) []string {
	var out []string
	for _, h := range hostNames(r) {
		if err := e.names.refresh(ctx, h, e.Now()); err != nil {
			e.Log.Debug("looking up a recipient", "error", err)
		}
		for _, a := range e.names.addresses(h) {
			if !e.inside(a.String()) {
				out = append(out, a.String())
			}
		}
	}
	return out
}

// refreshNames looks up the names of every peer and recipient once. They are only a
// help, so what cannot be read is left out.
func (e *Core) refreshNames(ctx context.Context) {
	cs, err := e.Store.Consents(ctx)
	e.warn(ctx, "looking up the names of recipients", err)
	peers, err := e.peerHosts(ctx)
	e.warn(ctx, "looking up the names of what is connected", err)
	hosts, done := peers, map[string]bool{} // those of peers first: they must not be cut off
	for _, c := range cs {
		hosts = append(hosts, hostNames(c.Recipient)...)
	}
	for _, h := range hosts {
		if _, err := netip.ParseAddr(h); err == nil || done[h] || ctx.Err() != nil {
			continue
		}
		done[h] = true
		if err := e.names.refresh(ctx, h, e.Now()); err != nil {
			e.Log.Debug("looking up a name", "error", err)
		}
	}
}

// receives reports whether traffic to d goes to r, by address, prefix, name, or
// an address that one of r's names stands for.
func (e *Core) receives(r consent.Recipient, d flow.Destination) bool {
	if consent.Covers(r, d) {
		return true
	}
	if !d.Address.IsValid() {
		return false
	}
	for _, h := range hostNames(r) {
		if slices.Contains(e.names.addresses(h), d.Address.Unmap()) {
			return true
		}
	}
	return false
}
