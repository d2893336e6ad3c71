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
	devices, err := all(ctx, s.flows.read, func(sc scanner) (n int64, err error) {
		err = sc.Scan(&n)
		return n, err
	}, "SELECT n FROM device")
	if err != nil {
		return classify(s.flows.path, err)
	}
	raw := now.Add(-keepRaw).UnixMilli()
	hour := now.AddDate(0, -keepMonths, 0).UnixMilli() / hourMS
	for _, d := range devices {
		for _, table := range []struct {
			name, column string
			before       int64
			count        *int64
		}{{"flow", "last", raw, &single}, {"hourly", "hour", hour, &hourly}} {
			if err := s.purgeRange(ctx, table.name, table.column, d, table.before, table.count); err != nil {
				return fmt.Errorf("purging: %w", err)
			}
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

// purgeRange deletes what one device has before a moment, a chunk at a time.
func (s *Store) purgeRange(ctx context.Context, table, column string, device, before int64, count *int64) error {
	for {
		n, err := s.purgeStep(ctx, func(t *txn) (sql.Result, error) {
			// The rows of one device lie in the order of time: find where the chunk ends.
			end := before
			err := t.QueryRowContext(ctx, fmt.Sprintf("SELECT %[2]s FROM %[1]s WHERE device = ? AND %[2]s < ? ORDER BY %[2]s LIMIT 1 OFFSET %[3]d", table, column, purgeChunk),
				device, before).Scan(&end)
			if err != nil && !errors.Is(err, sql.ErrNoRows) {
				return nil, err
			}
			query := fmt.Sprintf("DELETE FROM %s WHERE device = ? AND %s < ?", table, column)
			if end < before {
				query = fmt.Sprintf("DELETE FROM %s WHERE device = ? AND %s <= ?", table, column)
			}
			return t.ExecContext(ctx, query, device, end)
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
