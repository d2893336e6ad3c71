package adguardhome

import (
	"cmp"
	"context"
	"net/netip"
	"slices"
	"strings"
	"time"

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

// Times between two tellings of who asked, and between two readings of who is who.
const (
	tellEvery = 10 * time.Second
	readEvery = 2 * time.Minute
)

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
	err := s.api.get(ctx, "/control/dhcp/status", nil, &d)
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
	now := s.now()
	for _, l := range d.Leases {
		if end, err := time.Parse(time.RFC3339, l.Expires); err == nil && now.Add(s.api.web.Ahead()).After(end) {
			continue
		}
		add(l.MAC, l.IP, l.Name)
	}
	return out, nil
}

// readNames asks what the household calls its devices there.
func (s *Session) readNames(ctx context.Context) (map[string]string, error) {
	var c clientList
	if err := s.api.get(ctx, "/control/clients", nil, &c); err != nil {
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
	tick := time.NewTicker(tellEvery)
	defer tick.Stop()
	var read time.Time
	for {
		if now := s.now(); read.IsZero() || now.Sub(read) >= readEvery {
			if err := s.learn(ctx); err != nil {
				return ended(ctx, err)
			}
			read = now
			if err := s.refresh(ctx); err != nil && ctx.Err() == nil {
				s.log.Warn("blocks were not moved along", "error", err)
			}
		}
		for _, v := range s.watch.tell(s.source) {
			emit(v)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
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
	s.watch.mu.Lock()
	defer s.watch.mu.Unlock()
	s.watch.leases, s.watch.home = leases, names
	return nil
}

// tell describes the devices that have asked since the last telling.
func (w *watch) tell(source discovery.Source) []discovery.Sighting {
	w.mu.Lock()
	defer w.mu.Unlock()
	out := make([]discovery.Sighting, 0, len(w.fresh))
	for a := range w.fresh {
		at := w.clients[a]
		v := discovery.Sighting{Source: source, At: at, Addresses: []netip.Addr{a}, Detail: "AdGuard Home: it asked for names."}
		l, leased := w.leases[a]
		if leased {
			v.Identifiers = []discovery.Identifier{{Type: discovery.MAC, Value: l.mac}}
			v.Detail = "AdGuard Home gave it its address, and it asked for names."
		}
		for _, name := range []string{w.home[l.mac], w.home[a.String()], l.name} {
			if name != "" {
				v.Facts = []discovery.Fact{{Key: "friendly_name", Value: name, Source: source, Seen: discovery.At(at)}}
				break
			}
		}
		out = append(out, v)
	}
	clear(w.fresh)
	slices.SortFunc(out, func(x, y discovery.Sighting) int { return x.Addresses[0].Compare(y.Addresses[0]) })
	return out
}

// sortCoverage makes two coverages of the same things equal.
func sortCoverage(c *connectors.Coverage) {
	slices.Sort(c.Addresses)
	slices.SortFunc(c.Devices, func(x, y discovery.Identifier) int { return cmp.Compare(x.Value, y.Value) })
	c.Devices = slices.Compact(c.Devices)
}
