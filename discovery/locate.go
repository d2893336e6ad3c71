package discovery

import (
	"net/netip"
	"slices"
)

// locate finds the entry that o speaks of: by hardware address, by who holds
// its addresses on the network now, by strong identifier, by name.
func (inv *Inventory) locate(o observation) *entry {
	if len(o.macs) > 0 {
		return inv.locateWire(o)
	}
	if at := inv.provenAt(o); len(at) > 0 {
		return inv.asThePersonSaid(o, at[0])
	}
	strong := func(id Identifier, _ *entry) bool { return !id.weak() }
	host := func(id Identifier, _ *entry) bool { return id.Type == Hostname }
	named := slices.ContainsFunc(o.claims, func(id Identifier) bool { return id.Type == Hostname })
	service := func(id Identifier, e *entry) bool {
		return id.Type == Instance && (!named || e.nameless() || e.shares(o.Addresses))
	}
	for _, fits := range []func(Identifier, *entry) bool{strong, host, service} {
		if e := inv.bestOwner(o, fits); e != nil {
			return e
		}
	}
	return nil
}

func (inv *Inventory) locateWire(o observation) *entry {
	var found []*entry
	for _, m := range o.macs {
		if e := inv.onWire(m); e != nil {
			found = append(found, e)
		}
	}
	if len(found) > 0 {
		return slices.MinFunc(found, older)
	}
	// Known so far only from texts or from the peer's own id: now it has answered.
	ids := slices.Clone(o.claims)
	for _, m := range o.macs {
		ids = append(ids, Identifier{MAC, m})
	}
	for _, id := range ids {
		for _, e := range inv.owners[id] {
			if len(e.d.Hardware) == 0 && !id.weak() {
				found = append(found, e)
			}
		}
	}
	if len(found) > 0 {
		return slices.MinFunc(found, older)
	}
	return nil
}

// provenAt returns the entries whose hardware addresses answer at o's addresses
// now, first those that sent o themselves.
func (inv *Inventory) provenAt(o observation) []*entry {
	if o.Source.onTheWire() {
		return nil
	}
	var out []*entry
	for _, a := range o.Addresses {
		for _, e := range inv.holders[a] {
			if near(e.holds[a].proven, o.At) && len(e.d.Hardware) > 0 && !slices.Contains(out, e) {
				out = append(out, e)
			}
		}
	}
	slices.SortFunc(out, func(a, b *entry) int {
		if x, y := o.by(a), o.by(b); x != y {
			if x {
				return -1
			}
			return 1
		}
		return older(a, b)
	})
	return out
}

// asThePersonSaid turns from the entry at the address to the one that has the
// name, where a person took the two apart.
func (inv *Inventory) asThePersonSaid(o observation, at *entry) *entry {
	for _, id := range o.claims {
		for _, e := range inv.owners[id] {
			if inv.distinct[NewPair(e.d.ID, at.d.ID)] && !slices.Contains(at.d.Identifiers, id) {
				return e
			}
		}
	}
	return at
}

// bestOwner picks among the entries that own one of o's claims and fit: one
// that has o's address, else the oldest.
func (inv *Inventory) bestOwner(o observation, fits func(Identifier, *entry) bool) *entry {
	var best *entry
	for _, id := range o.claims {
		for _, e := range inv.owners[id] {
			if !fits(id, e) {
				continue
			}
			if best == nil || e.shares(o.Addresses) && !best.shares(o.Addresses) ||
				e.shares(o.Addresses) == best.shares(o.Addresses) && older(e, best) < 0 {
				best = e
			}
		}
	}
	return best
}

func (e *entry) shares(addrs []netip.Addr) bool {
	return slices.ContainsFunc(addrs, func(a netip.Addr) bool { return e.holds[a] != nil })
}
