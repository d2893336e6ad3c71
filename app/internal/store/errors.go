package store

import (
	"context"
	"errors"
	"io/fs"
	"path/filepath"
	"syscall"

	"modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"

	"bestbefore/assets/words"
)

// ErrInUse says that another process owns the folder.
var ErrInUse = words.New("Best Before is already running with this data folder; use the running one, or give another folder with --data")

// The kinds of FileError, for errors.Is.
var (
	ErrCorrupt  = words.New("damaged file")
	ErrNewer    = words.New("file of a newer version")
	ErrReadOnly = words.New("read-only folder")
	ErrFull     = words.New("disk full")
	ErrMissing  = words.New("missing file")
	ErrDisk     = words.New("failing disk")
)

// ErrQuarantined says that the record is there but cannot be believed. It comes
// together with consent.ErrNotFound.
var ErrQuarantined = words.New("the record is damaged and was set aside")

// FileError is a fault of a file as one sentence that says what to do.
type FileError struct {
	Kind error  // one of the kinds above
	File string // path of the file or folder
	Err  error  // cause, may be nil
}

// Error is the sentence.
func (e *FileError) Error() string {
	name := filepath.Base(e.File)
	is := func(kind error) bool { return errors.Is(e.Kind, kind) }
	switch {
	case is(ErrCorrupt):
		return words.Sprintf("the file %s is damaged and was left as it is; put a backup back with \"bestbefore-agent backup\", or move it away to begin anew (%s)", name, e.File)
	case is(ErrNewer):
		return words.Sprintf("the file %s was written by a newer version of Best Before; install that version again, nothing was changed (%s)", name, e.File)
	case is(ErrReadOnly):
		return words.Sprintf("Best Before may not write to %s; make it writable, or give another folder with --data", e.File)
	case is(ErrFull):
		return words.Sprintf("the disk that holds %s is full; make room, it goes on by itself afterwards", e.File)
	case is(ErrDisk):
		return words.Sprintf("the file %s cannot be read or written, the disk reports an error; check the disk, and copy the folder first (%s)", name, e.File)
	default:
		return words.Sprintf("the file %s is missing, but there was a diary in this folder; put a backup back with \"bestbefore-agent backup\", or move the rest of the folder away to begin anew (%s)", name, e.File)
	}
}

// Unwrap gives kind and cause.
func (e *FileError) Unwrap() []error {
	if e.Err == nil {
		return []error{e.Kind}
	}
	return []error{e.Kind, e.Err}
}

// classify turns a fault of SQLite or of the system into a FileError where
// there is a sentence for it.
func classify(path string, err error) error {
	var known *FileError
	if err == nil || errors.As(err, &known) {
		return err
	}
	kind := kindOf(err)
	if kind == nil {
		return err
	}
	if errors.Is(kind, ErrReadOnly) || errors.Is(kind, ErrFull) {
		path = filepath.Dir(path)
	}
	return &FileError{Kind: kind, File: path, Err: err}
}

func kindOf(err error) error {
	switch {
	case errors.Is(err, syscall.ENOSPC):
		return ErrFull
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		return ErrReadOnly
	}
	var se *sqlite.Error
	if !errors.As(err, &se) || errors.Is(err, context.Canceled) {
		return nil
	}
	if se.Code() == lib.SQLITE_IOERR_SHMSIZE { // no room for the file that its readers share
		return ErrFull
	}
	switch se.Code() & 0xff {
	case lib.SQLITE_CORRUPT, lib.SQLITE_NOTADB:
		return ErrCorrupt
	case lib.SQLITE_FULL:
		return ErrFull
	case lib.SQLITE_READONLY, lib.SQLITE_CANTOPEN, lib.SQLITE_PERM:
		return ErrReadOnly
	case lib.SQLITE_IOERR:
		return ErrDisk
	}
	return nil
}
