package store

import (
	"fmt"
	"testing"
	"time"

	"bestbefore/discovery"
	"bestbefore/discovery/flow"
)

// G6: over 90 days of more traffic than there is room for, the file stays
// within a tenth of its limit and what is newest is still there; without a limit
// it grows far beyond.
func TestTheFileOfTrafficKeepsItsLimit(t *testing.T) {
	const limit = 1 << 19
	for name, c := range map[string]struct {
		max   int64
		grows bool
	}{"with the limit": {limit, false}, "its twin without": {1 << 40, true}} {
		t.Run(name, func(t *testing.T) {
			ctx, now := t.Context(), noon
			cfg := testConfig(t.TempDir())
			cfg.Now, cfg.MaxFlows = func() time.Time { return now }, c.max
			s := open(t, cfg)
			var largest int64
			for day := range 90 {
				recs := make([]flow.Record, 0, 400)
				for i := range 400 {
					r := record(discovery.DeviceID(fmt.Sprint("d", i%8)), 0, 1)
					r.Last = now.Add(-time.Duration(i) * 2 * time.Minute)
					r.First, r.Port = r.Last, uint16(i%40)
					r.Destination.Domain = fmt.Sprintf("host%d-%d.example", i%40, day/7)
					recs = append(recs, r)
				}
				must(t, s.AddFlows(ctx, "x", recs, nil))
				must(t, s.Purge(ctx, now))
				largest = max(largest, value(s.flowsSize(ctx, nil))(t))
				now = now.Add(24 * time.Hour)
				if c.grows && largest > 2*limit {
					break // it is clear where that leads
				}
			}
			if (largest > limit*11/10) != c.grows {
				t.Fatalf("%.2f of the limit", float64(largest)/limit)
			}
			if got := value(s.Flows(ctx, flow.Query{Device: "d1", Since: now.Add(-36 * time.Hour)}))(t); len(got) == 0 {
				t.Fatal("the newest traffic is gone")
			}
			t.Logf("at most %.2f of the limit", float64(largest)/limit)
		})
	}
}
