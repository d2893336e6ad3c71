package kit

import (
	"fyne.io/fyne/v2"

	"bestbefore/app/internal/view"
)

// The proportions of a bank card.
const (
	cardWidth  float32 = 316
	cardHeight float32 = 198
)

// textLines is how many lines each of the texts on a card may take.
const textLines = 3

// PermissionCard is the face of the product: one permission in the shape of a
// bank card. The whole card opens the permission; its button does the next thing.
type PermissionCard struct {
	press
	card  view.PermissionCard
	large bool

	onAction func(view.PermissionCard)

	shade, panel, ring, tile *Panel
	picture                  *Icon
	name, receives           *Text
	data, status             *Text
	stamp                    *Stamp
	button                   *Button
	pill                     *Pill
}

// CardConfig says what a card does. Both may be nil; then the card is a picture.
type CardConfig struct {
	Open   func(view.PermissionCard) // the card was tapped
	Action func(view.PermissionCard) // its button was tapped
	Large  bool                      // the one card of a page, with a larger stamp and without a button
}

// NewPermissionCard returns an empty card.
func NewPermissionCard(c CardConfig) *PermissionCard {
	p := &PermissionCard{large: c.Large, onAction: c.Action}
	if c.Open != nil {
		p.onTap = func() { c.Open(p.card) }
	}
	factor := float32(1)
	if c.Large {
		factor = 1.25
	}
	p.shade = NewPanel(ColorShade, RadiusCard)
	p.panel, p.ring = NewFrame(ColorSheet, ColorLine, RadiusCard), newRing(RadiusCard)
	p.tile = NewPanel(ColorGreyTint, 10)
	p.picture = NewPicture("", ColorLapsed, 26)
	p.name, p.receives = NewHeading("").Wrapped(2), NewSoft("").Wrapped(2)
	p.data = NewText("").Wrapped(textLines)
	p.status = newText(SizeSmall, ColorInk, true, "").Wrapped(textLines)
	p.stamp = NewStamp(factor)
	p.button = NewButton("", Ordinary, p.act)
	p.pill = NewPill(view.None, "")
	p.repaint = p.Refresh
	p.ExtendBaseWidget(p)
	return p
}

func (p *PermissionCard) act() {
	if p.onAction != nil {
		p.onAction(p.card)
	}
}

// Set shows c.
func (p *PermissionCard) Set(c view.PermissionCard) {
	if p.card == c {
		return
	}
	p.card = c
	p.Refresh()
}

// Card is what is shown.
func (p *PermissionCard) Card() view.PermissionCard { return p.card }

// Button is the card's button; it is hidden while there is nothing to do.
func (p *PermissionCard) Button() *Button { return p.button }

func (p *PermissionCard) paint() {
	c := p.card
	p.tile.Fill = TintOf(c.Severity)
	p.picture.SetPicture(c.Kind, InkOf(c.Severity))
	p.name.Set(c.Device)
	p.receives.Set(c.ReceivesLine)
	p.data.Set(c.DataLine)
	p.status.Set(c.StatusLine)
	p.status.Color = InkOf(c.Severity)
	show(p.status, c.StatusLine != "")
	p.stamp.Set(c.StampCaption, c.StampText, c.Severity, c.Struck)
	p.paintBorder()

	acts := c.Action != view.CardNone && c.ActionLabel != "" && p.onAction != nil && !p.large
	show(p.button, acts)
	p.button.SetLabel(c.ActionLabel)
	weight, word := Ordinary, c.StateWord
	if c.Action == view.CardReview {
		weight = Main
	}
	if acts {
		word = "" // the button stands in its place
	}
	p.button.SetWeight(weight)
	p.pill.SetLacking(c.Severity, word, c.Lacking)
	ink := ColorInk
	if c.Severity == view.Lapsed {
		ink = ColorSoft // it greys as it ages
	}
	p.name.Color, p.data.Color = ink, ink
}

func (p *PermissionCard) paintBorder() {
	p.panel.Fill, p.panel.Border, p.panel.Width = ColorSheet, ColorLine, 1
	switch p.card.Severity {
	case view.Soon:
		p.panel.Border = ColorSoon
	case view.Still:
		p.panel.Border, p.panel.Width = ColorStill, 2
	case view.Lapsed:
		p.panel.Fill = ColorPaper
	}
	if p.hovered && p.onTap != nil {
		// The ground stays: a greyer one would say that the permission has lapsed.
		p.panel.Width = 2
		if p.panel.Border == ColorLine {
			p.panel.Border = ColorSoft
		}
	}
	show(p.ring, p.focused)
	show(p.shade, p.card.Severity != view.Lapsed)
}

// MinSize implements fyne.CanvasObject.
func (p *PermissionCard) MinSize() fyne.Size {
	scale := scaleOf(p.Theme())
	return fyne.NewSize(cardNarrow*scale, cardHeight*scale)
}

