package capture

import (
	"net/netip"
	"slices"
)

const (
	maxRouters  = 64
	maxPrefixes = 64
)

// sides tells the home from the outside. Private addresses are the home's. In
// IPv6 devices have public ones too; there the router's advertisements say which
// are the home's, or else the hardware address that is not the router's is the
// device's.
type sides struct {
	home    []netip.Prefix
	learned int
	routers map[mac]bool
}

// side says who of a packet is the device.
type side int

const (
	nobody side = iota // cannot be told
	within             // stays at home, or is for many
	upward
	downward
)

func (s *sides) of(p *seen) side {
	if p.dst.IsMulticast() || p.src.IsMulticast() || p.dst.IsUnspecified() || p.src.IsUnspecified() || p.to.group() {
		return within
	}
	from, to := s.has(p.src), s.has(p.dst)
	switch {
	case from && to:
		return within
	case from:
		s.router(p.to)
		return upward
	case to:
		s.router(p.from)
		return downward
	}
	if p.src.Is4() || p.from == (mac{}) || p.to == (mac{}) {
		return nobody
	}
	switch a, b := s.routers[p.from], s.routers[p.to]; {
	case b && !a:
		return upward
	case a && !b:
		return downward
	}
	return nobody
}

// has is whether a is an address of the home.
func (s *sides) has(a netip.Addr) bool {
	if a.IsPrivate() || a.IsLinkLocalUnicast() || a.IsLoopback() {
		return true
	}
	return slices.ContainsFunc(s.home, func(p netip.Prefix) bool { return p.Contains(a) })
}

func (s *sides) router(m mac) {
	if m != (mac{}) && !m.group() && len(s.routers) < maxRouters {
		s.routers[m] = true
	}
}

// advertised reads a router advertisement's prefixes (RFC 4861).
func (s *sides) advertised(p *seen) {
	b := p.payload
	if len(b) < 16 || b[0] != 134 || !p.src.IsLinkLocalUnicast() {
		return
	}
	s.router(p.from)
	for b = b[16:]; len(b) >= 8 && b[1] > 0 && len(b) >= 8*int(b[1]); b = b[8*int(b[1]):] {
		if b[0] != 3 || b[1] != 4 || b[2] < 48 || b[2] > 128 || s.learned >= maxPrefixes {
			continue
		}
		pre := netip.PrefixFrom(netip.AddrFrom16([16]byte(b[16:32])), int(b[2])).Masked()
		if !slices.Contains(s.home, pre) {
			s.home = append(s.home, pre)
			s.learned++
		}
	}
}
