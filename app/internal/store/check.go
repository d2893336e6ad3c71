package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// CheckReport is what Check found.
type CheckReport struct {
	Damaged []string // names of files that SQLite's own check objects to, with its words
	BadRows int      // records that were set aside
}

// OK reports whether nothing was found.
func (r CheckReport) OK() bool { return len(r.Damaged) == 0 && r.BadRows == 0 }

// Check looks through both files. It takes seconds on a big one and belongs in
// the background; CheckRows alone is quick and belongs before enforcement.
func (s *Store) Check(ctx context.Context) (CheckReport, error) {
	var r CheckReport
	flows := false // damaged as a whole
	for _, f := range []*file{s.evidence, s.flows} {
		pragma := "PRAGMA quick_check(10)"
		if f == s.evidence {
			pragma = "PRAGMA integrity_check(10)" // it is small, and its indexes decide what is due
		}
		lines, err := all(ctx, f.read, func(sc scanner) (line string, err error) {
			err = sc.Scan(&line)
			return line, err
		}, pragma)
		if err != nil {
			if err = classify(f.path, err); !errors.Is(err, ErrCorrupt) {
				return r, fmt.Errorf("checking %s: %w", filepath.Base(f.path), err)
			}
			lines = []string{err.Error()}
		}
		for _, l := range lines {
			if l != "ok" {
				r.Damaged = append(r.Damaged, filepath.Base(f.path)+": "+l)
				flows = flows || f == s.flows
			}
		}
	}
	traffic, err := s.checkFlows(ctx, flows)
	if err != nil {
		return r, err
	}
	r.Damaged = append(r.Damaged, traffic...)
	r.BadRows, err = s.CheckRows(ctx)
	if errors.Is(err, ErrCorrupt) {
		r.Damaged, err = append(r.Damaged, err.Error()), nil
	}
	if err == nil && r.OK() {
		err = s.dropCopies()
	}
	return r, err
}

// Backup writes a whole and consistent copy of the evidence to path, which must
// not be there yet. Writing goes on meanwhile.
func (s *Store) Backup(ctx context.Context, path string) error {
	return s.evidence.copyTo(ctx, path)
}

// copyTo copies through SQLite, never by reading the live file.
func (f *file) copyTo(ctx context.Context, path string) (err error) {
	h, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("creating a copy: %w", classify(path, err))
	}
	if err := h.Close(); err != nil {
		return err
	}
	// A connection of its own: one that may only read could not make the copy,
	// and the one that writes shall not wait for it.
	db, err := sql.Open("sqlite", dsn(f.path, "rw", []string{"busy_timeout(5000)"}))
	if err != nil {
		return err
	}
	_, err = db.ExecContext(ctx, "VACUUM INTO ?", path)
	if err = errors.Join(err, db.Close()); err != nil {
		return errors.Join(fmt.Errorf("copying %s: %w", filepath.Base(f.path), classify(path, err)), os.Remove(path))
	}
	return syncFile(path)
}

func syncFile(path string) error {
	h, err := os.OpenFile(path, os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	return errors.Join(h.Sync(), h.Close())
}

// checkpoint moves the write-ahead log into the file and empties it.
func (f *file) checkpoint(ctx context.Context) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	var busy, log, done int
	err := f.write.QueryRowContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)").Scan(&busy, &log, &done)
	return classify(f.path, err)
}
