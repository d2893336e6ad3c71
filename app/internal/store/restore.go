package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"

	"bestbefore/assets/words"
	"bestbefore/consent/ledger"
)

// NoteRestored is the kind of the diary's line about a backup that was put back.
const NoteRestored ledger.Kind = "restored"

// Restored is what Restore did.
type Restored struct {
	Backup Backup
	Aside  string // what stands before the names of the files that were replaced; empty when there were none
	Kept   int    // newer decisions that were kept
	Lost   uint64 // lines of the diary that the seal knew and nobody has any more
	// Missing is how many newer decisions the diary tells of that nobody can read any more.
	Missing int
	// Apart is how many lines the diary that was there has which this one has not:
	// since their parting both went on. They stay in what was set aside.
	Apart uint64
}

// Said is what a household should know of it beyond the number of decisions that
// were kept; "" when there is nothing more.
func (r Restored) Said() string {
	text := ""
	if r.Apart > 0 {
		text += " " + words.Sprintf("The diary that was there had gone another way: %d of its lines are only in what was set aside.", r.Apart)
	}
	if r.Lost > 0 {
		text += " " + words.Sprintf("%d newer lines of the diary are lost: look through all permissions.", r.Lost)
	}
	if r.Missing > 0 {
		text += " " + words.Sprintf("%d newer decisions cannot be read any more: look through all permissions.", r.Missing)
	}
	return text
}

// isNoRows reports whether a question had no answer.
func isNoRows(err error) bool { return errors.Is(err, sql.ErrNoRows) }

// Restore puts a backup in the place of the evidence, which nobody may have
// open. What stood there is kept aside, and everything newer in it that can
// still be believed is taken over: no decision is lost that anything knows of,
// and what had ended does not come alive. A backup or a file of a newer version
// is refused.
func Restore(ctx context.Context, c Config, name string) (Restored, error) {
	return restore(ctx, c, func(c Config, path string) (Backup, error) { return unpack(c, name, path) })
}

// RestoreFile is Restore for a sealed backup that lies anywhere, such as one of
// another computer that Config.Recovery opens.
func RestoreFile(ctx context.Context, c Config, file string) (Restored, error) {
	return restore(ctx, c, func(c Config, path string) (Backup, error) { return unpackFile(c, file, path) })
}

func restore(ctx context.Context, c Config, unpack func(c Config, path string) (Backup, error)) (r Restored, err error) {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Dir, err = filepath.Abs(c.Dir); err != nil {
		return r, fmt.Errorf("finding the data folder: %w", err)
	}
	lock, err := lockDir(c.Dir)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, lock.Close()) }()
	work := filepath.Join(c.Dir, "restoring")
	if err := errors.Join(os.RemoveAll(work), os.Mkdir(work, 0o700)); err != nil {
		return r, classify(work, fmt.Errorf("making room to restore: %w", err))
	}
	defer func() { err = errors.Join(err, os.RemoveAll(work)) }()
	next := filepath.Join(work, "evidence.db")
	if r.Backup, err = unpack(c, next); err != nil {
		return r, err
	}
	head, err := r.build(ctx, c, next)
	if err != nil {
		return r, err
	}
	return r, r.exchange(c, next, head)
}

// build makes the new file whole: it is brought to this version, checked, and
// gets what is newer.
func (r *Restored) build(ctx context.Context, c Config, path string) (ledger.Head, error) {
	var head ledger.Head
	s := &Store{cfg: c, sealer: c.Seal}
	var err error
	if s.evidence, err = openFile(ctx, evidenceConfig(path, c)); err != nil {
		return head, fmt.Errorf("opening the backup: %w", err)
	}
	defer func() { _ = s.evidence.close() }() // closed again below, where a fault counts
	var state string
	if err := s.evidence.read.QueryRowContext(ctx, "PRAGMA integrity_check(1)").Scan(&state); err != nil || state != "ok" {
		return head, fmt.Errorf("%w: %s", ErrBackup, state)
	}
	old, err := openOld(ctx, c, filepath.Join(filepath.Dir(path), "old"))
	if err != nil {
		return head, err
	}
	if old != nil {
		defer old.close() //nolint:errcheck // a copy that is thrown away
	}
	sealed, _ := s.sealedHead()
	_, err = s.tryChange(ctx, func(ch *change) error {
		var parted uint64
		if old != nil {
			m := merge{change: ch, old: old}
			if err := m.run(ctx); err != nil {
				return fmt.Errorf("taking over what is newer: %w", err)
			}
			r.Kept, r.Missing, r.Apart = m.kept, m.missing, m.apart
			parted = m.partedAt
		}
		var err error
		if r.Lost, err = r.lostLines(ctx, ch, sealed, parted); err != nil {
			return err
		}
		if err := ch.note(ctx, []ledger.Note{{Time: c.Now(), Kind: NoteRestored, Text: r.sentence()}}); err != nil {
			return err
		}
		head = ch.head
		return ch.carryPhrase(ctx)
	})
	if err != nil {
		return head, err
	}
	return head, s.evidence.close()
}

