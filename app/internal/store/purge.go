package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// What is kept of traffic, and how much one transaction deletes, so that the
// writer is never kept waiting for long.
const (
	keepRaw         = 14 * 24 * time.Hour
	keepMonths      = 13
	purgeChunk      = 5000
	defaultMaxFlows = 2 << 30
)

// Purge deletes single records older than 14 days and adds hourly sums older
// than 13 months up to days, in small steps, and gives the room back to the
// disk. Where the file is larger than it may be, more goes, the oldest and
// finest first. Days that are over are added up for overviews, and the reserve
// is renewed. Call it every hour or so, with trusted time.
func (s *Store) Purge(ctx context.Context, now time.Time) error {
	devices, err := s.allDeviceNumbers(ctx)
	if err != nil {
		return err
	}
	hour := now.AddDate(0, -keepMonths, 0).UnixMilli() / hourMS
	n, err := s.thinOut(ctx, devices, []retention{
		{purged{"flow", "last", span{until: now.Add(-keepRaw).UnixMilli()}}, false},
		{purged{"hourly", "hour", span{until: hour}}, true},
	})
	if err == nil {
		err = s.purgeRoutes(ctx, hour/24-1)
	}
	if err == nil {
		err = s.sumDays(ctx, devices, now.UnixMilli()/dayMS*24)
	}
	for _, r := range tighter(now) {
		var size int64
		if size, err = s.flowsSize(ctx, err); err != nil || size <= s.maxFlows() {
			break
		}
		var more int64
		more, err = s.thinOut(ctx, devices, []retention{r})
		n += more
	}
	if err != nil {
		return fmt.Errorf("purging: %w", err)
	}
	s.room.keepReserve()
	if n > 0 {
		s.cfg.Log.Info("old traffic was deleted", "rows", n)
	}
	return s.flows.shrink(ctx)
}

// retention is what goes, and whether it is added up to days first.
type retention struct {
	purged
	fold bool
}

// tighter is what goes, step by step, while the file is too large.
func tighter(now time.Time) []retention {
	ago := func(days int) int64 { return now.AddDate(0, 0, -days).UnixMilli() }
	var out []retention
	for _, step := range []struct {
		table string
		days  int
	}{{"flow", 7}, {"hourly", 180}, {"hourly", 90}, {"flow", 3}, {"hourly", 30}, {"flow", 2}, {"hourly", 7}, {"daily", 1800}, {"daily", 730}, {"daily", 365}, {"daily", 180}, {"daily", 90}, {"daily", 30}} {
		if step.table == "flow" {
			out = append(out, retention{purged{"flow", "last", span{until: ago(step.days)}}, false})
			continue
		}
		out = append(out, retention{purged{step.table, "hour", span{until: ago(step.days) / hourMS}}, step.table == "hourly"})
	}
	return out
}

func (s *Store) thinOut(ctx context.Context, devices []any, rs []retention) (n int64, err error) {
	for _, d := range devices {
		for _, r := range rs {
			if err := s.purgeRange(ctx, r, d, &n); err != nil {
				return n, err
			}
		}
	}
	return n, nil
}

func (s *Store) maxFlows() int64 {
	if s.cfg.MaxFlows == 0 {
		return defaultMaxFlows
	}
	return s.cfg.MaxFlows
}

// flowsSize is how large the file is; an error that is there already stays.
func (s *Store) flowsSize(ctx context.Context, before error) (size int64, err error) {
	if before != nil {
		return 0, before
	}
	err = s.flows.read.QueryRowContext(ctx, "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size").Scan(&size)
	return size, classify(s.flows.path, err)
}

func (s *Store) allDeviceNumbers(ctx context.Context) ([]any, error) {
	ns, err := all(ctx, s.flows.read, func(sc scanner) (any, error) {
		var n int64
		err := sc.Scan(&n)
		return n, err
	}, "SELECT n FROM device")
	return ns, classify(s.flows.path, err)
}

// purged is a table, its column of time, and what of it goes.
type purged struct {
	table, column string
	span          span
}

