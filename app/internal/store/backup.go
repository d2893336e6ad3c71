package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"bestbefore/assets/words"
)

// Backup is a copy of the evidence that Restore can put back.
type Backup struct {
	Name   string    // of the file, without a folder
	Time   time.Time // when it was made
	Reason string    // daily, by hand, before version N
	Size   int64
	Sealed bool
}

// The reasons that this package gives.
const (
	ReasonDaily  = "daily"
	ReasonByHand = "by-hand"
	// ReasonVersion is the copy that is made before a file is brought to a new version.
	ReasonVersion = "before-version"
)

const (
	backupDir    = "backups"
	backupSuffix = ".backup"
	backupTime   = "2006-01-02T150405.000Z"
	keptOfReason = 2
	dailyAfter   = 20 * time.Hour // less than a day, so that a computer that is on at other hours has one each day
)

// ErrNoKey says that no backup is made because there is no key to seal it.
var ErrNoKey = words.New("a backup is always sealed, and there is no key for that yet; unlock the key store or choose a passphrase")

// ErrNoBackup says that there is no backup of that name.
var ErrNoBackup = words.New("there is no backup of that name")

// Backups lists what can be put back into a data folder, newest first. It needs
// no key and no open store.
func Backups(dir string) ([]Backup, error) {
	var out []Backup
	sealed, err := os.ReadDir(filepath.Join(dir, backupDir))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("listing backups: %w", err)
	}
	for _, e := range sealed {
		stem, ok := strings.CutSuffix(e.Name(), backupSuffix)
		if !ok || !e.Type().IsRegular() || len(stem) < len(backupTime)+1 {
			continue
		}
		at, err := time.Parse(backupTime, stem[:len(backupTime)])
		info, err2 := e.Info()
		if err != nil || err2 != nil {
			continue
		}
		out = append(out, Backup{Name: e.Name(), Time: at, Reason: stem[len(backupTime)+1:], Size: info.Size(), Sealed: true})
	}
	plain, err := copies(filepath.Join(dir, "evidence.db"))
	if err != nil {
		return nil, fmt.Errorf("listing backups: %w", err)
	}
	for _, path := range plain {
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
			out = append(out, Backup{Name: filepath.Base(path), Time: info.ModTime().UTC(), Reason: ReasonVersion, Size: info.Size()})
		}
	}
	slices.SortFunc(out, func(a, b Backup) int { return b.Time.Compare(a.Time) })
	return out, nil
}

// Backups lists what can be put back, newest first.
func (s *Store) Backups() ([]Backup, error) { return Backups(s.cfg.Dir) }

// BackupDaily makes a backup when the newest daily one is old enough. ErrNoKey
// when there is no key.
func (s *Store) BackupDaily(ctx context.Context) error {
	have, err := s.Backups()
	if err != nil {
		return err
	}
	now := s.cfg.Now()
	for _, b := range have {
		if b.Reason == ReasonDaily && now.Sub(b.Time).Abs() < dailyAfter {
			return nil
		}
	}
	_, err = s.BackupNow(ctx, ReasonDaily)
	return err
}

// BackupNow writes a sealed copy of the evidence and deletes older ones of the
// same reason but the newest two. Writing goes on meanwhile. Traffic is not in
// it: it may be lost.
func (s *Store) BackupNow(ctx context.Context, reason string) (Backup, error) {
	s.mu.RLock()
	sealer := s.sealer
	s.mu.RUnlock()
	if sealer == nil {
		return Backup{}, ErrNoKey
	}
	dir := filepath.Join(s.cfg.Dir, backupDir)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return Backup{}, classify(dir, fmt.Errorf("making the folder for backups: %w", err))
	}
	at := s.cfg.Now().UTC()
	b := Backup{Name: at.Format(backupTime) + "-" + reason + backupSuffix, Time: at, Reason: reason, Sealed: true}
	plain := filepath.Join(dir, "copying.db")
	_ = os.Remove(plain) // of a try that was killed
	if err := s.evidence.copyTo(ctx, plain); err != nil {
		return b, err
	}
	err := sealFile(ctx, plain, filepath.Join(dir, b.Name), func(w io.Writer, about archiveAbout, r io.Reader) error {
		about.Time, about.Reason = at, reason
		return writeArchive(w, sealer, s.recovery(ctx, sealer), about, r)
	})
	if err = errors.Join(err, os.Remove(plain)); err != nil {
		return b, fmt.Errorf("sealing a backup: %w", classify(dir, err))
	}
	if info, err := os.Stat(filepath.Join(dir, b.Name)); err == nil {
		b.Size = info.Size()
	}
	return b, s.dropOldBackups(reason)
}