// lostLines is how many lines the seal knew of that nobody has any more: neither
// the new diary nor, where the old one went another way after the line parted,
// what is set aside.
func (r *Restored) lostLines(ctx context.Context, q *change, sealed *ledger.Head, parted uint64) (uint64, error) {
	head, err := headOf(q.QueryRowContext(ctx, newestEntry))
	switch {
	case err != nil || sealed == nil || sealed.Seq == 0:
		return 0, err
	case r.Apart > 0:
		return max(sealed.Seq, parted+r.Apart) - parted - r.Apart, nil
	case sealed.Seq > head.Seq:
		return sealed.Seq - head.Seq, nil
	}
	var hash string
	err = q.QueryRowContext(ctx, "SELECT hash FROM diary WHERE seq = ?", int64(sealed.Seq)).Scan(&hash)
	if err != nil && !isNoRows(err) {
		return 0, err
	}
	if hash != sealed.Hash {
		return 1, nil // its newest line at least; how many went with it nobody can say
	}
	return 0, nil
}

func (r *Restored) sentence() string {
	return words.Sprintf("A backup of %s was put back; %d newer decisions were kept.", r.Backup.Time.Format("2006-01-02 15:04 MST"), r.Kept) + r.Said()
}

func evidenceConfig(path string, c Config) fileConfig {
	return fileConfig{
		path: path, migrations: evidenceMigrations(), after: evidenceSteps(), now: c.Now,
		pragmas: []string{"synchronous(FULL)", "secure_delete(1)", "cache_size(-4096)", "wal_autocheckpoint(4000)"},
	}
}

// openOld opens a copy of the evidence that is there, nil when there is none or
// it cannot be opened at all. The file itself stays as it is.
func openOld(ctx context.Context, c Config, work string) (*file, error) {
	if err := os.Mkdir(work, 0o700); err != nil {
		return nil, err
	}
	for _, tail := range []string{"", "-wal"} {
		err := copyFile(filepath.Join(c.Dir, "evidence.db"+tail), filepath.Join(work, "evidence.db"+tail))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			c.Log.Warn("the damaged file cannot be copied", "error", err)
			return nil, nil //nolint:nilnil // nothing to take over
		}
	}
	f, err := openFile(ctx, evidenceConfig(filepath.Join(work, "evidence.db"), c))
	switch {
	case errors.Is(err, ErrNewer): // its decisions would be lost
		return nil, &FileError{Kind: ErrNewer, File: filepath.Join(c.Dir, "evidence.db")}
	case err != nil:
		c.Log.Warn("the damaged file cannot be opened; nothing newer is taken over", "error", err)
		return nil, nil //nolint:nilnil // nothing to take over
	}
	return f, nil
}

// exchange sets the old files aside and the new one in place. Killed between
// the two, the folder says that its diary is missing, and Restore goes on.
func (r *Restored) exchange(c Config, next string, head ledger.Head) error {
	aside := fmt.Sprintf("evidence.db.replaced-%d", c.Now().UnixMilli())
	for _, tail := range []string{"", "-wal", "-shm"} {
		err := os.Rename(filepath.Join(c.Dir, "evidence.db"+tail), filepath.Join(c.Dir, aside+tail))
		switch {
		case err == nil:
			r.Aside = filepath.Join(c.Dir, aside)
		case !errors.Is(err, fs.ErrNotExist):
			return fmt.Errorf("setting the old file aside: %w", classify(c.Dir, err))
		}
	}
	if err := os.Rename(next, filepath.Join(c.Dir, "evidence.db")); err != nil {
		return fmt.Errorf("putting the backup in place: %w", classify(c.Dir, err))
	}
	if c.Seal == nil && c.Recovery == nil {
		return nil // the old seal will say what is missing
	}
	s := &Store{cfg: c}
	for _, seal := range []string{s.sealPath(), s.brokenPath()} {
		if err := os.Rename(seal, filepath.Join(c.Dir, aside+"."+filepath.Base(seal))); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("setting the old seal aside: %w", err)
		}
	}
	if c.Seal == nil {
		return nil // a new computer without a key: the diary is sealed when there is one
	}
	return s.writeSeal(c.Seal, head)
}

// copyFile copies a file that nobody has open.
func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return errors.Join(err, in.Close())
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Sync(), out.Close(), in.Close())
}
