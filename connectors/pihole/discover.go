package pihole

import (
	"cmp"
	"context"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"bestbefore/connectors"
	"bestbefore/connectors/dnsblock"
	"bestbefore/discovery"
)

// Times between two tellings of who asked, and between two readings of who is who.
const (
	tellEvery = 10 * time.Second
	readEvery = 2 * time.Minute
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
	if err := s.api.get(ctx, "/api/network/devices", q, &list); err != nil {
		return network{}, err
	}
	out := network{owner: map[netip.Addr]string{}, seen: map[netip.Addr]int64{}, name: map[netip.Addr]string{}, maker: map[string]string{}}
	old := s.now().Add(s.api.web.Ahead() - staleAfter).Unix()
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
	tick := time.NewTicker(tellEvery)
	defer tick.Stop()
	var read time.Time
	for {
		if now := s.now(); read.IsZero() || now.Sub(read) >= readEvery {
			n, err := s.readNetwork(ctx)
			if err != nil {
				return ended(ctx, err)
			}
			s.watch.note(func() { s.watch.devices = n })
			read = now
			if err := s.refresh(ctx, n); err != nil && ctx.Err() == nil {
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

// tell describes the devices that have asked since the last telling.
func (w *watch) tell(source discovery.Source) []discovery.Sighting {
	w.mu.Lock()
	defer w.mu.Unlock()
	out := make([]discovery.Sighting, 0, len(w.fresh))
	for a := range w.fresh {
		at := w.clients[a]
		v := discovery.Sighting{Source: source, At: at, Addresses: []netip.Addr{a}, Detail: "Pi-hole: it asked for names."}
		fact := func(key, value string) {
			if value != "" {
				v.Facts = append(v.Facts, discovery.Fact{Key: key, Value: value, Source: source, Seen: discovery.At(at)})
			}
		}
		if mac := w.devices.owner[a]; mac != "" {
			v.Identifiers = []discovery.Identifier{{Type: discovery.MAC, Value: mac}}
			v.Detail = "Pi-hole met it at this address, and it asked for names."
			fact("manufacturer", w.devices.maker[mac])
		}
		fact("friendly_name", w.devices.name[a])
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
