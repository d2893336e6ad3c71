package discovery

import (
	"net/netip"
	"slices"
	"time"
)

// observation is a sighting with everything in it bounded and in canonical form.
type observation struct {
	Sighting
	macs   []string     // hardware addresses read from the network itself
	claims []Identifier // everything else that identifies; a MAC in a text is one
}

// by reports whether e itself sent o, from one of its addresses, as far as the
// source tells who sent it. What others say of a device gives it names and
// services but never a strong identifier: by those, two devices become one.
func (o observation) by(e *entry) bool {
	return slices.ContainsFunc(o.Addresses, func(a netip.Addr) bool { return e.holds[a] != nil && o.sentFrom(a) })
}

func (o observation) sentFrom(a netip.Addr) bool {
	return len(o.Senders) == 0 && !o.From.IsValid() || o.From.Unmap() == a || slices.Contains(o.Senders, a)
}

// changes collects the devices that differ from before, in order, and the
// addresses at which a hardware address answered for the first time.
type changes struct {
	ids    []DeviceID
	proved []netip.Addr
}

func (c *changes) add(e *entry) {
	if !slices.Contains(c.ids, e.d.ID) {
		c.ids = append(c.ids, e.d.ID)
	}
}

// Observe merges s and returns the ids of the devices that differ now in more
// than the time that they were last seen: nil for a mere refresh. An id that
// Device no longer knows under its own name was merged away or dropped.
func (inv *Inventory) Observe(s Sighting) []DeviceID {
	inv.mu.Lock()
	defer inv.mu.Unlock()
	o := inv.prepare(s)
	if len(o.macs)+len(o.claims)+len(o.Addresses) == 0 || len(o.macs)+len(o.claims) == 0 && len(inv.provenAt(o)) == 0 {
		return nil // an address alone is not a device
	}
	ch := &changes{}
	e := inv.locate(o)
	if e == nil {
		if !inv.admit(o, ch) {
			return nil
		}
		e = inv.create(o)
		ch.add(e)
	}
	inv.apply(e, o, ch)
	inv.settle(e, o, ch)
	inv.guess(ch)
	return ch.ids
}

func (inv *Inventory) prepare(s Sighting) observation {
	o := observation{Sighting: s}
	if o.At.IsZero() {
		o.At = inv.cfg.Now()
	}
	o.At = o.At.Round(0).UTC()
	o.Services = boundServices(s)
	ids := s.Identifiers
	if inv.cfg.Identify != nil {
		ids = slices.Clone(ids)
		for _, v := range o.Services {
			ids = append(ids, inv.cfg.Identify(v)...)
		}
	}
	for _, raw := range ids {
		id, ok := raw.Normalize()
		switch {
		case !ok:
		case id.Type == MAC && s.Source.onTheWire() && !s.Claimed:
			if !slices.Contains(o.macs, id.Value) && len(o.macs) < maxHardware {
				o.macs = append(o.macs, id.Value)
			}
		case id.Type == MAC && RandomMAC(id.Value): // names nobody, and may be anybody's tomorrow
		case !slices.Contains(o.claims, id) && len(o.claims) < maxIdentifiers:
			o.claims = append(o.claims, id)
		}
	}
	o.Senders = o.Senders[:min(len(o.Senders), maxAddresses)]
	o.Addresses = nil
	for _, a := range s.Addresses {
		if a = a.Unmap(); usable(a) && !slices.Contains(o.Addresses, a) && len(o.Addresses) < maxAddresses {
			o.Addresses = append(o.Addresses, a)
		}
	}
	if !s.Source.onTheWire() && s.From.IsValid() && !slices.ContainsFunc(o.Addresses, o.sentFrom) {
		// A proxy, a reflector or a liar speaks for somebody else.
		o.claims = slices.DeleteFunc(o.claims, func(id Identifier) bool { return !id.weak() })
	}
	return o
}

func (inv *Inventory) create(o observation) *entry {
	e := &entry{
		d:     Device{ID: inv.cfg.NewID(), FirstSeen: o.At, LastSeen: o.At},
		holds: map[netip.Addr]*hold{}, rooted: map[Identifier]bool{},
	}
	inv.entries[e.d.ID] = e
	return e
}

