package engine

import (
	"context"
	"slices"
	"time"

	"bestbefore/connectors"
	"bestbefore/discovery"
)

// coverage is which connection sees what, read once for a page.
type coverage struct {
	seen []covered
}

type covered struct {
	name  string
	since time.Time
	what  connectors.Coverage
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
			out.seen = append(out.seen, covered{name: i.Name, since: i.Coverage.Since, what: i.Coverage})
		}
	}
	return out, nil
}

// of says how well we can see what d sends, and through whom.
func (c coverage) of(d discovery.Device) (string, []string) {
	var by []string
	for _, s := range c.seen {
		if s.covers(d) {
			by = append(by, s.name)
		}
	}
	switch {
	case len(c.seen) == 0:
		return "I can see that it is here, not yet what it sends. Connect your router or gateway to see more.", nil
	case len(by) == 0:
		return "None of your connectors can see what this device sends.", nil
	default:
		return "What it sends out of the home is seen by " + join(by) + ". What it sends to other devices at home is not.", by
	}
}

// covers reports whether the connection sees what d sends.
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
func join(words []string) string {
	switch len(words) {
	case 0:
		return ""
	case 1:
		return words[0]
	}
	out := words[0]
	for _, w := range words[1 : len(words)-1] {
		out += ", " + w
	}
	return out + " and " + words[len(words)-1]
}
