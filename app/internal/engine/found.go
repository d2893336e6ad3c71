package engine

import (
	"context"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"bestbefore/connectors"
	"bestbefore/discovery"
)

// maxFound bounds the suggestions: anybody at home can announce anything.
const maxFound = 12

// found are the devices that announce what some kind of connector can talk to, or
// that answered as one, and that no connection leads to yet. It only suggests:
// nobody is asked.
func (e *Core) found(ctx context.Context, kinds []connectors.Spec, cs []connectors.Connection) []FoundPeer {
	var out []FoundPeer
	all, err := e.knocked(ctx)
	if err != nil {
		e.Log.Warn("what answered is not known", "error", err)
	}
	doors, devices := e.doors(), e.Inventory.Devices()
	out = append(out, e.residents(devices, kinds, cs)...)
	for _, d := range devices {
		for _, k := range kinds {
			if k.Once && connected(cs, k.Kind) {
				continue
			}
			v, ok := announcedBy(d, k)
			if !ok {
				v = knownAs(all, doors, d.ID, k.Kind)
			}
			if v != nil && !slices.ContainsFunc(cs, func(c connectors.Connection) bool { return leadsTo(c, k, d) }) && len(out) < maxFound {
				out = append(out, FoundPeer{Kind: k.Kind, Device: d.ID, Name: clean(d.Name()), Values: v})
			}
		}
	}
	return out
}

func connected(cs []connectors.Connection, kind string) bool {
	return slices.ContainsFunc(cs, func(c connectors.Connection) bool { return c.Kind == kind })
}

// residents are the connectors that could work on this computer itself, since
// it carries what others of the home send. That it forwards is not enough:
// somebody must be seen behind it.
func (e *Core) residents(devices []discovery.Device, kinds []connectors.Spec, cs []connectors.Connection) (out []FoundPeer) {
	here := slices.IndexFunc(devices, func(d discovery.Device) bool { return d.Role == discovery.RoleThisComputer })
	if here < 0 {
		return nil
	}
	for _, k := range kinds {
		c, ok := e.Registry.Get(k.Kind)
		r, resident := c.(connectors.Resident)
		if !ok || !resident || connected(cs, k.Kind) {
			continue
		}
		if behind := r.Behind(); slices.ContainsFunc(devices, func(d discovery.Device) bool { return lives(d, behind) }) {
			out = append(out, FoundPeer{Kind: k.Kind, Device: devices[here].ID, Name: clean(devices[here].Name()), Here: true, Values: map[string]string{}})
		}
	}
	return out
}

// lives reports whether d is another one than this computer, in one of the networks.
func lives(d discovery.Device, networks []netip.Prefix) bool {
	return d.Role != discovery.RoleThisComputer && slices.ContainsFunc(d.Addresses, func(a discovery.Address) bool {
		return !a.Claimed && slices.ContainsFunc(networks, func(p netip.Prefix) bool { return p.Contains(a.Addr.Unmap()) })
	})
}

// foundNames are what the kinds of what was found are called, each once.
func (c ConnectorsInfo) foundNames() (out []string) {
	for _, f := range c.Found {
		for _, k := range c.Kinds {
			if k.Kind == f.Kind && !slices.Contains(out, k.Name) {
				out = append(out, k.Name)
			}
		}
	}
	return out
}

// announcedBy is where d says that it can be talked to by connectors of a kind:
// a service with its port, or what kind of UPnP device it is, which names none.
func announcedBy(d discovery.Device, k connectors.Spec) (map[string]string, bool) {
	host, ok := reachable(d)
	if !ok {
		return nil, false
	}
	for _, a := range k.Announced {
		for _, s := range d.Services {
			if s.Type == a.Type && !s.Gone && s.Port > 0 && s.Port <= 65535 {
				return map[string]string{a.Key: a.Scheme + net.JoinHostPort(host.String(), strconv.Itoa(s.Port))}, true
			}
		}
		if slices.ContainsFunc(d.Facts, func(f discovery.Fact) bool { return isUPnP(f, a.Type) }) {
			return map[string]string{a.Key: host.String()}, true
		}
	}
	return nil, false
}

// isUPnP reports whether a fact says that the device is of a UPnP type.
func isUPnP(f discovery.Fact, typ string) bool {
	return f.Key == "device_type" && slices.ContainsFunc(strings.Fields(f.Value), func(t string) bool { return strings.EqualFold(t, typ) })
}

// reachable is an address of d that a person could have typed: IPv4 first.
func reachable(d discovery.Device) (netip.Addr, bool) {
	var six netip.Addr
	for _, a := range d.Addresses {
		switch {
		case a.Addr.Is4():
			return a.Addr, true
		case !a.Addr.IsLinkLocalUnicast() && !six.IsValid():
			six = a.Addr
		}
	}
	return six, six.IsValid()
}

// leadsTo reports whether a connection of kind k is to d already.
func leadsTo(c connectors.Connection, k connectors.Spec, d discovery.Device) bool {
	if c.Kind != k.Kind {
		return false
	}
	for _, p := range k.Peers(c.Settings) {
		host := hostOf(p)
		for _, a := range d.Addresses {
			if a.Addr.String() == host {
				return true
			}
		}
		for _, s := range d.Services {
			if hostOf(s.Host) == host {
				return true
			}
		}
	}
	return false
}
