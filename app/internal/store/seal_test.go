package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"bestbefore/consent/ledger"
)

// testSealer stands for the real one, which is another adapter.
type testSealer struct{ key byte }

func (s testSealer) Seal(plain []byte) ([]byte, error) {
	out := []byte{s.key}
	for _, b := range plain {
		out = append(out, b^s.key)
	}
	return out, nil
}

func (s testSealer) Open(sealed []byte) ([]byte, error) {
	if len(sealed) == 0 || sealed[0] != s.key {
		return nil, errors.New("another key")
	}
	var out []byte
	for _, b := range sealed[1:] {
		out = append(out, b^s.key)
	}
	return out, nil
}

// tampered makes a diary of ten entries, lets edit work on the file behind our
// back, writes one more entry, and gives what VerifyDiary finds.
func tampered(t *testing.T, edit func(dir string, sql func(string, ...any))) ledger.Report {
	t.Helper()
	ctx, dir := t.Context(), t.TempDir()
	c := testConfig(dir)
	c.Seal = testSealer{key: 7}
	s, err := Open(ctx, c)
	must(t, err)
	for i := range 10 {
		must(t, s.Note(ctx, ledger.Note{Time: noon, Kind: "given", Device: fmt.Sprint("d", i%2), Text: fmt.Sprint("Line ", i)}))
	}
	f := s.evidence
	edit(dir, func(query string, args ...any) {
		t.Helper()
		f.mu.Lock()
		defer f.mu.Unlock()
		if _, err := f.write.ExecContext(ctx, query, args...); err != nil {
			t.Fatal(err)
		}
	})
	must(t, s.Close())
	s = open(t, c)
	before := value(s.VerifyDiary(ctx))(t)
	must(t, s.Note(ctx, ledger.Note{Time: noon, Kind: "given", Text: "Afterwards."}))
	after := value(s.VerifyDiary(ctx))(t)
	if before.OK() != after.OK() {
		t.Fatalf("going on changed the verdict: %+v, then %+v", before, after)
	}
	return after
}

func TestTamperingIsFoundAndNamed(t *testing.T) {
	type sql = func(string, ...any)
	for _, c := range []struct {
		name string
		edit func(string, sql)
		seq  uint64
		why  ledger.Why
	}{
		{"deleted", func(_ string, q sql) { q("DELETE FROM diary WHERE seq = 5") }, 5, ledger.Missing},
		{"changed kind", func(_ string, q sql) { q("UPDATE diary SET kind = 'refused' WHERE seq = 5") }, 5, ledger.Altered},
		{"changed time", func(_ string, q sql) { q("UPDATE diary SET time = time + 1 WHERE seq = 5") }, 5, ledger.Altered},
		{"numbers exchanged", func(_ string, q sql) {
			q("UPDATE diary SET seq = -5 WHERE seq = 5")
			q("UPDATE diary SET seq = 5 WHERE seq = 6")
			q("UPDATE diary SET seq = 6 WHERE seq = -5")
		}, 5, ledger.Altered},
		{"inserted", func(_ string, q sql) {
			q("INSERT INTO diary SELECT 11, format, time, kind, device, consent, action, text_hash, prev, hash FROM diary WHERE seq = 10")
		}, 11, ledger.Altered},
		{"changed text", func(_ string, q sql) { q("UPDATE diary_text SET text = 'Nothing.' WHERE seq = 5") }, 5, ledger.TextAltered},
		{"deleted text", func(_ string, q sql) { q("DELETE FROM diary_text WHERE seq = 5") }, 5, ledger.TextMissing},
		{"secretly erased text", func(_ string, q sql) {
			q("UPDATE diary_text SET text = '', salt = x'', erased = 1 WHERE seq = 5")
		}, 5, ledger.TextMissing},
		{"cut off", func(_ string, q sql) { q("DELETE FROM diary WHERE seq > 7"); q("DELETE FROM diary_text WHERE seq > 7") }, 8, ledger.Rewritten},
		{"all deleted", func(_ string, q sql) { q("DELETE FROM diary") }, 10, ledger.CutOff},
		{"seal deleted", func(dir string, _ sql) { must(t, os.Remove(filepath.Join(dir, "head.seal"))) }, 0, ledger.SealBroken},
		{"seal of another key", func(dir string, _ sql) {
			must(t, os.WriteFile(filepath.Join(dir, "head.seal"), []byte("xxxx"), 0o600))
		}, 0, ledger.SealBroken},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := tampered(t, c.edit)
			if r.OK() || r.Sealed {
				t.Fatalf("not found: %+v", r)
			}
			if c.name == "cut off" || c.name == "all deleted" {
				// One entry was written since: depending on its number the seal is cut off or rewritten.
				if r.Fault.Why != ledger.CutOff && r.Fault.Why != ledger.Rewritten {
					t.Fatalf("%v", r.Fault)
				}
				return
			}
			if r.Fault.Seq != c.seq || r.Fault.Why != c.why {
				t.Fatalf("got %v, want entry %d %s", r.Fault, c.seq, c.why)
			}
		})
	}
}

func TestAnUntouchedDiaryIsSealedAndWhole(t *testing.T) { // the twin of all the above
	if r := tampered(t, func(string, func(string, ...any)) {}); !r.OK() || !r.Sealed || r.Entries != 11 {
		t.Fatalf("%+v", r)
	}
}

