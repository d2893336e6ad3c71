package sessions

import (
	"testing"
	"testing/synctest"
	"time"

	"bestbefore/connectors"
	"bestbefore/consent"
)

// A peer that says until when it wants to be left alone is not asked before,
// although the session that it said it to is gone (T28).
func TestAPeersOwnPauseIsKept(t *testing.T) {
	onBench(t, func(t *testing.T, b *bench) {
		began := time.Now()
		b.k.open = func(n int) (connectors.Session, error) {
			if n == 1 {
				return nil, &connectors.Error{Kind: consent.KindTransient, RetryAt: time.Now().Add(15 * time.Minute), Text: "too often"}
			}
			return &live{k: b.k}, nil
		}
		defer b.serve()()
		time.Sleep(15*time.Minute - time.Second)
		synctest.Wait()
		if opens, _ := b.k.counts(); opens != 1 {
			t.Errorf("asked %d times in %s", opens, time.Since(began))
		}
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if !b.Health("gw").Open {
			t.Errorf("not asked after the pause: %+v", b.Health("gw"))
		}
	})
}
