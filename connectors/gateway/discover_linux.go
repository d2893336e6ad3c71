package gateway

import (
	"context"
	"net/netip"
	"slices"
	"time"

	"bestbefore/assets/words"
	"bestbefore/discovery"
)

// refreshEvery is how often an unchanged neighbour is told again as still there.
const refreshEvery = time.Minute

// Discover tells who this box talks to in the home, from its neighbour table:
// at once, then whenever something changed.
func (s *Session) Discover(ctx context.Context, emit func(discovery.Sighting)) error {
	tick := time.NewTicker(min(s.interval, 5*time.Second))
	defer tick.Stop()
	told := map[mac][]netip.Addr{}
	var refreshed time.Time
	for {
		h, err := s.home()
		if err != nil { // the next look may find it mended
			s.log.Warn("network not read", "error", err)
			select {
			case <-ctx.Done():
				return nil
			case <-tick.C:
			}
			continue
		}
		s.tracker.learn(h)
		now := s.now().UTC()
		refresh := now.Sub(refreshed) >= refreshEvery || now.Before(refreshed)
		if refresh {
			refreshed = now
		}
		for _, sg := range sightings(h, s.source, now) {
			m, _ := parseMAC(sg.Identifiers[0].Value)
			same := slices.Equal(told[m], sg.Addresses)
			if same && !refresh {
				continue
			}
			sg.Quiet = same
			told[m] = sg.Addresses
			emit(sg)
		}
		if len(told) > maxKnownMACs {
			clear(told)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// sightings makes one sighting of each neighbour.
func sightings(h home, source discovery.Source, now time.Time) []discovery.Sighting {
	byMAC := map[mac]*discovery.Sighting{}
	var order []mac
	for _, n := range h.neighbors {
		if slices.Contains(h.ownMACs, n.mac) {
			continue
		}
		sg := byMAC[n.mac]
		if sg == nil {
			sg = &discovery.Sighting{
				Source: source, At: now, Interface: n.iface, Detail: words.Text("in the router's neighbour table"),
				Identifiers: []discovery.Identifier{{Type: discovery.MAC, Value: n.mac.String()}},
			}
			byMAC[n.mac] = sg
			order = append(order, n.mac)
		}
		a := n.addr
		if a.IsLinkLocalUnicast() && a.Is6() {
			a = a.WithZone(n.iface)
		}
		if len(sg.Addresses) < 64 {
			sg.Addresses = append(sg.Addresses, a)
		}
	}
	slices.SortFunc(order, func(a, b mac) int { return slices.Compare(a[:], b[:]) })
	out := make([]discovery.Sighting, 0, len(order))
	for _, m := range order {
		slices.SortFunc(byMAC[m].Addresses, netip.Addr.Compare)
		out = append(out, *byMAC[m])
	}
	return out
}
