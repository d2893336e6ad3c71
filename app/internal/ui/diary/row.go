package diary

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"bestbefore/app/internal/ui/kit"
	"bestbefore/app/internal/view"
)

// rowHeight has room for two lines of text.
const rowHeight float32 = 50

// scale says by how much text is enlarged.
func scale() float32 {
	return fyne.CurrentApp().Settings().Theme().Size(kit.SizeBody) / 15
}

// row is one line of the diary: when, which of the three truths, what.
type row struct {
	widget.BaseWidget
	day, when *kit.Text
	axis      *kit.Pill
	text      *kit.Text
}

func newRow() *row {
	r := &row{
		day: kit.NewText("").Bold(), when: kit.NewSoft(""), axis: kit.NewPill(view.None, " "), text: kit.NewParagraph().Wrapped(2),
	}
	r.day.Height, r.text.Height = kit.SizeSmall, kit.SizeSmall
	r.ExtendBaseWidget(r)
	return r
}

func (r *row) set(s view.DiaryRow) {
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
	return widget.NewSimpleRenderer(container.New(rowLayout{}, r.day, r.when, kit.NewFlow(0, r.axis), r.text))
}

type rowLayout struct{}

func (rowLayout) Layout(o []fyne.CanvasObject, s fyne.Size) {
	k := scale()
	x := 3 * kit.Step
	for i, w := range []float32{112 * k, 52 * k, 112 * k, 0} {
		if i == len(o)-1 {
			w = s.Width - x - 3*kit.Step
		}
		h := kit.HeightFor(o[i], w)
		o[i].Move(fyne.NewPos(x, (s.Height-h)/2))
		o[i].Resize(fyne.NewSize(w, h))
		x += w + 2*kit.Step
	}
}

func (rowLayout) MinSize([]fyne.CanvasObject) fyne.Size {
	return fyne.NewSize(200, rowHeight*scale())
}
