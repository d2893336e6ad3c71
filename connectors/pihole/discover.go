package pihole

import (
	"context"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"bestbefore/assets/words"
	"bestbefore/connectors/dnsblock"
	"bestbefore/discovery"
)

// staleAfter is how long an address counts as a device's after it was last seen there.
const staleAfter = 24 * time.Hour

// network is who is at which address, as its neighbour sweep last found it.
type network struct {
	owner map[netip.Addr]string // hardware address
	seen  map[netip.Addr]int64
	name  map[netip.Addr]string
	maker map[string]string // by hardware address
}

// at are the addresses of a device that nobody else has now, sorted.
func (n network) at(macs []string) []netip.Addr {
	var out []netip.Addr
	for a, m := range n.owner {
		if slices.Contains(macs, m) {
			out = append(out, a)
		}
	}
	slices.SortFunc(out, netip.Addr.Compare)
	return out
}

// deviceList is the network table. A device that it has only met by its address
// has "ip-" and the address in place of a hardware address.
type deviceList struct {
	Devices []struct {
		MAC   string `json:"hwaddr"`
		Maker string `json:"macVendor"`
		IPs   []struct {
			IP   string `json:"ip"`
			Name string `json:"name"`
			Seen int64  `json:"lastSeen"`
		} `json:"ips"`
	} `json:"devices"`
}

// maxListed bounds how many devices are read.
const maxListed = 5000

// readNetwork asks who is who. An address that two devices had is that of the
// one which was seen there last.
func (s *Session) readNetwork(ctx context.Context) (network, error) {
	var list deviceList
	q := url.Values{"max_devices": {"999"}, "max_addresses": {"24"}}
	if _, err := s.Seat.Get(ctx, "/api/network/devices", q, &list); err != nil {
		return network{}, err
	}
	out := network{owner: map[netip.Addr]string{}, seen: map[netip.Addr]int64{}, name: map[netip.Addr]string{}, maker: map[string]string{}}
	old := s.Now().Add(s.Seat.Web.Ahead() - staleAfter).Unix()
	for _, d := range list.Devices {
		mac, ok := discovery.NormalizeMAC(d.MAC)
		if !ok || strings.HasPrefix(d.MAC, "ip-") {
			continue
		}
		out.maker[mac] = string(discovery.Clean(d.Maker))
		for _, x := range d.IPs {
			a := dnsblock.Client(x.IP)
			if !a.IsValid() || x.Seen < old || x.Seen < out.seen[a] || len(out.owner) >= maxListed {
				continue
			}
			out.owner[a], out.seen[a], out.name[a] = mac, x.Seen, string(discovery.Clean(x.Name))
		}
	}
	return out, nil
}

// Discover tells of the devices that ask, with the hardware address where its
// sweep has met it.
func (s *Session) Discover(ctx context.Context, emit func(discovery.Sighting)) error {
	var n network
	learn := func(ctx context.Context) (err error) {
		if n, err = s.readNetwork(ctx); err == nil {
			s.watch.Note(func() { s.watch.devices = n })
		}
		return err
	}
	follow := func(ctx context.Context) error { return s.refresh(ctx, n) }
	return s.DiscoverClients(ctx, &s.watch.Watch, emit, learn, follow, s.describe)
}

// describe tells of one device that asked; it is called alone.
func (s *Session) describe(a netip.Addr, at time.Time) discovery.Sighting {
	v := discovery.Sighting{Source: s.Source, At: at, Addresses: []netip.Addr{a}, Detail: words.Text("Pi-hole: it asked for names.")}
	fact := func(key, value string) {
		if value != "" {
			v.Facts = append(v.Facts, discovery.Fact{Key: key, Value: value, Source: s.Source, Seen: discovery.At(at)})
		}
	}
	n := s.watch.devices
	if mac := n.owner[a]; mac != "" {
		v.Identifiers = []discovery.Identifier{{Type: discovery.MAC, Value: mac}}
		v.Detail = words.Text("Pi-hole met it at this address, and it asked for names.")
		fact("manufacturer", n.maker[mac])
	}
	fact("friendly_name", n.name[a])
	return v
}
