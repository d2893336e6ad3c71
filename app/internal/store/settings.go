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
	"bestbefore/connectors"
	"bestbefore/consent"
	"bestbefore/consent/ledger"
)

// SaveConnection writes a configured connector. Its secrets are references.
func (s *Store) SaveConnection(ctx context.Context, cn connectors.Connection, notes ...ledger.Note) error {
	body, err := toJSON(cn)
	if err != nil {
		return err
	}
	return s.commit(ctx, func(c *change) error {
		created := ms(cn.Created)
		if _, err := c.ExecContext(ctx, "INSERT OR REPLACE INTO connection(id, created, body, sum) VALUES(?,?,?,?)",
			cn.ID, created, body, rowSum("connection", cn.ID, created, body)); err != nil {
			return err
		}
		if _, err := c.ExecContext(ctx, "DELETE FROM quarantine WHERE place = 'connection' AND key = ?", cn.ID); err != nil {
			return err
		}
		return c.note(ctx, notes)
	}, TopicConnections)
}

// DeleteConnection forgets a connection, its grants and its sealed secrets.
func (s *Store) DeleteConnection(ctx context.Context, id string, notes ...ledger.Note) error {
	return s.commit(ctx, func(c *change) error {
		var body string
		err := c.QueryRowContext(ctx, "SELECT body FROM connection WHERE id = ?", id).Scan(&body)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		var cn connectors.Connection
		if err == nil && json.Unmarshal([]byte(body), &cn) == nil {
			for _, ref := range cn.Settings.Secrets {
				if _, err := c.ExecContext(ctx, "DELETE FROM secret WHERE ref = ?", string(ref)); err != nil {
					return err
				}
			}
		}
		for _, q := range []string{
			"DELETE FROM connection WHERE id = ?", "DELETE FROM grant_seen WHERE connection = ?",
			"DELETE FROM quarantine WHERE place = 'connection' AND key = ?",
		} {
			if _, err := c.ExecContext(ctx, q, id); err != nil {
				return err
			}
		}
		return c.note(ctx, notes)
	}, TopicConnections)
}

// connectionRow is a row of the table connection.
type connectionRow struct {
	id, body string
	created  sql.NullInt64
	sum      []byte
}

func (r connectionRow) decode() (connectors.Connection, error) {
	var cn connectors.Connection
	if string(rowSum("connection", r.id, r.created, r.body)) != string(r.sum) {
		return cn, errSum
	}
	err := json.Unmarshal([]byte(r.body), &cn)
	return cn, err
}

// Connections lists the configured connectors, oldest first.
func (s *Store) Connections(ctx context.Context) ([]connectors.Connection, error) {
	out, bad, err := s.readConnections(ctx)
	if err != nil {
		return nil, classify(s.evidence.path, fmt.Errorf("reading connections: %w", err))
	}
	s.setAside(ctx, bad)
	return out, nil
}

func (s *Store) readConnections(ctx context.Context) (out []connectors.Connection, bad []badRow, err error) {
	err = each(ctx, s.evidence.read, func(sc scanner) error {
		var r connectionRow
		if err := sc.Scan(&r.id, &r.created, &r.body, &r.sum); err != nil {
			return err
		}
		cn, err := r.decode()
		if err != nil {
			bad = append(bad, badRow{"connection", r.id, err.Error()})
			return nil
		}
		out = append(out, cn)
		return nil
	}, "SELECT id, created, body, sum FROM connection ORDER BY created, id")
	return out, bad, err
}

func (s *Store) checkConnections(ctx context.Context, bad *[]badRow) error {
	_, found, err := s.readConnections(ctx)
	*bad = append(*bad, found...)
	return err
}

// PutSecret stores a sealed value under its reference.
func (s *Store) PutSecret(ctx context.Context, ref consent.SecretRef, sealed []byte) error {
	return s.commit(ctx, func(c *change) error {
		return plain("secret").put(ctx, c.txn, string(ref), sealed)
	})
}

// GetSecret returns a sealed value, or consent.ErrNotFound.
func (s *Store) GetSecret(ctx context.Context, ref consent.SecretRef) ([]byte, error) {
	var sealed []byte
	var sum []byte
	err := s.evidence.read.QueryRowContext(ctx, "SELECT sealed, sum FROM secret WHERE ref = ?", string(ref)).Scan(&sealed, &sum)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, words.Errorf("secret %s: %w", ref, consent.ErrNotFound)
	}
	if err == nil && string(sum) != string(rowSum("secret", string(ref), sealed)) {
		s.setAside(ctx, []badRow{{"secret", string(ref), errSum.Error()}})
		return nil, words.Errorf("secret %s: %w", ref, errors.Join(ErrQuarantined, consent.ErrNotFound))
	}
	return sealed, classify(s.evidence.path, err)
}

// DeleteSecret forgets a sealed value; one that is not there is no fault.
func (s *Store) DeleteSecret(ctx context.Context, ref consent.SecretRef) error {
	return s.commit(ctx, func(c *change) error {
		_, err := c.ExecContext(ctx, "DELETE FROM secret WHERE ref = ?", string(ref))
		return err
	})
}

// Setting returns a value, "" when there is none or it was damaged.
func (s *Store) Setting(ctx context.Context, key string) (string, error) {
	var v string
	var sum []byte
	err := s.evidence.read.QueryRowContext(ctx, "SELECT value, sum FROM setting WHERE key = ?", key).Scan(&v, &sum)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	if err == nil && string(sum) != string(rowSum("setting", key, v)) {
		s.setAside(ctx, []badRow{{"setting", key, errSum.Error()}})
		return "", nil
	}
	return v, classify(s.evidence.path, err)
}

// SetSetting stores a value; "" deletes it.
func (s *Store) SetSetting(ctx context.Context, key, value string) error {
	return s.commit(ctx, func(c *change) error {
		if value != "" {
			return plain("setting").put(ctx, c.txn, key, value)
		}
		_, err := c.ExecContext(ctx, "DELETE FROM setting WHERE key = ?", key)
		return err
	})
}

// ClockReading is the wall clock beside the clock that counts sleep.
type ClockReading struct {
	Wall   time.Time
	Boot   time.Duration
	BootID string
	Source string
}

// clockKept is how many readings are kept.
const clockKept = 1000

// SaveClock adds a reading to the small log of them.
func (s *Store) SaveClock(ctx context.Context, r ClockReading) error {
	return s.commit(ctx, func(c *change) error {
		var n int64
		if err := c.QueryRowContext(ctx, "SELECT coalesce(max(n), 0) + 1 FROM clock").Scan(&n); err != nil {
			return err
		}
		if err := plain("clock").put(ctx, c.txn, n, r.Wall.UnixMilli(), r.Boot.Milliseconds(), r.BootID, r.Source); err != nil {
			return err
		}
		_, err := c.ExecContext(ctx, "DELETE FROM clock WHERE n <= (SELECT max(n) FROM clock) - ?", clockKept)
		return err
	})
}

// Clock lists the newest readings, newest first.
func (s *Store) Clock(ctx context.Context, limit int) ([]ClockReading, error) {
	rs, err := readPlain(ctx, s, "clock", func(v []any) (r ClockReading, err error) {
		wall, _ := v[1].(int64)
		boot, _ := v[2].(int64)
		return ClockReading{Wall: time.UnixMilli(wall).UTC(), Boot: time.Duration(boot) * time.Millisecond, BootID: word(v[3]), Source: word(v[4])}, nil
	})
	slices.Reverse(rs)
	return rs[:min(limit, len(rs))], err
}
