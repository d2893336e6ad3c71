package sessions

import (
	"testing"
	"testing/synctest"
	"time"

	"bestbefore/connectors"
)

// Nothing is called trouble before the first try is over; the twins: a try that
// failed is, and so is what nobody set up.
func TestATryUnderWayIsNoTrouble(t *testing.T) {
	onBench(t, func(t *testing.T, b *bench) {
		b.k.open = func(int) (connectors.Session, error) {
			time.Sleep(time.Second)
			return nil, transient("no route")
		}
		if h := b.Health("gw"); h.Trouble != "" || h.Open {
			t.Errorf("before anything was tried: %+v", h)
		}
		defer b.serve()()
		synctest.Wait()
		if h := b.Health("gw"); h.Trouble != "" || h.Open {
			t.Errorf("while it is tried: %+v", h)
		}
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if h := b.Health("gw"); h.Trouble != "no route" {
			t.Errorf("after it failed: %+v", h)
		}
		if h := b.Health("gone"); h.Trouble == "" {
			t.Error("what nobody set up is well")
		}
	})
}

// Reload waits for the first try of a connection that the start found already.
func TestReloadWaitsForATryUnderWay(t *testing.T) {
	onBench(t, func(t *testing.T, b *bench) {
		b.k.open = func(int) (connectors.Session, error) {
			time.Sleep(time.Second)
			return &live{k: b.k}, nil
		}
		defer b.serve()()
		synctest.Wait()
		if b.Health("gw").Open {
			t.Fatal("it is open before it was tried")
		}
		if err := b.Reload(t.Context()); err != nil || !b.Health("gw").Open {
			t.Errorf("%v, %+v", err, b.Health("gw"))
		}
	})
}
