// Package autostart has Best Before started when its owner signs in: an XDG
// autostart entry on Linux, a LaunchAgent on macOS, the user's Run key on
// Windows. It needs no administrator and touches nothing but its own entry.
package autostart

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"bestbefore/assets/words"
)

// name is what the entry is called; the extension is the system's.
const name = "example.bestbefore.app"

// ErrPath says that a program at such a place cannot be entered safely.
var ErrPath = words.New("the program's path holds signs that an entry cannot carry")

// Entry is the program as it is to be started.
type Entry struct {
	Program string   // absolute path
	Args    []string // what it is started with
}

// Validate refuses what could be read as something else than one program with
// its arguments.
func (e Entry) Validate() error {
	if !filepath.IsAbs(e.Program) {
		return words.Errorf("%q is not a full path: %w", e.Program, ErrPath)
	}
	for _, s := range e.words() {
		if s == "" || strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f || r == '"' }) {
			return fmt.Errorf("%q: %w", s, ErrPath)
		}
	}
	return nil
}

// This is the running program, started with args.
func This(args ...string) (Entry, error) {
	exe, err := os.Executable()
	if err != nil {
		return Entry{}, fmt.Errorf("finding this program: %w", err)
	}
	e := Entry{Program: exe, Args: args}
	return e, e.Validate()
}

// Set has e started at sign-in.
func Set(e Entry) error {
	if err := e.Validate(); err != nil {
		return err
	}
	if err := set(e); err != nil {
		return words.Errorf("having Best Before start with the computer: %w", err)
	}
	return nil
}

// Clear takes the entry away; that there is none is success.
func Clear() error {
	if err := unset(); err != nil && !errors.Is(err, os.ErrNotExist) {
		return words.Errorf("no longer having Best Before start with the computer: %w", err)
	}
	return nil
}

// IsSet reports whether there is an entry that the system follows.
func IsSet() (bool, error) {
	on, err := isSet()
	if errors.Is(err, os.ErrNotExist) {
		return false, nil
	}
	return on, err
}
