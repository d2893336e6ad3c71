package kit

import (
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/widget"

	"bestbefore/app/internal/view"
)

// The stamp's heights, beside the four sizes of text: it is print, not text.
const (
	stampSize    float32 = 28
	stampCaption float32 = 11.5
)

// Stamp is the date, printed as the inkjet prints it on food, under its caption.
type Stamp struct {
	widget.BaseWidget
	caption  string
	text     string
	severity view.Severity
	struck   bool
	factor   float32
}

// NewStamp returns an empty stamp; factor enlarges it (0 means 1).
func NewStamp(factor float32) *Stamp {
	if factor == 0 {
		factor = 1
	}
	s := &Stamp{factor: factor}
	s.ExtendBaseWidget(s)
	return s
}

// Set prints text (digits, A to Z, blanks) under caption; struck strikes it through.
func (s *Stamp) Set(caption, text string, severity view.Severity, struck bool) {
	text = strings.ToUpper(clean(text))
	if s.caption == caption && s.text == text && s.severity == severity && s.struck == struck {
		return
	}
	s.caption, s.text, s.severity, s.struck = caption, text, severity, struck
	s.Refresh()
}

// CreateRenderer implements fyne.Widget.
func (s *Stamp) CreateRenderer() fyne.WidgetRenderer {
	r := &stampRenderer{stamp: s, caption: &canvas.Text{}, text: &canvas.Text{}, strike: &canvas.Rectangle{}}
	r.paint()
	return laidOut(r, s)
}

type stampRenderer struct {
	stamp         *Stamp
	caption, text *canvas.Text
	strike        *canvas.Rectangle
}

func (r *stampRenderer) paint() {
	th, scale := r.stamp.Theme(), scaleOf(r.stamp.Theme())
	r.caption.Text, r.caption.Color = r.stamp.caption, colorOf(th, ColorSoft)
	r.caption.TextSize = stampCaption * scale
	r.text.Text, r.text.Color = r.stamp.text, colorOf(th, InkOf(r.stamp.severity))
	r.text.TextSize = stampSize * scale * r.stamp.factor
	if own, ok := th.(*Theme); ok {
		r.text.FontSource = own.stamp
	}
	r.strike.FillColor = r.text.Color
	show(r.strike, r.stamp.struck)
}

func (r *stampRenderer) Refresh() {
	r.paint()
	r.Layout(r.stamp.Size())
	canvas.Refresh(r.stamp)
}

func (r *stampRenderer) Layout(fyne.Size) {
	c, t := r.captionSize(), r.text.MinSize()
	r.caption.Resize(c)
	// The dot-matrix face stands a third of an em under its line's top; the caption moves into that space.
	top := whole(c.Height - t.Height*0.07)
	r.text.Move(fyne.NewPos(0, top))
	r.text.Resize(t)
	width := 2 * scaleOf(r.stamp.Theme())
	r.strike.Move(fyne.NewPos(0, whole(top+t.Height*0.49)))
	r.strike.Resize(fyne.NewSize(t.Width, width))
}

func (r *stampRenderer) captionSize() fyne.Size {
	if r.stamp.caption == "" {
		return fyne.NewSize(0, 0)
	}
	return r.caption.MinSize()
}

func (r *stampRenderer) MinSize() fyne.Size {
	c, t := r.captionSize(), r.text.MinSize()
	return fyne.NewSize(max(c.Width, t.Width), c.Height+t.Height*0.85)
}

func (r *stampRenderer) Objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{r.caption, r.text, r.strike}
}
func (r *stampRenderer) Destroy() {}
