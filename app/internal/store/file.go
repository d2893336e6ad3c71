package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/gofrs/flock"
)

// readers is how many connections may read one file at the same time.
const readers = 4

// idleFor is how long a reader keeps its memory with nothing to do: an overview
// over months fills it, and the next one may be tomorrow.
const idleFor = 20 * time.Second

// file is one SQLite file: one connection that writes, a few that only read.
type file struct {
	path  string
	write *sql.DB
	read  *sql.DB

	mu sync.Mutex // held over each transaction and what must follow it in order

	ready    sync.Mutex           // guards prepared
	prepared map[string]*sql.Stmt // questions that are asked all the time
}

// txn is one writing transaction. What is said in it more than once is said
// through a prepared statement: a page of decisions says the same few hundreds
// of times, and reading it is most of its cost.
type txn struct {
	*sql.Tx
	said map[string]*sql.Stmt // nil: said once
}

// statement is query prepared, nil when it is said for the first time.
func (t *txn) statement(ctx context.Context, query string) (*sql.Stmt, error) {
	stmt, again := t.said[query]
	if !again || stmt != nil || len(t.said) > maxPrepared {
		if !again && len(t.said) <= maxPrepared {
			t.said[query] = nil
		}
		return stmt, nil
	}
	stmt, err := t.PrepareContext(ctx, query) // closed with the transaction
	if err != nil {
		return nil, err
	}
	t.said[query] = stmt
	return stmt, nil
}

// ExecContext hides Tx's.
func (t *txn) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	stmt, err := t.statement(ctx, query) //nolint:sqlclosecheck // it is closed with the transaction
	if err != nil {
		return nil, err
	}
	if stmt == nil {
		return t.Tx.ExecContext(ctx, query, args...)
	}
	return stmt.ExecContext(ctx, args...)
}

// QueryContext hides Tx's.
func (t *txn) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	stmt, err := t.statement(ctx, query) //nolint:sqlclosecheck // it is closed with the transaction
	if err != nil {
		return nil, err
	}
	if stmt == nil {
		return t.Tx.QueryContext(ctx, query, args...)
	}
	return stmt.QueryContext(ctx, args...)
}

// QueryRowContext hides Tx's.
func (t *txn) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	if stmt, err := t.statement(ctx, query); err == nil && stmt != nil { //nolint:sqlclosecheck // the same
		return stmt.QueryRowContext(ctx, args...)
	}
	return t.Tx.QueryRowContext(ctx, query, args...) // it says itself what is wrong with it
}

type fileConfig struct {
	path       string
	pragmas    []string
	migrations fs.FS
	after      map[int]func(context.Context, *txn) error // what a step needs beyond SQL, in its transaction
	now        func() time.Time
}

// openFile opens or creates a file and brings its schema up to date. A file of
// a newer version or of something else is refused untouched.
func openFile(ctx context.Context, c fileConfig) (_ *file, err error) {
	defer func() { err = classify(c.path, err) }()
	if err := mayMigrate(ctx, c); err != nil {
		return nil, err
	}
	// SQLite would create it by the umask; the other files take its rights over.
	h, err := os.OpenFile(c.path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("creating %s: %w", filepath.Base(c.path), err)
	}
	if err := errors.Join(h.Chmod(0o600), h.Close()); err != nil {
		return nil, fmt.Errorf("protecting %s: %w", filepath.Base(c.path), err)
	}
	f := &file{path: c.path, prepared: map[string]*sql.Stmt{}}
	pragmas := append([]string{
		"busy_timeout(5000)", "auto_vacuum(INCREMENTAL)", "page_size(4096)", "journal_mode(WAL)",
		"foreign_keys(1)", "trusted_schema(0)", "temp_store(MEMORY)", "journal_size_limit(16777216)", "cell_size_check(1)",
	}, c.pragmas...)
	if f.write, err = sql.Open("sqlite", dsn(c.path, "rw", pragmas)); err != nil {
		return nil, err
	}
	f.write.SetMaxOpenConns(1)
	f.write.SetConnMaxIdleTime(0)
	if err := f.migrate(ctx, c); err != nil {
		return nil, errors.Join(err, f.write.Close())
	}
	if f.read, err = sql.Open("sqlite", dsn(c.path, "ro", []string{"busy_timeout(5000)", "query_only(1)", "trusted_schema(0)", "cache_size(-1024)"})); err != nil {
		return nil, errors.Join(err, f.write.Close())
	}
	f.read.SetMaxOpenConns(readers)
	f.read.SetMaxIdleConns(readers)
	f.read.SetConnMaxIdleTime(idleFor)
	return f, nil
}

