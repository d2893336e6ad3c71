package openwrt

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"

	"bestbefore/assets/words"
	"bestbefore/connectors"
	"bestbefore/consent"
	"bestbefore/discovery"
)

// Bounds of what the router may tell of the home.
const (
	maxDevices   = 4096
	maxAddresses = 64
	homeAge      = 30 * time.Second
	refreshEvery = 10 * time.Minute
)

// home is what the router knows of its devices and of itself.
type home struct {
	at      time.Time
	devices map[string]*device // by hardware address
	macs    map[netip.Addr]string
	inside  []netip.Prefix
	own     map[netip.Addr]bool
}

type device struct {
	name  string
	addrs []netip.Addr
}

// lease is an entry of luci-rpc getDHCPLeases.
type lease struct {
	Hostname string   `json:"hostname"`
	MAC      string   `json:"macaddr"`
	Four     string   `json:"ipaddr"`
	Six      string   `json:"ip6addr"`
	More     []string `json:"ip6addrs"`
}

// hint is an entry of luci-rpc getHostHints; newer routers give lists.
type hint struct {
	Four      string   `json:"ipv4"`
	Six       string   `json:"ipv6"`
	FourAddrs []string `json:"ipaddrs"`
	SixAddrs  []string `json:"ip6addrs"`
	Name      string   `json:"name"`
}

// iface is an entry of network.interface dump.
type iface struct {
	Four []prefixed `json:"ipv4-address"`
	Six  []prefixed `json:"ipv6-address"`
	Own  []struct {
		Address string    `json:"address"`
		Mask    int       `json:"mask"`
		Local   *prefixed `json:"local-address"`
	} `json:"ipv6-prefix-assignment"`
	Routes []struct {
		Target string `json:"target"`
		Mask   int    `json:"mask"`
	} `json:"route"`
}

type prefixed struct {
	Address string `json:"address"`
	Mask    int    `json:"mask"`
}

// hardware is text as a MAC address; "" when it is none of one device.
func hardware(text string) string {
	m, err := net.ParseMAC(strings.TrimSpace(text))
	if err != nil || len(m) != 6 || m[0]&1 == 1 || m.String() == "00:00:00:00:00:00" {
		return ""
	}
	return m.String()
}

// near says whether one of these addresses is in a network of the home. Who is
// only in the one that leads outside is a neighbour of the router there.
func (h *home) near(addrs []string) bool {
	return len(h.inside) == 0 || slices.ContainsFunc(addrs, func(text string) bool { // none: which are the home's is not granted
		a, err := netip.ParseAddr(text)
		return err == nil && slices.ContainsFunc(h.inside, func(p netip.Prefix) bool { return p.Contains(a.Unmap()) })
	})
}

func (h *home) add(mac, name string, addrs ...string) {
	if mac = hardware(mac); mac == "" {
		return
	}
	d := h.devices[mac]
	if d == nil {
		if len(h.devices) == maxDevices {
			return
		}
		d = &device{}
		h.devices[mac] = d
	}
	if label := string(discovery.Clean(name)); d.name == "" && label != "*" && label != "?" {
		d.name = label
	}
	for _, text := range addrs {
		a, err := netip.ParseAddr(text)
		if err != nil || a.IsUnspecified() || a.IsMulticast() || a.IsLoopback() || len(d.addrs) == maxAddresses || slices.Contains(d.addrs, a.Unmap()) {
			continue
		}
		d.addrs = append(d.addrs, a.Unmap())
		h.macs[a.Unmap()] = mac
	}
}

// learn takes one interface: what leads to the outside is not the home.
func (h *home) learn(i iface) {
	outward := false
	for _, r := range i.Routes {
		outward = outward || r.Mask == 0
	}
	keep := func(address string, mask int) {
		a, err := netip.ParseAddr(address)
		if err != nil {
			return
		}
		h.own[a.Unmap()] = true
		if p, err := a.Prefix(mask); err == nil && mask > 0 && !outward && !a.IsLoopback() {
			h.inside = append(h.inside, p)
		}
	}
	for _, p := range slices.Concat(i.Four, i.Six) {
		keep(p.Address, p.Mask)
	}
	for _, p := range i.Own {
		if p.Local != nil {
			keep(p.Local.Address, p.Mask)
		}
	}
}

