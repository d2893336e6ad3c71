package connectors

import "slices"

// Depth is how deep a connection looks into what a device does.
type Depth int

// The depths, the shallowest first. Only from Through on it is seen that
// something is sent, so that only there silence can mean anything.
const (
	SeesNothing  Depth = iota
	SeesPresence       // that a device is there
	SeesKinds          // which kinds of data it reports to the peer
	SeesNames          // which names it looks up; it may send without asking for any
	SeesThrough        // how much it sends through the peer; not what goes elsewhere
	SeesTraffic        // where it sends what leaves the home
)

// Depth is the one place that says what the words of Sees amount to. A word
// that is not known proves no more than that the peer knows the device.
func (c Coverage) Depth() Depth {
	for _, x := range []struct {
		depth Depth
		words []string
	}{
		{SeesTraffic, []string{"destinations"}},
		{SeesThrough, []string{"bytes"}},
		{SeesNames, []string{"names", "queries"}},
		{SeesKinds, []string{"categories"}},
	} {
		if slices.ContainsFunc(x.words, func(w string) bool { return slices.Contains(c.Sees, w) }) {
			return x.depth
		}
	}
	if len(c.Sees) > 0 {
		return SeesPresence
	}
	return SeesNothing
}

// Sends reports whether it is seen that something is sent.
func (d Depth) Sends() bool { return d >= SeesThrough }
