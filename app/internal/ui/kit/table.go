package kit

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

// DataRow is one row of a DataTable, made once and filled again and again; Set
// must only copy prepared strings, for it runs while the table scrolls.
type DataRow[R any] interface {
	fyne.CanvasObject
	Set(R)
}

// TableConfig says how the rows of a DataTable look and what they do.
type TableConfig[R any] struct {
	New    func() DataRow[R] // required
	Height func(R) float32   // at the present size of text; nil is the least height of a row
	Open   func(R)           // a row was chosen by a click, or by the arrows and Space; may be nil
	Foot   fyne.CanvasObject // stands below the rows; may be nil
}

// DataTable is a sheet of rows that makes only as many as can be seen.
type DataTable[R any] struct {
	config  TableConfig[R]
	rows    []R
	heights map[int]float32 // that the list was told
	list    *widget.List
	sheet   *fyne.Container
}

// NewDataTable returns an empty table.
func NewDataTable[R any](c TableConfig[R]) *DataTable[R] {
	t := &DataTable[R]{config: c, heights: map[int]float32{}}
	t.list = widget.NewList(
		func() int { return len(t.rows) },
		func() fyne.CanvasObject { return c.New() },
		func(id widget.ListItemID, o fyne.CanvasObject) {
			if id < len(t.rows) {
				o.(DataRow[R]).Set(t.rows[id])
			}
		},
	)
	t.list.OnSelected = func(id widget.ListItemID) {
		t.list.UnselectAll()
		if c.Open != nil && id < len(t.rows) {
			c.Open(t.rows[id])
		}
	}
	t.list.HideSeparators = true
	t.sheet = NewStack(NewFrame(ColorSheet, ColorLine, RadiusSheet), NewInset(2*Step, container.NewBorder(nil, c.Foot, nil, nil, t.list)))
	return t
}

// Content is what to put in a page.
func (t *DataTable[R]) Content() *fyne.Container { return t.sheet }

// List is the list inside, for tests and for focus.
func (t *DataTable[R]) List() *widget.List { return t.list }

// Rows is what the table shows.
func (t *DataTable[R]) Rows() []R { return t.rows }

// SetRows shows rows; the place to which the person scrolled is kept.
func (t *DataTable[R]) SetRows(rows []R) {
	t.rows = rows
	t.setHeights()
	t.list.Refresh()
}

// setHeights tells the list only what changed: each word costs it a refresh.
func (t *DataTable[R]) setHeights() {
	if t.config.Height == nil {
		return
	}
	usual := t.config.New().MinSize().Height
	for i, r := range t.rows {
		h, known := t.heights[i]
		if !known {
			h = usual
		}
		if now := t.config.Height(r); now != h {
			t.heights[i] = now
			t.list.SetItemHeight(i, now)
		}
	}
}

// Wanted is the height of the sheet that shows all rows.
func (t *DataTable[R]) Wanted() float32 {
	h := 4 * Step
	if t.config.Height == nil && len(t.rows) > 0 {
		h += float32(len(t.rows)) * (t.config.New().MinSize().Height + theme.Padding())
	}
	for _, r := range t.rows {
		if t.config.Height != nil {
			h += t.config.Height(r) + theme.Padding()
		}
	}
	if t.config.Foot != nil && t.config.Foot.Visible() {
		h += t.config.Foot.MinSize().Height + theme.Padding()
	}
	return h
}

// Cell is one column of rows whose cells agree from row to row.
type Cell struct {
	Width float32 // at normal text size; the least width where Share is set
	Share float32 // of the width that is left
	From  float32 // the width of a row at normal text size from which the column is shown; 0 is always
}

// NewCells sets objects in columns; top puts them all on one line at the top,
// else each stands in the middle. Cells that wrap make the row higher.
func NewCells(top bool, cells []Cell, objects ...fyne.CanvasObject) *fyne.Container {
	return container.New(&cellLayout{cells: cells, top: top}, objects...)
}

type cellLayout struct {
	cells []Cell
	top   bool
}

// cellGap is the gap between columns.
const cellGap = 3 * Step

// widths are the widths of the columns; 0 is a column without room.
func (l *cellLayout) widths(width float32) []float32 {
	scale := scaleNow()
	rest, shares := width+cellGap, float32(0)
	out := make([]float32, len(l.cells))
	for i, c := range l.cells {
		if width < c.From*scale {
			continue
		}
		out[i] = max(c.Width*scale, 1)
		rest -= out[i] + cellGap
		shares += c.Share
	}
	for i, c := range l.cells {
		if out[i] > 0 && c.Share > 0 {
			out[i] += max(rest, 0) * c.Share / shares
		}
	}
	return out
}

func (l *cellLayout) Layout(o []fyne.CanvasObject, s fyne.Size) {
	var x float32
	for i, w := range l.widths(s.Width) {
		if w == 0 {
			place(o[i], -2*s.Width, 0, 1, 1) // out of sight: whether it is shown belongs to the row
			continue
		}
		h := HeightFor(o[i], w)
		y := float32(0)
		if !l.top {
			y = (s.Height - h) / 2
		}
		place(o[i], x, y, w, h)
		x += w + cellGap
	}
}

func (l *cellLayout) HeightFor(o []fyne.CanvasObject, width float32) float32 {
	var h float32
	for i, w := range l.widths(width) {
		if w > 0 {
			h = max(h, HeightFor(o[i], w))
		}
	}
	return h
}

func (l *cellLayout) MinSize(o []fyne.CanvasObject) fyne.Size {
	var h float32
	for _, x := range o {
		h = max(h, x.MinSize().Height)
	}
	return fyne.NewSize(1, h)
}
