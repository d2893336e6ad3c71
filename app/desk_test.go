package main

import (
	"testing"

	"bestbefore/app/internal/view"
)

// Closing keeps the engine in the tray; without one it is asked, and what was
// chosen goes before both.
func TestClosingKeepsWorkingInTheTray(t *testing.T) {
	for _, c := range []struct {
		chosen string
		tray   bool
		want   string
	}{
		{"", true, view.On}, {"", false, view.Ask}, {view.Ask, true, view.Ask}, {view.Off, true, view.Off}, {view.On, false, view.On},
	} {
		if got := afterClosing(c.chosen, c.tray); got != c.want {
			t.Errorf("chosen %q, tray %v: %q, want %q", c.chosen, c.tray, got, c.want)
		}
	}
}
