package guides

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/widget"

	"bestbefore/app/internal/ui/kit"
	"bestbefore/app/internal/view"
)

// rowHeight is the least, at normal text size.
const rowHeight float32 = 34

// row is one maker or account.
type row struct {
	widget.BaseWidget
	name, only, line *kit.Text
	body             *fyne.Container
}

func newRow() *row {
	r := &row{name: kit.NewText("").Bold(), only: kit.NewSoft(""), line: kit.NewText("")}
	for _, t := range []*kit.Text{r.name, r.only, r.line} {
		t.Wrapped(0)
	}
	r.line.Height, r.only.Height = kit.SizeSmall, kit.SizeSmall
	cells := kit.NewCells(true, guideCells, kit.NewColumn(0, r.name, r.only), r.line)
	r.body = kit.NewPad(kit.Step, 3*kit.Step, 2*kit.Step, 3*kit.Step, cells)
	r.ExtendBaseWidget(r)
	return r
}

// Set implements kit.DataRow.
func (r *row) Set(s view.GuideRow) {
	r.name.Set(s.Name)
	r.only.Set(s.Only)
	kit.SetVisible(r.only, s.Only != "")
	r.line.Set(s.Line)
	r.Refresh()
}

// HeightFor implements kit.DataRow.
func (r *row) HeightFor(width float32) float32 { return kit.HeightFor(r.body, width) }

// CreateRenderer implements fyne.Widget.
func (r *row) CreateRenderer() fyne.WidgetRenderer { return kit.NewRenderer(r, r.body) }

// MinSize implements fyne.CanvasObject.
func (r *row) MinSize() fyne.Size { return fyne.NewSize(200, rowHeight*kit.Scale()) }

// guideCells are whose steps, and what they stop; in a narrower row it stands underneath.
var guideCells = []kit.Cell{{Share: 1}, {Share: 2, From: 480, Under: 1}}
