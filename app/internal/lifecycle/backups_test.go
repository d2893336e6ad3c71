package lifecycle

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"bestbefore/app/internal/engine"
	"bestbefore/app/internal/store"
)

// keyed is the config of a folder whose key systemd hands over.
func keyed(t *testing.T) Config {
	t.Helper()
	credentials := t.TempDir()
	if err := os.WriteFile(filepath.Join(credentials, "bestbefore-key"), bytes.Repeat([]byte{7}, 32), 0o600); err != nil {
		t.Fatal(err)
	}
	return Config{Dir: t.TempDir(), Credentials: credentials}
}

func newestKind(t *testing.T, h *Home) string {
	t.Helper()
	lines, err := h.Engine().Diary(t.Context(), engine.DiaryQuery{Limit: 1})
	if err != nil {
		t.Fatal(err)
	}
	if len(lines) == 0 {
		return ""
	}
	return string(lines[0].Kind)
}

func opened(t testing.TB, c Config) *Home {
	t.Helper()
	h, err := Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// What a person asks for while the files are open is done at the next start,
// once; without the wish nothing is put back.
func TestABackupIsPutBackAtTheNextStart(t *testing.T) {
	ctx, c := t.Context(), keyed(t)
	h := opened(t, c)
	b, err := h.Engine().BackupNow(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if err := h.Engine().Restore(ctx, "../"+b.Name); err == nil {
		t.Error("a name that is not listed was taken")
	}
	if err := h.Engine().Restore(ctx, b.Name); err != nil {
		t.Fatal(err)
	}
	if bs, err := h.Engine().Backups(ctx); err != nil || len(bs) != 1 || !bs[0].Wanted {
		t.Fatalf("%+v %v", bs, err)
	}
	if newestKind(t, h) == string(store.NoteRestored) {
		t.Error("it was put back under the open files")
	}
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	for start, want := range []string{string(store.NoteRestored), string(store.NoteRestored)} {
		h = opened(t, c)
		lines, err := h.Engine().Diary(ctx, engine.DiaryQuery{})
		if err != nil || len(lines) != 1 || string(lines[0].Kind) != want {
			t.Errorf("start %d: %+v %v", start, lines, err)
		}
		if bs, err := h.Engine().Backups(ctx); err != nil || bs[0].Wanted {
			t.Errorf("start %d: still wanted: %+v %v", start, bs, err)
		} else if !strings.HasPrefix(bs[0].Outcome, "0 newer decisions were kept.") || bs[0].Restored.IsZero() {
			t.Errorf("start %d: what putting it back meant is not said: %+v", start, bs[0])
		}
		if err := h.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// Where the store does not open any more, listing and putting back still work.
func TestABackupIsPutBackWhereNothingOpens(t *testing.T) {
	ctx, c := t.Context(), keyed(t)
	h := opened(t, c)
	b, err := h.Engine().BackupNow(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Restore(ctx, c, b.Name); err == nil {
		t.Fatal("it was put back under the open files")
	}
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(c.Dir, "evidence.db"), bytes.Repeat([]byte("garbage!"), 4096), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(ctx, c); err == nil || !strings.Contains(err.Error(), "backup") {
		t.Fatalf("a damaged file: %v", err)
	}
	other := keyed(t) // the twin: with another key it does not open
	if err := os.WriteFile(filepath.Join(other.Credentials, "bestbefore-key"), bytes.Repeat([]byte{8}, 32), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Restore(ctx, Config{Dir: c.Dir, Credentials: other.Credentials}, b.Name); err == nil {
		t.Fatal("it opens without its key")
	}
	bs, err := Backups(c.Dir)
	if err != nil || len(bs) != 1 {
		t.Fatalf("%+v %v", bs, err)
	}
	text, err := Restore(ctx, c, bs[0].Name)
	if err != nil || !strings.Contains(text, "is in place") || !strings.Contains(text, "evidence.db.replaced-") {
		t.Fatalf("%q %v", text, err)
	}
	h = opened(t, c)
	if got := newestKind(t, h); got != string(store.NoteRestored) {
		t.Errorf("the diary says %q", got)
	}
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
}
