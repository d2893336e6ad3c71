package devices

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"bestbefore/app/internal/ui/kit"
	"bestbefore/app/internal/view"
)

// Heights of a row at normal text size.
const (
	rowHeight     float32 = 66
	lineHeight    float32 = 28 // of each line below: the guess, the result of a disconnect
	headingHeight float32 = 46
)

// scale says by how much text is enlarged.
func scale() float32 {
	return fyne.CurrentApp().Settings().Theme().Size(kit.SizeBody) / 15
}

func heightOf(r view.DeviceRow) float32 {
	if r.Heading != "" {
		return headingHeight * scale()
	}
	h := rowHeight
	if guesses(r) {
		h += lineHeight
	}
	if r.Cut.Line != "" {
		h += lineHeight
	}
	return h * scale()
}

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
}

func newRow(c Commands) *row {
	r := &row{
		commands: c,
		heading:  kit.NewHeading("").Fitted(), hint: kit.NewSoft(""),
		tile: kit.NewPictureTile(44), name: kit.NewText("").Bold(), line: kit.NewSoft(""),
		receives: kit.NewText(""), sum: kit.NewSoft(""), pill: kit.NewPill(view.None, " "), mark: kit.NewPill(view.None, " "),
		never: kit.NewSoft("").Wrapped(2), because: kit.NewSoft(""), result: kit.NewSoft(""),
	}
	r.receives.Height = kit.SizeSmall
	r.group = kit.NewRow(3*kit.Step, r.heading, kit.Grow(r.hint))
	r.button = kit.NewSignButton("disconnect", " ", kit.Ordinary, r.cut)
	r.confirm = kit.NewSignButton("check", " ", kit.Link, func() { r.commands.Confirm(r.shown.ID) })
	r.guess = kit.NewRow(2*kit.Step, r.confirm, kit.Grow(r.because))
	r.device = container.New(&deviceLayout{row: r},
		r.tile.Box, kit.NewColumn(1, r.name, r.line), kit.NewColumn(1, r.receives, r.sum),
		kit.NewFlow(kit.Step, r.pill, r.mark), kit.NewFlow(0, r.button), r.never, r.guess, r.result)
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

func (r *row) set(s view.DeviceRow) {
	r.shown = s
	setVisible(r.group, s.Heading != "")
	setVisible(r.device, s.Heading == "")
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
	setVisible(r.sum, s.Amount != "")
	r.pill.Set(s.PillState, s.Pill)
	r.mark.Set(view.None, s.Mark)
	r.never.Set(s.Cut.Never)
	setVisible(r.never, s.Cut.Never != "")
	setLabel(r.button, s.Cut.Label)
	if s.Cut.Busy {
		r.button.Disable()
	} else {
		r.button.Enable()
	}
	setVisible(r.guess, guesses(s))
	setLabel(r.confirm, s.Confirm.Label)
	r.because.Set(s.Because)
	setVisible(r.result, s.Cut.Line != "")
	r.result.SetSpans(kit.Span{Text: s.Cut.Line, Bold: s.Cut.LineState == view.Still, Color: kit.InkOf(s.Cut.LineState)})
	r.Refresh()
}

// CreateRenderer implements fyne.Widget.
func (r *row) CreateRenderer() fyne.WidgetRenderer {
	return widget.NewSimpleRenderer(container.New(eitherLayout{}, r.group, r.device))
}

// eitherLayout gives its objects the whole room; one of them is visible.
type eitherLayout struct{}

func (eitherLayout) Layout(o []fyne.CanvasObject, s fyne.Size) {
	h := kit.HeightFor(o[0], s.Width-4*kit.Step)
	o[0].Move(fyne.NewPos(3*kit.Step, max(s.Height-h-2*kit.Step, 0)))
	o[0].Resize(fyne.NewSize(s.Width-4*kit.Step, h))
	o[1].Move(fyne.NewPos(0, 0))
	o[1].Resize(s)
}

func (eitherLayout) MinSize([]fyne.CanvasObject) fyne.Size {
	return fyne.NewSize(200, rowHeight*scale())
}

// deviceLayout sets picture, name, who receives, state and button in columns
// that agree from row to row, and the lines below under the name.
type deviceLayout struct{ row *row }

// narrow is where there is no room for who receives beside the name.
const narrow float32 = 720

func (l *deviceLayout) Layout(o []fyne.CanvasObject, s fyne.Size) {
	k := scale()
	const side = 3 * kit.Step
	tile, gap := 44*k, 4*kit.Step
	button, pill := 132*k, 168*k
	text := side + tile + gap
	height := rowHeight * k
	rest := s.Width - text - side - button - pill - 2*gap
	name := rest
	setVisible(o[2], s.Width >= narrow*k)
	if o[2].Visible() {
		name = (rest - gap) * 0.52
		centre(o[2], text+name+gap, height, rest-gap-name)
	}
	o[0].Move(fyne.NewPos(side, (height-tile)/2))
	o[0].Resize(fyne.NewSize(tile, tile))
	centre(o[1], text, height, name)
	centre(o[3], s.Width-side-button-gap-pill, height, pill)
	end(o[4], s.Width-side, height, button)
	centre(o[5], s.Width-side-button, height, button)
	y := height - 2*kit.Step
	for _, extra := range o[6:] {
		if !extra.Visible() {
			continue
		}
		h := kit.HeightFor(extra, s.Width-text-side)
		extra.Move(fyne.NewPos(text, y))
		extra.Resize(fyne.NewSize(s.Width-text-side, h))
		y += lineHeight * k
	}
}

func (l *deviceLayout) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.NewSize(200, rowHeight) }

func centre(o fyne.CanvasObject, x, height, width float32) {
	h := kit.HeightFor(o, width)
	o.Move(fyne.NewPos(x, (height-h)/2))
	o.Resize(fyne.NewSize(width, h))
}

// end sets a flow of one object against the right edge.
func end(o fyne.CanvasObject, right, height, width float32) {
	w := min(o.MinSize().Width, width)
	h := kit.HeightFor(o, w)
	o.Move(fyne.NewPos(right-w, (height-h)/2))
	o.Resize(fyne.NewSize(w, h))
}
