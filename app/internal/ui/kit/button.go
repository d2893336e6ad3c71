package kit

import "fyne.io/fyne/v2"

// Weight says how much a button asks for attention.
type Weight int

// The weights. Ordinary is the zero value.
const (
	Ordinary Weight = iota
	Main            // the one main action of a place
	Danger          // ends or disconnects something
	Link            // a word in the text, without a border
)

// Button is a word that does something, with an optional sign before it.
type Button struct {
	press
	weight Weight
	label  *Text
	sign   *Icon
	name   string
	panel  *Panel
	ring   *Panel
}

// NewButton returns a button; tapped returns at once.
func NewButton(label string, w Weight, tapped func()) *Button {
	return NewSignButton("", label, w, tapped)
}

// NewSignButton returns a button with a sign ("calendar") before its label; the
// label may be empty where the sign alone is understood and a tooltip is not needed.
func NewSignButton(sign, label string, w Weight, tapped func()) *Button {
	b := &Button{weight: w, name: sign}
	b.onTap = tapped
	b.label = newText(SizeSmall, ColorInk, true, label).Wrapped(2).Fitted()
	b.sign = NewSign("close", ColorInk, 16)
	if sign == "" {
		b.sign.Hide()
	}
	if label == "" {
		b.label.Hide()
	}
	b.panel, b.ring = NewFrame(ColorSheet, ColorLine, RadiusControl), newRing(RadiusControl)
	b.repaint = b.Refresh
	b.paint()
	b.ExtendBaseWidget(b)
	return b
}

// SetLabel changes the word; an empty one hides it.
func (b *Button) SetLabel(s string) {
	if s == b.label.String() && b.label.Visible() == (s != "") {
		return
	}
	show(b.label, s != "")
	b.label.Set(s)
	b.Refresh()
}

// SetSign changes the sign of a button that has one.
func (b *Button) SetSign(name string) {
	if b.name != name {
		b.name = name
		b.Refresh()
	}
}

// Sign is the name of the button's sign; "" for none.
func (b *Button) Sign() string { return b.name }

// Label is the word on the button.
func (b *Button) Label() string { return b.label.String() }

// SetWeight changes how much the button asks for attention.
func (b *Button) SetWeight(w Weight) {
	if b.weight != w {
		b.weight = w
		b.Refresh()
	}
}

// OnTap sets what the button does.
func (b *Button) OnTap(f func()) { b.onTap = f }

// HeightFor is the height that the button needs for its word: a word with too
// little room goes on in a second line.
func (b *Button) HeightFor(width float32) float32 { return HeightFor(b.body(), width) }

// CreateRenderer implements fyne.Widget.
func (b *Button) CreateRenderer() fyne.WidgetRenderer {
	b.ExtendBaseWidget(b)
	return laidOut(&composite{body: b.body(), update: b.paint}, b)
}

// body sets sign and word between the margins of the button's weight.
func (b *Button) body() *fyne.Container {
	side, height := float32(14), float32(9)
	switch {
	case b.weight == Link:
		side, height = 4, 4
	case b.label.String() == "" && b.name != "": // a sign alone; a word may still come
		side, height = 9, 9
	}
	return NewStack(b.panel, NewPad(height, side, height, side, b.row()), b.ring)
}

// row centres sign and word.
func (b *Button) row() *fyne.Container {
	b.label.Align = fyne.TextAlignCenter
	if b.name == "" {
		return NewRow(0, Grow(b.label))
	}
	if !b.label.Visible() {
		return NewRow(0, b.sign)
	}
	return NewRow(6, b.sign, Grow(b.label))
}

func (b *Button) paint() {
	fill, border, ink := ColorSheet, ColorLine, ColorInk
	switch b.weight {
	case Main:
		fill, border, ink = ColorAct, ColorAct, ColorOnAct
	case Danger:
		border, ink = ColorStill, ColorStill
	case Link:
		fill, border, ink = "", "", ColorAct
	}
	if b.disabled {
		fill, border, ink = ColorGreyTint, "", ColorLapsed
		if b.weight == Link {
			fill = ""
		}
	} else if b.hovered {
		switch b.weight {
		case Main:
			border = ColorInk
		case Danger:
			fill = ColorStillTint
		case Link:
			fill = ColorActTint
		default:
			fill = ColorHoverFill
		}
	}
	b.panel.Fill, b.panel.Border, b.panel.Width = fill, border, 1
	b.label.Color = ink
	if b.name != "" {
		b.sign.SetSign(b.name, ink)
	}
	show(b.ring, b.focused && !b.disabled)
}
