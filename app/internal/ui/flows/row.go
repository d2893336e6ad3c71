package flows

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/widget"

	"bestbefore/app/internal/ui/kit"
	"bestbefore/app/internal/view"
)

// rowHeight has room for three lines of text.
const rowHeight float32 = 68

// row is the traffic of one device with one destination.
type row struct {
	widget.BaseWidget
	device, what, to, who, way, amount, when, source *kit.Text
}

func newRow() *row {
	r := &row{
		device: kit.NewText("").Bold(), what: kit.NewSoft(""), to: kit.NewText("").Bold(), who: kit.NewText(""), way: kit.NewSoft(""),
		amount: kit.NewText(""), when: kit.NewSoft(""), source: kit.NewSoft("").Wrapped(3),
	}
	for _, t := range []*kit.Text{r.device, r.to, r.who, r.amount} {
		t.Height = kit.SizeSmall
	}
	r.ExtendBaseWidget(r)
	return r
}

// Set implements kit.DataRow.
func (r *row) Set(s view.FlowRow) {
	r.device.Set(s.Device)
	r.what.Set(s.What)
	r.to.Set(s.To)
	r.who.Set(s.Who)
	r.way.Set(s.Way)
	r.amount.Set(s.Amount)
	r.amount.Color = kit.ColorInk
	if s.Refused {
		r.amount.Color = kit.ColorSoon
	}
	r.when.Set(s.When)
	r.source.Set(s.Source)
	for _, t := range []*kit.Text{r.what, r.who} {
		kit.SetVisible(t, t.String() != "")
	}
	r.Refresh()
}

// CreateRenderer implements fyne.Widget.
func (r *row) CreateRenderer() fyne.WidgetRenderer {
	cells := kit.NewCells(true, flowCells,
		kit.NewColumn(0, r.device, r.what), kit.NewColumn(0, r.to, r.who, r.way), kit.NewColumn(0, r.amount, r.when), r.source)
	return kit.NewRenderer(r, kit.NewPad(kit.Step, 3*kit.Step, kit.Step, 3*kit.Step, cells))
}

// MinSize implements fyne.CanvasObject.
func (r *row) MinSize() fyne.Size { return fyne.NewSize(200, rowHeight*kit.Scale()) }

// flowCells are who, to whom, how much and when, and how that is known.
var flowCells = []kit.Cell{{Share: 1}, {Share: 1.7}, {Width: 116}, {Share: 1, From: 640}}
