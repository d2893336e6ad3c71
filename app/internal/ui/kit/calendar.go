package kit

import (
	"strconv"
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/lang"

	"bestbefore/app/internal/view"
)

// The measures of a calendar.
const (
	dayWidth  float32 = 42
	dayHeight float32 = 36
)

// Calendar lets a person pick a day between two others. Fyne's own calendar has
// no range, does not show the chosen day, and jumps from 31 January to March.
// Arrows move by a day and a week, Page Up and Page Down by a month, Enter picks.
type Calendar struct {
	press
	first, last view.Day // the range, both inclusive
	chosen      view.Day
	cursor      view.Day // where the keyboard stands; its month is shown
	pointed     view.Day
	sunday      bool
	picked      func(view.Day)

	title      *Text
	back, next *Button
	weekdays   []*Text
	grounds    []*Panel
	numbers    []*Text
}

// NewCalendar returns a calendar for the days from first to last; picked is told
// the day that was chosen.
func NewCalendar(first, last view.Day, picked func(view.Day)) *Calendar {
	c := &Calendar{first: first, last: last, cursor: first, picked: picked, sunday: sundayFirst(lang.SystemLocale())}
	c.title = NewHeading("")
	c.title.Align = fyne.TextAlignCenter
	c.back = NewSignButton("back", "", Link, func() { c.turn(-1) })
	c.next = NewSignButton("next", "", Link, func() { c.turn(1) })
	for i := range 7 {
		t := NewSoft("")
		t.Align = fyne.TextAlignCenter
		t.Set(weekdayShort(c.weekday(i)))
		c.weekdays = append(c.weekdays, t)
	}
	for range 42 {
		t := NewText("")
		t.Align = fyne.TextAlignCenter
		c.numbers = append(c.numbers, t)
		c.grounds = append(c.grounds, NewPanel("", RadiusControl))
	}
	c.onTap = func() { c.pick(c.cursor) }
	c.repaint = c.Refresh
	c.ExtendBaseWidget(c)
	return c
}

// SetChosen marks day and shows its month.
func (c *Calendar) SetChosen(day view.Day) {
	c.chosen = day
	if day != (view.Day{}) {
		c.cursor = day
	}
	c.Refresh()
}

// ShowMonth turns to the month of day, which is not chosen by that.
func (c *Calendar) ShowMonth(day view.Day) { c.move(day) }

// SetRange changes the days that can be picked.
func (c *Calendar) SetRange(first, last view.Day) {
	c.first, c.last = first, last
	c.cursor = clampDay(c.cursor, first, last)
	c.Refresh()
}

// Cursor is the day on which the keyboard stands.
func (c *Calendar) Cursor() view.Day { return c.cursor }

func (c *Calendar) turn(months int) { c.move(addMonth(c.cursor, months)) }

func (c *Calendar) move(to view.Day) {
	c.cursor = clampDay(to, c.first, c.last)
	c.Refresh()
}

func (c *Calendar) pick(day view.Day) {
	if day == (view.Day{}) || before(day, c.first) || before(c.last, day) {
		return
	}
	c.chosen, c.cursor = day, day
	c.Refresh()
	if c.picked != nil {
		c.picked(day)
	}
}

// Tapped implements fyne.Tappable. The keyboard goes on from where the pointer was.
func (c *Calendar) Tapped(e *fyne.PointEvent) {
	if on := fyne.CurrentApp().Driver().CanvasForObject(c); on != nil {
		on.Focus(c)
	}
	c.pick(c.at(e.Position))
}

// MouseMoved implements desktop.Hoverable.
func (c *Calendar) MouseMoved(e *desktop.MouseEvent) {
	if day := c.at(e.Position); day != c.pointed {
		c.pointed = day
		c.Refresh()
	}
}

// MouseOut implements desktop.Hoverable.
func (c *Calendar) MouseOut() {
	c.pointed = view.Day{}
	c.press.MouseOut()
}

// TypedKey implements fyne.Focusable.
func (c *Calendar) TypedKey(e *fyne.KeyEvent) {
	switch e.Name {
	case fyne.KeyLeft:
		c.move(addDays(c.cursor, -1))
	case fyne.KeyRight:
		c.move(addDays(c.cursor, 1))
	case fyne.KeyUp:
		c.move(addDays(c.cursor, -7))
	case fyne.KeyDown:
		c.move(addDays(c.cursor, 7))
	case fyne.KeyPageUp:
		c.turn(-1)
	case fyne.KeyPageDown:
		c.turn(1)
	default:
		c.press.TypedKey(e)
	}
}

