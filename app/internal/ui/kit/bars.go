package kit

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"

	"bestbefore/app/internal/view"
)

// Bars shows companies as horizontal bars, each with its name and amount.
type Bars struct {
	widget.BaseWidget
	rows []barRow
	data []view.Bar
}

type barRow struct {
	label, value *Text
	track, bar   *Panel
}

// NewBars returns an empty chart.
func NewBars() *Bars {
	b := &Bars{}
	b.ExtendBaseWidget(b)
	return b
}

// Set shows data, one bar a row.
func (b *Bars) Set(data []view.Bar) {
	b.data = data
	for len(b.rows) < len(data) {
		value := NewText("")
		value.Height, value.Align = SizeSmall, fyne.TextAlignTrailing
		label := NewText("")
		label.Height = SizeSmall
		b.rows = append(b.rows, barRow{label, value, NewPanel(ColorGreyTint, 5), NewPanel(ColorAct, 5)})
	}
	b.rows = b.rows[:len(data)]
	b.Refresh()
}

func (b *Bars) paint() {
	for i, d := range b.data {
		r := b.rows[i]
		r.label.Set(d.Label)
		r.value.Set(d.Value)
		r.bar.Fill = barFill(d)
		r.bar.Refresh()
	}
}

func barFill(d view.Bar) fyne.ThemeColorName {
	switch {
	case d.Muted:
		return ColorLapsed
	case d.Severity == view.None, d.Severity == view.Fresh:
		return ColorAct
	default:
		return InkOf(d.Severity)
	}
}

// MinSize implements fyne.CanvasObject.
func (b *Bars) MinSize() fyne.Size {
	return fyne.NewSize(200, b.pitch()*float32(len(b.data)))
}

func (b *Bars) pitch() float32 { return 27 * scaleOf(b.Theme()) }

// CreateRenderer implements fyne.Widget.
func (b *Bars) CreateRenderer() fyne.WidgetRenderer {
	b.ExtendBaseWidget(b)
	b.paint()
	return &barsRenderer{bars: b}
}

type barsRenderer struct{ bars *Bars }

func (r *barsRenderer) Destroy()           {}
func (r *barsRenderer) MinSize() fyne.Size { return r.bars.MinSize() }

func (r *barsRenderer) Refresh() {
	r.bars.paint()
	r.Layout(r.bars.Size())
	canvas.Refresh(r.bars)
}

func (r *barsRenderer) Objects() []fyne.CanvasObject {
	var out []fyne.CanvasObject
	for _, row := range r.bars.rows {
		out = append(out, row.label, row.track, row.bar, row.value)
	}
	return out
}

func (r *barsRenderer) Layout(s fyne.Size) {
	scale, pitch := scaleOf(r.bars.Theme()), r.bars.pitch()
	label := min(176*scale, s.Width*0.36)
	value := min(72*scale, s.Width*0.25)
	track := max(s.Width-label-value-2*Step*2, 8)
	thick := float32(10)
	for i, row := range r.bars.rows {
		y := float32(i) * pitch
		place(row.label, 0, y, label, pitch)
		place(row.track, label+2*Step, y+(pitch-thick)/2, track, thick)
		length := float32(0)
		if f := r.bars.data[i].Fraction; f > 0 {
			length = max(track*float32(min(f, 1)), thick)
		}
		place(row.bar, label+2*Step, y+(pitch-thick)/2, length, thick)
		place(row.value, s.Width-value, y, value, pitch)
	}
}

// Columns shows one column a day, with the day and the amount of the column
// that is pointed at.
type Columns struct {
	widget.BaseWidget
	data          []view.Column
	panels        []*Panel
	base          *Panel
	first, last   *Text
	pointed       int
	onPoint       func(view.Column, bool)
	height        float32
	pointedColumn bool
}

// NewColumns returns an empty chart, height pixels high at normal text size.
// Point may be nil; it is told the column that is pointed at, or none.
func NewColumns(height float32, point func(c view.Column, any bool)) *Columns {
	c := &Columns{base: NewPanel(ColorLine, 0), first: NewSoft(""), last: NewSoft(""), onPoint: point, height: height}
	c.last.Align = fyne.TextAlignTrailing
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
	c.pointedColumn = false
	c.Refresh()
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
	return &columnsRenderer{columns: c}
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
	out := []fyne.CanvasObject{c.base, c.first, c.last}
	for _, p := range c.panels {
		out = append(out, p)
	}
	return out
}

func (r *columnsRenderer) Layout(s fyne.Size) {
	c := r.columns
	text := c.first.HeightFor(0)
	floor := s.Height - text - Step
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
