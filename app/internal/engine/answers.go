package engine

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"bestbefore/discovery"
	"bestbefore/discovery/flow"
)

// answers remembers, in memory only, which names each device asked for and which
// addresses it was given for them, so that its traffic to a bare address gets the
// name that this very device asked for. One device's questions never name
// another's traffic. Where two names stand for one address, the one that was
// asked for last before the traffic is taken.
type answers struct {
	mu sync.Mutex // guards of
	of map[discovery.DeviceID]*told
}

// told is what one device was told.
type told struct {
	at   time.Time // the newest answer
	name map[netip.Addr][]toldName
}

type toldName struct {
	domain    string
	at, until time.Time
}

// Bounds on what a device, or a name server, can make us keep.
const (
	toldDevices   = 256
	toldAddresses = 1024          // of one device
	toldNames     = 4             // of one address
	toldLeast     = 6 * time.Hour // programs go on using an address beyond its time to live
	toldMost      = 24 * time.Hour
	toldSkew      = 5 * time.Second // between the clocks of two sources
)

// learn notes what the questions among recs were answered. Their devices are known.
func (a *answers) learn(recs []flow.Record) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, r := range recs {
		if len(r.Answers) == 0 || r.Refused || r.Device == flow.Somebody || r.Destination.Domain == "" {
			continue
		}
		t := a.device(r.Device, r.Last)
		for _, x := range r.Answers {
			if ip := x.Address.Unmap().WithZone(""); outside(ip) {
				t.put(ip, toldName{r.Destination.Domain, r.Last, r.Last.Add(min(max(x.TTL, toldLeast), toldMost))})
			}
		}
	}
}

// outside reports whether an address can be somebody's outside the home. A name
// that is said to stand for an address at home names nothing.
func outside(ip netip.Addr) bool {
	shared := netip.PrefixFrom(netip.AddrFrom4([4]byte{100, 64}), 10) // RFC 6598
	return ip.IsGlobalUnicast() && !atHome(ip) && !shared.Contains(ip)
}

// device is what is kept of one; the one that asked longest ago makes room.
func (a *answers) device(id discovery.DeviceID, at time.Time) *told {
	t := a.of[id]
	if t == nil {
		if a.of == nil {
			a.of = map[discovery.DeviceID]*told{}
		}
		if len(a.of) >= toldDevices {
			oldest := id
			for x, y := range a.of {
				if oldest == id || y.at.Before(a.of[oldest].at) {
					oldest = x
				}
			}
			delete(a.of, oldest)
		}
		t = &told{name: map[netip.Addr][]toldName{}}
		a.of[id] = t
	}
	if at.After(t.at) {
		t.at = at
	}
	return t
}

func (t *told) put(ip netip.Addr, n toldName) {
	have, known := t.name[ip]
	if !known && len(t.name) >= toldAddresses {
		t.shrink()
	}
	have = slices.DeleteFunc(slices.Clone(have), func(x toldName) bool { return x.domain == n.domain && !x.at.After(n.at) })
	have = append(have, n)
	slices.SortStableFunc(have, func(x, y toldName) int { return y.at.Compare(x.at) })
	t.name[ip] = have[:min(len(have), toldNames)]
}

// shrink forgets the older half, so that room is seldom looked for.
func (t *told) shrink() {
	type entry struct {
		ip netip.Addr
		at time.Time
	}
	all := make([]entry, 0, len(t.name))
	for ip, names := range t.name {
		all = append(all, entry{ip, names[0].at})
	}
	slices.SortFunc(all, func(x, y entry) int { return cmp.Or(x.at.Compare(y.at), x.ip.Compare(y.ip)) })
	for _, x := range all[:len(all)/2] {
		delete(t.name, x.ip)
	}
}

// complete gives traffic to a bare address the name that its device asked for
// last before it; what began before the question may be named by one since.
func (a *answers) complete(id discovery.DeviceID, d flow.Destination, first, last time.Time) flow.Destination {
	if d.Domain != "" || !d.Address.IsValid() || id == flow.Somebody {
		return d
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	t := a.of[id]
	if t == nil {
		return d
	}
	names := t.name[d.Address.Unmap().WithZone("")] // newest first
	for _, by := range []time.Time{first, last} {
		for _, n := range names {
			if !n.at.After(by.Add(toldSkew)) && first.Before(n.until) {
				d.Domain = n.domain
				return d
			}
		}
	}
	return d
}

// forget drops all, because something was deleted.
func (a *answers) forget() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.of = nil
}

// fromConnection reports a source that is a connection, not a capture file.
func fromConnection(s discovery.Source) bool { return strings.HasPrefix(string(s), "connector:") }

// NameFromQuestion is FlowInfo.NameBy of a name that the source of the traffic did
// not see: the device was given the address when it asked for that name.
const NameFromQuestion = "its DNS question just before"

// nameBy says whence the name of a record is, where its own source has none. Of
// what gives addresses, only capture files, which are no connection, see names.
func nameBy(r flow.Record) string {
	if r.Destination.Domain != "" && r.Destination.Address.IsValid() && fromConnection(r.Source) {
		return NameFromQuestion
	}
	return ""
}
