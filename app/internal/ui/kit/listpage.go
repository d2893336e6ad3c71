package kit

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
)

// NewListPage sets a head as high as it needs and gives of the rest what it
// wants to a table below, with the margins of a page. wanted is the height that
// shows all of the table.
func NewListPage(head, table fyne.CanvasObject, wanted func() float32) *fyne.Container {
	return container.New(&listLayout{wanted}, head, table)
}

type listLayout struct{ wanted func() float32 }

func (l *listLayout) Layout(o []fyne.CanvasObject, s fyne.Size) {
	const side, top = 8 * Step, 6 * Step
	w := min(s.Width, pageWidest) - 2*side
	h := HeightFor(o[0], w)
	place(o[0], side, top, w, h)
	y := top + h + 4*Step
	place(o[1], side, y, w, max(min(s.Height-y-top, l.wanted()), 120))
}

func (*listLayout) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.NewSize(320, 320) }
