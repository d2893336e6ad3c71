package neighbor

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"bestbefore/discovery"
)

// readSystem asks the kernel over netlink, which every user may.
func readSystem(context.Context) (Table, error) {
	var t Table
	var errs []error
	names, err := linkNames()
	errs = append(errs, err)
	for _, family := range []int{netlink.FAMILY_V4, netlink.FAMILY_V6} {
		rows, err := neighRows(family, names)
		errs = append(errs, err)
		t.Rows = append(t.Rows, rows...)
		gates, err := gateways(family, names)
		errs = append(errs, err)
		t.Gateways = append(t.Gateways, gates...)
	}
	t.Cards, err = cards()
	errs = append(errs, err)
	t.Hostname, err = os.Hostname()
	if err != nil {
		errs = append(errs, fmt.Errorf("reading this computer's name: %w", err))
	}
	return t, errors.Join(errs...)
}

func linkNames() (map[int]string, error) {
	ifs, err := net.Interfaces()
	if err != nil {
		return nil, fmt.Errorf("listing network interfaces: %w", err)
	}
	names := make(map[int]string, len(ifs))
	for _, i := range ifs {
		names[i.Index] = i.Name
	}
	return names, nil
}

func neighRows(family int, names map[int]string) ([]Row, error) {
	list, err := netlink.NeighList(0, family)
	if err != nil {
		return nil, fmt.Errorf("reading neighbour table: %w", err)
	}
	var out []Row
	for _, n := range list {
		const known = netlink.NUD_REACHABLE | netlink.NUD_STALE | netlink.NUD_DELAY | netlink.NUD_PROBE | netlink.NUD_PERMANENT
		mac, ok := discovery.NormalizeMAC(n.HardwareAddr.String())
		addr, valid := netip.AddrFromSlice(n.IP)
		if !ok || !valid || n.State&known == 0 || addr.IsMulticast() {
			continue
		}
		name := names[n.LinkIndex]
		out = append(out, Row{
			MAC: mac, Addr: zoned(addr.Unmap(), name), Interface: name,
			Live: n.State&(netlink.NUD_REACHABLE|netlink.NUD_PERMANENT) != 0,
		})
	}
	return out, nil
}

func gateways(family int, names map[int]string) ([]Gateway, error) {
	routes, err := netlink.RouteListFiltered(family, &netlink.Route{Table: unix.RT_TABLE_MAIN}, netlink.RT_FILTER_TABLE)
	if err != nil {
		return nil, fmt.Errorf("reading routing table: %w", err)
	}
	var out []Gateway
	add := func(ip net.IP, link int) {
		if a, ok := netip.AddrFromSlice(ip); ok {
			out = append(out, Gateway{Addr: zoned(a.Unmap(), names[link]), Interface: names[link]})
		}
	}
	for _, r := range routes {
		if r.Dst != nil {
			if ones, _ := r.Dst.Mask.Size(); ones != 0 {
				continue
			}
		}
		add(r.Gw, r.LinkIndex)
		for _, hop := range r.MultiPath {
			add(hop.Gw, hop.LinkIndex)
		}
	}
	return out, nil
}
