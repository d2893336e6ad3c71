package diary

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/widget"

	"bestbefore/app/internal/ui/kit"
	"bestbefore/app/internal/view"
)

// rowHeight has room for two lines of text; large text has less width, and gets four lines.
const (
	rowHeight  float32 = 50
	rowHigh    float32 = 82
	largeScale float32 = 1.5
)

// row is one line of the diary: when, which of the three truths, what.
type row struct {
	widget.BaseWidget
	day, when *kit.Text
	axis      *kit.Pill
	text      *kit.Text
}

func newRow() *row {
	r := &row{
		day: kit.NewText("").Bold(), when: kit.NewSoft(""), axis: kit.NewPill(view.None, " "), text: kit.NewParagraph().Wrapped(lines()),
	}
	r.day.Height, r.text.Height = kit.SizeSmall, kit.SizeSmall
	r.ExtendBaseWidget(r)
	return r
}

// Set implements kit.DataRow.
func (r *row) Set(s view.DiaryRow) {
	r.day.Set(s.Day)
	r.when.Set(s.When)
	r.axis.Set(s.Severity, s.Axis)
	spans := []kit.Span{{Text: s.Text}}
	if s.Erased {
		spans[0].Color = kit.ColorSoft
	}
	if s.Device != "" {
		spans = append([]kit.Span{{Text: s.Device + ": ", Bold: true}}, spans...)
	}
	r.text.SetSpans(spans...)
	r.Refresh()
}

// CreateRenderer implements fyne.Widget.
func (r *row) CreateRenderer() fyne.WidgetRenderer {
	cells := kit.NewCells(false, diaryCells, r.day, r.when, kit.NewFlow(0, r.axis), r.text)
	return kit.NewRenderer(r, kit.NewPad(0, 3*kit.Step, 0, 3*kit.Step, cells))
}

// MinSize implements fyne.CanvasObject.
func (r *row) MinSize() fyne.Size {
	if kit.Scale() >= largeScale {
		return fyne.NewSize(200, rowHigh*kit.Scale())
	}
	return fyne.NewSize(200, rowHeight*kit.Scale())
}

func lines() int {
	if kit.Scale() >= largeScale {
		return 4
	}
	return 2
}

// diaryCells are the day, the time, which of the three truths, and the text.
var diaryCells = []kit.Cell{{Width: 84}, {Width: 48}, {Width: 92}, {Share: 1}}
