package discovery

import (
	"net/netip"
	"slices"

	"bestbefore/assets/words"
)

// settle looks at everyone who contradicts or shares what o said of e, and
// either joins the two entries or asks. Nothing else ever joins entries but a
// person.
func (inv *Inventory) settle(e *entry, o observation, ch *changes) {
	for _, m := range o.macs {
		e = inv.settleMAC(e, m, ch)
	}
	if len(o.macs) > 0 {
		for _, a := range o.Addresses {
			e = inv.settleAddress(e, a, o, ch)
		}
	}
	// A host on two networks announces one name at both addresses: what is said
	// of the one is said of the other.
	for _, f := range inv.provenAt(o) {
		if f == e || inv.entries[f.d.ID] != f || inv.apart(e, f) {
			continue
		}
		claims := slices.DeleteFunc(slices.Clone(o.claims), func(id Identifier) bool { return id.Type == MAC || !id.weak() && !o.by(f) })
		for _, a := range o.Addresses {
			if h := f.holds[a]; h != nil {
				h.carry(claims, o.At)
			}
		}
		for _, id := range claims {
			if inv.claim(f, id) {
				ch.add(f)
			}
		}
	}
	for _, id := range o.claims {
		e = inv.settleClaim(e, id, ch)
	}
}

// settleMAC deals with others that know the hardware address m of e.
func (inv *Inventory) settleMAC(e *entry, m string, ch *changes) *entry {
	id := Identifier{MAC, m}
	for _, f := range slices.Clone(inv.owners[id]) {
		switch {
		case f == e || inv.entries[f.d.ID] != f:
		case f.has(m): // one sighting named two hardware addresses
			e = inv.reconcile(e, f, id, ch)
		default: // f only spoke of it
			inv.unclaim(f, id)
			ch.add(f)
			e = inv.reconcile(e, f, id, ch)
		}
	}
	return e
}

// settleClaim deals with the other owners of an identifier that e claims.
func (inv *Inventory) settleClaim(e *entry, id Identifier, ch *changes) *entry {
	for _, f := range slices.Clone(inv.owners[id]) {
		if f != e && inv.entries[f.d.ID] == f {
			e = inv.reconcile(e, f, id, ch)
		}
	}
	return e
}

// settleAddress gives e the address a, where its hardware address answered,
// and takes it from the others.
func (inv *Inventory) settleAddress(e *entry, a netip.Addr, o observation, ch *changes) *entry {
	if e.holds[a] == nil {
		return e
	}
	for _, f := range slices.Clone(inv.holders[a]) {
		if f == e || inv.entries[f.d.ID] != f {
			continue
		}
		h := f.holds[a]
		if len(f.d.Hardware) == 0 && near(h.claimed, o.At) && !inv.apart(e, f) {
			if inv.mayJoin(e, f, false) {
				e = inv.join(e, f, ch)
				continue
			}
			inv.ask(e, f, words.Sprintf("A device that was known by name only now shows a hardware address at %s.", a), o, ch)
		}
		e = inv.takeAddress(e, f, a, o, ch)
	}
	if h := e.holds[a]; h != nil && slices.Contains(ch.proved, a) && near(h.claimed, o.At) {
		for _, id := range slices.Clone(h.claims) { // what was announced here is e's own now
			if id.Type == MAC && inv.onWire(id.Value) != nil {
				continue
			}
			if inv.claim(e, id) {
				ch.add(e)
			}
			e = inv.settleClaim(e, id, ch)
		}
	}
	return e
}

// takeAddress moves the address a from f to e, with the names that led only there.
func (inv *Inventory) takeAddress(e, f *entry, a netip.Addr, o observation, ch *changes) *entry {
	h := f.holds[a]
	inv.release(f, a)
	ch.add(f)
	if near(h.proven, o.At) && !inv.apart(e, f) && len(f.d.Hardware) > 0 {
		inv.ask(f, e, words.Sprintf("Two hardware addresses answered at %s within minutes.", a), o, ch)
	}
	if !near(h.claimed, o.At) || len(f.d.Hardware) == 0 {
		return e
	}
	for _, id := range h.claims {
		if !f.supports(id) {
			inv.lose(f, e, id, ch)
		}
		if id.Type != MAC || inv.onWire(id.Value) == nil {
			inv.claim(e, id)
			e.group([]Identifier{id}, o)
		}
		ch.add(e)
	}
	if mine := e.holds[a]; mine != nil {
		mine.carry(h.claims, h.claimed)
	}
	for _, id := range h.claims {
		e = inv.settleClaim(e, id, ch)
	}
	return e
}

