package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"bestbefore/app/internal/store"
	"bestbefore/app/internal/ui"
	"bestbefore/app/internal/ui/kit"
)

// shown is a fault's window with what is written in it and its buttons.
func shown(t *testing.T, f *fault) (words string, buttons []string) {
	t.Helper()
	kit.Walk(f.window.Content(), func(o fyne.CanvasObject) {
		switch v := o.(type) {
		case *kit.Button:
			buttons = append(buttons, v.Label())
		case interface{ String() string }:
			words += v.String() + "\n"
		}
	})
	return words, buttons
}

// What cannot be opened is said in a sentence, and each copy has a button. The
// twin: another fault, which no copy repairs, offers none.
func TestAFaultOffersTheCopies(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"2026-11-20T110735.840Z-daily.backup", "2026-11-22T110735.840Z-by-hand.backup"} {
		if err := os.MkdirAll(filepath.Join(dir, "backups"), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "backups", name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, c := range map[string]struct {
		err     error
		dir     string
		says    string
		buttons int
	}{
		"damaged":        {&store.FileError{Kind: store.ErrCorrupt, File: "evidence.db"}, dir, "is damaged. It was left as it is.", 3},
		"missing":        {&store.FileError{Kind: store.ErrMissing, File: "evidence.db"}, dir, "is gone", 3},
		"without a copy": {&store.FileError{Kind: store.ErrCorrupt, File: "evidence.db"}, t.TempDir(), "There is no copy", 1},
		"a full disk":    {&store.FileError{Kind: store.ErrFull, File: "x"}, dir, "is full", 1},
	} {
		t.Run(name, func(t *testing.T) {
			f := faultOf(t, c.dir, c.err)
			words, buttons := shown(t, f)
			if !strings.Contains(words, c.says) || len(buttons) != c.buttons {
				t.Errorf("buttons %q, words:\n%s", buttons, words)
			}
		})
	}
}

func faultOf(t *testing.T, dir string, err error) *fault {
	t.Helper()
	a := test.NewTempApp(t)
	a.Settings().SetTheme(kit.NewTheme(kit.Light, 1))
	f := newFault(a, test.NewTempWindow(t, nil), dir, err)
	f.do = ui.Direct()
	f.window.SetContent(f.content())
	f.window.Resize(fyne.NewSize(760, 520))
	return f
}

// A copy that cannot be put back is said, and another one may be tried; one that
// can offers the start.
func TestACopyIsPutBackFromTheWindow(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "evidence.db.version-1"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	f := faultOf(t, dir, &store.FileError{Kind: store.ErrCorrupt, File: "evidence.db"})
	asked := make(chan string, 2)
	answer := errors.New("the key is not at hand")
	f.restore = func(_ context.Context, name string) (string, error) { asked <- name; return "It is in place.", answer }
	ended := make(chan struct{}, 2)
	f.do = func(g func()) { g(); ended <- struct{}{} }
	for _, want := range []string{"the key is not at hand", "It is in place."} {
		test.Tap(f.buttons[0])
		select {
		case <-ended:
		case <-time.After(10 * time.Second):
			t.Fatal("nothing happened")
		}
		if name := <-asked; name != "evidence.db.version-1" {
			t.Fatalf("%q was put back", name)
		}
		words, buttons := shown(t, f)
		if !strings.Contains(words, want) || (answer == nil) != strings.Contains(strings.Join(buttons, ","), "Start Best Before") {
			t.Errorf("want %q; buttons %q, words:\n%s", want, buttons, words)
		}
		answer = nil
	}
}
