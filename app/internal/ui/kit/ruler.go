package kit

import (
	"math"

	"fyne.io/fyne/v2"
)

// ruler remembers what measuring a text gave: the layouts ask for the same
// heights again and again on the way down to where a text stands.
type ruler struct {
	look    look     // of all below
	line    float32  // the height of a line; 0 is not measured
	natural float32  // the width of the whole in one line; less than 0 is not measured
	broken  []broken // at a few widths
}

// look is what measuring a text depends on.
type look struct {
	theme   fyne.Theme
	size    float32
	version int
}

// broken is in how many lines a text is set at a width.
type broken struct {
	width float32
	lines int
}

// widthsKept is for how many widths a text remembers its lines: one where it
// stands, and those at which layouts try it.
const widthsKept = 4

func (t *Text) look() look { return look{t.Theme(), t.textSize(), t.version} }

func (t *Text) measured() *ruler {
	if l := t.look(); t.ruler.look != l {
		t.ruler = ruler{look: l, natural: -1, broken: t.ruler.broken[:0]}
	}
	return &t.ruler
}

// noRoom is a width at which no letter stands: what is being built has it, and
// is not measured yet.
const noRoom = 1

// linesAt is in how many lines t is set at width, without a limit.
func (t *Text) linesAt(width float32) int {
	if width < noRoom {
		return 1
	}
	r := t.measured()
	for _, b := range r.broken {
		if b.width == width {
			return b.lines
		}
	}
	n := len(breakLines(t.pieces(), width, t.measure))
	if len(r.broken) == widthsKept {
		r.broken = append(r.broken[:0], r.broken[1:]...)
	}
	r.broken = append(r.broken, broken{width, n})
	return n
}

func (t *Text) naturalWidth() float32 {
	r := t.measured()
	if r.natural < 0 {
		r.natural = 0
		for _, p := range t.pieces() {
			r.natural += t.measure(p.text, p.bold)
		}
	}
	return r.natural
}

func (t *Text) lineHeight() float32 {
	r := t.measured()
	if r.line == 0 {
		r.line = float32(math.Ceil(float64(fyne.MeasureText("Ág", t.textSize(), fyne.TextStyle{}).Height)))
	}
	return r.line
}

// setting is what the letters of a text, as they are set, depend on.
type setting struct {
	look    look
	place   fyne.Size
	variant fyne.ThemeVariant
	color   fyne.ThemeColorName
	align   fyne.TextAlign
	wrap    bool
	lines   int
}

func (t *Text) setting(place fyne.Size) setting {
	return setting{t.look(), place, variant(), t.Color, t.Align, t.Wrap, t.Lines}
}
