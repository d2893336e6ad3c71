package engine

import (
	"context"
	"net/netip"
	"slices"

	"bestbefore/assets/words"
	"bestbefore/connectors"
	"bestbefore/consent"
	"bestbefore/discovery"
)

// Guard gives d the role that forbids to block it where nobody else can know
// it: the home's DNS server, as this computer was told it, and the hosts that
// the household's connections lead to. This computer and the router carry their
// roles already. While that cannot be read, nobody knows what may be cut.
func (e *Core) Guard(ctx context.Context, d discovery.Device) (discovery.Device, error) {
	safe, err := e.protected(ctx)
	if err != nil {
		return d, err
	}
	return safe.guard(d), nil
}

// mayBlock asks the safety list about d as it is known now: refused says why it
// is not cut, err that it cannot be known.
func (e *Core) mayBlock(ctx context.Context, d discovery.Device, o consent.Origin, confirmed bool) (refused, err error) {
	d, err = e.Guard(ctx, d)
	if err != nil {
		return nil, err
	}
	return consent.CanBlock(d, o, confirmed), nil
}

// protectedAt says which addresses must not be cut off, and why.
type protectedAt map[netip.Addr]discovery.Role

// guard uses proven addresses only: a device that merely says that it has one
// must not escape a block by it. What has no hardware address of its own is
// known by nothing better.
func (p protectedAt) guard(d discovery.Device) discovery.Device {
	if d.Role != discovery.RoleOrdinary {
		return d
	}
	for _, a := range d.Addresses {
		if a.Claimed && len(d.Hardware) > 0 {
			continue
		}
		role := p[a.Addr.Unmap().WithZone("")]
		if role == discovery.RoleDNS || role != "" && d.Role == discovery.RoleOrdinary {
			d.Role = role
		}
	}
	return d
}

// protected reads the addresses of the DNS servers and of what is connected.
func (e *Core) protected(ctx context.Context) (protectedAt, error) {
	out := protectedAt{}
	hosts, err := e.peerHosts(ctx)
	if err != nil {
		return nil, words.Errorf("reading what must never be cut off: %w", err)
	}
	for _, host := range hosts {
		if a, err := netip.ParseAddr(host); err == nil {
			out[a.Unmap().WithZone("")] = discovery.RoleConnector
			continue
		}
		for _, a := range e.names.addresses(host) {
			out[a] = discovery.RoleConnector
		}
	}
	if e.Resolvers != nil {
		for _, a := range e.Resolvers() {
			out[a.Unmap().WithZone("")] = discovery.RoleDNS
		}
	}
	return out, nil
}

// peerHosts are the hosts of all connections, each once.
func (e *Core) peerHosts(ctx context.Context) ([]string, error) {
	cs, err := e.Store.Connections(ctx)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, c := range cs {
		kind, known := e.Registry.Get(c.Kind)
		if !known {
			continue
		}
		for _, peer := range kind.Spec().Peers(c.Settings) {
			if h := hostOf(peer); h != "" && !slices.Contains(out, h) {
				out = append(out, h)
			}
		}
	}
	return out, nil
}

// hostOf is the host in what a household types as an address; "" for what is
// none. It is kept safe also where the address has a fault that the guard refuses.
func hostOf(address string) string {
	host, _ := connectors.HostOf(address) // the connection itself says what is wrong with it
	return host
}

// hostAddresses are the addresses of a connection's host, as far as they are known.
func (e *Core) hostAddresses(host string) []netip.Addr {
	if a, err := netip.ParseAddr(host); err == nil {
		return []netip.Addr{a.Unmap()}
	}
	return e.names.addresses(host)
}
