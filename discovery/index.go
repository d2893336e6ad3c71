package discovery

import (
	"cmp"
	"maps"
	"net/netip"
	"slices"
)

// claim gives e the identifier id; false when it had it or has too many.
func (inv *Inventory) claim(e *entry, id Identifier) bool {
	if slices.Contains(e.d.Identifiers, id) || len(e.d.Identifiers) >= maxIdentifiers {
		return false
	}
	e.d.Identifiers = append(e.d.Identifiers, id)
	own := append(inv.owners[id], e)
	slices.SortFunc(own, older)
	inv.owners[id] = own
	return true
}

// unclaim takes the identifier id from e.
func (inv *Inventory) unclaim(e *entry, id Identifier) {
	e.d.Identifiers = without(e.d.Identifiers, id)
	delete(e.rooted, id)
	if id.Type == MAC {
		e.d.Hardware = without(e.d.Hardware, id.Value)
	}
	for i := range e.d.Groups {
		e.d.Groups[i].Identifiers = without(e.d.Groups[i].Identifiers, id)
	}
	e.d.Groups = slices.DeleteFunc(e.d.Groups, func(g Group) bool { return len(g.Identifiers) == 0 && g.From == "" })
	if inv.owners[id] = without(inv.owners[id], e); len(inv.owners[id]) == 0 {
		delete(inv.owners, id)
	}
}

// hold gives e the address a; the one unused for longest makes room.
func (inv *Inventory) hold(e *entry, a netip.Addr, h *hold) {
	if len(e.holds) >= maxAddresses {
		old := slices.MinFunc(slices.Collect(maps.Keys(e.holds)), func(a, b netip.Addr) int {
			return cmp.Or(e.holds[a].seen.Compare(e.holds[b].seen), a.Compare(b))
		})
		inv.release(e, old)
	}
	e.holds[a] = h
	inv.holders[a] = append(inv.holders[a], e)
}

// release takes the address a from e.
func (inv *Inventory) release(e *entry, a netip.Addr) {
	delete(e.holds, a)
	if inv.holders[a] = without(inv.holders[a], e); len(inv.holders[a]) == 0 {
		delete(inv.holders, a)
	}
}

// forget removes e and everything that leads to it.
func (inv *Inventory) forget(e *entry) {
	for _, id := range slices.Clone(e.d.Identifiers) {
		inv.unclaim(e, id)
	}
	for a := range e.holds {
		inv.release(e, a)
	}
	delete(inv.entries, e.d.ID)
}
