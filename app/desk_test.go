package main

import (
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"bestbefore/app/internal/ui"
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

// Windows and macOS are told by Fyne, with the text as it is, once there is a window.
func TestAFixedTextGoesThroughTheSystem(t *testing.T) {
	a, s := test.NewTempApp(t), &source{}
	if s.say("Best Before", "Look.") {
		t.Error("it counts as shown before there is a window")
	}
	s.onPlain(plainly(a, ui.Direct()))
	test.AssertNotificationSent(t, fyne.NewNotification("Best Before", "Look."), func() {
		if !s.say("Best Before", "Look.") {
			t.Error("it does not count as shown")
		}
	})
	if !plainOnly("windows") || !plainOnly("darwin") || plainOnly("linux") {
		t.Error("the wrong systems get a fixed text")
	}
}
