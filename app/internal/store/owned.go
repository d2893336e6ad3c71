package store

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/gofrs/flock"
)

// Owned reports whether a living process owns the data folder dir. A folder that
// never was one gives an error that is fs.ErrNotExist. It changes nothing.
func Owned(dir string) (bool, error) {
	path := filepath.Join(dir, "lock")
	if _, err := os.Stat(path); err != nil {
		return false, fmt.Errorf("looking at the lock of a data folder: %w", err)
	}
	l := flock.New(path, flock.SetPermissions(0o600))
	free, err := l.TryLock()
	if err != nil {
		return false, errors.Join(fmt.Errorf("trying the lock of a data folder: %w", err), l.Close())
	}
	return !free, l.Close()
}
