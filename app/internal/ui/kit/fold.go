package kit

import "fyne.io/fyne/v2"

// Fold is a word that unfolds what only few ask for, and folds it away again;
// its sign points to where that goes.
type Fold struct {
	box     *fyne.Container
	button  *Button
	content fyne.CanvasObject
}

// NewFold returns content, folded away under label.
func NewFold(label string, content fyne.CanvasObject) *Fold {
	f := &Fold{content: content}
	f.button = NewSignButton("down", label, Link, f.turn)
	// A word without a border aligns with what is around it by giving up its margin.
	f.box = NewColumn(3*Step, NewPad(0, 0, 0, -Step, NewFlow(0, f.button)), content)
	f.Unfold(false)
	return f
}

// Content is what to put in a page.
func (f *Fold) Content() *fyne.Container { return f.box }

// Unfolded reports whether the content is shown.
func (f *Fold) Unfolded() bool { return f.content.Visible() }

// Unfold shows the content or folds it away.
func (f *Fold) Unfold(open bool) {
	sign := "down"
	if open {
		sign = "up"
	}
	f.button.SetSign(sign)
	show(f.content, open)
	f.box.Refresh()
}

// turn does what a press asks for; what stands below moves with it.
func (f *Fold) turn() {
	f.Unfold(!f.Unfolded())
	c := fyne.CurrentApp().Driver().CanvasForObject(f.box)
	if c == nil {
		return
	}
	if p := pageIn(c.Content()); p != nil {
		p.Update()
	}
}