// dsn is the driver's name of a file; pragmas go through the _pragma parameter.
func dsn(path, mode string, pragmas []string) string {
	path = filepath.ToSlash(path)
	if !strings.HasPrefix(path, "/") {
		path = "/" + path // a drive letter
	}
	q := url.Values{"mode": {mode}, "_txlock": {"immediate"}, "_defensive": {"1"}, "_pragma": pragmas}
	return (&url.URL{Scheme: "file", Path: path, RawQuery: q.Encode()}).String()
}

// maxPrepared bounds the questions that are kept prepared.
const maxPrepared = 64

// QueryContext asks through a prepared statement, which saves most of the cost
// of a question that an index answers.
func (f *file) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	f.ready.Lock()
	stmt, ok := f.prepared[query]
	if !ok && len(f.prepared) < maxPrepared {
		var err error
		if stmt, err = f.read.PrepareContext(ctx, query); err != nil {
			f.ready.Unlock()
			return nil, err
		}
		f.prepared[query] = stmt
	}
	f.ready.Unlock()
	if stmt == nil {
		return f.read.QueryContext(ctx, query, args...)
	}
	return stmt.QueryContext(ctx, args...)
}

// isFresh reports whether path holds no database yet: not there, empty, or
// created and not yet filled when the power went.
func isFresh(ctx context.Context, path string) (bool, error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) || err == nil && info.Size() == 0 {
		return true, nil
	}
	if err != nil {
		return false, classify(path, err)
	}
	var tables int
	err = peek(ctx, path, "SELECT count(*) FROM sqlite_master", &tables)
	return tables == 0, err
}

// peek asks a file one thing without changing it.
func peek(ctx context.Context, path, query string, dest ...any) (err error) {
	db, err := sql.Open("sqlite", dsn(path, "ro", []string{"busy_timeout(5000)", "query_only(1)"}))
	if err != nil {
		return err
	}
	defer func() { err = classify(path, errors.Join(err, db.Close())) }()
	return db.QueryRowContext(ctx, query).Scan(dest...)
}

// tx runs fn in one transaction. The caller holds f.mu.
func (f *file) tx(ctx context.Context, fn func(*txn) error) (err error) {
	defer func() { err = classify(f.path, err) }()
	t, err := f.write.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("beginning a transaction: %w", err)
	}
	if err := fn(&txn{Tx: t, said: map[string]*sql.Stmt{}}); err != nil {
		return errors.Join(err, rollback(t))
	}
	if err := t.Commit(); err != nil {
		return errors.Join(fmt.Errorf("committing: %w", err), rollback(t))
	}
	return nil
}

func rollback(t *sql.Tx) error {
	if err := t.Rollback(); err != nil && !errors.Is(err, sql.ErrTxDone) {
		return fmt.Errorf("rolling back: %w", err)
	}
	return nil
}

// shrink gives back what the writer remembers of the file.
func (f *file) shrink(ctx context.Context) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	_, err := f.write.ExecContext(ctx, "PRAGMA shrink_memory")
	return classify(f.path, err)
}

func (f *file) close() error {
	// The reader first: the last connection to close empties the write-ahead log.
	var errs []error
	if f.read != nil {
		errs = append(errs, f.read.Close())
	}
	return errors.Join(append(errs, f.write.Close())...)
}

// lockDir makes the folder and takes the lock that keeps other processes out.
func lockDir(dir string) (*flock.Flock, error) {
	path := filepath.Join(dir, "lock")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, classify(path, fmt.Errorf("making the data folder: %w", err))
	}
	if info, err := os.Stat(dir); err == nil && info.Mode().Perm()&0o077 != 0 {
		if err := os.Chmod(dir, 0o700); err != nil {
			return nil, classify(path, fmt.Errorf("protecting the data folder: %w", err))
		}
	}
	l := flock.New(path, flock.SetPermissions(0o600))
	ok, err := l.TryLock()
	if err != nil {
		return nil, classify(path, fmt.Errorf("locking the data folder: %w", err))
	}
	if !ok {
		return nil, errors.Join(ErrInUse, l.Close())
	}
	return l, nil
}
