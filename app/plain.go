package main

import "fyne.io/fyne/v2"

// plainOnly names the systems whose notifications carry a fixed text only: the
// toolkit shows them there by writing a script.
func plainOnly(system string) bool { return system == "windows" || system == "darwin" }

// plainly shows that text; no word of it comes from anywhere else, which a test
// of the tree makes sure of.
func plainly(a fyne.App) func() {
	return func() {
		a.SendNotification(fyne.NewNotification("Best Before", "Something at home has a date that is near or over, or is new. Open Best Before to see what."))
	}
}

// onPlain sets how the fixed text is shown.
func (s *source) onPlain(show func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.plain = show
}

// say shows the fixed text; false before there is a window.
func (s *source) say() bool {
	s.mu.Lock()
	show := s.plain
	s.mu.Unlock()
	if show == nil {
		return false
	}
	show()
	return true
}