// HeightFor keeps the proportions of a bank card, within reason; long texts make it higher.
func (p *PermissionCard) HeightFor(width float32) float32 {
	scale := scaleOf(p.Theme())
	return max(cardHeight*scale, min(width, 1.2*cardWidth*scale)*cardHeight/cardWidth, p.textHeight(width))
}

// textHeight is the height that the texts need.
func (p *PermissionCard) textHeight(width float32) float32 {
	p.paint()
	p.data.Lines, p.status.Lines = textLines, textLines
	k := scaleOf(p.Theme())
	margin := 5 * Step * k
	inner := width - 2*margin
	h := 2*margin - 4 + p.headHeight(width) + 3*Step*k + p.data.HeightFor(inner) + Step + p.stamp.MinSize().Height
	if p.status.Visible() {
		h += 2 + p.status.HeightFor(inner)
	}
	if end := p.end(); end != nil && end.MinSize().Width > inner-p.stamp.MinSize().Width-2*Step {
		h += end.MinSize().Height + Step
	}
	return h
}

// headHeight is the height of the picture with the names beside it.
func (p *PermissionCard) headHeight(width float32) float32 {
	k := scaleOf(p.Theme())
	beside := width - 2*5*Step*k - 50*k
	return max(40*k, p.name.HeightFor(beside)+p.receives.HeightFor(beside))
}

// end is what stands at the right of the stamp, nil for nothing.
func (p *PermissionCard) end() fyne.CanvasObject {
	switch {
	case p.button.Visible():
		return p.button
	case p.pill.Visible():
		return p.pill
	default:
		return nil
	}
}

// CreateRenderer implements fyne.Widget.
func (p *PermissionCard) CreateRenderer() fyne.WidgetRenderer {
	p.ExtendBaseWidget(p)
	p.paint()
	return &cardRenderer{card: p}
}

type cardRenderer struct{ card *PermissionCard }

func (r *cardRenderer) Destroy()           {}
func (r *cardRenderer) MinSize() fyne.Size { return r.card.MinSize() }

func (r *cardRenderer) Refresh() {
	r.card.paint()
	r.Layout(r.card.Size())
	for _, o := range r.Objects() {
		o.Refresh()
	}
}

func (r *cardRenderer) Objects() []fyne.CanvasObject {
	c := r.card
	return []fyne.CanvasObject{
		c.shade, c.panel, c.tile, c.picture, c.name, c.receives,
		c.data, c.status, c.stamp, c.button, c.pill, c.ring,
	}
}

func (r *cardRenderer) Layout(s fyne.Size) {
	c, k := r.card, scaleOf(r.card.Theme())
	margin := 5 * Step * k
	inner := s.Width - 2*margin
	place(c.shade, 0, 3, s.Width, s.Height)
	place(c.panel, 0, 0, s.Width, s.Height)
	place(c.ring, 0, 0, s.Width, s.Height)

	tile := 40 * k
	place(c.tile, margin, margin-2, tile, tile)
	side := c.picture.MinSize().Width
	place(c.picture, margin+(tile-side)/2, margin-2+(tile-side)/2, side, side)
	left, head := margin+tile+10*k, c.headHeight(s.Width)
	names := s.Width - left - margin
	nameHeight, receives := c.name.HeightFor(names), c.receives.HeightFor(names)
	top := margin - 2 + max(tile-nameHeight-receives-1, 0)/2
	place(c.name, left, top, names, nameHeight)
	place(c.receives, left, top+nameHeight+1, names, receives)

	stamp := c.stamp.MinSize()
	bottom := s.Height - margin + 2
	place(c.stamp, margin, bottom-stamp.Height, stamp.Width, stamp.Height)
	room := bottom - stamp.Height
	if end := c.end(); end != nil {
		if m := end.MinSize(); m.Width > inner-stamp.Width-2*Step {
			// A large stamp on a narrow card leaves no room beside it.
			r.placeEnd(end, s.Width-margin, room, inner)
			room -= m.Height
		} else {
			r.placeEnd(end, s.Width-margin, bottom, m.Width)
		}
	}
	y := margin - 2 + head + 3*Step*k
	r.placeTexts(margin, y, inner, room-Step-y)
}

// placeTexts sets what is sent, and under it what is wrong; each gives up lines
// before they would touch the stamp.
func (r *cardRenderer) placeTexts(x, y, width, room float32) {
	c := r.card
	c.data.Lines, c.status.Lines = textLines, textLines
	if c.status.Visible() && c.data.HeightFor(width)+c.status.HeightFor(width) > room {
		c.data.Lines = 1
	}
	if c.status.Visible() && c.data.HeightFor(width)+c.status.HeightFor(width) > room {
		c.status.Lines = 1
	}
	place(c.data, x, y, width, c.data.HeightFor(width))
	y += c.data.HeightFor(width) + 2
	place(c.status, x, y, width, c.status.HeightFor(width))
}

func (r *cardRenderer) placeEnd(o fyne.CanvasObject, right, bottom, room float32) {
	m := o.MinSize()
	w := min(m.Width, room)
	place(o, right-w, bottom-m.Height, w, m.Height)
}