// local says whether a is a device of the home.
func (h *home) local(a netip.Addr) bool {
	if h.own[a] || a.IsLoopback() || a.IsMulticast() || a.IsUnspecified() || a.IsLinkLocalUnicast() {
		return false
	}
	if _, known := h.macs[a]; known {
		return true
	}
	if len(h.inside) == 0 { // not granted: the usual ranges are taken for the home
		return a.IsPrivate()
	}
	return slices.ContainsFunc(h.inside, func(p netip.Prefix) bool { return p.Contains(a) })
}

// outside says whether a is beyond the router.
func (h *home) outside(a netip.Addr) bool {
	return !h.own[a] && !h.local(a) && !a.IsLoopback() && !a.IsMulticast() && !a.IsUnspecified() && !a.IsLinkLocalUnicast() && a != netip.AddrFrom4([4]byte{255, 255, 255, 255})
}

// around gives what is known of the home, asked anew when it is older than age.
func (s *Session) around(ctx context.Context, age time.Duration) (*home, error) {
	s.mu.Lock()
	last := s.home
	s.mu.Unlock()
	now := s.now().UTC()
	if last != nil && now.Sub(last.at).Abs() < age {
		return last, nil
	}
	h := &home{at: now, devices: map[string]*device{}, macs: map[netip.Addr]string{}, own: map[netip.Addr]bool{}}
	var ifaces struct {
		All []iface `json:"interface"`
	}
	err := s.line.call(ctx, "network.interface", "dump", nil, &ifaces)
	if err != nil && connectors.KindOf(err) != consent.KindNeedsPerson {
		return nil, err
	}
	for _, i := range ifaces.All {
		h.learn(i)
	}
	var hints map[string]hint
	if err := s.line.call(ctx, "luci-rpc", "getHostHints", nil, &hints); err != nil && !errors.Is(err, errNoData) {
		return nil, err
	}
	for mac, x := range hints {
		if addrs := slices.Concat([]string{x.Four, x.Six}, x.FourAddrs, x.SixAddrs); h.near(addrs) {
			h.add(mac, x.Name, addrs...)
		}
	}
	var leases struct {
		Four []lease `json:"dhcp_leases"`
		Six  []lease `json:"dhcp6_leases"`
	}
	if err := s.line.call(ctx, "luci-rpc", "getDHCPLeases", map[string]any{"family": 0}, &leases); err != nil && !errors.Is(err, errNoData) {
		return nil, err
	}
	for _, x := range slices.Concat(leases.Four, leases.Six) {
		h.add(x.MAC, x.Hostname, append([]string{x.Four, x.Six}, x.More...)...)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.home = h
	return h, nil
}

// Discover tells of the devices that the router knows.
func (s *Session) Discover(ctx context.Context, emit func(discovery.Sighting)) error {
	tick := time.NewTicker(max(s.interval, min(homeAge, 6*s.interval)))
	defer tick.Stop()
	told := map[string]string{}
	var refreshed time.Time
	for {
		h, err := s.around(ctx, s.interval)
		if err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return err
		}
		refresh := h.at.Sub(refreshed).Abs() >= refreshEvery
		if refresh {
			refreshed = h.at
		}
		for mac, d := range h.devices {
			said := fmt.Sprint(*d)
			if ctx.Err() != nil || told[mac] == said && !refresh {
				continue
			}
			sight := s.sighting(mac, d, h.at)
			sight.Quiet = told[mac] == said
			told[mac] = said
			emit(sight)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

func (s *Session) sighting(mac string, d *device, at time.Time) discovery.Sighting {
	out := discovery.Sighting{
		Source: s.source, At: at, Identifiers: []discovery.Identifier{{Type: discovery.MAC, Value: mac}},
		Detail: words.Text("in the router's leases and neighbours"),
	}
	for _, a := range d.addrs {
		if !a.IsLinkLocalUnicast() { // its zone here is not known
			out.Addresses = append(out.Addresses, a)
		}
	}
	if d.name != "" {
		out.Facts = append(out.Facts, discovery.Fact{Key: "hostname", Value: d.name, Source: s.source})
	}
	return out
}