// sealFile makes the backup whole before it gets its name.
func sealFile(ctx context.Context, plain, path string, write func(io.Writer, archiveAbout, io.Reader) error) error {
	var about archiveAbout
	var err error
	if err = peek(ctx, plain, newestEntry, &about.Head.Seq, &about.Head.Hash); err != nil && !isNoRows(err) {
		return err
	}
	in, err := os.Open(plain) // a copy that nobody else has open
	if err != nil {
		return err
	}
	out, err := os.OpenFile(path+".new", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return errors.Join(err, in.Close())
	}
	err = write(out, about, in)
	if err = errors.Join(err, out.Sync(), out.Close(), in.Close()); err != nil {
		return errors.Join(err, os.Remove(path+".new"))
	}
	return os.Rename(path+".new", path)
}

func (s *Store) dropOldBackups(reason string) error {
	have, err := s.Backups()
	if err != nil {
		return err
	}
	n := 0
	for _, b := range have { // newest first
		if b.Reason != reason {
			continue
		}
		if n++; n > keptOfReason {
			if err := os.Remove(filepath.Join(s.cfg.Dir, backupDir, b.Name)); err != nil {
				return fmt.Errorf("deleting an old backup: %w", err)
			}
		}
	}
	return nil
}

// renewBackups makes a new backup where there are any, and deletes the others.
func (s *Store) renewBackups(ctx context.Context) error {
	have, err := s.Backups()
	if err != nil || len(have) == 0 {
		return err
	}
	if _, err := s.BackupNow(ctx, ReasonDaily); err != nil && !errors.Is(err, ErrNoKey) {
		return err
	}
	for _, b := range have {
		dir := s.cfg.Dir
		if b.Sealed {
			dir = filepath.Join(dir, backupDir)
		}
		if err := os.Remove(filepath.Join(dir, b.Name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("deleting a backup: %w", err)
		}
	}
	return nil
}

// unpack writes the database that is in a backup to path.
func unpack(c Config, name, path string) (Backup, error) {
	have, err := Backups(c.Dir)
	if err != nil {
		return Backup{}, err
	}
	// Only names of the list: no path leaves the folder.
	i := slices.IndexFunc(have, func(b Backup) bool { return b.Name == name })
	if i < 0 {
		return Backup{}, words.Errorf("%w: %q; the command backup list shows them", ErrNoBackup, name)
	}
	b := have[i]
	if !b.Sealed {
		return b, copyFile(filepath.Join(c.Dir, b.Name), path)
	}
	if c.Seal == nil && c.Recovery == nil {
		return b, ErrNoKey
	}
	_, err = unpackFile(c, filepath.Join(c.Dir, backupDir, b.Name), path)
	return b, err
}

// unpackFile writes the database that is in a sealed backup, which may lie anywhere, to path.
func unpackFile(c Config, backup, path string) (b Backup, err error) {
	var openers []HeadSealer
	if c.Seal != nil {
		openers = append(openers, c.Seal)
	}
	if c.Recovery != nil {
		openers = append(openers, c.Recovery)
	}
	in, err := os.Open(backup)
	if err != nil {
		return b, fmt.Errorf("opening a backup: %w", err)
	}
	out, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return b, errors.Join(classify(path, err), in.Close())
	}
	about, err := readArchive(in, openers, out)
	b = Backup{Name: filepath.Base(backup), Time: about.Time, Reason: about.Reason, Sealed: true}
	return b, errors.Join(err, out.Sync(), out.Close(), in.Close())
}
