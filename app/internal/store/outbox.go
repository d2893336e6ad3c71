package store

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"

	"bestbefore/consent"
)

// Recover puts running actions back to pending and says how many; called once
// at start, when nothing can be running.
func (s *Store) Recover(ctx context.Context) (int, error) {
	n := 0
	err := s.commit(ctx, func(c *change) error {
		n = 0
		return c.alter(ctx, func(a *consent.Action) { a.State = consent.Pending; n++ }, "state = 'running'")
	}, TopicActions)
	return n, err
}

// Claimable returns up to limit actions that may run now: pending ones, and
// waiting or stuck ones whose time has come. Clicks come first, then by DueAt.
func (s *Store) Claimable(ctx context.Context, now time.Time, limit int, skip map[consent.ActionID]bool) ([]consent.Action, error) {
	// Each half is read along its own index; skip is applied here, so a few more are read.
	n := limit + len(skip)
	pending, err := s.actions(ctx, "state = 'pending' ORDER BY person DESC, due_at LIMIT ?", n)
	if err != nil {
		return nil, err
	}
	again, err := s.actions(ctx, "state IN ('waiting', 'stuck') AND retry_at <= ? ORDER BY person DESC, due_at LIMIT ?", ms(now), n)
	if err != nil {
		return nil, err
	}
	out := without(append(pending, again...), skip)
	slices.SortStableFunc(out, func(a, b consent.Action) int {
		return cmp.Or(cmp.Compare(clicked(b), clicked(a)), a.DueAt.Compare(b.DueAt))
	})
	return out[:min(limit, len(out))], nil
}

func clicked(a consent.Action) int {
	if a.Origin == consent.FromPerson {
		return 1
	}
	return 0
}

func without(as []consent.Action, skip map[consent.ActionID]bool) []consent.Action {
	return slices.DeleteFunc(as, func(a consent.Action) bool { return skip[a.ID] })
}

// Verifiable returns up to limit done actions that shall be looked at again by now.
func (s *Store) Verifiable(ctx context.Context, now time.Time, limit int, skip map[consent.ActionID]bool) ([]consent.Action, error) {
	as, err := s.actions(ctx, "state = 'done' AND verify_at IS NOT NULL AND verify_at <= ? ORDER BY verify_at LIMIT ?", ms(now), limit+len(skip))
	if err != nil {
		return nil, err
	}
	as = without(as, skip)
	return as[:min(limit, len(as))], nil
}

// NextWork is the earliest moment at which Claimable or Verifiable will give
// something; now, when there is something already.
func (s *Store) NextWork(ctx context.Context) (at time.Time, ok bool, err error) {
	var pending, retry, verify sql.NullInt64
	err = s.evidence.read.QueryRowContext(quick(ctx), `SELECT
		(SELECT 1 FROM action WHERE state = 'pending' LIMIT 1),
		(SELECT min(retry_at) FROM action WHERE state IN ('waiting', 'stuck')),
		(SELECT min(verify_at) FROM action WHERE state = 'done' AND verify_at IS NOT NULL)`).Scan(&pending, &retry, &verify)
	if err != nil {
		return time.Time{}, false, classify(s.evidence.path, fmt.Errorf("asking for the next work: %w", err))
	}
	if pending.Valid {
		return s.cfg.Now(), true, nil
	}
	for _, n := range []sql.NullInt64{retry, verify} {
		if t := fromMS(n); n.Valid && (!ok || t.Before(at)) {
			at, ok = t, true
		}
	}
	return at, ok, nil
}
