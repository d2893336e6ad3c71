package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// Before a file is brought to a new version it is copied, since that must not
// wait for a key. The copy is plain, so it does not stay: as soon as there is a
// key, one of the evidence becomes a sealed backup. Without a key it goes when a
// later start found the whole new file good; one of the traffic, which may be
// lost, when this start did.

// copyName is where the copy of a file of a version lies.
func copyName(path string, version int) string { return fmt.Sprintf("%s.version-%d", path, version) }

// copies lists the plain copies of a file.
func copies(path string) ([]string, error) { return filepath.Glob(path + ".version-*") }

// sealCopies turns the plain copies of the evidence into backups. One that
// cannot be sealed stays for the next start.
func (s *Store) sealCopies(ctx context.Context, sealer HeadSealer) {
	have, err := copies(s.evidence.path)
	for _, plain := range have {
		err = errors.Join(err, s.sealCopy(ctx, sealer, plain))
	}
	if err != nil {
		s.cfg.Log.Warn("sealing the copy of an old version", "error", err)
	}
}

func (s *Store) sealCopy(ctx context.Context, sealer HeadSealer, plain string) error {
	info, err := os.Stat(plain)
	if err != nil || !info.Mode().IsRegular() {
		return err
	}
	dir := filepath.Join(s.cfg.Dir, backupDir)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return classify(dir, fmt.Errorf("making the folder for backups: %w", err))
	}
	// By the copy's own time: one that was sealed but not yet deleted is only sealed again.
	at := info.ModTime().UTC()
	err = sealFile(ctx, plain, filepath.Join(dir, at.Format(backupTime)+"-"+ReasonVersion+backupSuffix), func(w io.Writer, about archiveAbout, r io.Reader) error {
		about.Time, about.Reason = at, ReasonVersion
		return writeArchive(w, sealer, s.recovery(ctx, sealer), about, r)
	})
	if err != nil {
		return classify(plain, err)
	}
	return errors.Join(os.Remove(plain), s.dropOldBackups(ReasonVersion))
}

// dropCopies deletes the copies that are not needed any more once both files
// were found good as a whole.
func (s *Store) dropCopies() error {
	errs := []error{dropCopiesOf(s.flows.path)}
	for _, plain := range s.earlier {
		errs = append(errs, remove(plain))
	}
	return errors.Join(errs...)
}

// dropCopiesOf deletes the plain copies of a file.
func dropCopiesOf(path string) error {
	have, err := copies(path)
	for _, plain := range have {
		err = errors.Join(err, remove(plain))
	}
	return err
}

// remove deletes a file that may be gone already.
func remove(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("deleting the copy of an old version: %w", classify(path, err))
	}
	return nil
}
