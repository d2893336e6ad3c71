package discovery

import (
	"cmp"
	"net/netip"
	"slices"
	"time"
)

// entry is one device with what only the Inventory needs to know of it.
type entry struct {
	d      Device // without Addresses, which are made from holds
	holds  map[netip.Addr]*hold
	rooted map[Identifier]bool // identifiers that rest on more than an announcement from one of the holds
	pinned bool
}

// hold is an entry's use of one address.
type hold struct {
	seen    time.Time
	proven  time.Time    // when a hardware address of the entry last answered here
	by      Source       // who proved it
	mac     string       // the hardware address that answered; "" when it is not known which
	claimed time.Time    // when a name last led here
	claims  []Identifier // which names did
}

func (h *hold) unproven() bool { return h.proven.IsZero() }

func (e *entry) has(mac string) bool { return slices.Contains(e.d.Hardware, mac) }

// global reports whether e has a hardware address that its maker gave it.
func (e *entry) global() bool {
	return slices.ContainsFunc(e.d.Hardware, func(m string) bool { return !RandomMAC(m) })
}

// safe reports whether e is confirmed: somebody decided something about it.
func (e *entry) safe() bool {
	return e.pinned || e.d.Label != "" || e.d.Essential != EssentialNone || e.d.Role != RoleOrdinary
}

// device returns a copy of e for the outside.
func (e *entry) device() Device {
	d := cloneDevice(e.d)
	d.Addresses = make([]Address, 0, len(e.holds))
	for a, h := range e.holds {
		d.Addresses = append(d.Addresses, Address{Addr: a, Seen: At(h.seen), Claimed: h.unproven(), MAC: h.mac})
	}
	slices.SortFunc(d.Addresses, func(a, b Address) int { return a.Addr.Compare(b.Addr) })
	return d
}

func cloneDevice(d Device) Device {
	d.Identifiers = list(d.Identifiers)
	d.Hardware = slices.Clone(d.Hardware)
	d.Addresses = slices.Clone(d.Addresses)
	d.Facts = slices.Clone(d.Facts)
	d.Sources = list(d.Sources)
	d.Guess.Evidence = list(d.Guess.Evidence)
	d.Groups = cloneGroups(d.Groups)
	d.Services = list(d.Services)
	for i := range d.Services {
		s := &d.Services[i]
		s.TXT, s.Once, s.Addrs = slices.Clone(s.TXT), slices.Clone(s.Once), slices.Clone(s.Addrs)
	}
	return d
}

func cloneGroups(in []Group) []Group {
	out := slices.Clone(in)
	for i := range out {
		out[i].Identifiers = slices.Clone(out[i].Identifiers)
	}
	return out
}

// older orders entries by age, so that every choice between two is the same
// whatever order they are looked at.
func older(a, b *entry) int {
	return cmp.Or(a.d.FirstSeen.Compare(b.d.FirstSeen), cmp.Compare(a.d.ID, b.d.ID))
}

// without returns in but for x, in memory of its own: callers walk the old one.
func without[T comparable](in []T, x T) []T {
	var out []T
	for _, y := range in {
		if y != x {
			out = append(out, y)
		}
	}
	return out
}

// list copies in; an empty list is written to JSON as [] and not as null.
func list[T any](in []T) []T { return append(make([]T, 0, len(in)), in...) }
