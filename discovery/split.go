package discovery

import (
	"fmt"
	"slices"
	"strings"
)

// Split takes the device id apart, because a person says that it is several:
// first by undoing merges that a person made, which brings back the ids of
// then, else into the groups of identifiers that were named together. The part
// that keeps the id comes first in the result. What was taken apart is never
// joined again without a person. ErrOnePart when there is nothing to undo.
func (inv *Inventory) Split(id DeviceID) ([]DeviceID, error) {
	inv.mu.Lock()
	defer inv.mu.Unlock()
	e, err := inv.find(id)
	if err != nil {
		return nil, fmt.Errorf("splitting %q: %w", id, err)
	}
	parts := partition(e.d.Groups)
	if len(parts) < 2 {
		return nil, fmt.Errorf("splitting %q: %w", id, ErrOnePart)
	}
	ch := &changes{}
	ch.add(e)
	all := []*entry{e}
	for _, part := range parts[1:] {
		f := inv.carve(e, part)
		ch.add(f)
		all = append(all, f)
	}
	for i, a := range all {
		for _, b := range all[i+1:] {
			inv.distinct[NewPair(a.d.ID, b.d.ID)] = true
		}
	}
	inv.guess(ch)
	return ch.ids, nil
}

// partition sorts groups into parts; the first one stays.
func partition(groups []Group) [][]Group {
	var own []Group
	from := map[DeviceID][]Group{}
	var order []DeviceID
	for _, g := range groups {
		if g.From == "" {
			own = append(own, g)
			continue
		}
		if from[g.From] == nil {
			order = append(order, g.From)
		}
		from[g.From] = append(from[g.From], g)
	}
	if len(order) == 0 {
		parts := make([][]Group, 0, len(own))
		for _, g := range own {
			parts = append(parts, []Group{g})
		}
		// The part with the hardware address is the device itself.
		slices.SortStableFunc(parts, func(a, b []Group) int { return hardwareFirst(a[0]) - hardwareFirst(b[0]) })
		return parts
	}
	parts := [][]Group{own}
	for _, id := range order {
		parts = append(parts, from[id])
	}
	return parts
}

func hardwareFirst(g Group) int {
	if slices.ContainsFunc(g.Identifiers, func(id Identifier) bool { return id.Type == MAC }) {
		return 0
	}
	return 1
}

// carve makes an entry of its own from part of e.
func (inv *Inventory) carve(e *entry, part []Group) *entry {
	f := inv.create(observation{Sighting: Sighting{At: e.d.FirstSeen}})
	if was := part[0].From; was != "" && inv.entries[was] == nil {
		inv.rename(f, was)
	}
	f.d.LastSeen = e.d.LastSeen
	f.d.Sources = slices.Clone(e.d.Sources)
	inv.change(f, func() { f.d.Label, f.d.Essential = part[0].Label, part[0].Essential })
	if f.d.Label != "" && f.d.Label == e.d.Label {
		inv.change(e, func() { e.d.Label = "" })
	}
	hardware := e.d.Hardware
	for _, g := range part {
		for _, id := range slices.Clone(g.Identifiers) {
			f.rooted[id] = e.rooted[id]
			inv.unclaim(e, id)
			inv.claim(f, id)
			if id.Type == MAC && slices.Contains(hardware, id.Value) {
				f.d.Hardware = append(f.d.Hardware, id.Value)
			}
		}
		g.From, g.Label, g.Essential = "", "", EssentialNone
		f.d.Groups = append(f.d.Groups, g)
	}
	e.d.Groups = slices.DeleteFunc(e.d.Groups, func(g Group) bool { return g.From != "" && g.From == part[0].From })
	inv.carveAddresses(e, f)
	carveServices(e, f)
	return f
}

// rename gives the new entry f the id that it had before a person merged it.
func (inv *Inventory) rename(f *entry, id DeviceID) {
	delete(inv.entries, f.d.ID)
	delete(inv.aliases, id)
	f.d.ID = id
	inv.entries[id] = f
}

// carveAddresses moves the addresses at which f's hardware address answered,
// and those to which only f's names led.
func (inv *Inventory) carveAddresses(e, f *entry) {
	for a, h := range e.holds {
		mine := slices.ContainsFunc(h.claims, func(id Identifier) bool { return slices.Contains(f.d.Identifiers, id) })
		theirs := slices.ContainsFunc(h.claims, func(id Identifier) bool { return slices.Contains(e.d.Identifiers, id) })
		proven := f.has(h.mac) || !h.unproven() && len(f.d.Hardware) > 0 && len(e.d.Hardware) == 0
		if proven || mine && !theirs && h.unproven() {
			inv.release(e, a)
			inv.hold(f, a, h)
		}
	}
}

// carveServices moves the services and facts that were said of f's identifiers.
func carveServices(e, f *entry) {
	owns := func(t IdentifierType, v string) bool {
		id, ok := Identifier{t, v}.Normalize()
		return ok && slices.Contains(f.d.Identifiers, id)
	}
	e.d.Services = slices.DeleteFunc(e.d.Services, func(s Service) bool {
		if !owns(Hostname, s.Host) && !owns(Instance, InstanceName(s)) {
			return false
		}
		f.d.Services = append(f.d.Services, s)
		return true
	})
	e.d.Facts = slices.DeleteFunc(e.d.Facts, func(x Fact) bool {
		if x.Of == "" || !owns(UDN, x.Of) {
			return false
		}
		f.d.Facts = append(f.d.Facts, x)
		return true
	})
}

// InstanceName is the value of s's Instance identifier: "instance._type._tcp".
func InstanceName(s Service) string {
	return strings.ToLower(strings.ToValidUTF8(s.Instance, "\uFFFD") + "." + s.Type)
}
