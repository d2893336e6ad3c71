package demo

import (
	"context"
	"net/netip"
	"slices"
	"strings"

	"bestbefore/discovery"
)

// scope is the part of the network that the demo's engine may take devices
// from: the loopback interface, and there only the addresses of the demo. What
// another mDNS program of this computer says on loopback is not taken in.
type scope struct {
	inner     discovery.Scanner
	loopback  string // the interface's name
	addresses netip.Prefix
}

// Scan hands on the sightings of the demo's devices. On loopback everything
// comes from this computer, so that the sender's address says nothing: it is
// left out, and the announcement speaks for the device itself.
func (s scope) Scan(ctx context.Context, emit func(discovery.Sighting)) error {
	ours := map[string]bool{} // hosts seen with an address of the demo; they may lose it
	return s.inner.Scan(ctx, func(x discovery.Sighting) {
		host := hostOf(x)
		if s.within(x) && (len(ours) < maxHosts || ours[host]) {
			ours[host] = true
		} else if !ours[host] || len(x.Addresses) > 0 {
			return
		}
		x.From, x.Senders = netip.Addr{}, nil
		emit(x)
	})
}

// maxHosts bounds what the scope remembers.
const maxHosts = 64

func (s scope) within(x discovery.Sighting) bool {
	return x.Interface == s.loopback && len(x.Addresses) > 0 && strings.HasPrefix(hostOf(x), hostPrefix) &&
		!slices.ContainsFunc(x.Addresses, func(a netip.Addr) bool { return !s.addresses.Contains(a) })
}

func hostOf(x discovery.Sighting) string {
	for _, id := range x.Identifiers {
		if id.Type == discovery.Hostname {
			return id.Value
		}
	}
	return ""
}
