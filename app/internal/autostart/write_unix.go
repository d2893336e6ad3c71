//go:build linux || darwin

package autostart

import (
	"os"
	"path/filepath"
)

// write puts text into place in one step: a half-written entry is never read.
func write(path, text string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	half := path + ".new"
	if err := os.WriteFile(half, []byte(text), 0o600); err != nil {
		return err
	}
	return os.Rename(half, path)
}
