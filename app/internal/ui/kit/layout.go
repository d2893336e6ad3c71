package kit

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
)

// flexible is an object whose height depends on its width.
type flexible interface{ HeightFor(width float32) float32 }

// flexLayout is a layout whose height depends on its width.
type flexLayout interface {
	HeightFor(objects []fyne.CanvasObject, width float32) float32
}

// HeightFor is the height that o needs when it is width wide. Texts and the
// layouts of this package answer exactly; anything else gives its least height.
func HeightFor(o fyne.CanvasObject, width float32) float32 {
	if f, ok := o.(flexible); ok {
		return f.HeightFor(width)
	}
	if c, ok := o.(*fyne.Container); ok {
		if l, ok := c.Layout.(flexLayout); ok {
			return l.HeightFor(c.Objects, width)
		}
	}
	return o.MinSize().Height
}

func visible(objects []fyne.CanvasObject) []fyne.CanvasObject {
	out := make([]fyne.CanvasObject, 0, len(objects))
	for _, o := range objects {
		if o.Visible() {
			out = append(out, o)
		}
	}
	return out
}

// NewColumn sets objects one below the other, gap apart, each as wide as the
// column and as high as it needs.
func NewColumn(gap float32, objects ...fyne.CanvasObject) *fyne.Container {
	return container.New(&columnLayout{gap: gap}, objects...)
}

type columnLayout struct{ gap float32 }

func (l *columnLayout) Layout(objects []fyne.CanvasObject, s fyne.Size) {
	var y float32
	for _, o := range visible(objects) {
		h := HeightFor(o, s.Width)
		place(o, 0, y, s.Width, h)
		y += h + l.gap
	}
}

func (l *columnLayout) HeightFor(objects []fyne.CanvasObject, width float32) float32 {
	var h float32
	for i, o := range visible(objects) {
		if i > 0 {
			h += l.gap
		}
		h += HeightFor(o, width)
	}
	return h
}

func (l *columnLayout) MinSize(objects []fyne.CanvasObject) fyne.Size {
	var w, h float32
	for i, o := range visible(objects) {
		if i > 0 {
			h += l.gap
		}
		m := o.MinSize()
		w, h = max(w, m.Width), h+m.Height
	}
	return fyne.NewSize(w, h)
}

// NewRow sets objects side by side, gap apart, centred on one line. Those
// wrapped in Grow share the width that the others leave.
func NewRow(gap float32, objects ...fyne.CanvasObject) *fyne.Container {
	return container.New(&rowLayout{gap: gap}, objects...)
}

// NewTopRow is NewRow with all tops on one line.
func NewTopRow(gap float32, objects ...fyne.CanvasObject) *fyne.Container {
	return container.New(&rowLayout{gap: gap, top: true}, objects...)
}

// Grow marks o as what takes the remaining width of a row.
func Grow(o fyne.CanvasObject) *fyne.Container { return container.New(&growLayout{}, o) }

// Spring is an empty object that takes the remaining width of a row.
func Spring() *fyne.Container { return container.New(&growLayout{}) }

type rowLayout struct {
	gap float32
	top bool
}

func (l *rowLayout) widths(objects []fyne.CanvasObject, width float32) []float32 {
	out := make([]float32, len(objects))
	rest, growers := width-l.gap*float32(max(len(objects)-1, 0)), 0
	for i, o := range objects {
		if grows(o) {
			growers++
			continue
		}
		out[i] = o.MinSize().Width
		rest -= out[i]
	}
	for i, o := range objects {
		if grows(o) {
			out[i] = max(rest/float32(growers), 0)
		}
	}
	return out
}

func (l *rowLayout) Layout(objects []fyne.CanvasObject, s fyne.Size) {
	objects = visible(objects)
	var x float32
	for i, w := range l.widths(objects, s.Width) {
		o := objects[i]
		h := min(HeightFor(o, w), s.Height)
		y := float32(0)
		if !l.top {
			y = (s.Height - h) / 2
		}
		place(o, x, y, w, h)
		x += w + l.gap
	}
}

func (l *rowLayout) HeightFor(objects []fyne.CanvasObject, width float32) float32 {
	objects = visible(objects)
	var h float32
	for i, w := range l.widths(objects, width) {
		h = max(h, HeightFor(objects[i], w))
	}
	return h
}

func (l *rowLayout) MinSize(objects []fyne.CanvasObject) fyne.Size {
	var w, h float32
	for i, o := range visible(objects) {
		if i > 0 {
			w += l.gap
		}
		m := o.MinSize()
		w, h = w+m.Width, max(h, m.Height)
	}
	return fyne.NewSize(w, h)
}

func grows(o fyne.CanvasObject) bool {
	c, ok := o.(*fyne.Container)
	if !ok {
		return false
	}
	_, ok = c.Layout.(*growLayout)
	return ok
}

type growLayout struct{}

func (growLayout) Layout(objects []fyne.CanvasObject, s fyne.Size) {
	for _, o := range objects {
		o.Move(fyne.NewPos(0, 0))
		o.Resize(s)
	}
}

func (growLayout) HeightFor(objects []fyne.CanvasObject, width float32) float32 {
	var h float32
	for _, o := range visible(objects) {
		h = max(h, HeightFor(o, width))
	}
	return h
}

func (growLayout) MinSize(objects []fyne.CanvasObject) fyne.Size {
	var m fyne.Size
	for _, o := range visible(objects) {
		m = m.Max(o.MinSize())
	}
	return m
}
