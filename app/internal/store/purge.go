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
	keepRaw    = 14 * 24 * time.Hour
	keepMonths = 13
	purgeChunk = 5000
)

// Purge deletes single records older than 14 days and hourly sums older than 13
// months, in small steps, and gives the room back to the disk. It also renews
// the reserve. Call it every hour or so, with trusted time.
func (s *Store) Purge(ctx context.Context, now time.Time) error {
	var single, hourly int64
	devices, err := s.allDeviceNumbers(ctx)
	if err != nil {
		return err
	}
	raw := now.Add(-keepRaw).UnixMilli()
	hour := now.AddDate(0, -keepMonths, 0).UnixMilli() / hourMS
	for _, d := range devices {
		if err := s.purgeRange(ctx, purged{"flow", "last", span{until: raw}}, d, &single); err != nil {
			return fmt.Errorf("purging: %w", err)
		}
		if err := s.purgeRange(ctx, purged{"hourly", "hour", span{until: hour}}, d, &hourly); err != nil {
			return fmt.Errorf("purging: %w", err)
		}
	}
	if err := s.purgeRoutes(ctx, hour/24-1); err != nil {
		return fmt.Errorf("purging: %w", err)
	}
	s.room.keepReserve()
	if single+hourly > 0 {
		s.cfg.Log.Info("old traffic was deleted", "records", single, "hours", hourly)
	}
	return nil
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
func (s *Store) purgeRange(ctx context.Context, p purged, device any, count *int64) error {
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
			return t.ExecContext(ctx, fmt.Sprintf("DELETE FROM %s WHERE device = ? AND %[2]s >= ? AND %[2]s < ?", p.table, p.column), device, p.span.from, end)
		})
		*count += n
		if err != nil || n < purgeChunk {
			return err
		}
	}
}

// purgeRoutes forgets what no row can be about any more.
func (s *Store) purgeRoutes(ctx context.Context, day int64) error {
	for {
		n, err := s.purgeStep(ctx, func(t *txn) (sql.Result, error) {
			s.ingest.forget() // it may remember what goes now
			return t.ExecContext(ctx, "DELETE FROM route WHERE n IN (SELECT n FROM route WHERE day < ? LIMIT ?)", day, purgeChunk)
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
