package kit

import (
	"slices"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/widget"
)

// Span is a run of text in one style. A Color of "" takes the text's own.
type Span struct {
	Text  string
	Bold  bool
	Color fyne.ThemeColorName
}

// Text shows one line that is ellipsised to its place, or, with Wrap, as many
// as it needs for its width (at most Lines). It has no inner margin, so that
// texts align with everything else, and shows what it is given as text: no
// formatting, no control characters.
type Text struct {
	widget.BaseWidget
	Height fyne.ThemeSizeName // of the letters: one of the four sizes
	Color  fyne.ThemeColorName
	Align  fyne.TextAlign
	Wrap   bool
	Lines  int  // at most so many lines when wrapped; 0 is without limit
	Fit    bool // one line that asks for its whole width, and is shortened only when it gets less

	spans   []Span
	version int // grows when the spans change
	ruler   ruler
}

// NewText returns a line of body text.
func NewText(s string) *Text { return newText(SizeBody, ColorInk, false, s) }

// NewSoft returns a line of small, second text.
func NewSoft(s string) *Text { return newText(SizeSmall, ColorSoft, false, s) }

// NewTitle returns the sentence that opens a page; it wraps.
func NewTitle(s string) *Text {
	t := newText(SizeTitle, ColorInk, true, s)
	t.Wrap = true
	return t
}

// NewHeading returns the title of a sheet.
func NewHeading(s string) *Text { return newText(SizeHeading, ColorInk, true, s) }

// NewParagraph returns body text that wraps.
func NewParagraph(spans ...Span) *Text {
	t := newText(SizeBody, ColorInk, false, "")
	t.Wrap, t.spans = true, spans
	return t
}

func newText(size fyne.ThemeSizeName, c fyne.ThemeColorName, bold bool, s string) *Text {
	t := &Text{Height: size, Color: c, spans: []Span{{Text: s, Bold: bold}}}
	t.ExtendBaseWidget(t)
	return t
}

// Wrapped makes t wrap, at most lines lines (0 is without limit), and returns it.
func (t *Text) Wrapped(lines int) *Text {
	t.Wrap, t.Lines = true, lines
	return t
}

// Fitted makes t ask for its whole width and returns it.
func (t *Text) Fitted() *Text {
	t.Fit = true
	return t
}

// In sets the colour of t and returns it.
func (t *Text) In(c fyne.ThemeColorName) *Text {
	t.Color = c
	return t
}

// Bold makes the whole of t bold and returns it.
func (t *Text) Bold() *Text {
	for i := range t.spans {
		t.spans[i].Bold = true
	}
	t.version++
	return t
}

// Set shows s in the style of the first span.
func (t *Text) Set(s string) {
	bold := len(t.spans) > 0 && t.spans[0].Bold
	t.SetSpans(Span{Text: s, Bold: bold})
}

// SetSpans shows spans, one after the other.
func (t *Text) SetSpans(spans ...Span) {
	if slices.Equal(t.spans, spans) {
		return // most of a new snapshot says what the old one said
	}
	t.spans = spans
	t.version++
	t.Refresh()
}

// String returns what t says.
func (t *Text) String() string {
	var b strings.Builder
	for _, s := range t.spans {
		b.WriteString(s.Text)
	}
	return b.String()
}

// HeightFor is the height that t needs when it is width wide.
func (t *Text) HeightFor(width float32) float32 {
	if !t.Wrap {
		return t.lineHeight()
	}
	n := t.linesAt(width)
	if t.Lines > 0 {
		n = min(n, t.Lines)
	}
	return float32(max(n, 1)) * t.lineHeight()
}

// MinSize implements fyne.CanvasObject.
func (t *Text) MinSize() fyne.Size {
	t.ExtendBaseWidget(t)
	switch {
	case t.Fit:
		return fyne.NewSize(t.naturalWidth(), t.lineHeight())
	case t.Wrap && t.Size().Width > 0:
		return fyne.NewSize(1, t.HeightFor(t.Size().Width))
	default:
		return fyne.NewSize(1, t.lineHeight())
	}
}

