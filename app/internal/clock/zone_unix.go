//go:build !windows

package clock

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

func systemZone() (string, error) { return zoneIn("/", os.Getenv("TZ")) }

// zoneIn looks where systems keep the name of their zone, under root: tz is the
// variable that overrides all (POSIX), then the link, then Debian's file. A
// system that says nothing at all is in UTC, as its C library has it.
func zoneIn(root, tz string) (string, error) {
	if tz = strings.TrimPrefix(tz, ":"); tz != "" {
		if name := zoneOf(tz); name != "" {
			tz = name
		}
		if _, err := load(tz); err == nil {
			return tz, nil
		}
	}
	link := filepath.Join(root, "etc/localtime")
	for _, read := range []func(string) (string, error){os.Readlink, filepath.EvalSymlinks} {
		if target, err := read(link); err == nil {
			if name := zoneOf(filepath.ToSlash(target)); name != "" {
				if _, err := load(name); err == nil {
					return name, nil
				}
			}
		}
	}
	text, err := os.ReadFile(filepath.Join(root, "etc/timezone"))
	if name := strings.TrimSpace(string(text)); err == nil && name != "" {
		if _, err := load(name); err == nil {
			return name, nil
		}
	}
	if _, err := os.Stat(link); errors.Is(err, fs.ErrNotExist) {
		return "UTC", nil
	}
	return "", ErrNoZone
}
