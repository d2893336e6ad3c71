package store

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"sort"
	"strconv"
	"strings"

	"bestbefore/assets/words"
)

// Numbered SQL files, one transaction each together with its bookkeeping row.
// Once released they are never edited.
//
//go:embed migrations
var migrations embed.FS

// applicationID marks a file as ours in SQLite's header ("BeBf").
const applicationID = 0x42654266

func evidenceMigrations() fs.FS { return subFS("migrations/evidence") }

// evidenceSteps are what a migration needs beyond SQL.
func evidenceSteps() map[int]func(context.Context, *txn) error {
	return map[int]func(context.Context, *txn) error{2: fillSums, 3: moveAcquaintances}
}

// flowSteps are those of the record of traffic.
func flowSteps() map[int]func(context.Context, *txn) error {
	return map[int]func(context.Context, *txn) error{4: fillProofs}
}

func flowMigrations() fs.FS { return subFS("migrations/flows") }

func subFS(dir string) fs.FS {
	sub, err := fs.Sub(migrations, dir)
	if err != nil { // only an invalid name can fail
		panic("store: " + err.Error()) //nolint:forbidigo // a wiring mistake, found by the first start
	}
	return sub
}

type step struct {
	version int
	name    string
}

// steps lists the migrations in order; their numbers have no gaps.
func steps(m fs.FS) ([]step, error) {
	names, err := fs.Glob(m, "*.sql")
	if err != nil {
		return nil, fmt.Errorf("listing migrations: %w", err)
	}
	sort.Strings(names)
	out := make([]step, 0, len(names))
	for i, name := range names {
		number, _, _ := strings.Cut(name, "_")
		v, err := strconv.Atoi(number)
		if err != nil || v != i+1 {
			return nil, fmt.Errorf("migration %q: want number %d", name, i+1)
		}
		out = append(out, step{v, name})
	}
	return out, nil
}

// mayMigrate refuses a file that is not ours or of a newer version, before
// anything could change it.
func mayMigrate(ctx context.Context, c fileConfig) error {
	fresh, err := isFresh(ctx, c.path)
	if err != nil || fresh {
		return err
	}
	var app, version int
	if err := peek(ctx, c.path, "SELECT application_id, user_version FROM pragma_application_id, pragma_user_version", &app, &version); err != nil {
		return err
	}
	all, err := steps(c.migrations)
	switch {
	case err != nil:
		return err
	case app != applicationID:
		return &FileError{Kind: ErrCorrupt, File: c.path, Err: words.New("it is not a file of Best Before")}
	case version > len(all):
		return &FileError{Kind: ErrNewer, File: c.path}
	}
	return nil
}

// migrate brings the schema up to date. A filled file is copied first; see copies.go
// for what becomes of the copy.
func (f *file) migrate(ctx context.Context, c fileConfig) error {
	all, err := steps(c.migrations)
	if err != nil {
		return err
	}
	var version int
	if err := f.write.QueryRowContext(ctx, "PRAGMA user_version").Scan(&version); err != nil {
		return fmt.Errorf("reading the version of %s: %w", filepath.Base(f.path), err)
	}
	if version > 0 && version < len(all) {
		if err := f.copyTo(ctx, copyName(f.path, version)); err != nil && !errors.Is(err, fs.ErrExist) {
			return fmt.Errorf("copying before the change of version: %w", err)
		}
	}
	for _, s := range all[version:] {
		if err := f.apply(ctx, c, s); err != nil {
			return fmt.Errorf("bringing %s to version %d: %w", filepath.Base(f.path), s.version, err)
		}
	}
	return nil
}

func (f *file) apply(ctx context.Context, c fileConfig, s step) error {
	text, err := fs.ReadFile(c.migrations, s.name)
	if err != nil {
		return err
	}
	return f.tx(ctx, func(t *txn) error {
		if _, err := t.ExecContext(ctx, string(text)); err != nil {
			return err
		}
		if _, err := t.ExecContext(ctx, "INSERT INTO migration(version, name, at) VALUES(?,?,?)", s.version, s.name, c.now().UnixMilli()); err != nil {
			return err
		}
		if fill := c.after[s.version]; fill != nil {
			if err := fill(ctx, t); err != nil {
				return err
			}
		}
		_, err := t.ExecContext(ctx, fmt.Sprintf("PRAGMA user_version = %d; PRAGMA application_id = %d", s.version, applicationID))
		return err
	})
}
