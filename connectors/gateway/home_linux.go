package gateway

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"bestbefore/assets/words"
	"bestbefore/connectors"
)

// neighbor is one line of this box's neighbour table.
type neighbor struct {
	addr  netip.Addr
	mac   mac
	iface string
}

// home is what this box knows about the network right now.
type home struct {
	lan       []string       // names of the home's interfaces
	wan       []string       // where the default routes go, and as set
	prefixes  []netip.Prefix // what lies behind lan
	own       []netip.Addr   // addresses of this box
	ownMACs   []mac
	neighbors []neighbor // on lan only
	upstream  []mac      // the next hops outside
	stays     atHome
}

// readHome looks at interfaces, routes and neighbours. Empty lan: every
// interface with an address that is not wan and not where a default route goes.
func readHome(lan, wan []string) (home, error) {
	links, err := netlink.LinkList()
	if err != nil {
		return home{}, fmt.Errorf("listing interfaces: %w", err)
	}
	h := home{lan: slices.Clone(lan), wan: slices.Clone(wan)}
	names, addrs := map[int]string{}, map[int][]netip.Prefix{}
	for _, l := range links {
		a := l.Attrs()
		names[a.Index] = a.Name
		ethernet := len(a.HardwareAddr) == 6 // devices are known by it; a tunnel has none and is no side of the home
		if ethernet {
			h.ownMACs = append(h.ownMACs, mac(a.HardwareAddr))
		}
		ps, err := addressesOf(l)
		if err != nil {
			return home{}, err
		}
		for _, p := range ps {
			h.own = append(h.own, p.Addr())
		}
		if a.Flags&unix.IFF_LOOPBACK == 0 && ethernet {
			addrs[a.Index] = ps
		}
	}
	routes, err := mainRoutes()
	if err != nil {
		return home{}, err
	}
	hops := h.findSides(names, addrs, routes)
	h.findPrefixes(names, addrs, routes)
	h.findStays()
	return h, h.readNeighbors(names, hops)
}

func addressesOf(l netlink.Link) ([]netip.Prefix, error) {
	as, err := netlink.AddrList(l, netlink.FAMILY_ALL)
	if err != nil {
		return nil, fmt.Errorf("listing addresses: %w", err)
	}
	var out []netip.Prefix
	for _, a := range as {
		if p, ok := prefixOf(a.IPNet.IP, a.IPNet.Mask); ok {
			out = append(out, p)
		}
	}
	return out, nil
}

func mainRoutes() ([]netlink.Route, error) {
	rs, err := netlink.RouteList(nil, netlink.FAMILY_ALL)
	if err != nil {
		return nil, fmt.Errorf("listing routes: %w", err)
	}
	return rs, nil
}

func prefixOf(ip, mask []byte) (netip.Prefix, bool) {
	a, ok := netip.AddrFromSlice(ip)
	if !ok {
		return netip.Prefix{}, false
	}
	ones := 0
	for _, b := range mask {
		for ; b&0x80 != 0; b <<= 1 {
			ones++
		}
	}
	if a.Is4In6() {
		a = a.Unmap()
	}
	p := netip.PrefixFrom(a, min(ones, a.BitLen()))
	return p, p.IsValid()
}

// isDefault reports whether r is a default route, also one in two halves as
// VPNs write it, or all of the global IPv6 addresses.
func isDefault(r netlink.Route) bool {
	if r.Dst == nil {
		return true
	}
	ones, bits := r.Dst.Mask.Size()
	return ones <= 1 || bits == 128 && ones <= 3
}

// findSides sorts the interfaces into the home's and the outside's and gives
// the next hops of the default routes.
func (h *home) findSides(names map[int]string, addrs map[int][]netip.Prefix, routes []netlink.Route) (hops []netip.Addr) {
	var out []string
	via := func(index int, gw []byte) {
		if n := names[index]; n != "" {
			out = append(out, n)
		}
		if a, ok := netip.AddrFromSlice(gw); ok {
			hops = append(hops, a.Unmap())
		}
	}
	for _, r := range routes {
		if !isDefault(r) || r.Type != 0 && r.Type != unix.RTN_UNICAST {
			continue
		}
		via(r.LinkIndex, r.Gw)
		for _, n := range r.MultiPath {
			via(n.LinkIndex, n.Gw)
		}
	}
	h.wan = append(h.wan, out...)
	if len(h.lan) == 0 && len(h.wan) > 0 {
		for i, ps := range addrs {
			global := slices.ContainsFunc(ps, func(p netip.Prefix) bool { return !p.Addr().IsLinkLocalUnicast() })
			if global && !slices.Contains(h.wan, names[i]) {
				h.lan = append(h.lan, names[i])
			}
		}
	}
	for _, s := range []*[]string{&h.lan, &h.wan} {
		slices.Sort(*s)
		*s = slices.Compact(*s)
	}
	return hops
}

