package engine

import (
	"context"
	"net/netip"
	"slices"

	"bestbefore/assets/words"
	"bestbefore/connectors"
	"bestbefore/consent"
	"bestbefore/discovery"
	"bestbefore/discovery/recipient"
)

// insideRanges are the addresses that are at home everywhere, and those that are
// nobody's: a block of one cuts a device from its router, and stops nothing outside.
var insideRanges = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("127.0.0.0/8"),
	netip.MustParsePrefix("169.254.0.0/16"), netip.MustParsePrefix("172.16.0.0/12"), netip.MustParsePrefix("192.168.0.0/16"),
	netip.MustParsePrefix("224.0.0.0/4"), netip.MustParsePrefix("255.255.255.255/32"),
	netip.MustParsePrefix("::/127"), netip.MustParsePrefix("fc00::/7"), netip.MustParsePrefix("fe80::/10"), netip.MustParsePrefix("ff00::/8"),
}

// mustBeOutside refuses a recipient of which a destination is at home, or is what
// the home asks for names: on the day, the device would lose its router, its
// names or its neighbours, and go on sending. Who keeps accounts of devices may be
// at home: there an account is ended, and nothing is cut. A recipient that cannot be
// read is left to who reads it.
func (e *Core) mustBeOutside(ctx context.Context, r consent.Recipient) error {
	normal, err := r.Normal()
	if err != nil {
		return nil
	}
	for _, d := range normal.Destinations {
		keeps, err := e.keepsAccounts(ctx, d)
		switch {
		case err != nil:
			return err
		case keeps:
		case e.inside(d):
			return words.Errorf("%s is in your home, and a date is for what leaves it; give the address or the host name of who receives it outside, such as video.example", d)
		case e.asksNames(d):
			return words.Errorf("%s answers your home when it asks for names, so without it nothing would be found; give the address or the host name of who receives it outside, such as video.example", d)
		}
	}
	return nil
}

// rangeOf is a destination as a range; an address is a range of one. False for a host name.
func rangeOf(d string) (netip.Prefix, bool) {
	if a, err := netip.ParseAddr(d); err == nil {
		a = a.Unmap().WithZone("")
		return netip.PrefixFrom(a, a.BitLen()), true
	}
	p, err := netip.ParsePrefix(d)
	return p, err == nil
}

// inside reports whether a destination is at home, or reaches into it.
func (e *Core) inside(d string) bool {
	p, address := rangeOf(d)
	if !address {
		return e.receiver(destinationOf(d), "", 0).Purpose == string(recipient.Home) || slices.ContainsFunc(e.names.addresses(d), atHome)
	}
	if slices.ContainsFunc(insideRanges, p.Overlaps) {
		return true
	}
	for _, dev := range e.Inventory.Devices() { // one with a public address, as IPv6 gives them
		for _, a := range dev.Addresses {
			if !a.Claimed && p.Contains(a.Addr.Unmap().WithZone("")) {
				return true
			}
		}
	}
	return false
}

// keepsAccounts reports whether a destination is a peer at which devices of the
// home have accounts of their own, and not the router, which is cut as a whole.
func (e *Core) keepsAccounts(ctx context.Context, d string) (bool, error) {
	if p, address := rangeOf(d); address {
		id, _ := e.Inventory.Resolve("", p.Addr(), "")
		if dev, known := e.Inventory.Device(id); !p.IsSingleIP() || known && dev.Role == discovery.RoleRouter {
			return false, nil
		}
	}
	conns, err := e.Store.Connections(ctx)
	if err != nil {
		return false, err
	}
	known, err := e.Store.AllGrants(ctx)
	if err != nil {
		return false, err
	}
	for _, c := range conns {
		kind, ok := e.Registry.Get(c.Kind)
		caps, open := e.Sessions.Capabilities(c.ID)
		lists := open && (caps.GrantLister != nil || caps.Accounter != nil || caps.Traits.Grain == connectors.GrainAccount) || slices.ContainsFunc(known, func(g consent.Grant) bool { return g.Connection == c.ID })
		if ok && lists && slices.ContainsFunc(kind.Spec().Peers(c.Settings), func(peer string) bool { return e.standsFor(hostOf(peer), d) }) {
			return true, nil
		}
	}
	return false, nil
}

// standsFor reports whether a peer's host is what d says, or has that address.
func (e *Core) standsFor(host, d string) bool {
	return host == d || slices.ContainsFunc(e.hostAddresses(host), func(a netip.Addr) bool { return a.String() == d })
}

// asksNames reports whether a destination is a name server that the home was told to ask.
func (e *Core) asksNames(d string) bool {
	p, address := rangeOf(d)
	if !address || e.Resolvers == nil {
		return false
	}
	return slices.ContainsFunc(e.Resolvers(), func(a netip.Addr) bool { return p.Contains(a.Unmap().WithZone("")) })
}
