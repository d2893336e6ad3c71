package devices

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"bestbefore/app/internal/ui/kit"
	"bestbefore/app/internal/view"
)

// Heights at normal text size: rows are as high at least.
const (
	rowHeight     float32 = 66
	headingHeight float32 = 46
)

func guesses(r view.DeviceRow) bool { return r.Confirm.Label != "" || r.Because != "" }

// row is one line of the list: a heading, or a device.
type row struct {
	widget.BaseWidget
	commands Commands
	shown    view.DeviceRow

	heading, hint *kit.Text
	group         *fyne.Container

	tile          *kit.PictureTile
	name, line    *kit.Text
	receives, sum *kit.Text
	pill, mark    *kit.Pill
	never         *kit.Text
	button        *kit.Button
	because       *kit.Text
	confirm       *kit.Button
	guess         *fyne.Container
	result        *kit.Text
	device        *fyne.Container
	body          *fyne.Container
}

func newRow(c Commands) *row {
	r := &row{
		commands: c,
		heading:  kit.NewHeading("").Wrapped(0).Fitted(), hint: kit.NewSoft("").Wrapped(0).Fitted(),
		tile: kit.NewPictureTile(44), name: kit.NewText("").Bold().Wrapped(0), line: kit.NewSoft("").Wrapped(0),
		receives: kit.NewText("").Wrapped(0), sum: kit.NewSoft("").Wrapped(0), pill: kit.NewPill(view.None, " "), mark: kit.NewPill(view.None, " "),
		never: kit.NewSoft("").Wrapped(0), because: kit.NewSoft("").Wrapped(0).Fitted(), result: kit.NewSoft("").Wrapped(0),
	}
	r.receives.Height = kit.SizeSmall
	r.group = kit.NewFlow(3*kit.Step, r.heading, kit.NewPad(2, 0, 0, 0, r.hint))
	r.button = kit.NewSignButton("disconnect", " ", kit.Ordinary, r.cut)
	r.confirm = kit.NewSignButton("check", " ", kit.Link, func() { r.commands.Confirm(r.shown.ID) })
	r.guess = kit.NewFlow(2*kit.Step, r.confirm, kit.NewPad(kit.Step, 0, 0, 0, r.because))
	line := kit.NewCells(false, deviceCells, r.tile.Box, kit.NewColumn(1, r.name, r.line), kit.NewColumn(1, r.receives, r.sum),
		kit.NewFlow(kit.Step, r.pill, r.mark), kit.NewColumn(0, container.New(endLayout{}, r.button), r.never))
	r.device = container.New(deviceLayout{}, line, r.guess, r.result)
	r.body = container.New(eitherLayout{}, r.group, r.device)
	r.ExtendBaseWidget(r)
	return r
}

func (r *row) cut() {
	if r.shown.Cut.Reconnect {
		r.commands.Reconnect(r.shown.ID)
		return
	}
	r.commands.Disconnect(r.shown.ID)
}

// Set implements kit.DataRow.
func (r *row) Set(s view.DeviceRow) {
	r.shown = s
	kit.SetVisible(r.group, s.Heading != "")
	kit.SetVisible(r.device, s.Heading == "")
	if s.Heading != "" {
		r.heading.Set(s.Heading)
		r.hint.Set(s.Hint)
		r.Refresh()
		return
	}
	r.tile.Set(s.Kind, s.PillState)
	r.name.Set(s.Name)
	r.line.Set(s.Line)
	r.receives.Set(s.Receives)
	r.sum.Set(s.Amount)
	kit.SetVisible(r.sum, s.Amount != "")
	r.pill.SetLacking(s.PillState, s.Pill, s.Lacking)
	r.mark.Set(view.None, s.Mark)
	r.never.Set(s.Cut.Never)
	kit.SetVisible(r.never, s.Cut.Never != "")
	kit.SetWord(r.button, s.Cut.Label)
	kit.SetBusy(r.button, s.Cut.Busy)
	kit.SetVisible(r.guess, guesses(s))
	kit.SetWord(r.confirm, s.Confirm.Label)
	r.because.Set(s.Because)
	kit.SetVisible(r.result, s.Cut.Line != "")
	r.result.SetSpans(kit.Span{Text: s.Cut.Line, Bold: s.Cut.LineState == view.Still, Color: kit.InkOf(s.Cut.LineState)})
	r.Refresh()
}

