package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"bestbefore/consent/ledger"
	"bestbefore/discovery"
	"bestbefore/discovery/flow"
)

// Acquaintances lists who receives from which device, as it was noticed. Rows
// that cannot be believed are set aside.
func (s *Store) Acquaintances(ctx context.Context) ([]flow.Acquaintance, error) {
	return s.acquaintances(ctx, "")
}

// OpenAcquaintances are those that the household was asked about and that it
// has not called fine.
func (s *Store) OpenAcquaintances(ctx context.Context) ([]flow.Acquaintance, error) {
	return s.acquaintances(ctx, "asked = 1 AND fine = 0")
}

func (s *Store) acquaintances(ctx context.Context, where string) ([]flow.Acquaintance, error) {
	as, err := readPlainWhere(ctx, s, "acquaintance", where, func(v []any) (flow.Acquaintance, error) {
		return flow.Acquaintance{
			Device: discovery.DeviceID(word(v[0])), Key: word(v[1]), Name: word(v[2]), At: moment(v[3]),
			Asked: v[4] == int64(1), Told: v[5] == int64(1), Fine: v[6] == int64(1),
		}, nil
	})
	if err != nil {
		return nil, fmt.Errorf("reading who receives: %w", err)
	}
	return as, nil
}

// SaveAcquaintances writes rows, new or changed, with the diary's lines about them.
func (s *Store) SaveAcquaintances(ctx context.Context, as []flow.Acquaintance, notes ...ledger.Note) error {
	err := s.commit(ctx, func(c *change) error {
		for _, a := range as {
			if err := putAcquaintance(ctx, c.txn, a); err != nil {
				return err
			}
		}
		return c.note(ctx, notes)
	})
	if err != nil {
		return fmt.Errorf("writing who receives: %w", err)
	}
	return nil
}

func putAcquaintance(ctx context.Context, x *txn, a flow.Acquaintance) error {
	return plain("acquaintance").put(ctx, x, string(a.Device), a.Key, a.Name, ms(a.At), bit(a.Asked), bit(a.Told), bit(a.Fine))
}

// forgetAcquaintances deletes those that where names, for good.
func (s *Store) forgetAcquaintances(ctx context.Context, where string, args ...any) error {
	var gone int64
	err := s.commit(ctx, func(c *change) error {
		res, err := c.ExecContext(ctx, "DELETE FROM acquaintance WHERE "+where, args...)
		if err != nil {
			return err
		}
		gone, err = res.RowsAffected()
		return err
	})
	if err == nil && gone > 0 {
		err = s.evidence.checkpoint(ctx) // the write-ahead log still holds the old pages
	}
	if err != nil {
		return fmt.Errorf("deleting who receives: %w", err)
	}
	return nil
}

func bit(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// moment is a value that is a time in the file.
func moment(v any) time.Time {
	n, ok := v.(int64)
	return fromMS(sql.NullInt64{Int64: n, Valid: ok})
}

// oldAcquaintances is the setting in which version 2 kept them.
const oldAcquaintances = "recipients_met"

// moveAcquaintances takes them from the setting into their table. A setting that
// was damaged is left where the check finds it, as before.
func moveAcquaintances(ctx context.Context, x *txn) error {
	var value string
	var sum []byte
	err := x.QueryRowContext(ctx, "SELECT value, sum FROM setting WHERE key = ?", oldAcquaintances).Scan(&value, &sum)
	if errors.Is(err, sql.ErrNoRows) || err == nil && string(sum) != string(rowSum("setting", oldAcquaintances, value)) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("reading who receives: %w", err)
	}
	var old map[discovery.DeviceID]struct {
		Met map[string]struct {
			Name              string
			At                time.Time
			Asked, Told, Fine bool
		}
	}
	if err := json.Unmarshal([]byte(value), &old); err != nil {
		return fmt.Errorf("reading who receives: %w", err)
	}
	for device, a := range old {
		for key, m := range a.Met {
			row := flow.Acquaintance{Device: device, Key: key, Name: m.Name, At: m.At, Asked: m.Asked, Told: m.Told, Fine: m.Fine}
			if err := putAcquaintance(ctx, x, row); err != nil {
				return fmt.Errorf("moving who receives: %w", err)
			}
		}
	}
	_, err = x.ExecContext(ctx, "DELETE FROM setting WHERE key = ?", oldAcquaintances)
	return err
}
