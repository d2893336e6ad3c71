package discovery

import (
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
)

// ErrOnePart says that a device cannot be taken apart: all that is known of it
// was said in one breath.
var ErrOnePart = errors.New("nothing to take apart")

// Merge makes gone part of keep, because a person says that they are one
// device. The id gone goes on naming it. It returns the devices that changed.
func (inv *Inventory) Merge(keep, gone DeviceID) ([]DeviceID, error) {
	inv.mu.Lock()
	defer inv.mu.Unlock()
	return inv.mergeByPerson(keep, gone)
}

func (inv *Inventory) mergeByPerson(keep, gone DeviceID) ([]DeviceID, error) {
	k, err := inv.find(keep)
	if err != nil {
		return nil, fmt.Errorf("merging %q into %q: %w", gone, keep, err)
	}
	g, err := inv.find(gone)
	switch {
	case err != nil:
		return nil, fmt.Errorf("merging %q into %q: %w", gone, keep, err)
	case k == g:
		return nil, fmt.Errorf("merging %q into %q: they are one device already", gone, keep)
	case conflicting(k.d.Role, g.d.Role):
		return nil, fmt.Errorf("merging %q into %q: one is this computer and the other the router", gone, keep)
	}
	for i := range g.d.Groups {
		if g.d.Groups[i].From == "" {
			g.d.Groups[i].From, g.d.Groups[i].Label, g.d.Groups[i].Essential = g.d.ID, g.d.Label, g.d.Essential
		}
	}
	if len(g.d.Groups) == 0 { // so that it can be undone even when nothing is known of it
		k.d.Groups = append(k.d.Groups, Group{Source: SourcePerson, Seen: At(g.d.FirstSeen), From: g.d.ID, Label: g.d.Label, Essential: g.d.Essential})
	}
	delete(inv.distinct, NewPair(k.d.ID, g.d.ID))
	ch := &changes{}
	inv.absorb(k, g, ch)
	inv.guess(ch)
	return ch.ids, nil
}

// join makes one entry of two that the evidence says are one, and returns it:
// the confirmed one, else the older one.
func (inv *Inventory) join(e, f *entry, ch *changes) *entry {
	keep, gone := e, f
	switch {
	case f.safe() != e.safe():
		if f.safe() {
			keep, gone = f, e
		}
	case older(f, e) < 0:
		keep, gone = f, e
	}
	inv.absorb(keep, gone, ch)
	return keep
}

// absorb moves everything of gone into keep and leaves an alias.
func (inv *Inventory) absorb(keep, gone *entry, ch *changes) {
	ch.add(keep)
	ch.add(gone)
	groups, hardware, ids := cloneGroups(gone.d.Groups), gone.d.Hardware, gone.d.Identifiers
	holds := maps.Clone(gone.holds)
	wasSafe, rooted := gone.safe(), maps.Clone(gone.rooted)
	inv.forget(gone)
	if wasSafe {
		inv.confirmed--
	}
	for _, id := range ids {
		inv.claim(keep, id)
	}
	maps.Copy(keep.rooted, rooted)
	keep.takeWire(hardware, groups)
	for a, h := range holds {
		inv.absorbHold(keep, a, h)
	}
	for _, s := range gone.d.Services {
		keep.mergeService(s)
	}
	for _, f := range gone.d.Facts {
		keep.mergeFact(f)
	}
	for _, s := range gone.d.Sources {
		if !slices.Contains(keep.d.Sources, s) {
			keep.d.Sources = append(keep.d.Sources, s)
		}
	}
	if gone.d.FirstSeen.Before(keep.d.FirstSeen) {
		keep.d.FirstSeen = gone.d.FirstSeen
		for _, id := range keep.d.Identifiers {
			slices.SortFunc(inv.owners[id], older)
		}
	}
	keep.d.LastSeen = latest(keep.d.LastSeen, gone.d.LastSeen)
	inv.change(keep, func() { keep.takeMarks(gone) })
	inv.aliases[gone.d.ID] = keep.d.ID
	inv.requeue(gone.d.ID, keep)
}

// takeWire adds hardware addresses and groups of identifiers, within their bounds.
func (e *entry) takeWire(hardware []string, groups []Group) {
	for _, m := range hardware {
		if !e.has(m) && len(e.d.Hardware) < maxHardware {
			e.d.Hardware = append(e.d.Hardware, m)
		}
	}
	e.d.Groups = append(e.d.Groups, groups...)
	for len(e.d.Groups) > maxGroups {
		last := e.d.Groups[maxGroups]
		e.d.Groups[0].Identifiers = append(e.d.Groups[0].Identifiers, last.Identifiers...)
		e.d.Groups = slices.Delete(e.d.Groups, maxGroups, maxGroups+1)
	}
}

// takeMarks keeps the graver of what a person or the network said of the two.
func (e *entry) takeMarks(gone *entry) {
	if e.d.Label == "" {
		e.d.Label = gone.d.Label
	}
	if graver(gone.d.Essential, e.d.Essential) {
		e.d.Essential = gone.d.Essential
	}
	if roleRank(gone.d.Role) > roleRank(e.d.Role) {
		e.d.Role = gone.d.Role
	}
	e.pinned = e.pinned || gone.pinned
}

func (inv *Inventory) absorbHold(keep *entry, a netip.Addr, h *hold) {
	mine := keep.holds[a]
	if mine == nil {
		inv.hold(keep, a, h)
		return
	}
	if h.proven.After(mine.proven) {
		mine.proven, mine.by, mine.mac = h.proven, h.by, h.mac
	}
	mine.seen, mine.claimed = latest(mine.seen, h.seen), latest(mine.claimed, h.claimed)
	for _, id := range h.claims {
		if !slices.Contains(mine.claims, id) {
			mine.claims = append(mine.claims, id)
		}
	}
}

// graver reports whether a forbids more than b.
func graver(a, b Essential) bool {
	order := []Essential{EssentialNone, EssentialComfort, EssentialSafety, EssentialMedical}
	return slices.Index(order, a) > slices.Index(order, b)
}
