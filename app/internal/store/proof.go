package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"

	"bestbefore/assets/words"
)

// The proofs of rows of traffic, as the schema computes them when it writes.
const (
	flowProof = `(device % 65521 * 3 + last % 65521 * 5 + route % 65521 * 7 + span % 65521 * 11
		+ up % 65521 * 13 + down % 65521 * 17 + n % 65521 * 19) % 65521 - 32760`
	sumProof = `(device % 65521 * 3 + hour % 65521 * 5 + route % 65521 * 7 + up % 65521 * 11
		+ down % 65521 * 13 + n % 65521 * 17 + first % 65521 * 19 + last % 65521 * 23) % 65521 - 32760`
	routeProof = `(n % 65521 * 3 + day % 65521 * 5) % 65521 - 32760`
)

// flowsSchema is the hash of the schema of flows.db: a letter that turned in
// it would change what is asked or proved.
const flowsSchema = "6e518d5b387c66c90d2eb030af6883c9c6374a8cbcc82c4c6ef6c6c315427aaa"

// errSchema says that the schema is not the one that was made.
var errSchema = words.New("its schema was changed")

// soundSchema compares the schema with the one that this version makes.
func soundSchema(ctx context.Context, f *file) error {
	sum, err := schemaSum(ctx, f)
	if err == nil && sum != flowsSchema {
		err = &FileError{Kind: ErrCorrupt, File: f.path, Err: errSchema}
	}
	return classify(f.path, err)
}