// findPrefixes gathers what lies behind the home's interfaces.
func (h *home) findPrefixes(names map[int]string, addrs map[int][]netip.Prefix, routes []netlink.Route) {
	for i, ps := range addrs {
		if slices.Contains(h.lan, names[i]) {
			for _, p := range ps {
				h.prefixes = append(h.prefixes, p.Masked())
			}
		}
	}
	for _, r := range routes {
		if isDefault(r) || !slices.Contains(h.lan, names[r.LinkIndex]) {
			continue
		}
		if p, ok := prefixOf(r.Dst.IP, r.Dst.Mask); ok && p.Bits() > 0 {
			h.prefixes = append(h.prefixes, p.Masked())
		}
	}
	slices.SortFunc(h.prefixes, func(a, b netip.Prefix) int {
		if c := a.Addr().Compare(b.Addr()); c != 0 {
			return c
		}
		return a.Bits() - b.Bits()
	})
	h.prefixes = slices.Compact(h.prefixes)
}

// findStays says how to tell what stays at home. A box with one interface for
// both sides cannot tell by the way out, only by the address.
func (h *home) findStays() {
	for _, n := range h.lan {
		if slices.Contains(h.wan, n) {
			h.stays.nets = h.prefixes
		} else {
			h.stays.ifs = append(h.stays.ifs, n)
		}
	}
}

// readNeighbors reads who answers to which address now.
func (h *home) readNeighbors(names map[int]string, hops []netip.Addr) error {
	ns, err := netlink.NeighList(0, 0)
	if err != nil {
		return fmt.Errorf("reading neighbour table: %w", err)
	}
	for _, n := range ns {
		a, ok := netip.AddrFromSlice(n.IP)
		if !ok || len(n.HardwareAddr) != 6 || n.State&(netlink.NUD_FAILED|netlink.NUD_INCOMPLETE|netlink.NUD_NOARP) != 0 {
			continue
		}
		m := mac(n.HardwareAddr)
		if !m.unicast() {
			continue
		}
		a = a.Unmap()
		if slices.Contains(hops, a) {
			h.upstream = append(h.upstream, m)
		}
		if slices.Contains(h.lan, names[n.LinkIndex]) {
			h.neighbors = append(h.neighbors, neighbor{a, m, names[n.LinkIndex]})
		}
	}
	return nil
}

// inside reports whether a lies in the home.
func (h *home) inside(a netip.Addr) bool {
	return slices.ContainsFunc(h.prefixes, func(p netip.Prefix) bool { return p.Contains(a) })
}

// outside reports whether a is an address of the world beyond the home and this box.
func (h *home) outside(a netip.Addr) bool {
	switch {
	case !a.IsValid(), a.IsUnspecified(), a.IsLoopback(), a.IsMulticast(), a.IsLinkLocalUnicast():
		return false
	case a == netip.AddrFrom4([4]byte{255, 255, 255, 255}):
		return false
	}
	return !h.inside(a) && !slices.Contains(h.own, a)
}

// holder gives the hardware address that answers to a.
func (h *home) holder(a netip.Addr) (mac, bool) {
	for _, n := range h.neighbors {
		if n.addr == a {
			return n.mac, true
		}
	}
	return mac{}, false
}

// addressesOf gives what macs answer to now.
func (h *home) addressesOf(macs []mac) []netip.Addr {
	var out []netip.Addr
	for _, n := range h.neighbors {
		if slices.Contains(macs, n.mac) {
			out = append(out, n.addr)
		}
	}
	return out
}

// askWho lets the kernel find out who answers to a, an address of the home
// that passes traffic although its neighbour is not known: a device that only
// sends never makes this box ask. The answer is in the next reading.
func (h *home) askWho(a netip.Addr) error {
	routes, err := netlink.RouteGet(a.AsSlice())
	if err != nil || len(routes) == 0 {
		return fmt.Errorf("finding the way to a device: %w", err)
	}
	link, err := netlink.LinkByIndex(routes[0].LinkIndex)
	if err != nil || !slices.Contains(h.lan, link.Attrs().Name) || len(routes[0].Gw) > 0 {
		return err // behind another router: only that one knows
	}
	n := netlink.Neigh{LinkIndex: routes[0].LinkIndex, IP: a.AsSlice(), State: netlink.NUD_NONE, Flags: netlink.NTF_USE}
	if err := netlink.NeighSet(&n); err != nil {
		return fmt.Errorf("asking for a neighbour: %w", err)
	}
	return nil
}

// checkNames says which of the home's interfaces do not exist.
func checkNames(names []string) error {
	var missing []string
	for _, n := range names {
		if _, err := netlink.LinkByName(n); err != nil {
			missing = append(missing, n)
		}
	}
	if len(missing) > 0 {
		return connectors.NeedsPerson(words.Sprintf("this box has no interface %s; give the home's with lan=NAME", strings.Join(missing, ", ")), nil)
	}
	return nil
}
