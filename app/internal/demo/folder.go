package demo

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"bestbefore/app/internal/store"
)

// folderPrefix begins the names of the demos' folders among the temporary files.
const folderPrefix = "bestbefore-demo-"

// young is how long a folder without a lock may be one that is just being made.
const young = time.Minute

// newFolder makes the folder of this demo, and removes those of demos that were
// killed and could not do it themselves.
func newFolder(now time.Time) (string, error) {
	if err := sweepFolders(os.TempDir(), now); err != nil {
		return "", err
	}
	dir, err := os.MkdirTemp("", folderPrefix)
	if err != nil {
		return "", fmt.Errorf("making the demo's data folder: %w", err)
	}
	return dir, nil
}

// sweepFolders removes the folders below temp that no living demo owns. That
// one lives is told by the lock on its data, which the system lets go of
// whatever a process dies of. Folders of other people are left alone.
func sweepFolders(temp string, now time.Time) error {
	all, err := os.ReadDir(temp)
	if err != nil {
		return fmt.Errorf("looking for left-over demos: %w", err)
	}
	var first error
	for _, e := range all {
		ours, err := filepath.Match(folderPrefix+"*", e.Name())
		if err != nil || !ours || !e.IsDir() {
			continue
		}
		dir := filepath.Join(temp, e.Name())
		if dead(dir, now) {
			if err := os.RemoveAll(dir); err != nil && !errors.Is(err, fs.ErrPermission) {
				first = errors.Join(first, fmt.Errorf("removing a left-over demo: %w", err))
			}
		}
	}
	return first
}

// dead reports whether the demo of a folder has ended.
func dead(dir string, now time.Time) bool {
	info, err := os.Lstat(dir)
	if err != nil || info.Mode().Type() != fs.ModeDir {
		return false
	}
	owned, err := store.Owned(filepath.Join(dir, "data"))
	if errors.Is(err, fs.ErrNotExist) {
		return now.Sub(info.ModTime()) > young
	}
	return err == nil && !owned
}