// purgeRange deletes what one device has in a span, a chunk at a time.
func (s *Store) purgeRange(ctx context.Context, p retention, device any, count *int64) error {
	for {
		n, err := s.purgeStep(ctx, func(t *txn) (sql.Result, error) {
			// The rows of one device lie in the order of time: find where the chunk ends.
			end := p.span.until
			err := t.QueryRowContext(ctx, fmt.Sprintf("SELECT %[2]s FROM %[1]s WHERE device = ? AND %[2]s >= ? AND %[2]s < ? ORDER BY %[2]s LIMIT 1 OFFSET %[3]d", p.table, p.column, purgeChunk),
				device, p.span.from, p.span.until).Scan(&end)
			if err != nil && !errors.Is(err, sql.ErrNoRows) {
				return nil, err
			}
			if end < p.span.until {
				end++ // the row that was found goes too
			}
			if p.fold {
				if _, err := t.ExecContext(ctx, foldHours, device, p.span.from, end); err != nil {
					return nil, fmt.Errorf("adding up days: %w", err)
				}
			}
			return p.delete(ctx, t, device, end)
		})
		*count += n
		if err != nil || n < purgeChunk {
			return err
		}
	}
}

// delete deletes what a device has up to end.
func (p purged) delete(ctx context.Context, t *txn, device any, end int64) (sql.Result, error) {
	summed, err := int64(0), error(nil)
	if p.table == "hourly" {
		summed, err = summedUntil(ctx, t, device)
	}
	if err != nil {
		return nil, err
	}
	res, err := t.ExecContext(ctx, fmt.Sprintf("DELETE FROM %s WHERE device = ? AND %[2]s >= ? AND %[2]s < ?", p.table, p.column), device, p.span.from, end)
	if err != nil || p.span.from >= summed {
		return res, err
	}
	return res, resum(ctx, t, device, span{p.span.from, end}, summed)
}

// foldHours adds hours of a device to their days; a day that was added up
// already, before a late record came, grows.
var foldHours = fmt.Sprintf(`INSERT INTO daily(device, hour, route, up, down, n, first, last)
	SELECT device, hour - hour %% 24, route, min(sum(up), %[1]d), min(sum(down), %[1]d), min(sum(n), %[1]d),
		min(hour %% 24 * %[2]d + first), max(hour %% 24 * %[2]d + last)
	FROM hourly WHERE device = ? AND hour >= ? AND hour < ? GROUP BY hour - hour %% 24, route
	ON CONFLICT DO UPDATE SET up = min(up + excluded.up, %[1]d), down = min(down + excluded.down, %[1]d),
		n = min(n + excluded.n, %[1]d), first = min(first, excluded.first), last = max(last, excluded.last)`, int64(maxRowSum), hourMS)

// purgeRoutes forgets what no row can be about any more.
func (s *Store) purgeRoutes(ctx context.Context, day int64) error {
	for {
		n, err := s.purgeStep(ctx, func(t *txn) (sql.Result, error) {
			s.ingest.forget() // it may remember what goes now
			return t.ExecContext(ctx, "DELETE FROM route WHERE n IN (SELECT n FROM route WHERE day < ? AND n NOT IN (SELECT route FROM daily) LIMIT ?)", day, purgeChunk)
		})
		if err != nil || n < purgeChunk {
			return err
		}
	}
}

// purgeStep is one small transaction; the freed pages go back to the disk.
func (s *Store) purgeStep(ctx context.Context, fn func(*txn) (sql.Result, error)) (n int64, err error) {
	s.flows.mu.Lock()
	defer s.flows.mu.Unlock()
	clear(s.ingest.summed) // it may change now
	err = s.flows.tx(ctx, func(t *txn) error {
		res, err := fn(t)
		if err != nil {
			return err
		}
		n, err = res.RowsAffected()
		return err
	})
	if err != nil || n == 0 {
		return n, err
	}
	_, err = s.flows.write.ExecContext(ctx, "PRAGMA incremental_vacuum")
	return n, classify(s.flows.path, err)
}
