package main

import (
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
)

// Windows and macOS are told by the toolkit, once there is a window; Linux never.
func TestAFixedTextGoesThroughTheSystem(t *testing.T) {
	a, s := test.NewTempApp(t), &source{}
	if s.say() {
		t.Error("it counts as shown before there is a window")
	}
	s.onPlain(plainly(a))
	want := fyne.NewNotification("Best Before", "Something at home has a date that is near or over, or is new. Open Best Before to see what.")
	test.AssertNotificationSent(t, want, func() {
		if !s.say() {
			t.Error("it does not count as shown")
		}
	})
	if !plainOnly("windows") || !plainOnly("darwin") || plainOnly("linux") {
		t.Error("the wrong systems get a fixed text")
	}
}
