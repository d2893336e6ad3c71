package kit

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"
)

// press is what everything that can be pressed has in common: pointer, keyboard
// focus, disabling. Keys that it does not need go on to the window, so that Esc
// and the letters of a page work wherever the focus is.
type press struct {
	widget.BaseWidget
	onTap    func()
	repaint  func() // called when pointed at, focused or disabled
	hovered  bool
	focused  bool
	disabled bool
}

func (p *press) changed() {
	if p.repaint != nil {
		p.repaint()
	}
}

// Tapped implements fyne.Tappable.
func (p *press) Tapped(*fyne.PointEvent) { p.fire() }

func (p *press) fire() {
	if !p.disabled && p.onTap != nil {
		p.onTap()
	}
}

// MouseIn implements desktop.Hoverable.
func (p *press) MouseIn(*desktop.MouseEvent) {
	p.hovered = true
	p.changed()
}

// MouseMoved implements desktop.Hoverable.
func (p *press) MouseMoved(*desktop.MouseEvent) {}

// MouseOut implements desktop.Hoverable.
func (p *press) MouseOut() {
	p.hovered = false
	p.changed()
}

// Cursor implements desktop.Cursorable.
func (p *press) Cursor() desktop.Cursor {
	if p.disabled || p.onTap == nil {
		return desktop.DefaultCursor
	}
	return desktop.PointerCursor
}

// FocusGained implements fyne.Focusable.
func (p *press) FocusGained() {
	p.focused = true
	p.changed()
	if c := canvasOf(p); c != nil {
		reveal(c)
	}
}

// FocusLost implements fyne.Focusable.
func (p *press) FocusLost() {
	p.focused = false
	p.changed()
}

// TypedKey implements fyne.Focusable.
func (p *press) TypedKey(e *fyne.KeyEvent) {
	switch e.Name {
	case fyne.KeySpace, fyne.KeyReturn, fyne.KeyEnter:
		p.fire()
	default:
		if c := canvasOf(p); c != nil && c.OnTypedKey() != nil {
			c.OnTypedKey()(e)
		}
	}
}

// TypedRune implements fyne.Focusable.
func (p *press) TypedRune(r rune) {
	if c := canvasOf(p); c != nil && r != ' ' && c.OnTypedRune() != nil {
		c.OnTypedRune()(r)
	}
}

// Enable implements fyne.Disableable.
func (p *press) Enable() { p.setDisabled(false) }

// Disable implements fyne.Disableable.
func (p *press) Disable() { p.setDisabled(true) }

// Disabled implements fyne.Disableable. What does nothing takes no focus either.
func (p *press) Disabled() bool { return p.disabled || p.onTap == nil }

func (p *press) setDisabled(d bool) {
	if p.disabled != d {
		p.disabled = d
		p.changed()
	}
}

// canvasOf finds the canvas of p's widget. The focus is asked rather than the
// widget, because p is only a part of it.
func canvasOf(p *press) fyne.Canvas {
	for _, w := range fyne.CurrentApp().Driver().AllWindows() {
		if f, ok := w.Canvas().Focused().(interface{ pressed() *press }); ok && f.pressed() == p {
			return w.Canvas()
		}
	}
	return nil
}

func (p *press) pressed() *press { return p }

// newRing is the visible focus: a line around the control, shown only while it
// has the focus.
func newRing(radius float32) *Panel {
	ring := NewPanel("", radius)
	ring.Border, ring.Width = ColorAct, 2
	ring.Hide()
	return ring
}

func show(o fyne.CanvasObject, visible bool) {
	if visible {
		o.Show()
	} else {
		o.Hide()
	}
}
