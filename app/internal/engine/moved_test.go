package engine_test

import (
	"context"
	"encoding/json"
	"net/netip"
	"slices"
	"testing"
	"time"

	"bestbefore/connectors"
	"bestbefore/consent"
	"bestbefore/discovery"
)

// A device whose block goes by addresses gets another one: the block is looked at
// again, once for each round, and no other. The twin is a peer that follows by itself.
func TestAMovedDevicesBlockIsLookedAtAgain(t *testing.T) {
	for _, byAddress := range []bool{true, false} {
		h := newHome(t)
		h.connect(false)
		h.peers.caps.Traits.ByAddress = byAddress
		var looked []consent.ActionID
		h.LookAgain = func(_ context.Context, id consent.ActionID) error { looked = append(looked, id); return nil }
		id := h.see("02:00:00:00:00:01")
		raw, err := json.Marshal(connectors.Receipt{Mark: "m1", Target: connectors.Target{Device: id, Addresses: []string{"192.168.77.30"}}})
		if err != nil {
			t.Fatal(err)
		}
		block := consent.Action{
			Kind: consent.ActBlock, Origin: consent.FromPerson, Device: id, Recipient: consent.Recipient{Any: true}, Mark: "m1", Connection: "k1",
			State: consent.Done, Level: consent.Effective, Receipt: raw, Created: h.now, DueAt: h.now, Finished: h.now,
		}
		block.Until = h.now.Add(time.Hour) // a pause, whose end is the newest of its mark
		other := block
		other.Mark, other.Connection = "m2", "k9" // of a connection that is not there
		added, err := h.st.AddActions(t.Context(), []consent.Action{block, other, consent.PauseOver(block)})
		if err != nil {
			t.Fatal(err)
		}
		watch := func(want int) {
			t.Helper()
			looked = nil
			if err := h.WatchMoved(t.Context()); err != nil {
				t.Fatal(err)
			}
			if len(looked) != want || want == 1 && !slices.Equal(looked, []consent.ActionID{added[0].ID}) {
				t.Errorf("by address %v: looked at %v, want %d", byAddress, looked, want)
			}
		}
		watch(0)
		h.now = h.now.Add(time.Minute)
		h.Sight(discovery.Sighting{
			Source: discovery.SourceNeighbor, At: h.now, Identifiers: []discovery.Identifier{{Type: discovery.MAC, Value: "02:00:00:00:00:01"}},
			Addresses: []netip.Addr{netip.MustParseAddr("192.168.77.44")},
		})
		watch(map[bool]int{true: 1, false: 0}[byAddress])
	}
}
