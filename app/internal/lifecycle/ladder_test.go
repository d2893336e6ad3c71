package lifecycle

import (
	"slices"
	"testing"

	"bestbefore/app/internal/clock"
	"bestbefore/app/internal/engine"
	"bestbefore/connectors"
	"bestbefore/connectors/connectortest"
	"bestbefore/consent"
)

// Only the whole device can be cut, and the household had not chosen that: it is
// asked, with what else stops. Before the answer it goes on (the twin); after it
// the router cuts all of it.
func TestCutAllOfItIsAnAnswer(t *testing.T) {
	peer := connectortest.NewPeer(clock.Wall)
	peer.SetTraits(connectors.Traits{Grain: connectors.GrainDevice, IPv4: true, IPv6: true})
	h, _ := start(t, t.TempDir(), peer)
	id := sight(h)
	connect(t, h)
	allow(t, h.Engine(), id, "Time", "203.0.113.9", "1h")
	bell := allow(t, h.Engine(), id, "Bell Maker", "203.0.113.7", "1h")
	if _, err := h.Engine().End(t.Context(), bell, "test"); err != nil {
		t.Fatal(err)
	}
	var info engine.ConsentInfo
	until(t, "it is asked", func() (ok bool) {
		var err error
		info, err = h.Engine().Consent(t.Context(), bell)
		return err == nil && info.Next != nil
	})
	if !slices.Contains(info.Next.Steps, engine.StepWhole) || !slices.Equal(info.Next.AlsoStops, []string{"Time"}) || !peer.Send(bellMAC, "203.0.113.7", 443, 10) {
		t.Fatalf("offered %+v", info.Next)
	}
	a, err := h.Engine().Step(t.Context(), info.Next.Action, engine.StepWhole, "test")
	if err != nil {
		t.Fatal(err)
	}
	until(t, "all of it is cut", func() bool {
		got, err := h.Engine().Action(t.Context(), a.ID)
		return err == nil && got.State == consent.Done && !peer.Send(bellMAC, "203.0.113.7", 443, 10)
	})
}
