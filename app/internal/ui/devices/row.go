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

func heightOf(r view.DeviceRow) float32 {
	if r.Heading != "" {
		return headingHeight * kit.Scale()
	}
	h := rowHeight
	if guesses(r) {
		h += lineHeight
	}
	if r.Cut.Line != "" {
		h += lineHeight
	}
	return h * kit.Scale()
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
	line := kit.NewCells(false, deviceCells, r.tile.Box, kit.NewColumn(1, r.name, r.line), kit.NewColumn(1, r.receives, r.sum),
		kit.NewFlow(kit.Step, r.pill, r.mark), kit.NewColumn(0, kit.NewRow(0, kit.Spring(), r.button), r.never))
	r.device = container.New(&deviceLayout{}, line, r.guess, r.result)
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
	r.pill.Set(s.PillState, s.Pill)
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

// CreateRenderer implements fyne.Widget.
func (r *row) CreateRenderer() fyne.WidgetRenderer {
	return kit.NewRenderer(r, container.New(eitherLayout{}, r.group, r.device))
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
	return fyne.NewSize(200, rowHeight*kit.Scale())
}

// deviceCells are picture, name, who receives (where there is room), state and, where there is room,
// the button; without it the device's own page has it.
var deviceCells = []kit.Cell{{Width: 44}, {Share: 1.08}, {Share: 1, From: 720}, {Width: 168}, {Width: 136, From: 480}}

// deviceLayout sets the cells of a device, and the lines below under its name.
type deviceLayout struct{}

func (deviceLayout) Layout(o []fyne.CanvasObject, s fyne.Size) {
	k := kit.Scale()
	const side = 3 * kit.Step
	text := side + 44*k + side
	height := rowHeight * k
	o[0].Move(fyne.NewPos(side, 0))
	o[0].Resize(fyne.NewSize(s.Width-2*side, height))
	y := height - 2*kit.Step
	for _, extra := range o[1:] {
		if !extra.Visible() {
			continue
		}
		extra.Move(fyne.NewPos(text, y))
		extra.Resize(fyne.NewSize(s.Width-text-side, kit.HeightFor(extra, s.Width-text-side)))
		y += lineHeight * k
	}
}

func (deviceLayout) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.NewSize(200, rowHeight) }
