package gateway

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bestbefore/connectors"
	"bestbefore/consent"
)

func TestBootUnitIsSetUpAndRemoved(t *testing.T) {
	dir, systemd := t.TempDir(), t.TempDir()
	p, err := placeFor(connectors.Settings{Values: map[string]string{"boot_unit": "install"}}, dir)
	if err != nil {
		t.Fatal(err)
	}
	p.systemd = systemd
	for range 2 { // twice is success
		if err := p.setUp(); err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(p.base("# rules"), p.put("consent-one", "# one"), p.put("consent-two", "# two"), p.drop("consent-two")); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(p.want()) // through the link
	if err != nil || string(got) != renderUnit(filepath.Join(dir, bootFile)) {
		t.Errorf("%q, %v", got, err)
	}
	for file, mode := range map[string]os.FileMode{p.file(): 0o600, p.mark("consent-one"): 0o600, p.unit(): 0o644} {
		if st, err := os.Stat(file); err != nil || st.Mode().Perm() != mode {
			t.Errorf("%s: %v, %v", file, st, err)
		}
	}
	for range 2 {
		if err := p.remove(); err != nil {
			t.Fatal(err)
		}
	}
	for _, d := range []string{dir, systemd} {
		_ = filepath.WalkDir(d, func(path string, e os.DirEntry, _ error) error {
			if !e.IsDir() {
				t.Errorf("%s was left", path)
			}
			return nil
		})
	}
}

func TestForeignUnitIsLeftAlone(t *testing.T) {
	p := bootPlace{dir: t.TempDir(), systemd: t.TempDir()}
	if err := os.WriteFile(p.unit(), []byte("somebody else's"), 0o600); err != nil {
		t.Fatal(err)
	}
	if p.installed() {
		t.Error("a foreign unit is taken for ours")
	}
	if err := p.remove(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(p.unit()); err != nil {
		t.Error(err)
	}
}

func TestPlaces(t *testing.T) {
	if p, err := placeFor(connectors.Settings{}, ""); err != nil || errors.Join(p.base("x"), p.put("m", "x"), p.drop("m"), p.only(nil)) != nil {
		t.Errorf("without a folder nothing is kept: %v", err)
	}
	for _, v := range []map[string]string{{"boot_unit": "yes"}, {"boot_unit": "install"}, {"boot": "/proc/nowhere/at/all"}, {"boot": `/tmp/a"b`}, {"boot": `/tmp/a\b`}} {
		if _, err := placeFor(connectors.Settings{Values: v}, ""); connectors.KindOf(err) != consent.KindNeedsPerson {
			t.Errorf("%v: %v", v, err)
		}
	}
	if err := (bootPlace{dir: filepath.Join(t.TempDir(), "gone")}).base("x"); connectors.KindOf(err) != consent.KindTransient || err == nil {
		t.Errorf("a folder that is gone: %v", err)
	}
}

// The files of the marks are those that stand, and no others.
func TestBootFilesOfTheMarksThatStand(t *testing.T) {
	p := bootPlace{dir: filepath.Join(t.TempDir(), "a [b]*?")}
	if err := os.Mkdir(p.dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(p.base("# base"), p.put("consent-old", "# old"), p.put("consent-one", "# before"),
		p.only(map[string]string{"consent-one": "# one", "consent-two": "# two"})); err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	there, err := os.ReadDir(p.folder())
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range there {
		b, err := os.ReadFile(filepath.Join(p.folder(), e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		got[e.Name()] = string(b)
	}
	if diff := cmp.Diff(map[string]string{"m-consent-one.nft": "# one", "m-consent-two.nft": "# two"}, got); diff != "" {
		t.Error(diff)
	}
	// What nft will take in, by the same rules as glob(7).
	if found, err := filepath.Glob(p.marks()); err != nil || len(found) != 2 {
		t.Errorf("%s finds %v, %v", p.marks(), found, err)
	}
}
