package kit

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
)

// NewEnds sets left at the left and right at the right edge on one line, or one
// below the other where the line is too short for both.
func NewEnds(left, right *fyne.Container) *fyne.Container {
	return container.New(&endsLayout{gap: 2 * Step}, left, right)
}

type endsLayout struct{ gap float32 }

// natural is the width that a flow wants on one line.
func natural(o fyne.CanvasObject) float32 {
	c, ok := o.(*fyne.Container)
	if !ok {
		return o.MinSize().Width
	}
	flow, ok := c.Layout.(*flowLayout)
	if !ok {
		return o.MinSize().Width
	}
	var w float32
	for i, child := range visible(c.Objects) {
		if i > 0 {
			w += flow.gap
		}
		w += child.MinSize().Width
	}
	return w
}

func (l *endsLayout) oneLine(o []fyne.CanvasObject, width float32) bool {
	return natural(o[0])+natural(o[1])+2*l.gap <= width
}

func (l *endsLayout) Layout(o []fyne.CanvasObject, s fyne.Size) {
	if !l.oneLine(o, s.Width) {
		h := HeightFor(o[0], s.Width)
		place(o[0], 0, 0, s.Width, h)
		place(o[1], 0, h+l.gap, s.Width, HeightFor(o[1], s.Width))
		return
	}
	right := natural(o[1])
	place(o[0], 0, 0, s.Width-right-l.gap, s.Height)
	place(o[1], s.Width-right, 0, right, s.Height)
}

func (l *endsLayout) HeightFor(o []fyne.CanvasObject, width float32) float32 {
	if !l.oneLine(o, width) {
		return HeightFor(o[0], width) + l.gap + HeightFor(o[1], width)
	}
	return max(HeightFor(o[0], natural(o[0])), HeightFor(o[1], natural(o[1])))
}

func (l *endsLayout) MinSize(o []fyne.CanvasObject) fyne.Size {
	return o[0].MinSize().Max(o[1].MinSize())
}

// NewHead sets right at the right edge of a line of which left takes the rest;
// where that is too little for left it goes below.
func NewHead(left fyne.CanvasObject, right *fyne.Container) *fyne.Container {
	return container.New(&headLayout{gap: 4 * Step}, left, right)
}

type headLayout struct{ gap float32 }

func (l *headLayout) oneLine(o []fyne.CanvasObject, width float32) bool {
	return natural(o[1]) <= width*0.5
}

func (l *headLayout) Layout(o []fyne.CanvasObject, s fyne.Size) {
	if !l.oneLine(o, s.Width) {
		h := HeightFor(o[0], s.Width)
		place(o[0], 0, 0, s.Width, h)
		place(o[1], 0, h+l.gap/2, s.Width, HeightFor(o[1], s.Width))
		return
	}
	right := natural(o[1])
	height := HeightFor(o[0], s.Width-right-l.gap)
	top := float32(0)
	if low := HeightFor(o[1], right); height < low {
		top = (low - height) / 2
	}
	place(o[0], 0, top, s.Width-right-l.gap, height)
	place(o[1], s.Width-right, 0, right, HeightFor(o[1], right))
}

func (l *headLayout) HeightFor(o []fyne.CanvasObject, width float32) float32 {
	if !l.oneLine(o, width) {
		return HeightFor(o[0], width) + l.gap/2 + HeightFor(o[1], width)
	}
	right := natural(o[1])
	return max(HeightFor(o[0], width-right-l.gap), HeightFor(o[1], right))
}

func (l *headLayout) MinSize(o []fyne.CanvasObject) fyne.Size {
	return o[0].MinSize().Max(o[1].MinSize())
}
