package kit

import (
	"fyne.io/fyne/v2"

	"bestbefore/app/internal/view"
)

// Chip is a short choice that is on or off: a length of time, a kind of data, a filter.
type Chip struct {
	press
	choice view.Choice
	sign   *Icon
	label  *Text
	count  *Text
	panel  *Panel
	ring   *Panel
}

// NewChip returns a chip; tapped is told which one it was.
func NewChip(tapped func(id string)) *Chip {
	c := &Chip{
		sign:  NewSign("check", ColorAct, 14),
		label: newText(SizeSmall, ColorInk, true, "").Wrapped(2).Fitted(),
		count: newText(SizeSmall, ColorSoft, false, "").Fitted(),
		panel: NewFrame(ColorSheet, ColorLine, 999),
		ring:  newRing(999),
	}
	c.onTap = func() { tapped(c.choice.ID) }
	c.repaint = c.Refresh
	c.ExtendBaseWidget(c)
	return c
}

// Set shows v.
func (c *Chip) Set(v view.Choice) {
	c.choice, c.disabled = v, v.Disabled
	c.label.Set(v.Label)
	c.count.Set(v.Count)
	c.Refresh()
}

// Choice is what the chip stands for.
func (c *Chip) Choice() view.Choice { return c.choice }

func (c *Chip) paint() {
	c.panel.Fill, c.panel.Border, c.panel.Width = ColorSheet, ColorLine, 1
	ink := ColorInk
	switch {
	case c.disabled:
		c.panel.Fill, c.panel.Border, ink = ColorGreyTint, "", ColorLapsed
	case c.choice.Chosen:
		c.panel.Fill, c.panel.Border, ink = ColorActTint, ColorAct, ColorAct
	case c.hovered:
		c.panel.Fill = ColorHoverFill
	}
	c.label.Color = ink
	show(c.sign, c.choice.Chosen)
	show(c.count, c.choice.Count != "")
	show(c.ring, c.focused)
}

// HeightFor is the height that the chip needs for its word.
func (c *Chip) HeightFor(width float32) float32 { return HeightFor(c.body(), width) }

// CreateRenderer implements fyne.Widget.
func (c *Chip) CreateRenderer() fyne.WidgetRenderer {
	c.ExtendBaseWidget(c)
	c.paint()
	return laidOut(&composite{body: c.body(), update: c.paint}, c)
}

func (c *Chip) body() *fyne.Container {
	return NewStack(c.panel, NewPad(6, 14, 6, 14, NewRow(6, c.sign, Grow(c.label), c.count)), c.ring)
}

// Chips is a flow of chips of which one or several are chosen.
type Chips struct {
	box    *fyne.Container
	tapped func(id string)
}

// NewChips returns an empty flow; tapped is told which chip was tapped and
// decides what that means.
func NewChips(tapped func(id string)) *Chips {
	return &Chips{box: NewFlow(2 * Step), tapped: tapped}
}

// Set shows choices; chips that are there already keep their focus.
func (c *Chips) Set(choices []view.Choice) {
	c.box.Objects = resize(c.box.Objects, len(choices), func() fyne.CanvasObject { return NewChip(c.tapped) })
	for i, v := range choices {
		c.box.Objects[i].(*Chip).Set(v)
	}
	c.box.Refresh()
}

// Content is what to put in a page.
func (c *Chips) Content() *fyne.Container { return c.box }

// Options is a list of longer choices, one a row with a line of detail.
type Options struct {
	box    *fyne.Container
	tapped func(id string)
	many   bool
}

// NewOptions returns an empty list of which exactly one is chosen.
func NewOptions(tapped func(id string)) *Options {
	return &Options{box: NewColumn(2 * Step), tapped: tapped}
}

// NewTicks returns an empty list of which any number is chosen.
func NewTicks(tapped func(id string)) *Options {
	return &Options{box: NewColumn(2 * Step), tapped: tapped, many: true}
}

// Set shows choices.
func (o *Options) Set(choices []view.Choice) {
	o.box.Objects = resize(o.box.Objects, len(choices), func() fyne.CanvasObject { return NewOption(o.many, o.tapped) })
	for i, v := range choices {
		o.box.Objects[i].(*Option).Set(v)
	}
	o.box.Refresh()
}

// Content is what to put in a page.
func (o *Options) Content() *fyne.Container { return o.box }

// Option is one row of Options.
type Option struct {
	press
	choice        view.Choice
	mark          *tickMark
	label, detail *Text
	panel, ring   *Panel
	body          *fyne.Container
}

// NewOption returns one row, of which many or one can be chosen; tapped is told
// which one it was.
func NewOption(many bool, tapped func(id string)) *Option {
	o := &Option{
		mark:  newTickMark(many),
		label: newText(SizeBody, ColorInk, false, "").Wrapped(2), detail: NewSoft("").Wrapped(2),
		panel: NewFrame(ColorSheet, ColorLine, RadiusControl), ring: newRing(RadiusControl),
	}
	row := NewRow(3*Step, o.mark.box, Grow(NewColumn(1, o.label, o.detail)))
	o.body = NewStack(o.panel, NewPad(9, 3*Step, 9, 3*Step, row), o.ring)
	o.onTap = func() { tapped(o.choice.ID) }
	o.repaint = o.Refresh
	o.ExtendBaseWidget(o)
	return o
}

// Set shows v.
func (o *Option) Set(v view.Choice) {
	o.choice, o.disabled = v, v.Disabled
	o.label.SetSpans(Span{Text: v.Label, Bold: v.Chosen})
	o.detail.Set(v.Detail)
	show(o.detail, v.Detail != "")
	o.Refresh()
}

// Choice is what the row stands for.
func (o *Option) Choice() view.Choice { return o.choice }

func (o *Option) paint() {
	o.panel.Fill, o.panel.Border = ColorSheet, ColorLine
	o.label.Color = ColorInk
	switch {
	case o.disabled:
		o.panel.Fill, o.label.Color = ColorGreyTint, ColorLapsed
	case o.choice.Chosen:
		o.panel.Border = ColorAct
	case o.hovered:
		o.panel.Fill = ColorHoverFill
	}
	o.mark.paint(o.choice.Chosen)
	show(o.ring, o.focused)
}

// HeightFor is the height that the row needs for its texts.
func (o *Option) HeightFor(width float32) float32 { return HeightFor(o.body, width) }

// CreateRenderer implements fyne.Widget.
func (o *Option) CreateRenderer() fyne.WidgetRenderer {
	o.ExtendBaseWidget(o)
	o.paint()
	return laidOut(&composite{body: o.body, update: o.paint}, o)
}

// resize makes objects n long: the first ones stay, so that the focus does, and
// missing ones are made.
func resize(objects []fyne.CanvasObject, n int, make func() fyne.CanvasObject) []fyne.CanvasObject {
	for len(objects) < n {
		objects = append(objects, make())
	}
	return objects[:n:n]
}