func (c *Calendar) weekday(column int) time.Weekday {
	if c.sunday {
		return time.Weekday(column)
	}
	return time.Weekday((column + 1) % 7)
}

// day is what stands in cell i of the month shown; the zero Day where nothing does.
func (c *Calendar) day(i int) view.Day {
	start := noon(view.Day{Year: c.cursor.Year, Month: c.cursor.Month, Day: 1})
	lead := int(start.Weekday())
	if !c.sunday {
		lead = (lead + 6) % 7
	}
	t := start.AddDate(0, 0, i-lead)
	if t.Month() != c.cursor.Month {
		return view.Day{}
	}
	return dayOf(t)
}

func (c *Calendar) scale() float32 { return scaleOf(c.Theme()) }

func (c *Calendar) head() float32 { return (dayHeight + 26) * c.scale() }

func (c *Calendar) at(p fyne.Position) view.Day {
	w, h := dayWidth*c.scale(), dayHeight*c.scale()
	col, row := int(p.X/w), int((p.Y-c.head())/h)
	if p.X < 0 || p.Y < c.head() || col > 6 || row > 5 {
		return view.Day{}
	}
	return c.day(row*7 + col)
}

// MinSize implements fyne.CanvasObject.
func (c *Calendar) MinSize() fyne.Size {
	return fyne.NewSize(7*dayWidth*c.scale(), c.head()+6*dayHeight*c.scale())
}

func (c *Calendar) paint() {
	c.title.Set(monthName(c.cursor.Month) + " " + strconv.Itoa(c.cursor.Year))
	for i := range c.numbers {
		day := c.day(i)
		ground, number := c.grounds[i], c.numbers[i]
		ground.Fill, ground.Border, ground.Width = "", "", 2
		if day == (view.Day{}) {
			number.Set("")
			continue
		}
		ink := ColorInk
		switch {
		case before(day, c.first) || before(c.last, day):
			ink = ColorLine
		case day == c.chosen:
			ground.Fill, ink = ColorAct, ColorOnAct
		case day == c.pointed:
			ground.Fill = ColorActTint
		}
		if c.focused && day == c.cursor {
			ground.Border = ColorInk
		}
		number.Color = ink
		number.SetSpans(Span{Text: strconv.Itoa(day.Day), Bold: day == c.chosen})
	}
}

// CreateRenderer implements fyne.Widget.
func (c *Calendar) CreateRenderer() fyne.WidgetRenderer {
	c.ExtendBaseWidget(c)
	c.paint()
	return &calendarRenderer{calendar: c}
}

type calendarRenderer struct{ calendar *Calendar }

func (r *calendarRenderer) Destroy()           {}
func (r *calendarRenderer) MinSize() fyne.Size { return r.calendar.MinSize() }

func (r *calendarRenderer) Refresh() {
	r.calendar.paint()
	for _, g := range r.calendar.grounds {
		g.Refresh()
	}
	canvas.Refresh(r.calendar)
}

func (r *calendarRenderer) Objects() []fyne.CanvasObject {
	c := r.calendar
	out := []fyne.CanvasObject{c.title, c.back, c.next}
	for _, w := range c.weekdays {
		out = append(out, w)
	}
	for i := range c.numbers {
		out = append(out, c.grounds[i], c.numbers[i])
	}
	return out
}

func (r *calendarRenderer) Layout(fyne.Size) {
	c := r.calendar
	w, h := dayWidth*c.scale(), dayHeight*c.scale()
	b := c.back.MinSize()
	place(c.back, Step, (h-b.Height)/2, b.Width, b.Height)
	place(c.next, 7*w-b.Width-Step, (h-b.Height)/2, b.Width, b.Height)
	place(c.title, w, 0, 5*w, h)
	for i, t := range c.weekdays {
		place(t, float32(i)*w, h, w, c.head()-h)
	}
	for i := range c.numbers {
		x, y := float32(i%7)*w, c.head()+float32(i/7)*h
		place(c.grounds[i], x+2, y+1, w-4, h-2)
		place(c.numbers[i], x, y, w, h)
	}
}

// sundayFirst reports whether weeks begin on Sunday where l is spoken.
func sundayFirst(l fyne.Locale) bool {
	s := string(l)
	for _, region := range []string{"US", "CA", "MX", "BR", "JP", "KR", "IN", "IL", "ZA", "TW", "HK"} {
		if strings.Contains(s, "-"+region) || strings.Contains(s, "_"+region) {
			return true
		}
	}
	return false
}
