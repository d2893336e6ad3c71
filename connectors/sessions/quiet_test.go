package sessions

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"bestbefore/connectors"
	"bestbefore/discovery/flow"
)

// A connection that streams is not probed beside: its heartbeats are signs of
// life. The twin is one whose stream is silent: it is asked every two minutes.
func TestWhatIsHeardIsNotProbed(t *testing.T) {
	for _, beats := range []bool{true, false} {
		onBench(t, func(t *testing.T, b *bench) {
			var probes atomic.Int64
			b.k.open = func(int) (connectors.Session, error) {
				return &live{
					k:     b.k,
					probe: func() error { probes.Add(1); return nil },
					observe: func(ctx context.Context, _ connectors.Cursor, emit func([]flow.Record, connectors.Cursor)) error {
						tick := time.NewTicker(10 * time.Second)
						defer tick.Stop()
						for {
							select {
							case <-ctx.Done():
								return nil
							case <-tick.C:
								if beats {
									emit(nil, nil)
								}
							}
						}
					},
				}, nil
			}
			defer b.serve()()
			time.Sleep(20*time.Minute + time.Second)
			if n := probes.Load(); beats && n != 0 || !beats && n != 10 {
				t.Errorf("heartbeats %v: probed %d times in twenty minutes", beats, n)
			}
		})
	}
}
