package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"bestbefore/assets/words"
)

// Times are integer milliseconds in the files; this is the only place that converts.

// ms is t in milliseconds, invalid (NULL) for the zero time.
func ms(t time.Time) sql.NullInt64 {
	if t.IsZero() {
		return sql.NullInt64{} // as it is read back
	}
	return sql.NullInt64{Int64: t.UnixMilli(), Valid: true}
}

// msUp rounds up, so that what is due by the column is due by the record too.
func msUp(t time.Time) sql.NullInt64 {
	n := ms(t)
	if t.Nanosecond()%int(time.Millisecond) != 0 {
		n.Int64++
	}
	return n
}

// fromMS is the reverse of ms.
func fromMS(n sql.NullInt64) time.Time {
	if !n.Valid {
		return time.Time{}
	}
	return time.UnixMilli(n.Int64).UTC()
}

// rowSum is the checksum of a row: its table, then every column in order, each
// with its type and length, so that no two rows have the same bytes.
func rowSum(table string, columns ...any) []byte {
	b := make([]byte, 0, 512)
	b = appendColumn(b, table)
	for _, c := range columns {
		b = appendColumn(b, c)
	}
	sum := sha256.Sum256(b)
	return sum[:16]
}

func appendColumn(b []byte, column any) []byte {
	switch v := column.(type) {
	case string:
		b = binary.BigEndian.AppendUint64(append(b, 's'), uint64(len(v)))
		return append(b, v...)
	case int64:
		return binary.BigEndian.AppendUint64(append(b, 'i'), uint64(v))
	case sql.NullInt64:
		if !v.Valid {
			return append(b, 'n')
		}
		return binary.BigEndian.AppendUint64(append(b, 'i'), uint64(v.Int64))
	case []byte:
		b = binary.BigEndian.AppendUint64(append(b, 'b'), uint64(len(v)))
		return append(b, v...)
	case nil:
		return append(b, 'n')
	case float64: // never written: what a turned bit may make of a number
		return append(b, 'f')
	default: // a mistake in this package, found by its first test
		panic(fmt.Sprintf("store: no checksum for %T", column)) //nolint:forbidigo // it would write rows without a checksum
	}
}

// errSum says that a row was changed by something else than this package.
var errSum = words.New("its checksum is wrong")

func toJSON(v any) (string, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return "", fmt.Errorf("encoding a record: %w", err)
	}
	return string(b), nil
}

// scanner is what sql.Row and sql.Rows share.
type scanner interface{ Scan(dest ...any) error }

// querier is what sql.DB and sql.Tx share.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// each calls fn for every row of a query.
func each(ctx context.Context, q querier, fn func(scanner) error, query string, args ...any) (err error) {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		if err := fn(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// all collects what scan makes of every row.
func all[T any](ctx context.Context, q querier, scan func(scanner) (T, error), query string, args ...any) ([]T, error) {
	var out []T
	err := each(ctx, q, func(r scanner) error {
		v, err := scan(r)
		out = append(out, v)
		return err
	}, query, args...)
	return out, err
}

// number takes a whole number that is never below zero. The library itself would
// write it as text and read that again, which costs more than the row.
type number uint64

// counted is where a number goes.
func counted(n *uint64) *number { return (*number)(n) }

// Scan implements sql.Scanner.
func (n *number) Scan(v any) error {
	i, ok := v.(int64)
	if !ok || i < 0 {
		return fmt.Errorf("%v is no count", v)
	}
	*n = number(i)
	return nil
}

// rowsAtOnce is how many rows go into one statement: most of the cost of a short
// statement is the way to it.
const rowsAtOnce = 25

// insert writes rows; into names table and columns, tail says what follows the values.
func (t *txn) insert(ctx context.Context, into string, rows [][]any, tail string) error {
	for part := range slices.Chunk(rows, rowsAtOnce) {
		one := ",(" + strings.Repeat("?,", len(part[0])-1) + "?)"
		query := into + " VALUES" + strings.Repeat(one, len(part))[1:] + tail
		if _, err := t.ExecContext(ctx, query, slices.Concat(part...)...); err != nil {
			return err
		}
	}
	return nil
}
