package connectors

import "net/netip"

// Moved reports that a device is at other addresses now than those that a block
// with these traits was set for: a new one goes past the block, and one that is
// no longer its own may be somebody else's. A device of which no address is known
// now is nowhere else.
func (t Traits) Moved(was, now Target) bool {
	if !t.ByAddress {
		return false
	}
	a, b := t.hit(was.Addresses), t.hit(now.Addresses)
	if len(b) == 0 {
		return false
	}
	for x := range b {
		if !a[x] {
			return true
		}
	}
	return len(a) != len(b)
}

// hit are the addresses that a block can hit at all.
func (t Traits) hit(in []string) map[netip.Addr]bool {
	out := map[netip.Addr]bool{}
	for _, s := range in {
		a, err := netip.ParseAddr(s)
		if a = a.Unmap().WithZone(""); err == nil && (a.Is4() && t.IPv4 || a.Is6() && t.IPv6) {
			out[a] = true
		}
	}
	return out
}
