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
	HeightFor(width float32) float32 // of what was set, so that no text is cut
}

// TableConfig says how the rows of a DataTable look and what they do.
type TableConfig[R comparable] struct {
	New  func() DataRow[R] // required
	Open func(R)           // a row was chosen by a click, or by the arrows and Space; may be nil
	Foot fyne.CanvasObject // stands below the rows; may be nil
}

// DataTable is a sheet of rows that makes only as many as can be seen. Each is
// as high as its texts need at the width of the table.
type DataTable[R comparable] struct {
	config TableConfig[R]
	rows   []R
	list   *rowList
	sheet  *fyne.Container

	shown map[DataRow[R]]shownRow[R] // what each row says

	probe   DataRow[R]      // is filled with each row in turn, to measure it
	least   float32         // the height of an empty row
	width   float32         // of a row, when it was measured
	scale   float32         // of text, then
	sized   []R             // that were measured
	heights []float32       // of those
	told    map[int]float32 // what the list knows
	telling bool            // the list takes many heights, and shows nothing meanwhile
}

// shownRow is what a row says, and in which place.
type shownRow[R any] struct {
	id  widget.ListItemID
	row R
}

// rowsKept is how many rows that were made are changed in their place at most;
// the list throws rows away without saying so.
const rowsKept = 100

// manyHeights is how many new heights the list takes one by one: each costs a
// refresh, but leaves the focus where it is.
const manyHeights = 12

// NewDataTable returns an empty table.
func NewDataTable[R comparable](c TableConfig[R]) *DataTable[R] {
	t := &DataTable[R]{config: c, told: map[int]float32{}, shown: map[DataRow[R]]shownRow[R]{}}
	t.list = newRowList()
	t.list.Length = func() int {
		if t.telling {
			return 0
		}
		return len(t.rows)
	}
	t.list.CreateItem = func() fyne.CanvasObject { return c.New() }
	t.list.UpdateItem = func(id widget.ListItemID, o fyne.CanvasObject) {
		if id < len(t.rows) {
			t.set(o.(DataRow[R]), id)
		}
	}
	t.list.OnSelected = func(id widget.ListItemID) {
		t.list.UnselectAll()
		if c.Open != nil && id < len(t.rows) {
			c.Open(t.rows[id])
		}
	}
	t.list.HideSeparators = true
	t.sheet = container.New(&tableLayout{fit: t.fit, wanted: t.Wanted},
		NewFrame(ColorSheet, ColorLine, RadiusSheet), NewInset(tableInset, container.NewBorder(nil, c.Foot, nil, nil, container.NewStack(t.list, newWheel(t.list)))))
	return t
}

// Content is what to put in a page.
func (t *DataTable[R]) Content() *fyne.Container { return t.sheet }

// List is the list inside, for tests and for focus.
func (t *DataTable[R]) List() *widget.List { return &t.list.List }

// Rows is what the table shows.
func (t *DataTable[R]) Rows() []R { return t.rows }

// SetRows shows rows; the place to which the person scrolled is kept.
func (t *DataTable[R]) SetRows(rows []R) {
	same := len(rows) == len(t.rows) && len(t.shown) > 0 && len(t.shown) <= rowsKept
	t.rows = rows
	if t.width > 0 {
		t.fit(t.width + 2*tableInset)
	}
	if same {
		for row, was := range t.shown {
			t.set(row, was.id)
		}
		return
	}
	clear(t.shown)
	t.list.Refresh()
}

// set has row say what stands at id, unless it does already.
func (t *DataTable[R]) set(row DataRow[R], id widget.ListItemID) {
	was, ok := t.shown[row]
	t.shown[row] = shownRow[R]{id, t.rows[id]}
	if !ok || was.row != t.rows[id] {
		row.Set(t.rows[id])
	}
}

// fit gives each row the height that it needs in a table of width.
func (t *DataTable[R]) fit(width float32) {
	t.measure(width - 2*tableInset)
	fresh := map[int]float32{}
	for i, h := range t.heights {
		if was, ok := t.told[i]; was != h && (ok || h != t.least) {
			fresh[i] = h
		}
	}
	if len(fresh) == 0 {
		return
	}
	place := t.list.GetScrollOffset()
	t.telling = len(fresh) > manyHeights
	for i, h := range fresh {
		t.told[i] = h
		t.list.SetItemHeight(i, h)
	}
	if t.telling {
		t.telling = false
		t.list.Refresh()
		t.list.ScrollToOffset(place)
	}
}

// measure takes the heights of the rows that changed since it did so last.
func (t *DataTable[R]) measure(width float32) {
	scale := scaleNow()
	if width != t.width || scale != t.scale {
		t.sized, t.probe = nil, t.config.New() // made anew, because the size of its text belongs to it
		t.probe.Resize(fyne.NewSize(width, width))
		t.least = t.probe.MinSize().Height
	}
	t.width, t.scale = width, scale
	t.heights = append(t.heights, make([]float32, max(len(t.rows)-len(t.heights), 0))...)[:len(t.rows)]
	for i, r := range t.rows {
		if i < len(t.sized) && t.sized[i] == r {
			continue
		}
		t.probe.Set(r)
		t.heights[i] = whole(t.probe.HeightFor(width))
	}
	t.sized = append(t.sized[:0], t.rows...)
}

// Wanted is the height of a sheet of width that shows all rows.
func (t *DataTable[R]) Wanted(width float32) float32 {
	t.measure(width - 2*tableInset)
	h := 2 * tableInset
	for _, row := range t.heights {
		h += row + theme.Padding()
	}
	if t.config.Foot != nil && t.config.Foot.Visible() {
		h += t.config.Foot.MinSize().Height + theme.Padding()
	}
	return h
}

// tableInset is the margin between a sheet and its rows.
const tableInset float32 = 2 * Step

// tableLayout tells a table its width before it is laid out.
type tableLayout struct {
	stackLayout
	fit    func(width float32)
	wanted func(width float32) float32
}

func (l *tableLayout) Layout(o []fyne.CanvasObject, s fyne.Size) {
	if s.Width > 2*tableInset {
		l.fit(s.Width)
	}
	l.stackLayout.Layout(o, s)
}

func (l *tableLayout) HeightFor(_ []fyne.CanvasObject, width float32) float32 { return l.wanted(width) }
