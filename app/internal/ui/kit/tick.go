package kit

import (
	"fyne.io/fyne/v2"

	"bestbefore/app/internal/view"
)

// tickMark is the small sign in front of a choice: a dot in a circle where one is
// chosen, a tick in a square where many can be.
type tickMark struct {
	box       *fyne.Container
	frame     *Panel
	dot, fill *Panel
	sign      *Icon
	many      bool
}

func newTickMark(many bool) *tickMark {
	m := &tickMark{many: many, fill: NewPanel(ColorAct, 5), dot: NewPanel(ColorAct, 99), sign: NewSign("check", ColorSheet, 14)}
	m.frame = NewFrame(ColorSheet, ColorSoft, 99)
	if many {
		m.frame = NewFrame(ColorSheet, ColorSoft, 5)
	}
	m.frame.Width = 1.5
	m.box = &fyne.Container{Layout: markLayout{18}, Objects: []fyne.CanvasObject{m.frame, m.fill, m.dot, m.sign}}
	return m
}

func (m *tickMark) paint(chosen bool) {
	m.frame.Border = ColorSoft
	if chosen {
		m.frame.Border = ColorAct
	}
	show(m.dot, chosen && !m.many)
	show(m.fill, chosen && m.many)
	show(m.sign, chosen && m.many)
	m.frame.Refresh()
}

// markLayout sets frame and fill in the whole of a small square, dot and sign
// in its middle.
type markLayout struct{ side float32 }

func (l markLayout) Layout(o []fyne.CanvasObject, s fyne.Size) {
	side := l.side * scaleNow()
	top := (s.Height - side) / 2
	place(o[0], 0, top, side, side)
	place(o[1], 0, top, side, side)
	for i, share := range []float32{0.45, 0.78} {
		inner := side * share
		place(o[2+i], (side-inner)/2, top+(side-inner)/2, inner, inner)
	}
}

func (l markLayout) MinSize([]fyne.CanvasObject) fyne.Size {
	return fyne.NewSquareSize(l.side * scaleNow())
}

// Tick is a box to tick in a row of a table; its name is said by the row.
type Tick struct {
	press
	choice view.Choice
	mark   *tickMark
	ring   *Panel
}

// NewTick returns a box; tapped is told whether it is to be ticked.
func NewTick(tapped func(on bool)) *Tick {
	t := &Tick{mark: newTickMark(true), ring: newRing(5)}
	t.onTap = func() { tapped(!t.choice.Chosen) }
	t.repaint = t.Refresh
	t.ExtendBaseWidget(t)
	return t
}

// Set shows v.
func (t *Tick) Set(v view.Choice) {
	t.choice, t.disabled = v, v.Disabled
	t.Refresh()
}

// Choice is what the box stands for.
func (t *Tick) Choice() view.Choice { return t.choice }

func (t *Tick) paint() {
	t.mark.paint(t.choice.Chosen)
	show(t.ring, t.focused)
}

// CreateRenderer implements fyne.Widget.
func (t *Tick) CreateRenderer() fyne.WidgetRenderer {
	t.ExtendBaseWidget(t)
	t.paint()
	return laidOut(&composite{body: NewStack(NewInset(2, t.mark.box), t.ring), update: t.paint}, t)
}