func schemaSum(ctx context.Context, f *file) (string, error) {
	lines, err := all(ctx, f.read, func(sc scanner) (line string, err error) {
		err = sc.Scan(&line)
		return line, err
	}, "SELECT type || ' ' || name || ' ' || tbl_name || ' ' || ifnull(sql, '') FROM sqlite_master ORDER BY 1")
	if err != nil {
		return "", err
	}
	h := sha256.New()
	for _, l := range lines {
		h.Write(appendColumn(nil, l))
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// beyondReading reports whether an error says that the file is not what it was,
// though SQLite does not call it damaged: a name in the schema that has turned.
func beyondReading(err error) bool {
	var se *sqlite.Error
	return errors.Is(err, ErrCorrupt) || errors.As(err, &se) && se.Code()&0xff == lib.SQLITE_ERROR
}

// damagedMark is the file that says that flows.db is to be set aside at the next start.
func (s *Store) damagedMark() string { return filepath.Join(s.cfg.Dir, "flows.damaged") }

// marked reports whether the last run found flows.db damaged.
func (s *Store) marked() bool {
	_, err := os.Stat(s.damagedMark())
	return err == nil
}

// checkFlows looks for what is not as it was written. Where the file as a whole
// holds together, damaged rows are deleted and the others go on; a file that
// does not is set aside at the next start.
func (s *Store) checkFlows(ctx context.Context, damaged bool) (lines []string, err error) {
	if !damaged {
		lines, err = s.mendIndexes(ctx)
	}
	if !damaged && err == nil {
		n, err := s.dropUnproved(ctx)
		switch {
		case err == nil && n == 0:
			return lines, nil
		case err == nil:
			return append(lines, words.Sprintf("flows.db: %d rows of past traffic were damaged and are left out from now on", n)), nil
		case !beyondReading(err):
			return nil, err
		}
		lines = append(lines, "flows.db: "+err.Error())
	}
	if err != nil && !beyondReading(err) {
		return lines, err
	}
	if err := os.WriteFile(s.damagedMark(), nil, 0o600); err != nil && !errors.Is(err, fs.ErrExist) {
		return lines, fmt.Errorf("noting that the flows are damaged: %w", classify(s.damagedMark(), err))
	}
	return append(lines, words.Text("flows.db: the record of past traffic is set aside at the next start, and watching begins anew")), nil
}

// mendIndexes makes the indexes anew where one says something else than its
// table: the quick look through the whole file does not compare the two.
func (s *Store) mendIndexes(ctx context.Context) ([]string, error) {
	for _, table := range []string{"device", "route"} {
		found, err := all(ctx, s.flows.read, func(sc scanner) (line string, err error) {
			err = sc.Scan(&line)
			return line, err
		}, "PRAGMA integrity_check("+table+")")
		if err != nil {
			return nil, classify(s.flows.path, fmt.Errorf("checking %s: %w", table, err))
		}
		if len(found) == 1 && found[0] == "ok" {
			continue
		}
		s.flows.mu.Lock()
		_, err = s.flows.write.ExecContext(ctx, "REINDEX device; REINDEX route")
		s.flows.mu.Unlock()
		if err != nil {
			return found, classify(s.flows.path, &FileError{Kind: ErrCorrupt, File: s.flows.path, Err: err})
		}
		return []string{words.Sprintf("flows.db: a damaged index was made anew (%s)", found[0])}, nil
	}
	return nil, nil
}

// dropUnproved deletes the rows whose proof does not fit and those that are
// about nothing any more, and says how many.
func (s *Store) dropUnproved(ctx context.Context) (n int64, err error) {
	bad, err := s.unproved(ctx)
	if err != nil || len(bad) == 0 {
		return 0, err
	}
	s.flows.mu.Lock()
	defer s.flows.mu.Unlock()
	err = s.flows.tx(ctx, func(t *txn) error {
		s.ingest.forget()
		for _, b := range bad {
			res, err := t.ExecContext(ctx, "DELETE FROM "+b.table+" WHERE "+b.where, b.args...)
			if err != nil {
				return err
			}
			gone, err := res.RowsAffected()
			if err != nil {
				return err
			}
			n += gone
		}
		_, err := t.ExecContext(ctx, "DELETE FROM overview") // its hours are added up anew
		return err
	})
	if err != nil {
		return n, err
	}
	// A row whose key has turned stands where it is not looked for.
	if left, err := s.unproved(ctx); err != nil || len(left) > 0 {
		return n, errors.Join(err, &FileError{Kind: ErrCorrupt, File: s.flows.path, Err: errSum})
	}
	return n, nil
}

// unprovedRows is a table, and the condition under which its rows are damaged.
type unprovedRows struct {
	table, where string
	args         []any
}

// unproved finds them: first words, then what they leave behind, then numbers.
func (s *Store) unproved(ctx context.Context) (out []unprovedRows, err error) {
	for _, w := range provedWords() {
		bad, err := w.unproved(ctx, s.flows.read)
		if err != nil {
			return nil, err
		}
		out = append(out, bad...)
	}
	checks := []unprovedRows{{table: "route", where: "proof IS NOT " + routeProof}}
	for _, t := range []string{"flow", "hourly", "overview", "daily"} {
		proof := sumProof
		if t == "flow" {
			proof = flowProof
		}
		// In one look: a large file is read once.
		checks = append(checks, unprovedRows{table: t, where: "proof IS NOT " + proof + " OR route NOT IN (SELECT n FROM route) OR device NOT IN (SELECT n FROM device)"})
	}
	for _, c := range checks {
		var found bool
		if err := s.flows.read.QueryRowContext(ctx, "SELECT EXISTS(SELECT 1 FROM "+c.table+" WHERE "+c.where+")").Scan(&found); err != nil {
			return nil, classify(s.flows.path, fmt.Errorf("checking %s: %w", c.table, err))
		}
		// What a route or a device leaves behind is found only when it is gone.
		if found || len(out) > 0 {
			out = append(out, c)
		}
	}
	return out, nil
}

// provedWord is a table of flows.db whose words carry a checksum.
type provedWord struct {
	table, key string
	columns    []string
}

func provedWords() []provedWord {
	return []provedWord{
		{"device", "n", []string{"id"}},
		{"place", "source", []string{"source", "cursor", "at"}},
		{"route", "n", []string{"domain", "address", "protocol", "port", "source", "refused", "categories"}},
	}
}

// rows calls fn for each row with its key, its columns and its checksum.
func (w provedWord) rows(ctx context.Context, q querier, fn func(key any, columns []any, sum []byte) error) error {
	return each(ctx, q, func(sc scanner) error {
		var key, sum any
		values, into := make([]any, len(w.columns)), []any{&key, &sum}
		for i := range values {
			into = append(into, &values[i])
		}
		if err := sc.Scan(into...); err != nil {
			return err
		}
		b, _ := sum.([]byte)
		return fn(key, values, b)
	}, "SELECT "+w.key+", sum, "+strings.Join(w.columns, ", ")+" FROM "+w.table)
}

func (w provedWord) unproved(ctx context.Context, q querier) (out []unprovedRows, err error) {
	err = w.rows(ctx, q, func(key any, columns []any, sum []byte) error {
		if !slices.Equal(sum, rowSum(w.table, columns...)) {
			out = append(out, unprovedRows{w.table, w.key + " = ?", []any{key}})
		}
		return nil
	})
	return out, err
}

// fillProofs gives the words of version 3 the checksums that version 4 brought.
func fillProofs(ctx context.Context, x *txn) error {
	for _, w := range provedWords() {
		type row struct {
			key any
			sum []byte
		}
		var rows []row
		if err := w.rows(ctx, x, func(key any, columns []any, _ []byte) error {
			rows = append(rows, row{key, rowSum(w.table, columns...)})
			return nil
		}); err != nil {
			return fmt.Errorf("reading %s: %w", w.table, err)
		}
		for _, r := range rows {
			if _, err := x.ExecContext(ctx, "UPDATE "+w.table+" SET sum = ? WHERE "+w.key+" = ?", r.sum, r.key); err != nil {
				return fmt.Errorf("giving %s checksums: %w", w.table, err)
			}
		}
	}
	return nil
}
