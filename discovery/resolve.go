package discovery

import (
	"net/netip"
	"slices"
)

// Resolve finds the device that a flow source means: by the peer's own id of
// it ("connection/id"), by the hardware address, and only when it gives
// neither by an address, if exactly one device is known to have it now. An
// address that a mere name led to does not count once a hardware address of
// that device is known. False means that the device is not known.
func (inv *Inventory) Resolve(mac string, addr netip.Addr, remote string) (DeviceID, bool) {
	inv.mu.Lock()
	defer inv.mu.Unlock()
	if mac != "" {
		return inv.resolveID(Identifier{MAC, mac})
	}
	if remote != "" {
		if id, ok := inv.resolveID(Identifier{Remote, remote}); ok {
			return id, true
		}
	}
	return inv.resolveAddr(addr)
}

func (inv *Inventory) resolveID(id Identifier) (DeviceID, bool) {
	id, ok := id.Normalize()
	if !ok {
		return "", false
	}
	if id.Type == MAC {
		if e := inv.onWire(id.Value); e != nil {
			return e.d.ID, true
		}
	}
	if own := inv.owners[id]; len(own) == 1 {
		return own[0].d.ID, true
	}
	return "", false
}

func (inv *Inventory) resolveAddr(addr netip.Addr) (DeviceID, bool) {
	addr = addr.Unmap()
	if !usable(addr) {
		return "", false
	}
	all := inv.holders[addr]
	if addr.Is6() && addr.IsLinkLocalUnicast() && addr.Zone() == "" {
		for a, es := range inv.holders {
			if a.WithZone("") == addr {
				all = append(slices.Clone(all), es...)
			}
		}
	}
	now := inv.cfg.Now()
	var found *entry
	for _, e := range all {
		for a, h := range e.holds {
			if a.WithZone("") != addr.WithZone("") || now.Sub(h.seen) > addressFresh || h.unproven() && len(e.d.Hardware) > 0 {
				continue
			}
			if found != nil && found != e {
				return "", false
			}
			found = e
		}
	}
	if found == nil {
		return "", false
	}
	return found.d.ID, true
}

// Unproven lists the addresses to which a name led within the last minutes and
// at which nobody has seen a hardware address: what the neighbour table should
// be asked about. At most 256.
func (inv *Inventory) Unproven() []netip.Addr {
	inv.mu.Lock()
	defer inv.mu.Unlock()
	now := inv.cfg.Now()
	var out []netip.Addr
	for a, es := range inv.holders {
		if slices.ContainsFunc(es, func(e *entry) bool { return e.holds[a].unproven() && near(e.holds[a].seen, now) }) {
			out = append(out, a)
		}
	}
	slices.SortFunc(out, netip.Addr.Compare)
	return out[:min(len(out), 256)]
}

// Familiar reports whether a device that has id as its own is one to keep when
// somebody floods the network with invented ones: somebody decided something
// about it, or its hardware address has answered. It is quick and may be asked
// for each name that is heard.
func (inv *Inventory) Familiar(id Identifier) bool {
	id, ok := id.Normalize()
	if !ok {
		return false
	}
	inv.mu.Lock()
	defer inv.mu.Unlock()
	return slices.ContainsFunc(inv.owners[id], func(e *entry) bool { return e.safe() || len(e.d.Hardware) > 0 })
}
