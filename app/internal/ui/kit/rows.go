package kit

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"
)

// rowList is Fyne's list, in which Enter opens a row as Space does, and Esc goes
// on to the window.
type rowList struct{ widget.List }

func newRowList() *rowList {
	l := &rowList{}
	l.ExtendBaseWidget(l)
	return l
}

// TypedKey implements fyne.Focusable.
func (l *rowList) TypedKey(k *fyne.KeyEvent) {
	switch k.Name {
	case fyne.KeyReturn, fyne.KeyEnter:
		l.List.TypedKey(&fyne.KeyEvent{Name: fyne.KeySpace})
	case fyne.KeyEscape:
		if c := fyne.CurrentApp().Driver().CanvasForObject(l); c != nil && c.OnTypedKey() != nil {
			c.OnTypedKey()(k)
		}
	default:
		l.List.TypedKey(k)
	}
}

// wheel lies over a list and takes the mouse's wheel, and nothing else: on a page
// that scrolls, because large text leaves its table little room, the page goes
// down first, and comes up again when the list is at its top.
type wheel struct {
	widget.BaseWidget
	list *rowList
}

func newWheel(l *rowList) *wheel {
	w := &wheel{list: l}
	w.ExtendBaseWidget(w)
	return w
}

// Scrolled implements fyne.Scrollable.
func (w *wheel) Scrolled(e *fyne.ScrollEvent) {
	var page *container.Scroll
	if c := fyne.CurrentApp().Driver().CanvasForObject(w); c != nil {
		page = scroller(c)
	}
	at := w.list.GetScrollOffset()
	if page != nil && (e.Scrolled.DY > 0 && at <= 0 || e.Scrolled.DY < 0 && page.Offset.Y+page.Size().Height < page.Content.MinSize().Height-1) {
		page.Scrolled(e)
		return
	}
	w.list.ScrollToOffset(at - e.Scrolled.DY)
}

// CreateRenderer implements fyne.Widget.
func (w *wheel) CreateRenderer() fyne.WidgetRenderer {
	return widget.NewSimpleRenderer(canvas.NewRectangle(color.Transparent))
}
