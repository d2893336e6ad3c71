package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"bestbefore/assets/words"
	"bestbefore/discovery"
)

// DeleteFlowsOf deletes for good where a device talked and whom it met, merged
// entries included, and says how many rows that were. Watching goes on.
func (s *Store) DeleteFlowsOf(ctx context.Context, id discovery.DeviceID) (int64, error) {
	ns, err := s.deviceNumbers(ctx, id)
	if err != nil {
		return 0, err
	}
	n, err := s.deleteFlows(ctx, ns, span{until: forEver})
	if err != nil {
		return n, err
	}
	in, args := placeholders(s.group(id))
	return n, s.forgetAcquaintances(ctx, "device IN ("+in+")", args...)
}

// DeleteFlowsBetween deletes for good what was seen of every device from one
// moment to another. Sums are kept by the hour, old ones by the day: one that
// the period touches goes as a whole, so that nothing of the period is left.
func (s *Store) DeleteFlowsBetween(ctx context.Context, from, to time.Time) (int64, error) {
	if !from.Before(to) {
		return 0, words.New("deleting traffic: the period ends before it begins")
	}
	p := span{from: max(from.UnixMilli(), 0), until: max(to.UnixMilli(), 0)}
	n, err := s.deleteFlowsOfAll(ctx, p)
	if err != nil {
		return n, err
	}
	return n, s.forgetAcquaintances(ctx, "at >= ? AND at < ?", p.from, p.until) // whom a device met only then
}

// DeleteAllFlows deletes for good where all devices talked.
func (s *Store) DeleteAllFlows(ctx context.Context) (int64, error) {
	n, err := s.deleteFlowsOfAll(ctx, span{until: forEver})
	if err != nil {
		return n, err
	}
	return n, s.forgetAcquaintances(ctx, "1=1")
}

// forEver is later than any time in the files.
const forEver = 1 << 60

// span is from one millisecond up to, not including, another one.
type span struct{ from, until int64 }

// outward widens the span to whole units and counts in them.
func (p span) outward(unit int64) span { return span{p.from / unit, (p.until + unit - 1) / unit} }

func (s *Store) deleteFlowsOfAll(ctx context.Context, p span) (int64, error) {
	ns, err := s.allDeviceNumbers(ctx)
	if err != nil {
		return 0, err
	}
	return s.deleteFlows(ctx, ns, p)
}

// deleteFlows deletes rows of devices in a span.
func (s *Store) deleteFlows(ctx context.Context, devices []any, p span) (int64, error) {
	// Singles go with their hour, so that both always tell the same.
	hours := p.outward(hourMS)
	return s.deleting(ctx, func(n *int64) error {
		for _, d := range devices {
			for _, r := range []purged{
				{"flow", "last", span{hours.from * hourMS, hours.until * hourMS}},
				{"hourly", "hour", hours},
				{"daily", "hour", span{hours.from - hours.from%24, hours.until}},
			} {
				if err := s.purgeRange(ctx, retention{purged: r}, d, n); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// deleting has del delete rows, and then deletes the routes that nothing is
// about any more: they name destinations too. Deleted pages are overwritten.
func (s *Store) deleting(ctx context.Context, del func(n *int64) error) (n int64, err error) {
	if _, err := s.flows.write.ExecContext(ctx, "PRAGMA secure_delete = 1"); err != nil {
		return 0, classify(s.flows.path, err)
	}
	defer func() {
		_, off := s.flows.write.ExecContext(context.WithoutCancel(ctx), "PRAGMA secure_delete = 0")
		err = errors.Join(err, classify(s.flows.path, off))
	}()
	if err := del(&n); err != nil {
		return n, fmt.Errorf("deleting traffic: %w", err)
	}
	if n == 0 {
		return 0, nil
	}
	if err := s.purgeUnused(ctx); err != nil {
		return n, fmt.Errorf("deleting traffic: %w", err)
	}
	s.cfg.Changed(TopicFlows)
	// The write-ahead log still holds the old pages, and so does a copy of an old version.
	return n, errors.Join(s.flows.checkpoint(ctx), dropCopiesOf(s.flows.path))
}

// purgeUnused forgets the routes that no row is about.
func (s *Store) purgeUnused(ctx context.Context) error {
	_, err := s.purgeStep(ctx, func(t *txn) (sql.Result, error) {
		s.ingest.forget() // it may remember what goes now
		return t.ExecContext(ctx, "DELETE FROM route WHERE n NOT IN (SELECT route FROM flow) AND n NOT IN (SELECT route FROM hourly) AND n NOT IN (SELECT route FROM daily)")
	})
	return err
}