func (t *Text) textSize() float32 { return t.Theme().Size(t.Height) }

func (t *Text) measure(s string, bold bool) float32 {
	return fyne.MeasureText(s, t.textSize(), fyne.TextStyle{Bold: bold}).Width
}

// pieces are the words of t, each with the blank that follows it.
func (t *Text) pieces() []piece {
	var out []piece
	for _, s := range t.spans {
		lead := strings.HasPrefix(s.Text, " ")
		trail := strings.HasSuffix(s.Text, " ")
		words := strings.Split(clean(s.Text), " ")
		for i, w := range words {
			p := piece{text: w, bold: s.Bold, color: s.Color, blank: i < len(words)-1 || trail}
			if i == 0 && lead && len(out) > 0 {
				out[len(out)-1].blank = true
			}
			if w != "" {
				out = append(out, p)
			}
		}
	}
	for i := range out {
		if out[i].blank && i < len(out)-1 {
			out[i].text += " "
		}
	}
	return out
}

// CreateRenderer implements fyne.Widget.
func (t *Text) CreateRenderer() fyne.WidgetRenderer { return laidOut(&textRenderer{text: t}, t) }

type textRenderer struct {
	text *Text
	runs []*canvas.Text
	set  setting // of the runs
}

func (r *textRenderer) MinSize() fyne.Size { return r.text.MinSize() }
func (r *textRenderer) Destroy()           {}

func (r *textRenderer) Objects() []fyne.CanvasObject {
	out := make([]fyne.CanvasObject, len(r.runs))
	for i, run := range r.runs {
		out[i] = run
	}
	return out
}

func (r *textRenderer) Refresh() {
	r.Layout(r.text.Size())
	canvas.Refresh(r.text)
}

func (r *textRenderer) Layout(s fyne.Size) {
	t := r.text
	set := t.setting(s)
	if r.set == set {
		return
	}
	r.set, r.runs = set, r.runs[:0]
	if s.Width < noRoom {
		return
	}
	height := t.lineHeight()
	var y float32
	if !t.Wrap && s.Height > height {
		y = (s.Height - height) / 2
	}
	for _, line := range t.lines(s.Width) {
		var width float32
		for _, p := range line {
			width += t.measure(p.text, p.bold)
		}
		x := float32(0)
		switch t.Align {
		case fyne.TextAlignCenter:
			x = (s.Width - width) / 2
		case fyne.TextAlignTrailing:
			x = s.Width - width
		}
		for _, p := range joinPieces(line) {
			run := r.run(p)
			run.Move(fyne.NewPos(whole(x), whole(y)))
			run.Resize(run.MinSize())
			x += t.measure(p.text, p.bold)
		}
		y += height
	}
}

func (r *textRenderer) run(p piece) *canvas.Text {
	name := p.color
	if name == "" {
		name = r.text.Color
	}
	c := canvas.NewText(p.text, colorOf(r.text.Theme(), name))
	c.TextSize = r.text.textSize()
	c.TextStyle = fyne.TextStyle{Bold: p.bold}
	r.runs = append(r.runs, c)
	return c
}

// lines are the lines to show at width, the last one shortened where needed.
func (t *Text) lines(width float32) [][]piece {
	all := t.pieces()
	limit := t.Lines
	var lines [][]piece
	if t.Wrap {
		lines = breakLines(all, width, t.measure)
	} else {
		lines, limit = [][]piece{all}, 1
	}
	if limit > 0 && len(lines) > limit {
		rest := lines[limit-1]
		for _, l := range lines[limit:] {
			rest = append(append([]piece{}, rest...), l...)
		}
		lines = append(lines[:limit-1:limit-1], rest)
	}
	if n := len(lines); n > 0 {
		lines[n-1] = ellipsise(lines[n-1], width, t.measure)
	}
	for _, l := range lines {
		if n := len(l); n > 0 {
			l[n-1].text = strings.TrimRight(l[n-1].text, " ")
		}
	}
	return lines
}
