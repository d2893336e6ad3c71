package kit

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"bestbefore/app/internal/view"
)

// Column is one column of a Table. New makes a cell, Set fills it from a row;
// Set must only copy prepared strings, for it runs while the list scrolls.
type Column[R any] struct {
	Title string
	Width float32 // at normal text size; the least width when Grow is set
	Grow  float32 // share of the width that is left; 0 is fixed
	New   func() fyne.CanvasObject
	Set   func(cell fyne.CanvasObject, row R)
}

// Table shows rows under a header and makes only as many cells as can be seen.
// A row is opened by a click, or by the arrows and Space.
type Table[R any] struct {
	widget.BaseWidget
	columns []Column[R]
	rows    []R
	head    *fyne.Container
	list    *widget.List
	body    *fyne.Container
	open    func(R)
}

// NewTable returns an empty table; open is told the row that was chosen and may be nil.
func NewTable[R any](open func(R), columns ...Column[R]) *Table[R] {
	t := &Table[R]{columns: columns, open: open}
	layout := &tableLayout[R]{table: t}
	titles := make([]fyne.CanvasObject, len(columns))
	for i, c := range columns {
		titles[i] = NewSoft(c.Title)
	}
	t.head = container.New(layout, titles...)
	t.list = widget.NewList(
		func() int { return len(t.rows) },
		func() fyne.CanvasObject {
			cells := make([]fyne.CanvasObject, len(columns))
			for i, c := range columns {
				cells[i] = c.New()
			}
			return NewPad(Step, 0, Step, 0, container.New(layout, cells...))
		},
		t.fill,
	)
	t.list.OnSelected = func(id widget.ListItemID) {
		t.list.UnselectAll()
		if t.open != nil && id < len(t.rows) {
			t.open(t.rows[id])
		}
	}
	t.body = container.NewBorder(NewPad(0, 0, Step, 0, t.head), nil, nil, nil, t.list)
	t.ExtendBaseWidget(t)
	return t
}

func (t *Table[R]) fill(id widget.ListItemID, o fyne.CanvasObject) {
	if id >= len(t.rows) {
		return
	}
	cells := o.(*fyne.Container).Objects[0].(*fyne.Container).Objects
	for i, c := range t.columns {
		c.Set(cells[i], t.rows[id])
	}
}

// SetRows shows rows; the place to which the person scrolled is kept.
func (t *Table[R]) SetRows(rows []R) {
	t.rows = rows
	t.list.Refresh()
}

// Rows is what the table shows.
func (t *Table[R]) Rows() []R { return t.rows }

// List is the list inside, for tests and for focus.
func (t *Table[R]) List() *widget.List { return t.list }

// CreateRenderer implements fyne.Widget.
func (t *Table[R]) CreateRenderer() fyne.WidgetRenderer {
	t.ExtendBaseWidget(t)
	return &composite{body: t.body}
}

type tableLayout[R any] struct{ table *Table[R] }

func (l *tableLayout[R]) widths(width float32) []float32 {
	scale, gap := scaleOf(l.table.Theme()), 3*Step
	rest := width - gap*float32(len(l.table.columns)-1)
	var shares float32
	for _, c := range l.table.columns {
		rest -= c.Width * scale
		shares += c.Grow
	}
	out := make([]float32, len(l.table.columns))
	for i, c := range l.table.columns {
		out[i] = c.Width * scale
		if c.Grow > 0 {
			out[i] = max(out[i]+rest*c.Grow/shares, 16)
		}
	}
	return out
}

func (l *tableLayout[R]) Layout(objects []fyne.CanvasObject, s fyne.Size) {
	var x float32
	for i, w := range l.widths(s.Width) {
		h := min(HeightFor(objects[i], w), s.Height)
		place(objects[i], x, (s.Height-h)/2, w, h)
		x += w + 3*Step
	}
}

func (l *tableLayout[R]) MinSize(objects []fyne.CanvasObject) fyne.Size {
	var h float32
	for _, o := range objects {
		h = max(h, o.MinSize().Height)
	}
	return fyne.NewSize(1, h)
}

// TextColumn shows one line of text.
func TextColumn[R any](title string, width, grow float32, text func(R) string) Column[R] {
	return Column[R]{
		Title: title, Width: width, Grow: grow,
		New: func() fyne.CanvasObject { return newText(SizeSmall, ColorInk, false, "") },
		Set: func(o fyne.CanvasObject, r R) { o.(*Text).Set(text(r)) },
	}
}

// NameColumn shows a bold line over a soft one.
func NameColumn[R any](title string, width, grow float32, text func(R) (name, detail string)) Column[R] {
	return Column[R]{
		Title: title, Width: width, Grow: grow,
		New: func() fyne.CanvasObject { return NewColumn(0, NewText("").Bold(), NewSoft("")) },
		Set: func(o fyne.CanvasObject, r R) {
			lines := o.(*fyne.Container).Objects
			name, detail := text(r)
			lines[0].(*Text).Set(name)
			lines[1].(*Text).Set(detail)
		},
	}
}

// PictureColumn shows the picture of a device.
func PictureColumn[R any](kind func(R) (view.Kind, view.Severity)) Column[R] {
	return Column[R]{
		Width: 40,
		New:   func() fyne.CanvasObject { return newPictureCell() },
		Set:   func(o fyne.CanvasObject, r R) { k, s := kind(r); o.(*pictureCell).tile.Set(k, s) },
	}
}

// PillColumn shows a state; an empty word shows nothing.
func PillColumn[R any](title string, width float32, state func(R) (view.Severity, string)) Column[R] {
	return Column[R]{
		Title: title, Width: width,
		New: func() fyne.CanvasObject { return NewFlow(0, NewPill(view.None, " ")) },
		Set: func(o fyne.CanvasObject, r R) {
			s, word := state(r)
			o.(*fyne.Container).Objects[0].(*Pill).Set(s, word)
		},
	}
}

// ButtonColumn shows a button; an empty label shows nothing.
func ButtonColumn[R any](width float32, w Weight, label func(R) string, tapped func(R)) Column[R] {
	return Column[R]{
		Width: width,
		New:   func() fyne.CanvasObject { return NewFlow(0, NewButton(" ", w, nil)) },
		Set: func(o fyne.CanvasObject, r R) {
			b, word := o.(*fyne.Container).Objects[0].(*Button), label(r)
			b.SetLabel(word)
			b.OnTap(func() { tapped(r) })
			show(b, word != "")
		},
	}
}

// pictureCell is a PictureTile as an object of its own, as a cell must be.
type pictureCell struct {
	widget.BaseWidget
	tile *PictureTile
}

func newPictureCell() *pictureCell {
	c := &pictureCell{tile: NewPictureTile(40)}
	c.ExtendBaseWidget(c)
	return c
}

// CreateRenderer implements fyne.Widget.
func (c *pictureCell) CreateRenderer() fyne.WidgetRenderer { return &composite{body: c.tile.Box} }
