package main

import (
	"errors"
	"slices"
	"testing"

	"fyne.io/fyne/v2/test"

	"bestbefore/app/internal/engine"
	"bestbefore/app/internal/view"
)

// TestTakingOverStartsThisProgramAnew: at the place that is seen and on the same
// folder, after its seat was given up; where that fails the window stays.
func TestTakingOverStartsThisProgramAnew(t *testing.T) {
	dir := t.TempDir()
	src := &source{engine: struct{ engine.Engine }{}}
	d := newDesk(test.NewTempApp(t), options{dir: dir}, src)
	win, err := newWindow(test.NewTempWindow(t, nil), src, d, newTrace(nil, false), func(f func()) { f() })
	if err != nil {
		t.Fatal(err)
	}
	d.win = win
	win.goTo("consent/c1")
	var order, words []string
	d.leave = func() { order = append(order, "left") }
	fail := errors.New("no")
	d.start = func(w []string) error { order, words = append(order, "started"), w; return fail }
	d.takeOver()
	if !win.shell.ToastShown() {
		t.Error("it is not said that nothing was started")
	}
	fail = nil
	d.takeOver()
	if !slices.Equal(order, []string{"left", "started", "left", "started"}) || !slices.Equal(words, []string{"--data", dir, "--open", "consent/c1"}) {
		t.Errorf("%v with %q", order, words)
	}
	win.open(view.Route{Page: view.PageDiary})
	if got := d.words(); got[3] != "diary" {
		t.Errorf("started with %q", got)
	}
}