func TestAnOlderFilePutBackIsFoundBySeal(t *testing.T) {
	ctx, dir := t.Context(), t.TempDir()
	c := testConfig(dir)
	c.Seal = testSealer{key: 7}
	s, err := Open(ctx, c)
	must(t, err)
	must(t, s.Note(ctx, note("given", "One.")))
	old := filepath.Join(t.TempDir(), "old.db")
	must(t, s.Backup(ctx, old))
	if s.Backup(ctx, old) == nil {
		t.Fatal("a backup was overwritten")
	}
	must(t, s.Note(ctx, note("withdrawn", "Two.")))
	must(t, s.Close())
	must(t, os.Rename(old, filepath.Join(dir, "evidence.db")))
	s = open(t, c)
	if r := value(s.VerifyDiary(ctx))(t); r.Fault == nil || r.Fault.Why != ledger.CutOff || r.Fault.Seq != 2 {
		t.Fatalf("%+v", r)
	}
	// Giving up the key ends the alarm, and leaves a line that tells of it.
	must(t, s.Unseal(ctx, note("key", "You gave up the passphrase.")))
	if r := value(s.VerifyDiary(ctx))(t); !r.OK() || r.Sealed || r.Entries != 2 {
		t.Fatalf("%+v", r)
	}
	if ls := value(s.Diary(ctx, ledger.Query{Limit: 1}))(t); len(ls) != 1 || !strings.Contains(ls[0].Text, "had not fitted") {
		t.Fatalf("%+v", ls)
	}
}

// A key that is given up leaves a diary that is not sealed, and the next one
// seals it; its twin, another key without a word, is a broken seal.
func TestAKeyThatIsGivenUp(t *testing.T) {
	for name, givenUp := range map[string]bool{"given up": true, "exchanged without a word": false} {
		t.Run(name, func(t *testing.T) {
			ctx, dir := t.Context(), t.TempDir()
			c := testConfig(dir)
			c.Seal = testSealer{key: 7}
			s, err := Open(ctx, c)
			must(t, err)
			must(t, s.Note(ctx, note("given", "One.")))
			if givenUp {
				must(t, s.Unseal(ctx, note("key", "You gave up the passphrase.")))
				must(t, s.Note(ctx, note("given", "Two."))) // the old key seals no more
				if r := value(s.VerifyDiary(ctx))(t); !r.OK() || r.Sealed {
					t.Fatalf("%+v", r)
				}
				if ls := value(s.Diary(ctx, ledger.Query{}))(t); strings.Contains(fmt.Sprint(ls), "had not fitted") {
					t.Fatalf("%+v", ls)
				}
			}
			must(t, s.Close())
			c.Seal = nil
			s, err = Open(ctx, c)
			must(t, err)
			if r := value(s.VerifyDiary(ctx))(t); !r.OK() || r.Sealed {
				t.Fatalf("without a key: %+v", r)
			}
			must(t, s.Close())
			c.Seal = testSealer{key: 9}
			s = open(t, c)
			if r := value(s.VerifyDiary(ctx))(t); r.OK() != givenUp || r.Sealed != givenUp {
				t.Fatalf("the next key: %+v", r)
			}
		})
	}
}

func TestAKeyThatComesLaterSealsThen(t *testing.T) {
	ctx := t.Context()
	s := open(t, testConfig(t.TempDir()))
	must(t, s.Note(ctx, note("given", "One.")))
	if r := value(s.VerifyDiary(ctx))(t); !r.OK() || r.Sealed {
		t.Fatalf("%+v", r)
	}
	must(t, s.SetSealer(ctx, testSealer{key: 7}))
	if r := value(s.VerifyDiary(ctx))(t); !r.OK() || !r.Sealed {
		t.Fatalf("%+v", r)
	}
}

func TestErasedTextsAreGoneAndTheDiaryIsWhole(t *testing.T) {
	ctx, dir := context.Background(), t.TempDir()
	s, err := Open(ctx, testConfig(dir))
	must(t, err)
	const text = "The nursery camera may send video."
	for i := range 6 {
		must(t, s.Note(ctx, ledger.Note{Time: noon, Kind: "given", Device: fmt.Sprint("d", i%2), Text: text}))
	}
	if n := value(s.EraseText(ctx, "d0", ledger.Note{Time: noon, Text: "Deleted, said you."}))(t); n != 3 {
		t.Fatalf("%d erased", n)
	}
	if n := value(s.EraseText(ctx, "d0", ledger.Note{Time: noon, Text: "Again."}))(t); n != 1 { // the tombstone's own text
		t.Fatalf("%d erased", n)
	}
	r := value(s.VerifyDiary(ctx))(t)
	if !r.OK() || r.Erased != 4 || r.Entries != 8 {
		t.Fatalf("%+v", r)
	}
	if n := value(s.EraseText(ctx, "d1", ledger.Note{Time: noon, Text: "All."}))(t); n != 3 {
		t.Fatalf("%d erased", n)
	}
	if lines := value(s.Diary(ctx, ledger.Query{Text: "nursery"}))(t); len(lines) != 0 {
		t.Fatalf("%v", lines)
	}
	must(t, s.Close())
	for _, name := range []string{"evidence.db", "evidence.db-wal"} {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err == nil && containsText(b, "nursery") {
			t.Errorf("%s still holds the text", name)
		}
	}
}