// lose takes id from f, because it turned out to be e's. What somebody decided
// about f was decided about the device of that name, so then it is a question too.
func (inv *Inventory) lose(f, e *entry, id Identifier, ch *changes) {
	inv.unclaim(f, id)
	if f.safe() && id.Type != MAC && !inv.apart(e, f) && len(e.d.Hardware) > 0 && len(f.d.Hardware) > 0 {
		inv.ask(f, e, why(id), observation{Sighting: Sighting{At: latest(e.d.LastSeen, f.d.LastSeen)}}, ch)
	}
}

// supports reports whether id is e's own: not only announced from an address
// at which nobody has seen e's hardware address.
func (e *entry) supports(id Identifier) bool {
	if e.rooted[id] {
		return true
	}
	for _, h := range e.holds {
		if slices.Contains(h.claims, id) && (!h.unproven() || len(e.d.Hardware) == 0) {
			return true
		}
	}
	return false
}

// reconcile decides about two entries that share id: one device, or a question.
func (inv *Inventory) reconcile(e, f *entry, id Identifier, ch *changes) *entry {
	if len(e.d.Hardware) > 0 && len(f.d.Hardware) > 0 && id.Type != MAC {
		// Of two with hardware addresses, one may have the name only because it
		// was heard before anybody knew whose it is.
		switch a, b := e.supports(id), f.supports(id); {
		case a && !b:
			inv.lose(f, e, id, ch)
			ch.add(f)
			return e
		case b && !a:
			inv.lose(e, f, id, ch)
			ch.add(e)
			return e
		case !a && !b:
			return e
		}
	}
	switch {
	case inv.apart(e, f):
		return e
	case id.weak() && inv.mayShareName(e, f, id), !id.weak() && inv.mayJoin(e, f, true):
		return inv.join(e, f, ch)
	}
	inv.ask(e, f, why(id), observation{Sighting: Sighting{At: latest(e.d.LastSeen, f.d.LastSeen)}}, ch)
	return e
}

// mayJoin reports whether two entries may become one without a person. Two
// hardware addresses are one device only by a strong identifier, only if
// neither of them is random, and never once somebody decided about either:
// anybody on the network can repeat what a device says of itself.
func (inv *Inventory) mayJoin(e, f *entry, strong bool) bool {
	if conflicting(e.d.Role, f.d.Role) || e.safe() && f.safe() {
		return false
	}
	if len(e.d.Hardware) == 0 || len(f.d.Hardware) == 0 {
		return true
	}
	return strong && e.global() && f.global() && !e.safe() && !f.safe()
}

// mayShareName reports whether a shared name makes e and f one device: only
// if at most one of them has shown a hardware address, and nothing but the
// name is known of the other, or both were seen at one address.
func (inv *Inventory) mayShareName(e, f *entry, id Identifier) bool {
	if len(e.d.Hardware) > 0 && len(f.d.Hardware) > 0 || !inv.mayJoin(e, f, false) {
		return false
	}
	if e.meets(f) {
		return true
	}
	if e.safe() || f.safe() {
		return false
	}
	return id.Type == Hostname || e.nameless() || f.nameless()
}

// meets reports whether e and f were seen at one address.
func (e *entry) meets(f *entry) bool {
	for a := range e.holds {
		if f.holds[a] != nil {
			return true
		}
	}
	return false
}

// nameless reports whether e has neither host name nor address: a service of
// which only the name has been heard so far.
func (e *entry) nameless() bool {
	return len(e.holds) == 0 && !slices.ContainsFunc(e.d.Identifiers, func(id Identifier) bool { return id.Type == Hostname })
}

// apart reports whether a person said that e and f are different devices.
func (inv *Inventory) apart(e, f *entry) bool { return inv.distinct[NewPair(e.d.ID, f.d.ID)] }

// conflicting reports whether two roles cannot belong to one device: the gateway
// may be this computer, but then one entry has said so from the start.
func conflicting(a, b Role) bool {
	return a == RoleThisComputer && b == RoleRouter || a == RoleRouter && b == RoleThisComputer
}

// why words a question about a shared identifier.
func why(id Identifier) string {
	what := map[IdentifierType]string{
		MAC: words.Text("hardware address"), Serial: words.Text("serial number"), UUID: words.Text("own number"), UDN: words.Text("UPnP number"),
		Instance: words.Text("service name"), Hostname: "name", Remote: words.Text("entry in a connector's list"),
	}[id.Type]
	return words.Sprintf("Two devices with different hardware addresses use one %s: %s.", what, Clean(id.Value))
}
