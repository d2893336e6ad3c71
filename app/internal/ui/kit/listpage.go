package kit

import "fyne.io/fyne/v2"

// NewListPage returns a page of a head, as high as it needs, and a table below
// that takes of the rest what it wants. Where large text leaves the table too
// little, the page scrolls.
func NewListPage(head, table fyne.CanvasObject) *Page {
	return newPage(&listLayout{}, head, table)
}

type listLayout struct{ window fyne.Size }

func (l *listLayout) in(window fyne.Size) { l.window = window }

// A table with many rows needs at least a part of the window; where the head
// leaves less, the page scrolls, and the table gets most of the window.
const (
	tableLeast float32 = 0.5
	tableMost  float32 = 0.8
)

// heights are those of head and table, and of the page with its margins.
func (l *listLayout) heights(o []fyne.CanvasObject) (head, table, all float32) {
	w := l.width()
	head = HeightFor(o[0], w)
	around := 2*listTop + head + 4*Step
	if !o[1].Visible() {
		return head, 0, around
	}
	wanted := HeightFor(o[1], w)
	room := l.window.Height - around
	if room < tableLeast*l.window.Height {
		room = max(room, tableMost*l.window.Height)
	}
	table = min(room, wanted)
	return head, table, around + table
}

const (
	listSide float32 = 8 * Step
	listTop  float32 = 6 * Step
)

func (l *listLayout) width() float32 { return max(min(l.window.Width, pageWidest)-2*listSide, 1) }

func (l *listLayout) Layout(o []fyne.CanvasObject, _ fyne.Size) {
	head, table, _ := l.heights(o)
	place(o[0], listSide, listTop, l.width(), head)
	place(o[1], listSide, listTop+head+4*Step, l.width(), table)
}

func (l *listLayout) MinSize(o []fyne.CanvasObject) fyne.Size {
	_, _, all := l.heights(o)
	return fyne.NewSize(1, all)
}
