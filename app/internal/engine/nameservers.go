package engine

import (
	"cmp"
	"context"
	"net/netip"
	"slices"
	"time"

	"bestbefore/discovery"
	"bestbefore/discovery/behaviour"
	"bestbefore/discovery/flow"
)

// NameServer is one that a device asks by itself, past the home's own, so that
// a DNS blocker does not hear of it.
type NameServer struct {
	behaviour.Resolver
	First time.Time `json:"first"` // hours
	Last  time.Time `json:"last"`
	Count uint64    `json:"count"` // flows
}

// asked gathers the name servers of one device.
type asked struct {
	ours func(netip.Addr) bool
	by   map[behaviour.Resolver]NameServer
	told map[flow.Key]behaviour.Resolver // of what was looked up already; the zero one for none
}

// askedMax bounds how many name servers of one device are told apart.
const askedMax = 16

func newAsked(ours func(netip.Addr) bool) *asked {
	return &asked{ours: ours, by: map[behaviour.Resolver]NameServer{}, told: map[flow.Key]behaviour.Resolver{}}
}

func (a *asked) add(r behaviour.Row) {
	if r.Home || r.Refused {
		return
	}
	s, told := a.told[r.Key]
	if !told {
		s, _ = behaviour.ResolverOf(r.Key, a.ours) // where it asks none, the zero one: NotAsking is remembered too
		if len(a.told) < rowsMax {
			a.told[r.Key] = s
		}
	}
	if s.How == behaviour.NotAsking {
		return
	}
	n, known := a.by[s]
	if !known && len(a.by) >= askedMax {
		return
	}
	n.Resolver, n.Count = s, n.Count+r.Count
	if n.First.IsZero() || r.Hour.Before(n.First) {
		n.First = r.Hour
	}
	if r.Hour.After(n.Last) {
		n.Last = r.Hour
	}
	a.by[s] = n
}

// list has the one that is asked most at the top.
func (a *asked) list() []NameServer {
	var out []NameServer
	for _, n := range a.by {
		out = append(out, n)
	}
	slices.SortFunc(out, func(a, b NameServer) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Name, b.Name), cmp.Compare(a.How, b.How))
	})
	return out
}

// ourNames reports whether an address is at home, or a name server that the home
// was told to ask.
func (e *Core) ourNames() func(netip.Addr) bool {
	ours := map[netip.Addr]bool{}
	if e.Resolvers != nil {
		for _, a := range e.Resolvers() {
			ours[a.Unmap().WithZone("")] = true
		}
	}
	return func(a netip.Addr) bool {
		if atHome(a) || ours[a.Unmap().WithZone("")] {
			return true
		}
		_, known := e.Inventory.Resolve("", a, "") // a device with a public IPv6 address
		return known
	}
}

// namesOf are the name servers that a device asks by itself. They are read from
// what is stored where nobody watches, as for a command without a running agent.
func (e *Core) namesOf(ctx context.Context, d discovery.Device) ([]NameServer, error) {
	if u, known := e.watching.of(d.ID); known && !u.first.IsZero() {
		return u.names, nil
	}
	u, _, err := e.learn(ctx, d)
	return u.names, err
}
