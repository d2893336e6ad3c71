package store

import (
	"fmt"
	"testing"
	"time"

	"bestbefore/discovery"
	"bestbefore/discovery/flow"
)

// fillTraffic writes rows as a very heavy home has them before they are purged, by SQL alone:
// through AddFlows it would take minutes.
func fillTraffic(t testing.TB, s *Store, rows int, now time.Time) {
	t.Helper()
	ctx := t.Context()
	var seed []flow.Record // every device with its destinations, so that there are numbers for them
	for d := range 60 {
		for to := range 120 {
			r := record(discovery.DeviceID(fmt.Sprintf("d%012d", d)), 0, 1)
			r.Destination.Domain, r.First, r.Last = fmt.Sprintf("host%d.service%d.example", to, d), now, now
			seed = append(seed, r)
		}
	}
	must(t, s.AddFlows(ctx, "x", seed, nil))
	s.flows.mu.Lock()
	defer s.flows.mu.Unlock()
	per := rows / 60
	step := int64(13*24*time.Hour/time.Millisecond) / int64(per)
	for d := 1; d <= 60; d++ {
		must(t, s.flows.tx(ctx, func(x *txn) error {
			_, err := x.ExecContext(ctx, `WITH RECURSIVE k(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM k WHERE i + 1 < ?1)
				INSERT OR IGNORE INTO flow(device, last, route, span, up, down, n)
				SELECT ?2, ?3 - (?1 - i) * ?4, (?2 - 1) * 120 + 1 + (i * i + i) % 120, i % 60000, i % 9973, i % 99991, 1 + i % 3 FROM k`,
				per, d, now.UnixMilli()-1, step)
			if err != nil {
				return err
			}
			_, err = x.ExecContext(ctx, `INSERT INTO hourly(device, hour, route, up, down, n, first, last)
				SELECT device, last / 3600000, route, sum(up), sum(down), sum(n), min(last % 3600000 - span), max(last % 3600000) FROM flow WHERE device = ?
				GROUP BY last / 3600000, route ON CONFLICT DO NOTHING`, d)
			return err
		}))
	}
}
