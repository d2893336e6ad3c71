package enforce

import (
	"context"
	"fmt"
	"testing"
	"time"

	"bestbefore/connectors"
	"bestbefore/consent"
)

// The storm of G11: a thousand ends at once over five connections of which one
// is dead, each call taking 200 ms.
const (
	stormSize = 1000
	stormCall = 200 * time.Millisecond
)

// storm fills the outbox and says which actions belong to living connections.
func storm(h *bench) (alive []consent.ActionID, dead *peer) {
	for i := range 5 {
		p := h.peer(fmt.Sprintf("p%d", i), fine)
		p.block = func(context.Context, connectors.BlockRequest) error { time.Sleep(stormCall); return nil }
		p.verify = func(connectors.Receipt) (connectors.Finding, error) {
			return connectors.Finding{Level: consent.Effective, Seen: consent.Stopped, Refused: 1}, nil
		}
		if i == 4 {
			dead = p
			p.block = func(ctx context.Context, _ connectors.BlockRequest) error { <-ctx.Done(); return ctx.Err() }
		}
	}
	for i := range stormSize {
		a := h.plainOn(fmt.Sprintf("p%d", i%5), fmt.Sprintf("m%d", i))
		if i%5 != 4 {
			alive = append(alive, a.ID)
		}
	}
	return alive, dead
}

func (h *bench) doneOf(ids []consent.ActionID) (n int) {
	done := map[consent.ActionID]bool{}
	for _, a := range h.all() {
		done[a.ID] = a.State == consent.Done
	}
	for _, id := range ids {
		if done[id] {
			n++
		}
	}
	return n
}

// A storm takes what the connections themselves need, and no more; the dead one
// holds up nobody but itself.
func TestG11AStormTakesWhatTheConnectionsNeed(t *testing.T) {
	inHome(t, func(t *testing.T, h *bench) {
		alive, dead := storm(h)
		need := time.Duration(len(alive)/4) * stormCall // four lanes, one call at a time each
		defer h.serve()()
		settle(need*115/100 + time.Second)
		if n := h.doneOf(alive); n != len(alive) {
			t.Errorf("%d of %d are done after 1.15 times what the connections need", n, len(alive))
		}
		if dead.asked() == 0 || dead.asked() > 3 {
			t.Errorf("the dead one was asked %d times", dead.asked())
		}
	})
}

// A click in the middle of it is served within a second, through a connection
// that is busy with the storm.
func TestG11AClickIsServedWithinASecondOfAStorm(t *testing.T) {
	served := func(o consent.Origin) time.Duration {
		var took time.Duration
		inHome(t, func(_ *testing.T, h *bench) {
			storm(h)
			defer h.serve()()
			settle(5 * time.Second)
			began := h.now()
			out, _ := h.AddActions(context.Background(), []consent.Action{{
				Kind: consent.ActBlock, Origin: o, Device: "d1", Recipient: consent.Recipient{Any: true}, Mark: "clicked",
				State: consent.Pending, Connection: "p1", Created: began, DueAt: began,
			}})
			h.r.Poke()
			for took = 0; took < 5*time.Minute && h.action(out[0].ID).State != consent.Done; took = h.now().Sub(began) {
				settle(50 * time.Millisecond)
			}
		})
		return took
	}
	if d := served(consent.FromPerson); d > time.Second {
		t.Errorf("it took %v", d)
	}
	if d := served(consent.FromExpiry); d <= time.Second { // the twin: not a click
		t.Errorf("anything is served within %v; this test shows nothing", d)
	}
}
