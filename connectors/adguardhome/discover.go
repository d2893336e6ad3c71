package adguardhome

import (
	"context"
	"net/netip"
	"strings"
	"time"

	"bestbefore/assets/words"
	"bestbefore/connectors"
	"bestbefore/connectors/dnsblock"
	"bestbefore/consent"
	"bestbefore/discovery"
)

// lease is one address that its DHCP server gave out.
type lease struct {
	mac, name string
}

// maxListed bounds how many clients and leases are read.
const maxListed = 5000

// dhcpStatus is what its DHCP server gave out; static leases are only intentions.
type dhcpStatus struct {
	Enabled bool `json:"enabled"`
	Leases  []struct {
		MAC     string `json:"mac"`
		IP      string `json:"ip"`
		Name    string `json:"hostname"`
		Expires string `json:"expires"`
	} `json:"leases"`
	Static []struct {
		MAC  string `json:"mac"`
		IP   string `json:"ip"`
		Name string `json:"hostname"`
	} `json:"static_leases"`
}

// clientList is whom it knows; both lists may be null.
type clientList struct {
	Clients []struct {
		Name string   `json:"name"`
		IDs  []string `json:"ids"`
	} `json:"clients"`
	Auto []struct {
		IP     string `json:"ip"`
		Name   string `json:"name"`
		Source string `json:"source"`
	} `json:"auto_clients"`
}

// readLeases asks who has which address. Where it is no DHCP server nobody knows.
func (s *Session) readLeases(ctx context.Context) (map[netip.Addr]lease, error) {
	var d dhcpStatus
	err := s.Get(ctx, "/control/dhcp/status", &d)
	if k := connectors.KindOf(err); err != nil && (k == consent.KindUnsupported || k == consent.KindPermanent) {
		return nil, nil // on some systems it cannot be one
	}
	if err != nil || !d.Enabled {
		return nil, err
	}
	out := map[netip.Addr]lease{}
	add := func(mac, ip, name string) {
		a := dnsblock.Client(ip)
		if m, ok := discovery.NormalizeMAC(mac); ok && a.IsValid() && len(out) < maxListed {
			out[a] = lease{m, string(discovery.Clean(name))}
		}
	}
	for _, l := range d.Static {
		add(l.MAC, l.IP, l.Name)
	}
	now := s.Now()
	for _, l := range d.Leases {
		if end, err := time.Parse(time.RFC3339, l.Expires); err == nil && now.Add(s.Seat.Web.Ahead()).After(end) {
			continue
		}
		add(l.MAC, l.IP, l.Name)
	}
	return out, nil
}

// readNames asks what the household calls its devices there.
func (s *Session) readNames(ctx context.Context) (map[string]string, error) {
	var c clientList
	if err := s.Get(ctx, "/control/clients", &c); err != nil {
		return nil, err
	}
	out := map[string]string{}
	put := func(id, name string) {
		if n := string(discovery.Clean(name)); n != "" && n != id && len(out) < maxListed {
			out[id] = n
		}
	}
	for _, a := range c.Auto {
		if ip := dnsblock.Client(a.IP); ip.IsValid() && !strings.Contains(a.Source, "hosts") {
			put(ip.String(), a.Name)
		}
	}
	for _, x := range c.Clients { // what the household typed itself comes last and stays
		for _, id := range x.IDs {
			if mac, ok := discovery.NormalizeMAC(id); ok {
				put(mac, x.Name)
			} else if ip := dnsblock.Client(id); ip.IsValid() {
				put(ip.String(), x.Name)
			}
		}
	}
	return out, nil
}

// Discover tells of the devices that ask, with the hardware address where it
// gave out the address itself.
func (s *Session) Discover(ctx context.Context, emit func(discovery.Sighting)) error {
	return s.DiscoverClients(ctx, &s.watch.Watch, emit, s.learn, s.refresh, s.describe)
}

// learn reads anew who is who.
func (s *Session) learn(ctx context.Context) error {
	leases, err := s.readLeases(ctx)
	if err != nil {
		return err
	}
	names, err := s.readNames(ctx)
	if err != nil {
		return err
	}
	s.watch.Note(func() { s.watch.leases, s.watch.home = leases, names })
	return nil
}

// describe tells of one device that asked; it is called alone.
func (s *Session) describe(a netip.Addr, at time.Time) discovery.Sighting {
	v := discovery.Sighting{Source: s.Source, At: at, Addresses: []netip.Addr{a}, Detail: words.Text("AdGuard Home: it asked for names.")}
	l, leased := s.watch.leases[a]
	if leased {
		v.Identifiers = []discovery.Identifier{{Type: discovery.MAC, Value: l.mac}}
		v.Detail = words.Text("AdGuard Home gave it its address, and it asked for names.")
	}
	for _, name := range []string{s.watch.home[l.mac], s.watch.home[a.String()], l.name} {
		if name != "" {
			v.Facts = []discovery.Fact{{Key: "friendly_name", Value: name, Source: s.Source, Seen: discovery.At(at)}}
			break
		}
	}
	return v
}
