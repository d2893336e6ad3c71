package neighbor

import (
	"fmt"
	"net"
	"net/netip"

	"bestbefore/discovery"
)

// cards lists this computer's interfaces that are up.
func cards() ([]Card, error) {
	ifs, err := net.Interfaces()
	if err != nil {
		return nil, fmt.Errorf("listing network interfaces: %w", err)
	}
	var out []Card
	for _, i := range ifs {
		if i.Flags&net.FlagUp == 0 || i.Flags&net.FlagLoopback != 0 {
			continue
		}
		c := Card{Name: i.Name}
		c.MAC, _ = discovery.NormalizeMAC(i.HardwareAddr.String())
		addrs, err := i.Addrs()
		if err != nil {
			continue // it went away while we looked
		}
		for _, a := range addrs {
			n, ok := a.(*net.IPNet)
			if !ok {
				continue
			}
			addr, ok := netip.AddrFromSlice(n.IP)
			if !ok {
				continue
			}
			ones, _ := n.Mask.Size()
			c.Prefixes = append(c.Prefixes, netip.PrefixFrom(addr.Unmap(), ones))
		}
		out = append(out, c)
	}
	return out, nil
}

// zoned adds the interface to an address that means nothing without it.
func zoned(a netip.Addr, iface string) netip.Addr {
	if a.Is6() && !a.Is4In6() && a.IsLinkLocalUnicast() && a.Zone() == "" {
		return a.WithZone(iface)
	}
	return a
}
