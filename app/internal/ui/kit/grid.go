package kit

import (
	"math"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
)

// NewStack sets objects on top of one another, the first at the back.
func NewStack(objects ...fyne.CanvasObject) *fyne.Container {
	return container.New(&stackLayout{}, objects...)
}

type stackLayout struct{ growLayout }

// NewPad sets o with a margin around it.
func NewPad(top, right, bottom, left float32, o fyne.CanvasObject) *fyne.Container {
	return container.New(&padLayout{top, right, bottom, left}, o)
}

// NewInset sets o with the same margin on all sides.
func NewInset(margin float32, o fyne.CanvasObject) *fyne.Container {
	return NewPad(margin, margin, margin, margin, o)
}

type padLayout struct{ top, right, bottom, left float32 }

func (l *padLayout) Layout(objects []fyne.CanvasObject, s fyne.Size) {
	for _, o := range objects {
		o.Move(fyne.NewPos(l.left, l.top))
		o.Resize(fyne.NewSize(s.Width-l.left-l.right, s.Height-l.top-l.bottom))
	}
}

func (l *padLayout) HeightFor(objects []fyne.CanvasObject, width float32) float32 {
	return growLayout{}.HeightFor(objects, width-l.left-l.right) + l.top + l.bottom
}

func (l *padLayout) MinSize(objects []fyne.CanvasObject) fyne.Size {
	return growLayout{}.MinSize(objects).Add(fyne.NewSize(l.left+l.right, l.top+l.bottom))
}

// NewFlow sets objects side by side and goes on in the next line where the width ends.
func NewFlow(gap float32, objects ...fyne.CanvasObject) *fyne.Container {
	return container.New(&flowLayout{gap: gap}, objects...)
}

type flowLayout struct{ gap float32 }

// place walks over objects as they are set at width and returns the height.
func (l *flowLayout) place(objects []fyne.CanvasObject, width float32, set func(o fyne.CanvasObject, p fyne.Position, s fyne.Size)) float32 {
	var x, y, line float32
	for _, o := range visible(objects) {
		m := o.MinSize()
		w := min(m.Width, width)
		if w < m.Width {
			m.Height = HeightFor(o, w)
		}
		if x > 0 && x+w > width+0.5 {
			x, y, line = 0, y+line+l.gap, 0
		}
		set(o, fyne.NewPos(x, y), fyne.NewSize(w, m.Height))
		x, line = x+w+l.gap, max(line, m.Height)
	}
	return y + line
}

func (l *flowLayout) Layout(objects []fyne.CanvasObject, s fyne.Size) {
	l.place(objects, s.Width, func(o fyne.CanvasObject, p fyne.Position, sz fyne.Size) {
		place(o, p.X, p.Y, sz.Width, sz.Height)
	})
}

func (l *flowLayout) HeightFor(objects []fyne.CanvasObject, width float32) float32 {
	return l.place(objects, width, func(fyne.CanvasObject, fyne.Position, fyne.Size) {})
}

func (l *flowLayout) MinSize(objects []fyne.CanvasObject) fyne.Size {
	var m fyne.Size
	for _, o := range visible(objects) {
		m = m.Max(o.MinSize())
	}
	return m
}

// NewCardGrid sets permission cards in as many columns as fit; the columns share
// the width, so that the right edges of cards and sheets agree.
func NewCardGrid(cards ...fyne.CanvasObject) *fyne.Container {
	return container.New(&cardGrid{}, cards...)
}

type cardGrid struct{}

const (
	cardGap      float32 = 4 * Step
	cardNarrow   float32 = 296 // the least width at which a card still reads
	cardWide     float32 = 396
	cardRelation         = cardWidth / cardHeight
)

func (cardGrid) cell(objects []fyne.CanvasObject, width float32) (columns int, cell fyne.Size) {
	scale := cardScale(objects)
	columns = max(int((width+cardGap)/(cardNarrow*scale+cardGap)), 1)
	w := (width - cardGap*float32(columns-1)) / float32(columns)
	w = min(w, cardWide*scale)
	h := max(cardHeight*scale, min(w, 1.1*cardWidth*scale)/cardRelation)
	for _, o := range objects {
		if c, ok := o.(*PermissionCard); ok {
			h = max(h, c.textHeight(w))
		}
	}
	return columns, fyne.NewSize(w, h)
}

func (g cardGrid) Layout(objects []fyne.CanvasObject, s fyne.Size) {
	objects = visible(objects)
	columns, cell := g.cell(objects, s.Width)
	for i, o := range objects {
		col, row := i%columns, i/columns
		place(o, float32(col)*(cell.Width+cardGap), float32(row)*(cell.Height+cardGap), cell.Width, cell.Height)
	}
}

func (g cardGrid) HeightFor(objects []fyne.CanvasObject, width float32) float32 {
	objects = visible(objects)
	if len(objects) == 0 {
		return 0
	}
	columns, cell := g.cell(objects, width)
	rows := (len(objects) + columns - 1) / columns
	return float32(rows)*(cell.Height+cardGap) - cardGap
}

func (g cardGrid) MinSize(objects []fyne.CanvasObject) fyne.Size {
	objects = visible(objects)
	if len(objects) == 0 {
		return fyne.NewSize(0, 0)
	}
	scale := cardScale(objects)
	return fyne.NewSize(cardNarrow, g.HeightFor(objects, cardNarrow*scale))
}

func cardScale(objects []fyne.CanvasObject) float32 {
	for _, o := range objects {
		if c, ok := o.(*PermissionCard); ok {
			return scaleOf(c.Theme())
		}
	}
	return 1
}

// NewSplit sets two objects side by side, the widths in the relation
// left : right and both as high as the higher one; below narrow (at normal text size) it
// sets them one under the other.
func NewSplit(left, right, narrow float32, a, b fyne.CanvasObject) *fyne.Container {
	return container.New(&splitLayout{left: left, right: right, narrow: narrow}, a, b)
}

type splitLayout struct{ left, right, narrow float32 }

func (l *splitLayout) widths(width float32) (float32, float32) {
	if width < l.narrow*scaleNow() {
		return width, width
	}
	a := (width - cardGap) * l.left / (l.left + l.right)
	return a, width - cardGap - a
}

func (l *splitLayout) Layout(o []fyne.CanvasObject, s fyne.Size) {
	a, b := l.widths(s.Width)
	if s.Width < l.narrow*scaleNow() {
		h := HeightFor(o[0], a)
		place(o[0], 0, 0, a, h)
		place(o[1], 0, h+cardGap, b, HeightFor(o[1], b))
		return
	}
	place(o[0], 0, 0, a, s.Height)
	place(o[1], a+cardGap, 0, b, s.Height)
}

func (l *splitLayout) HeightFor(o []fyne.CanvasObject, width float32) float32 {
	a, b := l.widths(width)
	if width < l.narrow*scaleNow() {
		return HeightFor(o[0], a) + cardGap + HeightFor(o[1], b)
	}
	return max(HeightFor(o[0], a), HeightFor(o[1], b))
}

func (l *splitLayout) MinSize(o []fyne.CanvasObject) fyne.Size {
	return o[0].MinSize().Max(o[1].MinSize())
}

// place sets o on whole pixels; a text between two pixels is blurred.
func place(o fyne.CanvasObject, x, y, w, h float32) {
	o.Move(fyne.NewPos(whole(x), whole(y)))
	o.Resize(fyne.NewSize(w, h))
}

func whole(v float32) float32 { return float32(math.Round(float64(v))) }
