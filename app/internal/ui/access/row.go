package access

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/widget"

	"bestbefore/app/internal/ui/kit"
	"bestbefore/app/internal/view"
)

// rowHeight is the least, at normal text size.
const rowHeight float32 = 64

// row is one access.
type row struct {
	widget.BaseWidget
	commands Commands
	shown    view.AccessRow

	tile                               *kit.PictureTile
	name, line, whose, what, used, end *kit.Text
	never, result                      *kit.Text
	pill                               *kit.Pill
	button                             *kit.Button
	body                               *fyne.Container
}

func newRow(c Commands) *row {
	r := &row{
		commands: c, tile: kit.NewPictureTile(40), name: kit.NewText("").Bold(), line: kit.NewSoft(""),
		whose: kit.NewText(""), what: kit.NewSoft(""), used: kit.NewText(""), end: kit.NewSoft(""),
		never: kit.NewSoft(""), result: kit.NewSoft(""), pill: kit.NewPill(view.None, " "),
	}
	for _, t := range []*kit.Text{r.name, r.line, r.whose, r.what, r.used, r.end, r.never, r.result} {
		t.Wrapped(0)
	}
	r.whose.Height, r.used.Height = kit.SizeSmall, kit.SizeSmall
	r.button = kit.NewButton(" ", kit.Ordinary, r.act)
	cells := kit.NewCells(false, accessCells, r.tile.Box, kit.NewColumn(1, r.name, r.line, r.result), kit.NewColumn(1, r.whose, r.what),
		kit.NewColumn(kit.Step, kit.NewColumn(1, r.used, r.end), kit.NewFlow(0, r.pill)),
		kit.NewColumn(0, kit.NewFlow(0, r.button), r.never))
	r.body = kit.NewPad(2*kit.Step, 3*kit.Step, 2*kit.Step, 3*kit.Step, cells)
	r.ExtendBaseWidget(r)
	return r
}

// act opens the preview, or the steps by hand.
func (r *row) act() {
	if r.shown.End.Label == "" {
		r.commands.Open(view.Route{Page: view.PageGuides, Arg: r.shown.Steps.ID})
		return
	}
	r.commands.End(r.shown.ID)
}

// Set implements kit.DataRow.
func (r *row) Set(s view.AccessRow) {
	r.shown = s
	r.tile.Set(s.Kind, s.PillState)
	r.name.Set(s.Name)
	r.line.Set(s.Line)
	r.whose.Set(s.Whose)
	r.what.Set(s.For)
	r.used.Set(s.Used)
	r.end.Set(s.Ends)
	r.pill.Set(s.PillState, s.Pill)
	kit.SetVisible(r.pill, s.Pill != "")
	r.never.Set(s.Never)
	kit.SetVisible(r.never, s.Never != "")
	word := s.End.Label
	if word == "" {
		word = s.Steps.Label
	}
	kit.SetWord(r.button, word)
	kit.SetBusy(r.button, s.Busy)
	r.result.SetSpans(kit.Span{Text: s.Result, Bold: s.ResultSev == view.Still, Color: kit.InkOf(s.ResultSev)})
	kit.SetVisible(r.result, s.Result != "")
	r.Refresh()
}

// HeightFor implements kit.DataRow.
func (r *row) HeightFor(width float32) float32 {
	return max(kit.HeightFor(r.body, width), r.MinSize().Height)
}

// CreateRenderer implements fyne.Widget.
func (r *row) CreateRenderer() fyne.WidgetRenderer { return kit.NewRenderer(r, r.body) }

// MinSize implements fyne.CanvasObject.
func (r *row) MinSize() fyne.Size { return fyne.NewSize(200, rowHeight*kit.Scale()) }

// accessCells are the picture, what it is, whose and for what, its use and end,
// and the button; in a narrower row they stand under the name.
var accessCells = []kit.Cell{{Width: 40}, {Share: 1}, {Share: 1.1, From: 700, Under: 2}, {Width: 172, From: 540, Under: 2}, {Width: 128, From: 420, Under: 2}}
