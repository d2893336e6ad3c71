package engine

import (
	"slices"
	"time"

	"bestbefore/discovery"
)

// Sight is how much of what a device sends can be seen.
type Sight struct {
	By []SeenBy `json:"by"`
	// Missing are what would be needed to see more, as words that the screen knows.
	Missing []Missing `json:"missing,omitempty"`
	// OwnNames are the name servers that it asks past the home's own: what a DNS
	// blocker shows of it is not all.
	OwnNames []NameServer `json:"own_names,omitempty"`
}

// SeenBy is one connection that sees what a device sends.
type SeenBy struct {
	Name  string    `json:"name"`
	Since time.Time `json:"since,omitzero"`
	Sees  []string  `json:"sees"` // "bytes", "destinations", "names", "queries" ...
	Claim bool      `json:"claim,omitempty"`
	// Away says that it was not heard of for a while.
	Away bool `json:"away,omitempty"`
}

// Missing is something without which less is seen.
type Missing string

// What may be missing.
const (
	MissingAny     Missing = "any"     // nobody sees what it sends
	MissingBytes   Missing = "bytes"   // how much: a router or gateway, or what it exports
	MissingNames   Missing = "names"   // which names: a DNS blocker
	MissingAddress Missing = "address" // a connection sees others, but does not know this one
)

// awayAfter is how long a source may be silent.
const awayAfter = 15 * time.Minute

// sight says who sees what of d, and what is missing.
func (c coverage) sight(d discovery.Device, now time.Time) Sight {
	var out Sight
	sees := map[string]bool{}
	for _, s := range c.seen {
		if !s.covers(d) {
			continue
		}
		by := SeenBy{Name: s.name, Since: s.since.UTC(), Sees: slices.Clone(s.what.Sees), Claim: s.what.Claim}
		by.Away = !s.what.Alive.IsZero() && now.Sub(s.what.Alive) > awayAfter
		out.By = append(out.By, by)
		for _, w := range s.what.Sees {
			sees[w] = true
		}
	}
	switch {
	case len(out.By) == 0 && len(c.seen) > 0:
		out.Missing = append(out.Missing, MissingAddress)
	case len(out.By) == 0:
		out.Missing = append(out.Missing, MissingAny)
	default:
		if !sees["destinations"] {
			out.Missing = append(out.Missing, MissingBytes)
		}
		if !sees["names"] && !sees["queries"] {
			out.Missing = append(out.Missing, MissingNames)
		}
	}
	return out
}
