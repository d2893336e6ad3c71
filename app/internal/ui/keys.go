package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
)

// bindKeys connects the keys that work everywhere: Esc closes or goes back,
// Ctrl+F searches, Alt+Left goes back. All others belong to the page.
func (s *Shell) bindKeys() {
	c := s.config.Window.Canvas()
	c.AddShortcut(&desktop.CustomShortcut{KeyName: fyne.KeyF, Modifier: fyne.KeyModifierShortcutDefault}, func(fyne.Shortcut) { s.search() })
	c.AddShortcut(&desktop.CustomShortcut{KeyName: fyne.KeyLeft, Modifier: fyne.KeyModifierAlt}, func(fyne.Shortcut) {
		if len(s.dialogs) == 0 {
			s.Back()
		}
	})
	c.SetOnTypedKey(s.typedKey)
	c.SetOnTypedRune(s.typedRune)
}

func (s *Shell) search() {
	if len(s.dialogs) > 0 {
		return
	}
	if p, ok := s.pages[s.Route().Page].(Searcher); ok {
		s.config.Window.Canvas().Focus(p.Search())
	}
}

func (s *Shell) typedKey(k *fyne.KeyEvent) {
	if k.Name == fyne.KeyEscape && s.CloseDialog() {
		return
	}
	if len(s.dialogs) > 0 {
		return
	}
	if p, ok := s.pages[s.Route().Page].(KeyTaker); ok && p.TypedKey(k) {
		return
	}
	if k.Name == fyne.KeyEscape {
		s.escape()
	}
}

// escape takes away the least thing that is open.
func (s *Shell) escape() {
	switch {
	case s.frame.toast.Box.Visible():
		s.HideToast()
	case s.config.Window.Canvas().Focused() != nil:
		s.config.Window.Canvas().Unfocus()
	default:
		s.Back()
	}
}

func (s *Shell) typedRune(r rune) {
	if len(s.dialogs) > 0 {
		return
	}
	if p, ok := s.pages[s.Route().Page].(KeyTaker); ok {
		p.TypedRune(r)
	}
}
