package engine_test

import (
	"testing"

	"bestbefore/connectors"
)

// TestEachSourceIsSaidToSeeWhatItSees: nobody but who sees the traffic is said to see
// what leaves the home, or counts for that.
func TestEachSourceIsSaidToSeeWhatItSees(t *testing.T) {
	for _, x := range []struct {
		words          []string
		text           string
		depth          connectors.Depth
		covered, named int
	}{
		{[]string{"bytes", "destinations", "presence"}, "What it sends out of the home is seen by Gateway. What it sends to other devices at home is not.", connectors.SeesTraffic, 1, 0},
		{[]string{"bytes", "categories"}, "Gateway sees what it sends through it. Where else it sends is not seen.", connectors.SeesThrough, 1, 0},
		{[]string{"names", "queries"}, "Gateway sees which names it asks for, not what it sends.", connectors.SeesNames, 0, 1},
		{[]string{"categories"}, "Gateway sees which kinds of data it reports there. None of your connectors can see what it sends.", connectors.SeesKinds, 0, 0},
		{[]string{"presence"}, "Gateway sees that it is here. None of your connectors can see what it sends.", connectors.SeesPresence, 0, 0},
		{[]string{"something new"}, "Gateway sees that it is here. None of your connectors can see what it sends.", connectors.SeesPresence, 0, 0},
	} {
		h := newHome(t)
		h.see(bell)
		h.connect(false)
		h.peers.caps.Coverer = sees{h: h, words: x.words}
		d, err := h.Device(t.Context(), bell)
		if err != nil || d.Coverage != x.text || (len(d.CoveredBy) > 0) != x.depth.Sends() {
			t.Errorf("%v: %q by %v, %v", x.words, d.Coverage, d.CoveredBy, err)
		}
		o, err := h.Overview(t.Context())
		if err != nil || o.Depth != x.depth || o.Covered != x.covered || o.Named != x.named {
			t.Errorf("%v: %+v, %v", x.words, o, err)
		}
	}
}
