package store

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"bestbefore/discovery/flow"
)

// holds looks for a text in every file of a folder, its logs and backups included.
func holds(t *testing.T, dir, text string) (found bool) {
	t.Helper()
	must(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		b, err := os.ReadFile(path)
		found = found || bytes.Contains(b, []byte(text))
		return err
	}))
	return found
}

const planted = "Grandmother's bedside camera"

// TestTheCopyOfAnOldVersionDoesNotStayPlain: it is sealed where there is a key, can be put
// back, and holds no readable text; without a key it goes when the new file was found good.
func TestTheCopyOfAnOldVersionDoesNotStayPlain(t *testing.T) {
	ctx := t.Context()
	c := testConfig(t.TempDir())
	version2(t, c, `{}`)
	plant(t, c)
	if !holds(t, c.Dir, planted) {
		t.Fatal("nothing was planted")
	}
	s := value(Open(ctx, c))(t)
	unplant(t, s)
	if !holds(t, c.Dir, planted) {
		t.Fatal("the twin: without a key the copy is plain, so that the look below proves something")
	}
	must(t, s.SetSealer(ctx, testSealer{key: 7}))
	if holds(t, c.Dir, planted) {
		t.Error("its text is still readable in the folder")
	}
	bs := value(s.Backups())(t)
	if len(bs) != 1 || !bs[0].Sealed || bs[0].Reason != ReasonVersion {
		t.Fatalf("backups are %+v", bs)
	}
	must(t, s.Close())
	c.Seal = testSealer{key: 7}
	out := filepath.Join(t.TempDir(), "evidence.db")
	value(unpack(c, bs[0].Name, out))(t)
	if !holds(t, filepath.Dir(out), planted) {
		t.Error("the backup does not hold the old version")
	}
	value(Restore(ctx, c, bs[0].Name))(t)
	must(t, value(Open(ctx, c))(t).Close())
}

func TestWithoutAKeyTheCopyGoesAfterAGoodStart(t *testing.T) {
	ctx := t.Context()
	c := testConfig(t.TempDir())
	version2(t, c, `{}`)
	plant(t, c)
	for start, want := range []bool{true, false} { // the first one made it
		s := value(Open(ctx, c))(t)
		unplant(t, s)
		if r := value(s.Check(ctx))(t); !r.OK() {
			t.Fatal(r)
		}
		if got := len(value(copies(s.evidence.path))(t)) > 0; got != want {
			t.Errorf("after start %d a copy is there: %v", start+1, got)
		}
		must(t, s.Close())
	}
	if holds(t, c.Dir, planted) {
		t.Error("its text is still readable in the folder")
	}
}

// TestACopyOfTrafficGoes: with the look through a good file, or with what it tells.
func TestACopyOfTrafficGoes(t *testing.T) {
	for name, do := range map[string]func(*Store) error{
		"checked": func(s *Store) error { _, err := s.Check(t.Context()); return err },
		"forgotten": func(s *Store) error {
			must(t, s.AddFlows(t.Context(), "x", []flow.Record{record("d1", 0, 1)}, nil))
			_, err := s.DeleteAllFlows(t.Context())
			return err
		},
		"nothing": func(*Store) error { return nil }, // the twin
	} {
		s := open(t, testConfig(t.TempDir()))
		must(t, os.WriteFile(copyName(s.flows.path, 3), []byte(planted), 0o600))
		must(t, do(s))
		if got := holds(t, s.cfg.Dir, planted); got != (name == "nothing") {
			t.Errorf("%s: the copy is there: %v", name, got)
		}
	}
}

// plant writes a label into an old file as that version did.
func plant(t *testing.T, c Config) {
	t.Helper()
	f := value(openFile(t.Context(), oldConfig(t, c)))(t)
	must(t, f.tx(t.Context(), func(x *txn) error { return plain("setting").put(t.Context(), x, "label", planted) }))
	must(t, f.close())
}

// unplant takes it out of the new file, so that only the copy can hold it.
func unplant(t *testing.T, s *Store) {
	t.Helper()
	must(t, s.SetSetting(t.Context(), "label", ""))
	must(t, s.evidence.checkpoint(t.Context()))
}
