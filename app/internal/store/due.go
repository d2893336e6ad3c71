package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"bestbefore/assets/words"
	"bestbefore/consent"
	"bestbefore/discovery"
)

// live is the condition of the partial index, so that asking what is due costs
// the same with a hundred permissions and with a million.
const live = "decided IN ('given', 'renewed') AND due_at IS NOT NULL"

// quick is the context of a question that an index answers at once: to watch for
// the end of ctx meanwhile costs more than the question.
func quick(ctx context.Context) context.Context {
	if ctx.Err() != nil {
		return ctx
	}
	return context.WithoutCancel(ctx)
}

// NextDue is the earliest end of a live permission; ok is false when there is none.
func (s *Store) NextDue(ctx context.Context) (at time.Time, ok bool, err error) {
	err = each(quick(ctx), s.evidence, func(sc scanner) error {
		var due sql.NullInt64
		err := sc.Scan(&due)
		at, ok = fromMS(due), true
		return err
	}, "SELECT due_at FROM consent WHERE "+live+believed+" ORDER BY due_at LIMIT 1")
	if err != nil {
		return time.Time{}, false, classify(s.evidence.path, fmt.Errorf("asking what ends next: %w", err))
	}
	return at, ok, nil
}

// Due returns up to limit live permissions that end at or before now, earliest
// first. A damaged record is set aside and left out.
func (s *Store) Due(ctx context.Context, now time.Time, limit int) ([]consent.Consent, error) {
	return s.consents(quick(ctx), live+" AND due_at <= ?"+believed+" ORDER BY due_at LIMIT ?", ms(now), limit)
}

// SetSeen moves the third axis only; consent.ErrNotFound when there is no such
// permission. The decision's version and history stay as they are.
func (s *Store) SetSeen(ctx context.Context, id consent.ID, seen consent.Seen, at time.Time, by discovery.Source) error {
	return s.commit(ctx, func(c *change) error {
		var r consentRow
		err := r.scan(c.QueryRowContext(ctx, "SELECT "+consentColumns+" FROM consent WHERE id = ?"+believed, string(id)))
		if errors.Is(err, sql.ErrNoRows) {
			return words.Errorf("permission %s: %w", id, consent.ErrNotFound)
		}
		if err != nil {
			return err
		}
		if _, err := r.decode(); err != nil { // never give a damaged row a good checksum
			return words.Errorf("permission %s: %w: %w", id, ErrQuarantined, err)
		}
		r.seen, r.seenAt, r.seenBy = string(seen), ms(at), string(by)
		r.sum = r.checksum()
		return r.save(ctx, c.txn)
	}, TopicConsents)
}

// AllGrants returns what every issuer said it gave, by connection and id.
func (s *Store) AllGrants(ctx context.Context) ([]consent.Grant, error) {
	return readPlain(ctx, s, "grant_seen", func(v []any) (g consent.Grant, err error) {
		return g, json.Unmarshal([]byte(word(v[3])), &g)
	})
}

// Grants returns the grants known for a permission's device.
func (s *Store) Grants(ctx context.Context, c consent.Consent) ([]consent.Grant, error) {
	devices := s.group(c.Device)
	gs, err := s.AllGrants(ctx)
	return slices.DeleteFunc(gs, func(g consent.Grant) bool { return !slices.Contains(devices, string(g.Device)) }), err
}

// SaveGrants replaces what is known of one connection's grants.
func (s *Store) SaveGrants(ctx context.Context, connection string, gs []consent.Grant) error {
	return s.commit(ctx, func(c *change) error {
		if _, err := c.ExecContext(ctx, "DELETE FROM grant_seen WHERE connection = ?", connection); err != nil {
			return err
		}
		for _, g := range gs {
			g.Connection = connection
			body, err := toJSON(g)
			if err != nil {
				return err
			}
			if err := plain("grant_seen").put(ctx, c.txn, connection, g.ID, string(g.Device), body); err != nil {
				return err
			}
		}
		return nil
	}, TopicConnections)
}
