package gateway

import (
	"os"
	"path/filepath"
	"testing"

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
		if err := p.write("# rules"); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(p.want()) // through the link
	if err != nil || string(got) != renderUnit(filepath.Join(dir, bootFile)) {
		t.Errorf("%q, %v", got, err)
	}
	for file, mode := range map[string]os.FileMode{p.file(): 0o600, p.unit(): 0o644} {
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
	if p, err := placeFor(connectors.Settings{}, ""); err != nil || p.write("x") != nil {
		t.Errorf("without a folder nothing is kept: %v", err)
	}
	for _, v := range []map[string]string{{"boot_unit": "yes"}, {"boot_unit": "install"}, {"boot": "/proc/nowhere/at/all"}} {
		if _, err := placeFor(connectors.Settings{Values: v}, ""); connectors.KindOf(err) != consent.KindNeedsPerson {
			t.Errorf("%v: %v", v, err)
		}
	}
	if err := (bootPlace{dir: filepath.Join(t.TempDir(), "gone")}).write("x"); connectors.KindOf(err) != consent.KindTransient || err == nil {
		t.Errorf("a folder that is gone: %v", err)
	}
}
