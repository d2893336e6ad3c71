package kit

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/widget"

	"bestbefore/app/internal/view"
)

// Pill says a state with a colour, a sign and a word.
type Pill struct {
	widget.BaseWidget
	severity view.Severity
	lacking  bool
	plain    bool
	set      bool
	panel    *Panel
	sign     *Icon
	word     *Text
	body     *fyne.Container
}

// NewPill returns a pill with the sign of its severity.
func NewPill(s view.Severity, word string) *Pill {
	p := &Pill{
		panel: NewPanel(TintOf(s), 999),
		sign:  NewSign(signOf(s), InkOf(s), 13),
		word:  newText(SizeSmall, InkOf(s), true, word).Wrapped(2).Fitted(),
	}
	p.body = NewStack(p.panel, NewPad(3, 11, 3, 9, NewRow(5, p.sign, Grow(p.word))))
	p.ExtendBaseWidget(p)
	p.Set(s, word)
	return p
}

// NewCount returns a pill that holds a number only, as beside a page's name.
func NewCount(s view.Severity, n string) *Pill {
	p := NewPill(s, n)
	p.plain = true
	p.sign.Hide()
	return p
}

// Set shows another state; an empty word hides the pill.
func (p *Pill) Set(s view.Severity, word string) { p.SetLacking(s, word, false) }

// SetLacking is Set with an empty ring for a sign where something is lacking: a
// clock would say that a date comes near.
func (p *Pill) SetLacking(s view.Severity, word string, lacking bool) {
	if p.set && s == p.severity && word == p.word.String() && lacking == p.lacking {
		return
	}
	p.set = true
	p.severity, p.lacking = s, lacking
	p.panel.Fill, p.word.Color = TintOf(s), InkOf(s)
	sign := signOf(s)
	if lacking {
		sign = "none"
	}
	p.sign.SetSign(sign, InkOf(s))
	p.word.Set(word)
	show(p.sign, !p.plain && s != view.None)
	show(p, word != "")
	p.Refresh()
}

// Word is what the pill says.
func (p *Pill) Word() string { return p.word.String() }

// Severity is the state that the pill shows.
func (p *Pill) Severity() view.Severity { return p.severity }

// HeightFor is the height that the pill needs for its word.
func (p *Pill) HeightFor(width float32) float32 { return HeightFor(p.body, width) }

// CreateRenderer implements fyne.Widget.
func (p *Pill) CreateRenderer() fyne.WidgetRenderer {
	p.ExtendBaseWidget(p)
	return laidOut(&composite{body: p.body}, p)
}
