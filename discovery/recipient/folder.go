package recipient

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"

	"bestbefore/discovery"
)

// The bounds of the person's folder.
const (
	maxFiles    = 32
	maxDatabase = 128 << 20
)

// Extras is what a person put into the folder: tables of their own, lists that
// were imported under "lists", and databases of addresses that replace ours.
type Extras struct {
	Yours, Lists      []List
	Countries, Owners string
	Skipped           int // rows of published lists that could not be used
}

// ReadFolder reads a person's folder. A file with a fault is left out as a whole
// and named in the error, with its lines; the others count all the same. A
// folder that is not there is empty.
//
//	*.tsv *.csv *.txt          rows of their own, which win over all others
//	lists/*.tsv … *.json       lists, each under the name of its file
//	*.mmdb                     countries or network owners, whichever is inside
func ReadFolder(fsys fs.FS, suffix func(string) (string, bool)) (Extras, error) {
	var x Extras
	var faults []error
	for _, name := range files(fsys, ".") {
		if err := x.read(fsys, name, suffix); err != nil {
			faults = append(faults, fmt.Errorf("%s: %w", discovery.Clean(name), err))
		}
	}
	for _, name := range files(fsys, "lists") {
		rows, skipped, err := readList(fsys, name, suffix)
		if err != nil {
			faults = append(faults, fmt.Errorf("%s: %w", discovery.Clean(name), err))
			continue
		}
		x.Skipped += skipped
		x.Lists = append(x.Lists, List{label(name), rows})
	}
	return x, errors.Join(faults...)
}

// files lists what is to be read in dir, by name, 32 files at most.
func files(fsys fs.FS, dir string) (out []string) {
	entries, err := fs.ReadDir(fsys, dir)
	if err != nil {
		return nil
	}
	for _, e := range entries {
		name := path.Join(dir, e.Name())
		if e.IsDir() || strings.HasPrefix(e.Name(), ".") || !readable(name, dir != ".") {
			continue
		}
		if out = append(out, name); len(out) == maxFiles {
			break
		}
	}
	return out
}

// readable reports whether a file's ending is one of ours.
func readable(name string, list bool) bool {
	switch strings.ToLower(path.Ext(name)) {
	case ".tsv", ".csv", ".txt":
		return true
	case ".mmdb":
		return !list
	case ".json":
		return list
	}
	return false
}

// label is the name of a file without folder and ending.
func label(name string) string {
	base := path.Base(name)
	return string(discovery.Clean(strings.TrimSuffix(base, path.Ext(base))))
}

// read adds one file of the folder itself.
func (x *Extras) read(fsys fs.FS, name string, suffix func(string) (string, bool)) error {
	f, err := fsys.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	if strings.ToLower(path.Ext(name)) == ".mmdb" {
		return x.database(f)
	}
	rows, err := ReadRows(f, suffix)
	if err != nil {
		return err
	}
	x.Yours = append(x.Yours, List{label(name), rows})
	return nil
}

// database takes a file of addresses in the place of ours.
func (x *Extras) database(r io.Reader) error {
	data, err := io.ReadAll(io.LimitReader(r, maxDatabase+1))
	if err != nil {
		return err
	}
	if len(data) > maxDatabase {
		return fmt.Errorf("%w: larger than %d MB", errDatabase, maxDatabase>>20)
	}
	db, err := openDatabase(string(data))
	if err != nil {
		return err
	}
	if db.owners {
		x.Owners = string(data)
	} else {
		x.Countries = string(data)
	}
	return nil
}

func readList(fsys fs.FS, name string, suffix func(string) (string, bool)) ([]Row, int, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, 0, err
	}
	defer f.Close()
	return ReadList(f, suffix)
}

// stamp changes when a file of the folder does.
func stamp(fsys fs.FS) string {
	var b strings.Builder
	for _, name := range append(files(fsys, "."), files(fsys, "lists")...) {
		if i, err := fs.Stat(fsys, name); err == nil {
			fmt.Fprintf(&b, "%s %d %d\n", name, i.Size(), i.ModTime().UnixNano())
		}
	}
	return b.String()
}
