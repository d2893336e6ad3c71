package diary

import (
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/widget"

	"bestbefore/app/internal/ui/kit"
	"bestbefore/app/internal/view"
)

// rowHeight is the least, at normal text size.
const rowHeight float32 = 50

// row is one line of the diary: when, which of the three truths, what.
type row struct {
	widget.BaseWidget
	day, when *kit.Text
	axis      *kit.Pill
	text      *kit.Text
	body      *fyne.Container
}

func newRow() *row {
	r := &row{
		day: kit.NewText("").Bold().Wrapped(0), when: kit.NewSoft("").Wrapped(0), axis: kit.NewPill(view.None, " "), text: kit.NewParagraph(),
	}
	r.day.Height, r.text.Height = kit.SizeSmall, kit.SizeSmall
	cells := kit.NewCells(false, diaryCells, r.day, r.when, kit.NewFlow(0, r.axis), r.text)
	r.body = kit.NewPad(kit.Step, 3*kit.Step, kit.Step, 3*kit.Step, cells)
	r.ExtendBaseWidget(r)
	return r
}

// Set implements kit.DataRow.
func (r *row) Set(s view.DiaryRow) {
	r.day.Set(s.Day)
	r.when.Set(s.When)
	r.axis.Set(s.Severity, s.Axis)
	r.text.SetSpans(spans(s)...)
	r.Refresh()
}

// spans are the text with the device's name bold: where the text says it, else before it.
func spans(s view.DiaryRow) []kit.Span {
	before, after, says := strings.Cut(s.Text, s.Device)
	switch {
	case s.Erased:
		return append(lead(s.Device), kit.Span{Text: s.Text, Color: kit.ColorSoft})
	case s.Device == "" || !says:
		return append(lead(s.Device), kit.Span{Text: s.Text})
	case before == "":
		return []kit.Span{{Text: s.Device, Bold: true}, {Text: after}}
	default:
		return []kit.Span{{Text: before}, {Text: s.Device, Bold: true}, {Text: after}}
	}
}

// lead is the name before a text.
func lead(device string) []kit.Span {
	if device == "" {
		return nil
	}
	return []kit.Span{{Text: device + ": ", Bold: true}}
}

// HeightFor implements kit.DataRow.
func (r *row) HeightFor(width float32) float32 {
	return max(kit.HeightFor(r.body, width), r.MinSize().Height)
}

// CreateRenderer implements fyne.Widget.
func (r *row) CreateRenderer() fyne.WidgetRenderer { return kit.NewRenderer(r, r.body) }

// MinSize implements fyne.CanvasObject.
func (r *row) MinSize() fyne.Size { return fyne.NewSize(200, rowHeight*kit.Scale()) }

// diaryCells are the day, the time, which of the three truths, and the text,
// which has a line of its own in a narrower row.
var diaryCells = []kit.Cell{{Width: 92}, {Width: 48}, {Width: 112, From: 280, Under: 1}, {Share: 1, From: 440, Under: 1}}
