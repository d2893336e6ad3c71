package flows

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/widget"

	"bestbefore/app/internal/ui/kit"
	"bestbefore/app/internal/view"
)

// rowHeight is the least, at normal text size.
const rowHeight float32 = 34

// row is the traffic of one device with one destination.
type row struct {
	widget.BaseWidget
	device, what, to, who, way, amount, when, source *kit.Text
	body                                             *fyne.Container
}

func newRow() *row {
	r := &row{
		device: kit.NewText("").Bold(), what: kit.NewSoft(""), to: kit.NewText("").Bold(), who: kit.NewText(""), way: kit.NewSoft(""),
		amount: kit.NewText(""), when: kit.NewSoft(""), source: kit.NewSoft(""),
	}
	for _, t := range []*kit.Text{r.device, r.what, r.to, r.who, r.way, r.amount, r.when, r.source} {
		t.Height = kit.SizeSmall
		t.Wrapped(0)
	}
	cells := kit.NewCells(true, flowCells,
		kit.NewColumn(0, r.device, r.what), kit.NewColumn(0, r.to, r.who, r.way), kit.NewColumn(0, r.amount, r.when), r.source)
	r.body = kit.NewPad(kit.Step, 3*kit.Step, 2*kit.Step, 3*kit.Step, cells)
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

// HeightFor implements kit.DataRow.
func (r *row) HeightFor(width float32) float32 { return kit.HeightFor(r.body, width) }

// CreateRenderer implements fyne.Widget.
func (r *row) CreateRenderer() fyne.WidgetRenderer { return kit.NewRenderer(r, r.body) }

// MinSize implements fyne.CanvasObject.
func (r *row) MinSize() fyne.Size { return fyne.NewSize(200, rowHeight*kit.Scale()) }

// flowCells are who, to whom, how much and when, and how that is known; in a
// narrower row one stands under the other.
var flowCells = []kit.Cell{{Share: 1}, {Share: 1.7, From: 420, Under: 1}, {Width: 116, From: 420, Under: 1}, {Share: 1, From: 640, Under: 2}}
