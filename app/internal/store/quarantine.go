package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"bestbefore/assets/words"
	"bestbefore/consent"
	"bestbefore/consent/ledger"
)

// badRow is a row that cannot be believed. key is what the row says of itself.
type badRow struct{ place, key, reason string }

// Quarantined is a record that was set aside.
type Quarantined struct {
	Place  string // table
	Key    string
	Reason string
	At     time.Time
}

// Quarantine lists the records that were set aside, for the person to decide
// again; everything else goes on without them (T17).
func (s *Store) Quarantine(ctx context.Context) ([]Quarantined, error) {
	qs, err := all(ctx, s.evidence.read, func(sc scanner) (q Quarantined, err error) {
		var at sql.NullInt64
		err = sc.Scan(&q.Place, &q.Key, &q.Reason, &at)
		q.At = fromMS(at)
		return q, err
	}, "SELECT place, key, reason, at FROM quarantine ORDER BY place, key")
	return qs, classify(s.evidence.path, err)
}

// setAside records bad rows, or heals a permission from the copy that its
// history holds. It never fails a reading: what cannot be recorded is logged
// and met again at the next reading.
func (s *Store) setAside(ctx context.Context, bad []badRow) {
	if len(bad) == 0 {
		return
	}
	err := s.commit(ctx, func(c *change) error {
		for _, b := range bad {
			if err := c.setAside(ctx, b); err != nil {
				return err
			}
		}
		return nil
	}, TopicConsents, TopicActions)
	if err != nil {
		s.cfg.Log.Error("setting damaged records aside", "error", err, "records", len(bad))
	}
}

func (c *change) setAside(ctx context.Context, b badRow) error {
	text := words.Sprintf("A damaged record was set aside (%s %s): %s.", b.place, b.key, b.reason)
	if b.place == "consent" {
		healed, err := c.heal(ctx, b.key)
		if err != nil {
			return err
		}
		if healed {
			text = words.Sprintf("A damaged permission was restored from its history (%s): %s.", b.key, b.reason)
			return c.quarantineNote(ctx, b, text)
		}
	}
	var known int
	if err := c.QueryRowContext(ctx, "SELECT count(*) FROM quarantine WHERE place = ? AND key = ?", b.place, b.key).Scan(&known); err != nil || known > 0 {
		return err
	}
	if err := plain("quarantine").put(ctx, c.txn, b.place, b.key, b.reason, c.s.cfg.Now().UnixMilli()); err != nil {
		return err
	}
	return c.quarantineNote(ctx, b, text)
}

func (c *change) quarantineNote(ctx context.Context, b badRow, text string) error {
	n := ledger.Note{Time: c.s.cfg.Now(), Kind: consent.NoteQuarantine, Text: text}
	switch b.place {
	case "consent", "consent_version":
		n.Consent = b.key
	case "action":
		n.Action = b.key
	case "device":
		n.Device = b.key
	}
	c.s.cfg.Log.Warn("a damaged record was found", "place", b.place, "key", b.key, "reason", b.reason)
	return c.note(ctx, []ledger.Note{n})
}

// heal writes a permission's row anew from its newest version, which was written
// in the same transaction. An older version than the damaged row says it is
// would be another decision, so it is never used.
func (c *change) heal(ctx context.Context, id string) (bool, error) {
	var now consentRow
	err := now.scan(c.QueryRowContext(ctx, "SELECT "+consentColumns+" FROM consent WHERE id = ?", id))
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return false, err
	}
	if _, err := now.decode(); err == nil {
		return true, nil // healed by somebody else since it was read
	}
	v, err := scanVersion(c.QueryRowContext(ctx,
		"SELECT id, version, at, body, sum FROM consent_version WHERE id = ? ORDER BY version DESC LIMIT 1", id))
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	good, err := v.decode()
	if err != nil || int64(good.Version) < now.version {
		return false, nil
	}
	row, err := encodeConsent(good)
	if err != nil {
		return false, err
	}
	return true, row.save(ctx, c.txn)
}

// checkedAtOnce is how many permissions a start waits for: some tenths of a second.
const checkedAtOnce = 20_000

// CheckAtStart is CheckRows where that is quick, as in every household; false
// where there is so much that Check shall do it beside everything else.
func (s *Store) CheckAtStart(ctx context.Context) (checked bool, err error) {
	var n int
	if err := s.evidence.read.QueryRowContext(ctx, "SELECT count(*) FROM (SELECT 1 FROM consent_version LIMIT ?)", checkedAtOnce+1).Scan(&n); err != nil {
		return false, classify(s.evidence.path, fmt.Errorf("counting records: %w", err))
	}
	if n > checkedAtOnce {
		return false, nil
	}
	_, err = s.CheckRows(ctx)
	return true, err
}

// CheckRows reads every record whose row carries a checksum and sets damaged
// ones aside; it says how many it found. It belongs before the first
// enforcement, since a damaged date would never be asked for.
func (s *Store) CheckRows(ctx context.Context) (int, error) {
	var bad []badRow
	check := func(query string, one func(scanner) (badRow, error)) error {
		return each(ctx, s.evidence.read, func(sc scanner) error {
			b, err := one(sc)
			if err == nil && b.reason != "" {
				bad = append(bad, b)
			}
			return err
		}, query)
	}
	dropped, err := s.dropBadQuarantine(ctx)
	err = errors.Join(err,
		check("SELECT "+consentColumns+" FROM consent", func(sc scanner) (badRow, error) {
			var r consentRow
			err := r.scan(sc)
			_, fault := r.decode()
			return badRow{"consent", r.id, reason(fault)}, err
		}),
		check("SELECT id, version, at, body, sum FROM consent_version", func(sc scanner) (badRow, error) {
			r, err := scanVersion(sc)
			_, fault := r.decode()
			return badRow{"consent_version", r.key(), reason(fault)}, err
		}),
		check("SELECT id FROM consent_version v WHERE NOT EXISTS (SELECT 1 FROM consent c WHERE c.id = v.id AND c.version >= v.version) GROUP BY id", func(sc scanner) (badRow, error) {
			b := badRow{place: "consent", reason: words.Text("its row is gone")}
			err := sc.Scan(&b.key)
			return b, err
		}),
		check("SELECT "+actionColumns+" FROM action", func(sc scanner) (badRow, error) {
			var r actionRow
			err := r.scan(sc)
			_, fault := r.decode()
			return badRow{"action", r.id, reason(fault)}, err
		}),
		s.checkDevices(ctx, &bad), s.checkConnections(ctx, &bad),
	)
	for _, t := range plainTables() {
		if !slices.Contains([]string{"device", "connection", "quarantine"}, t.name) { // checked above, with what they say
			err = errors.Join(err, t.check(ctx, s.evidence.read, &bad))
		}
	}
	if err != nil {
		return 0, classify(s.evidence.path, fmt.Errorf("checking records: %w", err))
	}
	s.setAside(ctx, bad)
	return dropped + len(bad), nil
}

func reason(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
