package kit

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/widget"

	"bestbefore/app/internal/view"
)

// Timeline shows the ends of a year on one axis. Marks whose names would run
// into one another stand on different levels.
type Timeline struct {
	widget.BaseWidget
	data   view.Timeline
	months []*Text
	ticks  []*Panel
	stems  []*Panel
	marks  []*Mark
	axis   *Panel
	open   func(id string)
}

// timelineLevels is how many names may stand above one another.
const timelineLevels = 7

// NewTimeline returns an empty axis; open is told the mark that was chosen.
func NewTimeline(open func(id string)) *Timeline {
	t := &Timeline{open: open, axis: NewPanel(ColorLine, 0)}
	t.ExtendBaseWidget(t)
	return t
}

// Set shows data.
func (t *Timeline) Set(data view.Timeline) {
	t.data = data
	for len(t.months) < len(data.Months) {
		t.months = append(t.months, NewSoft("").Fitted())
		t.ticks = append(t.ticks, NewPanel(ColorLine, 0))
	}
	t.months, t.ticks = t.months[:len(data.Months)], t.ticks[:len(data.Months)]
	for len(t.marks) < len(data.Marks) {
		t.marks = append(t.marks, newMark(t.open))
		t.stems = append(t.stems, NewPanel(ColorLine, 0))
	}
	t.marks, t.stems = t.marks[:len(data.Marks)], t.stems[:len(data.Marks)]
	for i, m := range data.Months {
		t.months[i].Set(m.Label)
	}
	for i, m := range data.Marks {
		t.marks[i].set(m)
		t.stems[i].Fill = InkOf(m.Severity)
	}
	t.Refresh()
}

// Marks are the marks on the axis, for tests.
func (t *Timeline) Marks() []*Mark { return t.marks }

// markHeight is the height of a level on an axis of width.
func (t *Timeline) markHeight(width float32) float32 {
	h := 26 * scaleOf(t.Theme())
	for _, m := range t.marks {
		if room := m.room(width); m.width > room {
			h = max(h, m.label.HeightFor(room-markAround)+2*Step)
		}
	}
	return h
}

// spot is where a mark stands: its level above the axis and its left edge. A bare
// one shows only its dot, because there was no room for its name.
type spot struct {
	level int
	left  float32
	bare  bool
}

// spots gives each mark the lowest level on which it touches neither another
// name nor a stem. The last mark comes first, because stems run down on the left
// of their names.
func (t *Timeline) spots(width float32) []spot {
	length := t.length(width)
	out := make([]spot, len(t.marks))
	for i := len(t.marks) - 1; i >= 0; i-- {
		left := t.x(t.data.Marks[i].Fraction, length) - 6
		right := left + t.marks[i].room(width) + 3*Step
		level := 0
		for j := i + 1; j < len(out); j++ {
			if !out[j].bare && out[j].left < right {
				level = max(level, out[j].level+1)
			}
		}
		out[i] = spot{level: level, left: left}
		if level >= timelineLevels {
			out[i] = spot{left: left, bare: true}
		}
	}
	return out
}

// length is how long the year is drawn: as long as all names have room at its end.
func (t *Timeline) length(width float32) float32 {
	length := width - 12
	for i, m := range t.marks {
		if f := float32(t.data.Marks[i].Fraction); f > 0 {
			length = min(length, (width-m.room(width))/f)
		}
	}
	return max(length, width/2)
}

func (t *Timeline) x(fraction float64, length float32) float32 {
	return 6 + length*float32(min(max(fraction, 0), 1))
}

// HeightFor is the height that the marks need at width.
func (t *Timeline) HeightFor(width float32) float32 {
	top := 0
	for _, s := range t.spots(width) {
		top = max(top, s.level)
	}
	return float32(top+1)*t.markHeight(width) + 10 + NewSoft("").HeightFor(0)
}

// MinSize implements fyne.CanvasObject.
func (t *Timeline) MinSize() fyne.Size {
	return fyne.NewSize(200, t.HeightFor(max(t.Size().Width, 200)))
}

// CreateRenderer implements fyne.Widget.
func (t *Timeline) CreateRenderer() fyne.WidgetRenderer {
	t.ExtendBaseWidget(t)
	return &timelineRenderer{line: t}
}

