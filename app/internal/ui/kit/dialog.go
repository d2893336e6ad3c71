package kit

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"
)

// Dialog is a sheet over the darkened window: a title, a body that scrolls when
// it must, and buttons below. It closes by Esc (the window sees to that) and by
// its buttons, never by a click beside it, because a form may be half filled.
type Dialog struct {
	widget.BaseWidget
	width  float32
	title  *Text
	scroll *container.Scroll
	layout *bareLayout
	body   fyne.CanvasObject
	foot   fyne.CanvasObject
	scrim  *Panel
	panel  *Panel
	shade  *scrimCatch
}

// A form is a wide dialog; it stands near the top, and grows downward.
const (
	formWidth float32 = 700
	formTop   float32 = 8 * Step
)

// NewDialog returns a dialog width pixels wide at normal text size, with body
// and a foot of buttons (see NewEnds and NewHead).
func NewDialog(title string, width float32, body, foot fyne.CanvasObject) *Dialog {
	d := &Dialog{width: width, body: body, foot: foot, layout: &bareLayout{}}
	d.title = newText(SizeHeading, ColorInk, true, title).Wrapped(0)
	d.scroll = container.NewVScroll(container.New(d.layout, body))
	d.scrim = NewPanel(ColorScrim, 0)
	d.panel = NewFrame(ColorSheet, ColorLine, RadiusSheet)
	d.shade = newScrimCatch()
	d.ExtendBaseWidget(d)
	return d
}

// SetTitle changes the title.
func (d *Dialog) SetTitle(s string) { d.title.Set(s) }

// Title is what stands at the top of the dialog.
func (d *Dialog) Title() string { return d.title.String() }

// Body is the content between title and buttons.
func (d *Dialog) Body() fyne.CanvasObject { return d.body }

// CreateRenderer implements fyne.Widget.
func (d *Dialog) CreateRenderer() fyne.WidgetRenderer {
	d.ExtendBaseWidget(d)
	return &dialogRenderer{dialog: d}
}

type dialogRenderer struct{ dialog *Dialog }

func (r *dialogRenderer) Destroy()           {}
func (r *dialogRenderer) MinSize() fyne.Size { return fyne.NewSize(200, 200) }

func (r *dialogRenderer) Objects() []fyne.CanvasObject {
	d := r.dialog
	return []fyne.CanvasObject{d.shade, d.scrim, d.panel, d.title, d.scroll, d.foot}
}

func (r *dialogRenderer) Refresh() {
	d := r.dialog
	d.scrim.Refresh()
	d.panel.Refresh()
	d.title.Refresh()
	d.foot.Refresh()
	d.scroll.Content.Refresh()
	r.Layout(d.Size())
	d.scroll.Refresh()
}

func (r *dialogRenderer) Layout(s fyne.Size) {
	d := r.dialog
	place(d.scrim, 0, 0, s.Width, s.Height)
	place(d.shade, 0, 0, s.Width, s.Height)
	const margin = 6 * Step
	width := min(d.width*scaleOf(d.Theme()), s.Width-2*margin)
	inner := width - 2*margin
	title, foot := d.title.HeightFor(inner), HeightFor(d.foot, inner)
	around := margin + title + 4*Step + 4*Step + foot + margin
	body := min(HeightFor(d.body, inner), s.Height-2*margin-around)
	x, y := (s.Width-width)/2, (s.Height-around-body)/2
	if d.width >= formWidth { // a form grows while it is filled in; what is pointed at must not move
		y = min(y, formTop)
	}
	place(d.panel, x, y, width, around+body)
	place(d.title, x+margin, y+margin, inner, title)
	d.layout.width = inner
	// The scroll bar stands in the margin, not over the text.
	// It begins a step further left and above, so that no border or focus is cut off.
	place(d.scroll, x+margin-Step, y+margin+title+3*Step, inner+margin, body+2*Step)
	place(d.foot, x+margin, y+around+body-margin-foot, inner, foot)
}

// bareLayout sets the one content of a scroller, a step from its edges, at a
// width that is decided before.
type bareLayout struct{ width float32 }

func (l *bareLayout) Layout(o []fyne.CanvasObject, _ fyne.Size) {
	place(o[0], Step, Step, l.width, HeightFor(o[0], l.width))
}

func (l *bareLayout) MinSize(o []fyne.CanvasObject) fyne.Size {
	return fyne.NewSize(1, HeightFor(o[0], l.width)+2*Step)
}

// scrimCatch swallows what is done to the window behind a dialog.
type scrimCatch struct{ widget.BaseWidget }

func newScrimCatch() *scrimCatch {
	s := &scrimCatch{}
	s.ExtendBaseWidget(s)
	return s
}

// Tapped implements fyne.Tappable.
func (*scrimCatch) Tapped(*fyne.PointEvent) {}

// Scrolled implements fyne.Scrollable.
func (*scrimCatch) Scrolled(*fyne.ScrollEvent) {}

// CreateRenderer implements fyne.Widget.
func (s *scrimCatch) CreateRenderer() fyne.WidgetRenderer {
	return &composite{body: container.NewWithoutLayout()}
}