// HeightFor implements kit.DataRow.
func (r *row) HeightFor(width float32) float32 { return kit.HeightFor(r.body, width) }

// MinSize implements fyne.CanvasObject.
func (r *row) MinSize() fyne.Size { return fyne.NewSize(200, rowHeight*kit.Scale()) }

// CreateRenderer implements fyne.Widget.
func (r *row) CreateRenderer() fyne.WidgetRenderer { return kit.NewRenderer(r, r.body) }

// deviceCells are picture, name, who receives, state, and the button. In a
// narrower row what has no column stands under the name.
var deviceCells = []kit.Cell{{Width: 44}, {Share: 1.08}, {Share: 1, From: 720, Under: 2}, {Width: 180, From: 500, Under: 2}, {Width: 150, From: 500, Under: 2}}

// side is the margin of a row at the left and the right.
const side = 3 * kit.Step

// eitherLayout gives its objects the whole room; one of them is visible: the
// heading stands at the foot of its row, a device fills it.
type eitherLayout struct{}

func (eitherLayout) Layout(o []fyne.CanvasObject, s fyne.Size) {
	h := kit.HeightFor(o[0], s.Width-2*side)
	o[0].Move(fyne.NewPos(side, max(s.Height-h-2*kit.Step, 0)))
	o[0].Resize(fyne.NewSize(s.Width-2*side, h))
	o[1].Move(fyne.NewPos(0, 0))
	o[1].Resize(s)
}

func (eitherLayout) HeightFor(o []fyne.CanvasObject, width float32) float32 {
	if o[0].Visible() {
		return max(headingHeight*kit.Scale(), kit.HeightFor(o[0], width-2*side)+5*kit.Step)
	}
	return kit.HeightFor(o[1], width)
}

func (eitherLayout) MinSize([]fyne.CanvasObject) fyne.Size {
	return fyne.NewSize(200, rowHeight*kit.Scale())
}

// deviceLayout sets the cells of a device, and the lines below under its name:
// the guess, the result of a disconnect.
type deviceLayout struct{}

// line is the height of the cells, with air above and below.
func (deviceLayout) line(o fyne.CanvasObject, width float32) float32 {
	return max(rowHeight*kit.Scale(), kit.HeightFor(o, width-2*side)+5*kit.Step)
}

// below walks over the visible lines under the cells and returns where they end.
func (deviceLayout) below(o []fyne.CanvasObject, y, width float32, set func(o fyne.CanvasObject, at fyne.Position, size fyne.Size)) float32 {
	left := side + 44*kit.Scale() + side
	for _, extra := range o {
		if extra.Visible() {
			h := kit.HeightFor(extra, width-left-side)
			set(extra, fyne.NewPos(left, y-2*kit.Step), fyne.NewSize(width-left-side, h))
			y += h + kit.Step
		}
	}
	return y
}

func (l deviceLayout) Layout(o []fyne.CanvasObject, s fyne.Size) {
	h := l.line(o[0], s.Width)
	o[0].Move(fyne.NewPos(side, 0))
	o[0].Resize(fyne.NewSize(s.Width-2*side, h))
	l.below(o[1:], h, s.Width, func(o fyne.CanvasObject, at fyne.Position, size fyne.Size) {
		o.Move(at)
		o.Resize(size)
	})
}

func (l deviceLayout) HeightFor(o []fyne.CanvasObject, width float32) float32 {
	return l.below(o[1:], l.line(o[0], width), width, func(fyne.CanvasObject, fyne.Position, fyne.Size) {})
}

func (deviceLayout) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.NewSize(200, rowHeight) }

// endLayout sets a button at the right of its column; on a line of its own,
// which is wider, at the left.
type endLayout struct{}

func (endLayout) Layout(o []fyne.CanvasObject, s fyne.Size) {
	m := o[0].MinSize()
	w := min(m.Width, s.Width)
	x := s.Width - w
	if s.Width > 2*deviceCells[4].Width*kit.Scale() {
		x = 0
	}
	o[0].Move(fyne.NewPos(x, 0))
	o[0].Resize(fyne.NewSize(w, kit.HeightFor(o[0], w)))
}

func (endLayout) HeightFor(o []fyne.CanvasObject, width float32) float32 {
	if !o[0].Visible() {
		return 0
	}
	return kit.HeightFor(o[0], min(o[0].MinSize().Width, width))
}

func (endLayout) MinSize(o []fyne.CanvasObject) fyne.Size { return o[0].MinSize() }
