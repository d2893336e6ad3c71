package kit

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/widget"
)

// Entry is a line to type in. Esc clears it first and then goes on to the
// window, which closes the dialog or goes back.
type Entry struct {
	widget.Entry
	escape func()
}

// NewEntry returns an entry; changed is told each new text and may be nil.
func NewEntry(hint string, changed func(string)) *Entry {
	e := &Entry{}
	e.PlaceHolder, e.OnChanged = hint, changed
	e.ExtendBaseWidget(e)
	return e
}

// NewSearch returns an entry with the sign of a search.
func NewSearch(hint string, changed func(string)) *Entry {
	e := NewEntry(hint, changed)
	e.Icon = drawing("icons/ui/search.svg", colorOf(e.Theme(), ColorSoft))
	return e
}

// OnEscape sets what Esc does when the entry is empty already.
func (e *Entry) OnEscape(f func()) { e.escape = f }

// TypedKey implements fyne.Focusable.
func (e *Entry) TypedKey(k *fyne.KeyEvent) {
	switch {
	case k.Name == fyne.KeyEscape && e.Text != "":
		e.SetText("")
	case k.Name == fyne.KeyEscape && e.escape != nil:
		e.escape()
	case k.Name == fyne.KeyEscape:
		if c := fyne.CurrentApp().Driver().CanvasForObject(e); c != nil && c.OnTypedKey() != nil {
			c.OnTypedKey()(k)
		}
	default:
		e.Entry.TypedKey(k)
	}
}
