package kit

import (
	"fyne.io/fyne/v2"

	"bestbefore/app/internal/view"
)

// Toast is a short message at the foot of the window, with Undo where the thing
// can be undone.
type Toast struct {
	Box  *fyne.Container
	sign *Icon
	text *Text
	undo *Button
}

// NewToast returns a hidden toast; undoWord and closing are what its buttons say and do.
func NewToast(undoWord string, undo, closing func()) *Toast {
	t := &Toast{sign: NewSign("check", ColorFresh, 18), text: NewText("").Wrapped(5)}
	t.undo = NewSignButton("undo", undoWord, Ordinary, undo)
	row := NewRow(3*Step, t.sign, Grow(t.text), t.undo, NewSignButton("close", "", Link, closing))
	t.Box = NewStack(NewFrame(ColorSheet, ColorSoft, RadiusSheet), NewPad(10, 12, 10, 16, row))
	t.Box.Hide()
	return t
}

// Show shows v.
func (t *Toast) Show(v view.Toast) {
	t.text.Set(v.Text)
	sign, ink := "check", ColorFresh
	if v.Severity > view.Fresh {
		sign, ink = signOf(v.Severity), InkOf(v.Severity)
	}
	t.sign.SetSign(sign, ink)
	show(t.undo, v.Undo != "")
	t.Box.Show()
	t.Box.Refresh()
}

// Hide takes the message away.
func (t *Toast) Hide() { t.Box.Hide() }

// UndoButton is the button that undoes.
func (t *Toast) UndoButton() *Button { return t.undo }
