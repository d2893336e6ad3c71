package gateway

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"bestbefore/assets/words"
	"bestbefore/connectors"
)

// systemdDir is where systemd looks for units that an administrator made.
const systemdDir = "/etc/systemd/system"

// bootPlace says where the rules are kept for the next start of this box.
type bootPlace struct {
	dir     string // empty: keep nothing
	install bool   // set up a systemd unit
	systemd string // systemdDir
}

func placeFor(s connectors.Settings, stateDir string) (bootPlace, error) {
	p := bootPlace{dir: s.Values[optBoot], systemd: systemdDir}
	if p.dir == "" {
		p.dir = stateDir
	}
	switch v := s.Values[optBootUnit]; {
	case v == bootInstall && p.dir == "":
		return p, connectors.NeedsPerson(words.Text("a boot unit needs a folder for its file; give one with boot=FOLDER"), nil)
	case v != "" && v != bootInstall:
		return p, connectors.NeedsPerson(words.Text("boot_unit is either empty or \"install\""), nil)
	default:
		p.install = v != ""
	}
	if p.dir == "" {
		return p, nil
	}
	abs, err := filepath.Abs(p.dir)
	if err != nil {
		return p, connectors.NeedsPerson(words.Text("the folder of the boot file cannot be used"), err)
	}
	if p.dir = abs; strings.ContainsAny(p.dir, "\"\\\n") { // nft could not be told of it
		return p, connectors.NeedsPerson(words.Text("the folder of the boot file has a quotation mark or a backslash in its name; choose another"), nil)
	}
	if err := os.MkdirAll(p.dir, 0o700); err != nil {
		return p, connectors.NeedsPerson(words.Text("the folder of the boot file cannot be made"), err)
	}
	return p, nil
}

func (p bootPlace) file() string { return filepath.Join(p.dir, bootFile) }
func (p bootPlace) unit() string { return filepath.Join(p.systemd, unitName) }
func (p bootPlace) want() string {
	return filepath.Join(p.systemd, "sysinit.target.wants", unitName)
}

// marksDir holds one file for each mark, so that setting one costs the same
// however many stand.
const marksDir = "bestbefore-gateway.d"

func (p bootPlace) folder() string { return filepath.Join(p.dir, marksDir) }

// marks is the pattern by which the boot file takes the marks' files in; empty
// when nothing is kept. nft knows no escapes there, only classes.
func (p bootPlace) marks() string {
	if p.dir == "" {
		return ""
	}
	return strings.NewReplacer("*", "[*]", "?", "[?]", "[", "[[]").Replace(p.folder()) + "/m-*.nft"
}

func (p bootPlace) mark(mark string) string { return filepath.Join(p.folder(), "m-"+mark+".nft") }

// base keeps what is common to all marks for the next start, with its unit
// beside it for a person to read.
func (p bootPlace) base(script string) error {
	if p.dir == "" {
		return nil
	}
	err := os.Mkdir(p.folder(), 0o700)
	if errors.Is(err, fs.ErrExist) {
		err = nil
	}
	if err == nil {
		err = writeFile(p.file(), []byte(script))
	}
	if err != nil {
		return connectors.Transient(words.Text("the rules could not be written to the boot file"), err)
	}
	if err := writeFile(filepath.Join(p.dir, unitName), []byte(renderUnit(p.file()))); err != nil {
		return connectors.Transient(words.Text("the boot unit could not be written"), err)
	}
	return nil
}

// put keeps one mark for the next start.
func (p bootPlace) put(mark, script string) error {
	if p.dir == "" {
		return nil
	}
	if err := writeFile(p.mark(mark), []byte(script)); err != nil {
		return connectors.Transient(words.Text("a rule could not be written to its boot file"), err)
	}
	return nil
}

// drop forgets a mark; none is success.
func (p bootPlace) drop(mark string) error {
	if p.dir == "" {
		return nil
	}
	err := os.Remove(p.mark(mark))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil {
		err = syncFolder(p.folder())
	}
	if err != nil {
		return connectors.Transient(words.Text("a rule could not be taken out of the boot files"), err)
	}
	return nil
}

// only keeps these marks and no others.
func (p bootPlace) only(scripts map[string]string) error {
	if p.dir == "" {
		return nil
	}
	files := map[string]bool{}
	for mark, script := range scripts {
		files[p.mark(mark)] = true
		if b, err := os.ReadFile(p.mark(mark)); err == nil && string(b) == script {
			continue
		}
		if err := p.put(mark, script); err != nil {
			return err
		}
	}
	there, err := os.ReadDir(p.folder())
	if err != nil {
		return connectors.Transient(words.Text("the boot files could not be listed"), err)
	}
	for _, e := range there {
		if file := filepath.Join(p.folder(), e.Name()); !files[file] {
			if err := os.Remove(file); err != nil {
				return connectors.Transient(words.Text("a rule could not be taken out of the boot files"), err)
			}
		}
	}
	return nil
}

// setUp installs and enables the unit if that was asked for: a link in the
// target's folder is all that enabling does.
func (p bootPlace) setUp() error {
	if !p.install {
		return nil
	}
	err := os.MkdirAll(filepath.Dir(p.want()), 0o755)
	if err == nil {
		err = writeFile(p.unit(), []byte(renderUnit(p.file())))
	}
	if err == nil {
		err = os.Chmod(p.unit(), 0o644)
	}
	if err == nil {
		err = os.Symlink(p.unit(), p.want())
	}
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return connectors.NeedsPerson(words.Sprintf("the boot unit could not be installed in %s", p.systemd), err)
	}
	return nil
}

// installed reports whether the next start of this box loads our file: the
// unit is ours and enabled, and systemd runs this box.
func (p bootPlace) installed() bool {
	b, err := os.ReadFile(p.unit())
	if err != nil || p.dir == "" || string(b) != renderUnit(p.file()) {
		return false
	}
	if _, err := os.Stat(p.want()); err != nil {
		return false
	}
	_, err = os.Stat("/run/systemd/system")
	return err == nil
}

// remove takes the boot file and our unit away.
func (p bootPlace) remove() error {
	var errs []error
	drop := func(file string) {
		if err := os.Remove(file); err != nil && !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	if b, err := os.ReadFile(p.unit()); err == nil && string(b) == renderUnit(p.file()) {
		drop(p.want())
		drop(p.unit())
	}
	if p.dir != "" {
		errs = append(errs, os.RemoveAll(p.folder()))
		drop(p.file())
		drop(filepath.Join(p.dir, unitName))
	}
	return errors.Join(errs...)
}

// writeFile replaces file in one step, readable by us only, and on the disk
// before it returns.
func writeFile(file string, data []byte) error {
	f, err := os.CreateTemp(filepath.Dir(file), ".bestbefore-*") // made with mode 0600
	if err != nil {
		return fmt.Errorf("making a temporary file: %w", err)
	}
	defer os.Remove(f.Name()) //nolint:errcheck // gone already when all went well
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	if err := errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("writing %s: %w", filepath.Base(file), err)
	}
	if err := os.Rename(f.Name(), file); err != nil {
		return fmt.Errorf("replacing %s: %w", filepath.Base(file), err)
	}
	return syncFolder(filepath.Dir(file))
}

// syncFolder puts on the disk which files a folder has.
func syncFolder(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("opening the folder: %w", err)
	}
	return errors.Join(d.Sync(), d.Close())
}
