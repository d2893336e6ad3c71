package kit

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"

	"bestbefore/app/internal/view"
)

// Columns shows one column for each time, with the time and the amount of the
// column that is pointed at, or that the arrows moved to. Pressing it leads to
// what lies behind.
type Columns struct {
	press
	data          []view.Column
	panels        []*Panel
	base          *Panel
	first, last   *Text
	pointed       int
	onPoint       func(view.Column, bool)
	ring          *Panel
	height        float32
	pointedColumn bool
}

// NewColumns returns an empty chart, height pixels high at normal text size.
// Point may be nil; it is told the column that is pointed at, or none. Open may
// be nil; it is told where the pressed column leads.
func NewColumns(height float32, point func(c view.Column, any bool), open func(view.Route)) *Columns {
	c := &Columns{
		base: NewPanel(ColorLine, 0), first: NewSoft(""), last: NewSoft(""), ring: newRing(RadiusControl), onPoint: point, height: height,
	}
	c.last.Align = fyne.TextAlignTrailing
	c.onTap = func() {
		if c.pointedColumn && c.pointed < len(c.data) && open != nil && c.data[c.pointed].Flows.Page != "" {
			open(c.data[c.pointed].Flows)
		}
	}
	c.repaint = c.Refresh
	c.ExtendBaseWidget(c)
	return c
}

// Set shows data, oldest first.
func (c *Columns) Set(data []view.Column) {
	c.data = data
	for len(c.panels) < len(data) {
		c.panels = append(c.panels, NewPanel(ColorAct, 3))
	}
	c.panels = c.panels[:len(data)]
	c.pointedColumn = c.pointedColumn && c.pointed < len(data) && c.focused
	c.Refresh()
}

// Tapped implements fyne.Tappable.
func (c *Columns) Tapped(e *fyne.PointEvent) {
	c.MouseMoved(&desktop.MouseEvent{PointEvent: *e})
	c.fire()
}

// TypedKey implements fyne.Focusable: the arrows go from column to column.
func (c *Columns) TypedKey(e *fyne.KeyEvent) {
	step := map[fyne.KeyName]int{fyne.KeyLeft: -1, fyne.KeyRight: 1}[e.Name]
	switch {
	case step == 0 || len(c.data) == 0:
		c.press.TypedKey(e)
	case !c.pointedColumn:
		c.point(len(c.data)-1, true)
	default:
		c.point(min(max(c.pointed+step, 0), len(c.data)-1), true)
	}
}

// FocusLost implements fyne.Focusable.
func (c *Columns) FocusLost() {
	c.press.FocusLost()
	c.point(0, false)
}

// MouseIn implements desktop.Hoverable.
func (c *Columns) MouseIn(e *desktop.MouseEvent) { c.MouseMoved(e) }

// MouseMoved implements desktop.Hoverable.
func (c *Columns) MouseMoved(e *desktop.MouseEvent) {
	if len(c.data) == 0 {
		return
	}
	i := int(e.Position.X / c.Size().Width * float32(len(c.data)))
	c.point(min(max(i, 0), len(c.data)-1), true)
}

// MouseOut implements desktop.Hoverable.
func (c *Columns) MouseOut() { c.point(0, false) }

func (c *Columns) point(i int, any bool) {
	if c.pointed == i && c.pointedColumn == any {
		return
	}
	c.pointed, c.pointedColumn = i, any
	c.Refresh()
	if c.onPoint != nil && i < len(c.data) {
		c.onPoint(c.data[i], any)
	}
}

func (c *Columns) paint() {
	show(c.ring, c.focused)
	for i, d := range c.data {
		c.panels[i].Fill = barFill(view.Bar{Severity: d.Severity})
		if c.pointedColumn && c.pointed == i {
			c.panels[i].Fill = ColorInk
		}
		c.panels[i].Refresh()
	}
	if n := len(c.data); n > 0 {
		c.first.Set(c.data[0].Label)
		c.last.Set(c.data[n-1].Label)
	}
}

// MinSize implements fyne.CanvasObject.
func (c *Columns) MinSize() fyne.Size {
	return fyne.NewSize(160, c.height*scaleOf(c.Theme()))
}

// CreateRenderer implements fyne.Widget.
func (c *Columns) CreateRenderer() fyne.WidgetRenderer {
	c.ExtendBaseWidget(c)
	c.paint()
	return laidOut(&columnsRenderer{columns: c}, c)
}

type columnsRenderer struct{ columns *Columns }

func (r *columnsRenderer) Destroy()           {}
func (r *columnsRenderer) MinSize() fyne.Size { return r.columns.MinSize() }

func (r *columnsRenderer) Refresh() {
	r.columns.paint()
	r.Layout(r.columns.Size())
	canvas.Refresh(r.columns)
}

func (r *columnsRenderer) Objects() []fyne.CanvasObject {
	c := r.columns
	out := []fyne.CanvasObject{c.ring, c.base, c.first, c.last}
	for _, p := range c.panels {
		out = append(out, p)
	}
	return out
}

func (r *columnsRenderer) Layout(s fyne.Size) {
	c := r.columns
	text := c.first.HeightFor(0)
	floor := s.Height - text - Step
	place(c.ring, -Step, -Step, s.Width+2*Step, s.Height+2*Step)
	place(c.base, 0, floor, s.Width, 1)
	place(c.first, 0, floor+Step, s.Width/2, text)
	place(c.last, s.Width/2, floor+Step, s.Width/2, text)
	if len(c.panels) == 0 {
		return
	}
	cell := s.Width / float32(len(c.panels))
	width := min(cell*0.72, 40)
	for i, p := range c.panels {
		h := floor * float32(min(max(c.data[i].Fraction, 0), 1))
		if c.data[i].Fraction > 0 {
			h = max(h, 2)
		}
		place(p, float32(i)*cell+(cell-width)/2, floor-h, width, h)
	}
}
