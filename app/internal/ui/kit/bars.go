package kit

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"

	"bestbefore/app/internal/view"
)

// Bars shows companies as horizontal bars, each with its name and amount. A bar
// leads to what lies behind it.
type Bars struct {
	box  *fyne.Container
	open func(view.Route)
}

// NewBars returns an empty chart; open may be nil.
func NewBars(open func(view.Route)) *Bars {
	return &Bars{box: NewColumn(0), open: open}
}

// Content is what to put in a page.
func (b *Bars) Content() *fyne.Container { return b.box }

// Set shows data, one bar a row; bars that are there already keep their focus.
func (b *Bars) Set(data []view.Bar) {
	b.box.Objects = resize(b.box.Objects, len(data), func() fyne.CanvasObject { return newBarRow(b.open) })
	for i, d := range data {
		b.box.Objects[i].(*BarRow).set(d)
	}
	b.box.Refresh()
}

// BarRow is one bar.
type BarRow struct {
	press
	data              view.Bar
	open              func(view.Route)
	label, value      *Text
	track, fill       *Panel
	hover, focusFrame *Panel
}

func newBarRow(open func(view.Route)) *BarRow {
	r := &BarRow{
		open: open, label: NewText(""), value: NewText(""), track: NewPanel(ColorGreyTint, 5), fill: NewPanel(ColorAct, 5),
		hover: NewPanel(ColorHoverFill, RadiusControl), focusFrame: newRing(RadiusControl),
	}
	r.value.Height, r.value.Align = SizeSmall, fyne.TextAlignTrailing
	r.label.Height = SizeSmall
	r.label.Wrapped(0)
	r.repaint = r.Refresh
	r.ExtendBaseWidget(r)
	return r
}

// Bar is what the row shows.
func (r *BarRow) Bar() view.Bar { return r.data }

func (r *BarRow) set(d view.Bar) {
	r.data, r.onTap = d, nil
	if r.open != nil && d.Flows.Page != "" {
		r.onTap = func() { r.open(r.data.Flows) }
	}
	r.label.Set(d.Label)
	r.value.Set(d.Value)
	r.Refresh()
}

func (r *BarRow) paint() {
	r.fill.Fill = barFill(r.data)
	r.fill.Refresh()
	show(r.hover, r.hovered && r.onTap != nil)
	show(r.focusFrame, r.focused)
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
func (r *BarRow) MinSize() fyne.Size { return fyne.NewSize(200, 27*scaleOf(r.Theme())) }

// HeightFor is the height that the row needs for its name.
func (r *BarRow) HeightFor(width float32) float32 {
	label, _ := r.widths(width)
	return max(r.MinSize().Height, r.label.HeightFor(label)+2*Step)
}

// widths are those of the name and of the amount in a row of width.
func (r *BarRow) widths(width float32) (label, value float32) {
	scale := scaleOf(r.Theme())
	return min(190*scale, width*0.42), min(72*scale, width*0.25)
}

// CreateRenderer implements fyne.Widget.
func (r *BarRow) CreateRenderer() fyne.WidgetRenderer {
	r.ExtendBaseWidget(r)
	r.paint()
	body := container.NewWithoutLayout(r.hover, r.label, r.track, r.fill, r.value, r.focusFrame)
	return laidOut(&barRenderer{row: r, body: body}, r)
}

type barRenderer struct {
	row  *BarRow
	body *fyne.Container
}

func (*barRenderer) Destroy()                       {}
func (b *barRenderer) MinSize() fyne.Size           { return b.row.MinSize() }
func (b *barRenderer) Objects() []fyne.CanvasObject { return b.body.Objects }

func (b *barRenderer) Refresh() {
	b.row.paint()
	b.Layout(b.row.Size())
	canvas.Refresh(b.row)
}

// barThick is how thick the bar itself is.
const barThick float32 = 10

func (b *barRenderer) Layout(s fyne.Size) {
	r := b.row
	label, value := r.widths(s.Width)
	track := max(s.Width-label-value-4*Step, 8)
	place(r.hover, -Step, 0, s.Width+2*Step, s.Height)
	place(r.focusFrame, -Step, 0, s.Width+2*Step, s.Height)
	name := r.label.HeightFor(label)
	place(r.label, 0, (s.Height-name)/2, label, name)
	place(r.track, label+2*Step, (s.Height-barThick)/2, track, barThick)
	length := float32(0)
	if f := r.data.Fraction; f > 0 {
		length = max(track*float32(min(f, 1)), barThick)
	}
	place(r.fill, label+2*Step, (s.Height-barThick)/2, length, barThick)
	place(r.value, s.Width-value, 0, value, s.Height)
}
