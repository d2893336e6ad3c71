package discovery

import (
	"fmt"
	"slices"
)

// SetLabel gives the device a person's own name, which wins for ever over every
// guess; an empty one takes it back. The text is cleaned.
func (inv *Inventory) SetLabel(id DeviceID, text string) error {
	return inv.decide("naming", id, func(e *entry) error {
		e.d.Label = string(Clean(text))
		return nil
	})
}

// SetEssential records what must not be cut without a person.
func (inv *Inventory) SetEssential(id DeviceID, grade Essential) error {
	return inv.decide("marking", id, func(e *entry) error {
		if !slices.Contains([]Essential{EssentialNone, EssentialComfort, EssentialSafety, EssentialMedical}, grade) {
			return fmt.Errorf("no such grade %q", grade)
		}
		e.d.Essential = grade
		return nil
	})
}

// SetRole records a role that a person or a connector knows of. A role that a
// source sees again returns: this computer and the router stay protected.
func (inv *Inventory) SetRole(id DeviceID, r Role) error {
	return inv.decide("giving a role to", id, func(e *entry) error {
		if roleRank(r) < 0 {
			return fmt.Errorf("no such role %q", r)
		}
		e.d.Role = r
		return nil
	})
}

// Pin marks the device as confirmed: something was decided about it, so that it
// is never dropped to make room and never joined with another without a person.
func (inv *Inventory) Pin(id DeviceID) error {
	return inv.decide("pinning", id, func(e *entry) error { e.pinned = true; return nil })
}

// Unpin takes Pin back. A label, a grade or a role still confirm the device.
func (inv *Inventory) Unpin(id DeviceID) error {
	return inv.decide("unpinning", id, func(e *entry) error { e.pinned = false; return nil })
}

func (inv *Inventory) decide(doing string, id DeviceID, f func(*entry) error) error {
	inv.mu.Lock()
	defer inv.mu.Unlock()
	e, err := inv.find(id)
	if err != nil {
		return fmt.Errorf("%s %q: %w", doing, id, err)
	}
	inv.change(e, func() { err = f(e) })
	if err != nil {
		return fmt.Errorf("%s %q: %w", doing, id, err)
	}
	return nil
}