type timelineRenderer struct{ line *Timeline }

func (r *timelineRenderer) Destroy()           {}
func (r *timelineRenderer) MinSize() fyne.Size { return r.line.MinSize() }

func (r *timelineRenderer) Refresh() {
	r.Layout(r.line.Size())
	canvas.Refresh(r.line)
}

func (r *timelineRenderer) Objects() []fyne.CanvasObject {
	t := r.line
	out := []fyne.CanvasObject{t.axis}
	for i := range t.months {
		out = append(out, t.ticks[i], t.months[i])
	}
	for _, s := range t.stems {
		out = append(out, s)
	}
	for _, m := range t.marks {
		out = append(out, m)
	}
	return out
}

func (r *timelineRenderer) Layout(s fyne.Size) {
	t := r.line
	text := NewSoft("").HeightFor(0)
	floor := s.Height - text - 6
	place(t.axis, 0, floor, s.Width, 1)
	shown, length := float32(-100), t.length(s.Width)
	for i, m := range t.data.Months {
		x := t.x(m.Fraction, length)
		place(t.ticks[i], x, floor-3, 1, 4)
		w := t.months[i].MinSize().Width
		// On a narrow window every other month keeps its name.
		fits := x > shown && x+w <= s.Width
		show(t.months[i], fits)
		if fits {
			shown = x + w + 2*Step
		}
		place(t.months[i], x, floor+4, w, text)
	}
	for i, p := range t.spots(s.Width) {
		h := t.markHeight(s.Width)
		y := floor - float32(p.level+1)*h
		t.marks[i].setBare(p.bare)
		place(t.marks[i], p.left, y, min(t.marks[i].MinSize().Width, t.marks[i].room(s.Width)), h-4)
		x := t.x(t.data.Marks[i].Fraction, length)
		place(t.stems[i], x-0.5, y+h-4, 1, float32(p.level)*h+4)
	}
}

// markAround is what a mark takes beside its name: margins, dot and gap.
const markAround float32 = 4 + 1 + 10 + 6

// Mark is one end on a timeline.
type Mark struct {
	press
	mark  view.TimelineMark
	dot   *Panel
	label *Text
	ring  *Panel
	width float32 // with its name
}

func newMark(open func(id string)) *Mark {
	m := &Mark{dot: NewPanel(ColorFresh, 5), label: NewSoft("").Wrapped(3).Fitted(), ring: newRing(RadiusControl)}
	m.onTap = func() { open(m.mark.ID) }
	m.repaint = m.Refresh
	m.ExtendBaseWidget(m)
	return m
}

func (m *Mark) set(v view.TimelineMark) {
	m.mark = v
	m.label.Show()
	m.Refresh()
	m.width = m.MinSize().Width
}

// room is how wide the mark may be on an axis of width: a long name goes on in the next line.
func (m *Mark) room(width float32) float32 { return min(m.width, width*0.45) }

func (m *Mark) setBare(bare bool) {
	if m.label.Visible() == bare {
		show(m.label, !bare)
		m.Refresh()
	}
}

func (m *Mark) paint() {
	m.dot.Fill = InkOf(m.mark.Severity)
	name := ColorInk
	if m.hovered {
		name = ColorAct
	}
	m.label.SetSpans(Span{Text: m.mark.When + " ", Bold: true, Color: InkOf(m.mark.Severity)}, Span{Text: m.mark.Label, Color: name})
	show(m.ring, m.focused)
}

// CreateRenderer implements fyne.Widget.
func (m *Mark) CreateRenderer() fyne.WidgetRenderer {
	m.ExtendBaseWidget(m)
	m.paint()
	dot := &fyne.Container{Layout: dotLayout{}, Objects: []fyne.CanvasObject{m.dot}}
	body := NewStack(NewPad(0, 4, 0, 1, NewRow(6, dot, Grow(m.label))), m.ring) // beside the name: markAround
	return laidOut(&composite{body: body, update: m.paint}, m)
}

// dotLayout gives a dot its size.
type dotLayout struct{}

func (dotLayout) Layout(o []fyne.CanvasObject, s fyne.Size) { place(o[0], 0, (s.Height-10)/2, 10, 10) }
func (dotLayout) MinSize([]fyne.CanvasObject) fyne.Size     { return fyne.NewSquareSize(10) }
