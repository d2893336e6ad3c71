package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"bestbefore/assets/words"
)

// plainTable is a table whose rows carry a checksum over all their columns and
// are read without further knowledge: what is true of each is written here once.
type plainTable struct {
	name    string
	key     int      // how many of the columns, from the first, name a row
	columns []string // all but sum
}

// plainTables are those of the evidence beside permissions, their versions,
// actions and diary, which are checked by what they say too.
func plainTables() []plainTable {
	return []plainTable{
		{"device", 1, []string{"id", "seen", "body"}},
		{"device_alias", 1, []string{"gone", "keep"}},
		{"device_distinct", 2, []string{"a", "b"}},
		{"question", 1, []string{"id", "body"}},
		{"connection", 1, []string{"id", "created", "body"}},
		{"grant_seen", 2, []string{"connection", "id", "device", "body"}},
		{"secret", 1, []string{"ref", "sealed"}},
		{"setting", 1, []string{"key", "value"}},
		{"clock", 1, []string{"n", "wall", "boot", "boot_id", "source"}},
		{"acquaintance", 2, []string{"device", "key", "name", "at", "asked", "told", "fine"}},
		{"quarantine", 2, []string{"place", "key", "reason", "at"}},
	}
}

func plain(name string) plainTable {
	all := plainTables()
	return all[slices.IndexFunc(all, func(t plainTable) bool { return t.name == name })]
}

// put writes one row with its checksum; an older one of the same key goes.
func (t plainTable) put(ctx context.Context, x *txn, values ...any) error {
	marks := strings.Repeat("?,", len(values)) + "?"
	_, err := x.ExecContext(ctx, "INSERT OR REPLACE INTO "+t.name+"("+strings.Join(t.columns, ", ")+", sum) VALUES("+marks+")",
		append(slices.Clone(values), rowSum(t.name, values...))...)
	if err != nil || t.name == "quarantine" {
		return err
	}
	_, err = x.ExecContext(ctx, "DELETE FROM quarantine WHERE place = ? AND key = ?", t.name, t.keyOf(plainRow{values: values}))
	return err
}

// plainRow is a row as the library hands it over, and whether it is believed.
type plainRow struct {
	values []any
	sum    any
	good   bool
}

// rows calls fn for every row; one that cannot be believed too.
func (t plainTable) rows(ctx context.Context, q querier, fn func(plainRow) error) error {
	return t.rowsWhere(ctx, q, "", fn)
}

// rowsWhere is rows with a condition; "" is none.
func (t plainTable) rowsWhere(ctx context.Context, q querier, where string, fn func(plainRow) error) error {
	if where != "" {
		where = " WHERE " + where
	}
	return each(ctx, q, func(sc scanner) error {
		r := plainRow{values: make([]any, len(t.columns))}
		into := make([]any, 0, len(t.columns)+1)
		for i := range r.values {
			into = append(into, &r.values[i])
		}
		if err := sc.Scan(append(into, &r.sum)...); err != nil {
			return err
		}
		sum, _ := r.sum.([]byte)
		r.good = string(sum) == string(rowSum(t.name, r.values...))
		return fn(r)
	}, "SELECT "+strings.Join(t.columns, ", ")+", sum FROM "+t.name+where+" ORDER BY "+strings.Join(t.columns[:t.key], ", "))
}

// keyOf is what names a row in the quarantine.
func (t plainTable) keyOf(r plainRow) string {
	parts := make([]string, t.key)
	for i := range parts {
		parts[i] = fmt.Sprint(r.values[i])
	}
	return strings.Join(parts, "/")
}

// check reports the rows that cannot be believed.
func (t plainTable) check(ctx context.Context, q querier, bad *[]badRow) error {
	return t.rows(ctx, q, func(r plainRow) error {
		if !r.good {
			*bad = append(*bad, badRow{t.name, t.keyOf(r), errSum.Error()})
		}
		return nil
	})
}

// fillSums gives the rows of version 1 the checksums that version 2 brought.
func fillSums(ctx context.Context, x *txn) error {
	for _, name := range []string{"device_distinct", "question", "grant_seen", "secret", "setting", "clock", "quarantine"} {
		t := plain(name)
		var rows []plainRow
		if err := t.rows(ctx, x, func(r plainRow) error { rows = append(rows, r); return nil }); err != nil {
			return fmt.Errorf("reading %s: %w", name, err)
		}
		for _, r := range rows {
			if err := t.put(ctx, x, r.values...); err != nil {
				return fmt.Errorf("giving %s checksums: %w", name, err)
			}
		}
	}
	return nil
}

// dropBadQuarantine forgets quarantine rows that were changed: one could hide a
// good permission. What is really bad is found again by its own checksum.
func (s *Store) dropBadQuarantine(ctx context.Context) (int, error) {
	t := plain("quarantine")
	var bad []plainRow
	err := t.rows(ctx, s.evidence.read, func(r plainRow) error {
		if !r.good {
			bad = append(bad, r)
		}
		return nil
	})
	if err != nil || len(bad) == 0 {
		return 0, err
	}
	return len(bad), s.commit(ctx, func(c *change) error {
		var errs []error
		for _, r := range bad {
			_, err := c.ExecContext(ctx, "DELETE FROM quarantine WHERE place = ? AND key = ?", r.values[0], r.values[1])
			errs = append(errs, err, c.quarantineNote(ctx, badRow{place: t.name, key: t.keyOf(r), reason: errSum.Error()},
				words.Text("A damaged line of the list of damaged records was dropped; what is damaged is looked for again.")))
		}
		return errors.Join(errs...)
	})
}

// readPlain reads a whole small table, in the order of its key; rows that
// cannot be believed are set aside.
func readPlain[T any](ctx context.Context, s *Store, table string, make func(values []any) (T, error)) ([]T, error) {
	return readPlainWhere(ctx, s, table, "", make)
}

// readPlainWhere is readPlain with a condition; "" is none.
func readPlainWhere[T any](ctx context.Context, s *Store, table, where string, make func(values []any) (T, error)) ([]T, error) {
	t := plain(table)
	var out []T
	var bad []badRow
	err := t.rowsWhere(ctx, s.evidence.read, where, func(r plainRow) error {
		if r.good {
			v, err := make(r.values)
			out = append(out, v)
			return err
		}
		bad = append(bad, badRow{t.name, t.keyOf(r), errSum.Error()})
		return nil
	})
	if err != nil {
		return nil, classify(s.evidence.path, err)
	}
	s.setAside(ctx, bad)
	return out, nil
}

// word is a value that is text in the file.
func word(v any) string {
	s, _ := v.(string)
	return s
}
