package engine

import (
	"context"
	"slices"
	"strings"
	"time"

	"bestbefore/assets/words"
	"bestbefore/connectors"
	"bestbefore/discovery"
)

// coverage is which connection sees what, read once for a page.
type coverage struct {
	seen []covered
}

type covered struct {
	id, name string
	since    time.Time // when it was connected, or began to see
	what     connectors.Coverage
}

// coverageDeadline bounds how long a page waits for a peer to say what it sees.
const coverageDeadline = 2 * time.Second

func (e *Core) coverage(ctx context.Context) (coverage, error) {
	var out coverage
	cs, err := e.Store.Connections(ctx)
	if err != nil {
		return out, err
	}
	for _, c := range cs {
		if i := e.connectionInfo(ctx, c); len(i.Coverage.Sees) > 0 {
			out.seen = append(out.seen, covered{id: c.ID, name: i.Name, since: firstSeen(c, i.Coverage), what: i.Coverage})
		}
	}
	return out, nil
}

// firstSeen is since when there are figures of a connection: what it saw before
// this start of the program counts, and what it says of itself may begin anew.
func firstSeen(c connectors.Connection, what connectors.Coverage) time.Time {
	if c.Created.IsZero() || !what.Since.IsZero() && what.Since.Before(c.Created) {
		return what.Since
	}
	return c.Created
}

// deepest is how much the best of the connections sees, of whatever device.
func (c coverage) deepest() connectors.Depth {
	best := connectors.SeesNothing
	for _, s := range c.seen {
		best = max(best, s.what.Depth())
	}
	return best
}

// depth is how much the best of them sees of d.
func (c coverage) depth(d discovery.Device) connectors.Depth {
	best := connectors.SeesNothing
	for _, s := range c.seen {
		if s.covers(d) {
			best = max(best, s.what.Depth())
		}
	}
	return best
}

// depthWords say what connections of each depth see of a device; %[1]s names them.
var depthWords = []struct {
	depth    connectors.Depth
	one, all string
}{
	{connectors.SeesTraffic, words.Later("What it sends out of the home is seen by %s."), words.Later("What it sends out of the home is seen by %s.")},
	{connectors.SeesThrough, words.Later("%s sees what it sends through it."), words.Later("%s see what it sends through them.")},
	{connectors.SeesNames, words.Later("%s sees which names it asks for, not what it sends."), words.Later("%s see which names it asks for, not what it sends.")},
	{connectors.SeesKinds, words.Later("%s sees which kinds of data it reports there."), words.Later("%s see which kinds of data it reports there.")},
	{connectors.SeesPresence, words.Later("%s sees that it is here."), words.Later("%s see that it is here.")},
}

// of says how well we can see what d sends, and names those that see it.
func (c coverage) of(d discovery.Device) (text string, by []string) {
	if len(c.seen) == 0 {
		return words.Text("I can see that it is here, not yet what it sends. Connect your router or gateway to see more."), nil
	}
	var lines []string
	for _, w := range depthWords {
		var names []string
		for _, s := range c.seen {
			if s.what.Depth() == w.depth && s.covers(d) {
				names = append(names, s.name)
			}
		}
		if len(names) == 0 {
			continue
		}
		if w.depth.Sends() {
			by = append(by, names...)
		}
		line := w.all
		if len(names) == 1 {
			line = w.one
		}
		lines = append(lines, words.Sprintf(line, join(names)))
	}
	switch depth := c.depth(d); {
	case depth == connectors.SeesTraffic:
		lines = slices.Insert(lines, 1, words.Text("What it sends to other devices at home is not."))
	case depth == connectors.SeesThrough:
		lines = append(lines, words.Text("Where else it sends is not seen."))
	case depth != connectors.SeesNames:
		lines = append(lines, words.Text("None of your connectors can see what it sends."))
	}
	return strings.Join(lines, " "), by
}

// covers reports whether the connection knows d, or all that passes it; how much
// it sees of it is its Depth.
func (s covered) covers(d discovery.Device) bool {
	return s.what.Whole || sharesIdentifier(s.what.Devices, d.Identifiers) || sharesAddress(s.what.Addresses, d.Addresses)
}

func sharesIdentifier(a, b []discovery.Identifier) bool {
	return slices.ContainsFunc(a, func(i discovery.Identifier) bool { return slices.Contains(b, i) })
}

// sharesAddress reports whether a device is now at one of addresses.
func sharesAddress(addresses []string, of []discovery.Address) bool {
	return slices.ContainsFunc(of, func(a discovery.Address) bool {
		return slices.Contains(addresses, a.Addr.Unmap().WithZone("").String())
	})
}

// join writes a list as a person would: "a", "a and b", "a, b and c".
func join(parts []string) string {
	switch len(parts) {
	case 0:
		return ""
	case 1:
		return parts[0]
	}
	last := len(parts) - 1
	return words.Sprintf("%s and %s", strings.Join(parts[:last], ", "), parts[last])
}