// apply writes o's own facts into e, where they contradict nobody else.
func (inv *Inventory) apply(e *entry, o observation, ch *changes) {
	before := len(e.d.Identifiers) + len(e.d.Hardware) + len(e.d.Sources)
	if o.At.After(e.d.LastSeen) {
		e.d.LastSeen = o.At
	}
	if o.At.Before(e.d.FirstSeen) {
		e.d.FirstSeen = o.At
	}
	ids := make([]Identifier, 0, len(o.macs)+len(o.claims))
	for _, m := range o.macs {
		id := Identifier{MAC, m}
		ids = append(ids, id)
		if other := inv.onWire(m); (other == nil || other == e) && !e.has(m) && len(e.d.Hardware) < maxHardware {
			inv.claim(e, id)
			e.d.Hardware = append(e.d.Hardware, m)
		}
	}
	for _, id := range o.claims {
		// A text that names the hardware address of another device does not get it.
		if at := inv.onWire(id.Value); id.Type == MAC && at != nil && at != e {
			continue
		}
		inv.claim(e, id)
		ids = append(ids, id)
	}
	for _, id := range ids {
		if o.Source.onTheWire() || len(o.Addresses) == 0 {
			e.rooted[id] = true
		}
	}
	e.group(ids, o)
	if o.Source != "" && !slices.Contains(e.d.Sources, o.Source) && len(e.d.Sources) < maxHardware {
		e.d.Sources = append(e.d.Sources, o.Source)
	}
	changed := len(e.d.Identifiers)+len(e.d.Hardware)+len(e.d.Sources) != before
	changed = inv.applyAddresses(e, o, ch) || changed
	changed = e.applyServices(o) || changed
	changed = e.applyFacts(o) || changed
	changed = inv.applyRole(e, o.Role) || changed
	if changed {
		ch.add(e)
	}
}

func (inv *Inventory) applyAddresses(e *entry, o observation, ch *changes) (changed bool) {
	for _, a := range o.Addresses {
		if inv.provenElsewhere(e, a, o) {
			continue
		}
		h := e.holds[a]
		if h == nil {
			h = &hold{}
			inv.hold(e, a, h)
			changed = true
		}
		h.seen = latest(h.seen, o.At)
		if len(o.macs) > 0 {
			if h.unproven() {
				changed = true
				ch.proved = append(ch.proved, a)
			}
			h.proven, h.by = latest(h.proven, o.At), o.Source
			if len(o.macs) == 1 {
				h.mac = o.macs[0]
			}
		}
		h.carry(o.claims, o.At)
	}
	return changed
}

// carry notes that ids were announced at h's address.
func (h *hold) carry(ids []Identifier, at time.Time) {
	for _, id := range ids {
		h.claimed = latest(h.claimed, at)
		if !slices.Contains(h.claims, id) && len(h.claims) < maxServices {
			h.claims = append(h.claims, id)
		}
	}
}

// provenElsewhere reports whether o must not give a to e, because the hardware
// address of another entry answers there: a name never outweighs that, and a
// connector's list, which may be old, does not outweigh this computer's own table.
func (inv *Inventory) provenElsewhere(e *entry, a netip.Addr, o observation) bool {
	return slices.ContainsFunc(inv.holders[a], func(f *entry) bool {
		if f == e || len(f.d.Hardware) == 0 || !near(f.holds[a].proven, o.At) {
			return false
		}
		return len(o.macs) == 0 || !o.Source.firstHand() && f.holds[a].by.firstHand()
	})
}

// roleRank orders roles: the higher one wins, since it forbids more.
func roleRank(r Role) int {
	return slices.Index([]Role{RoleOrdinary, RoleConnector, RoleDNS, RoleRouter, RoleThisComputer}, r)
}

func (inv *Inventory) applyRole(e *entry, r Role) bool {
	if roleRank(r) <= roleRank(e.d.Role) {
		return false
	}
	inv.change(e, func() { e.d.Role = r })
	return true
}

// change runs f, which may make e confirmed or not, and keeps the count.
func (inv *Inventory) change(e *entry, f func()) {
	before := e.safe()
	f()
	if after := e.safe(); after && !before {
		inv.confirmed++
	} else if before && !after {
		inv.confirmed--
	}
}

// guess asks anew what the changed devices are.
func (inv *Inventory) guess(ch *changes) {
	if inv.cfg.Fingerprint == nil {
		return
	}
	for _, id := range ch.ids {
		if e := inv.entries[id]; e != nil {
			e.d.Guess = inv.cfg.Fingerprint(e.device())
		}
	}
}

// near reports whether t, which may be zero for never, is of the same moment as at.
func near(t, at time.Time) bool {
	return !t.IsZero() && at.Sub(t).Abs() <= sameMoment
}

func latest(a, b time.Time) time.Time { return slices.MaxFunc([]time.Time{a, b}, time.Time.Compare) }
