package kit

import (
	"fyne.io/fyne/v2"

	"bestbefore/app/internal/view"
)

// sheetMargin is the margin inside a sheet.
const sheetMargin = 4 * Step

// NewSheet returns a white panel with a title (none when empty) over content.
func NewSheet(title string, content ...fyne.CanvasObject) *fyne.Container {
	column := NewColumn(3 * Step)
	if title != "" {
		column.Add(NewHeading(title).Wrapped(0))
	}
	for _, o := range content {
		column.Add(o)
	}
	return NewStack(NewFrame(ColorSheet, ColorLine, RadiusSheet), NewInset(sheetMargin, column))
}

// SheetTitle is the heading of a sheet made by NewSheet with a title.
func SheetTitle(sheet *fyne.Container) *Text {
	return sheet.Objects[1].(*fyne.Container).Objects[0].(*fyne.Container).Objects[0].(*Text)
}

// Truths shows decided, done and seen together, in that order.
type Truths struct {
	box  *fyne.Container
	rows [3]*Text
}

// NewTruths returns the three truths with their names in the person's language.
func NewTruths(decided, done, seen string) *Truths {
	t := &Truths{box: NewColumn(2 * Step)}
	for i, name := range []string{decided, done, seen} {
		t.rows[i] = newText(SizeSmall, ColorInk, false, "").Wrapped(0)
		t.box.Add(NewTopRow(3*Step, NewWide(76, NewSoft(name)), Grow(t.rows[i])))
	}
	return t
}

// Set shows v. What is wrong stands in the colour of its severity and bold, so
// that colour is not the only signal.
func (t *Truths) Set(v view.Truths) {
	t.rows[0].Set(v.Decided)
	setTruth(t.rows[1], v.Done, v.DoneSeverity)
	setTruth(t.rows[2], v.Seen, v.SeenSeverity)
	t.box.Refresh()
}

func setTruth(row *Text, s string, severity view.Severity) {
	if severity == view.None {
		row.SetSpans(Span{Text: s})
		return
	}
	row.SetSpans(Span{Text: s, Bold: severity >= view.Soon, Color: InkOf(severity)})
}

// Content is what to put in a sheet.
func (t *Truths) Content() fyne.CanvasObject { return t.box }

// NewWide gives o a fixed width at normal text size, growing with the text.
func NewWide(width float32, o fyne.CanvasObject) *fyne.Container {
	c := NewStack(o)
	c.Layout = &wideLayout{width: width}
	return c
}

type wideLayout struct {
	growLayout
	width float32
}

func (l *wideLayout) scaled(objects []fyne.CanvasObject) float32 {
	for _, o := range objects {
		if t, ok := o.(interface{ Theme() fyne.Theme }); ok {
			return l.width * scaleOf(t.Theme())
		}
	}
	return l.width
}

func (l *wideLayout) MinSize(objects []fyne.CanvasObject) fyne.Size {
	return fyne.NewSize(l.scaled(objects), l.growLayout.MinSize(objects).Height)
}

// NewEmpty returns what an empty place says instead of nothing, with an action
// where there is one.
func NewEmpty(sign string, in view.Invitation, act func(id string)) *fyne.Container {
	text := NewSoft(in.Text).Wrapped(0)
	column := NewColumn(2*Step, NewHeading(in.Title).Wrapped(0), text)
	if in.Action.Label != "" && act != nil {
		column.Add(NewFlow(2*Step, NewButton(in.Action.Label, Main, func() { act(in.Action.ID) })))
	}
	tile := NewTile(sign, ColorActTint, ColorAct)
	return NewStack(NewFrame(ColorSheet, ColorLine, RadiusSheet), NewInset(5*Step, NewTopRow(4*Step, tile, Grow(column))))
}

// NewTile returns a sign in a tinted square.
func NewTile(sign string, tint, ink fyne.ThemeColorName) *fyne.Container {
	return NewStack(NewPanel(tint, 10), NewInset(2*Step, NewSign(sign, ink, 24)))
}

// PictureTile is the picture of a kind of device in a tinted square.
type PictureTile struct {
	Box     *fyne.Container
	panel   *Panel
	picture *Icon
}

// NewPictureTile returns a tile side pixels wide at normal text size.
func NewPictureTile(side float32) *PictureTile {
	t := &PictureTile{panel: NewPanel(ColorGreyTint, side/4), picture: NewPicture("", ColorLapsed, side*0.65)}
	t.Box = NewStack(t.panel, NewInset(side*0.175, t.picture))
	return t
}

// Set shows the picture of k in the colours of s.
func (t *PictureTile) Set(k view.Kind, s view.Severity) {
	t.panel.Fill = TintOf(s)
	t.panel.Refresh()
	t.picture.SetPicture(k, InkOf(s))
}
