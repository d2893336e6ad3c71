package settings

import (
	"reflect"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/lang"

	"bestbefore/app/internal/ui/kit"
	"bestbefore/app/internal/view"
)

// ForgetCommands are what the form can ask for; each returns at once.
type ForgetCommands struct {
	Choose func(view.ForgetDraft) // what was chosen so far
	Delete func()                 // asked for a second time
}

// forget is the form that deletes what was seen. Its entries stay, so that no
// snapshot takes away what is typed.
type forget struct {
	commands ForgetCommands
	shown    view.Forget
	asked    bool
	opened   bool // the calendars show a month

	sheet    *fyne.Container
	scopes   *kit.Chips
	devices  *kit.Chips
	texts    *kit.Chips
	from, to *kit.Calendar
	fromName *kit.Text
	toName   *kit.Text
	marked   [2]view.Day // in the calendars
	dates    *fyne.Container
	what     *fyne.Container // what goes and what stays
	foot     *fyne.Container
}

func newForget(c ForgetCommands) *forget {
	f := &forget{commands: c, what: kit.NewColumn(kit.Step), foot: kit.NewColumn(3 * kit.Step)}
	f.scopes = kit.NewChips(func(id string) { f.change(func(d *view.ForgetDraft) { d.Scope = id }) })
	f.devices = kit.NewChips(func(id string) { f.change(func(d *view.ForgetDraft) { d.Device = id }) })
	f.texts = kit.NewChips(func(id string) { f.change(func(d *view.ForgetDraft) { d.Erase = id == view.On }) })
	f.from = kit.NewCalendar(view.Day{}, view.Day{}, func(day view.Day) {
		f.change(func(d *view.ForgetDraft) {
			if d.From = day; d.To.String() < day.String() {
				d.To = view.Day{}
			}
		})
	})
	f.to = kit.NewCalendar(view.Day{}, view.Day{}, func(day view.Day) { f.change(func(d *view.ForgetDraft) { d.To = day }) })
	f.fromName, f.toName = kit.NewText("").Bold(), kit.NewText("").Bold()
	f.dates = kit.NewFlow(6*kit.Step, kit.NewColumn(kit.Step, f.fromName, f.from), kit.NewColumn(kit.Step, f.toName, f.to))
	return f
}

// change hands on another draft; what was asked once is asked anew.
func (f *forget) change(by func(*view.ForgetDraft)) {
	d := f.shown.Draft
	by(&d)
	if d == f.shown.Draft {
		return
	}
	f.asked, f.shown.Draft = false, d
	f.commands.Choose(d)
}

// content is the sheet, made once.
func (f *forget) content() *fyne.Container {
	if f.sheet == nil {
		f.sheet = kit.NewSheet(f.shown.Title, kit.NewSoft(f.shown.Text).Wrapped(0), f.scopes.Content(), f.devices.Content(), f.dates, f.texts.Content(), f.what, f.foot)
	}
	return f.sheet
}

// set shows s; false when nothing changed.
func (f *forget) set(s view.Forget) bool {
	typed := f.shown.Draft
	if reflect.DeepEqual(f.shown, s) && f.sheet != nil {
		return false
	}
	f.shown = s
	if s.Draft.Scope == typed.Scope && s.Dates { // an answer to an older draft takes nothing back
		f.shown.Draft.From, f.shown.Draft.To = typed.From, typed.To
	}
	f.scopes.Set(s.Scopes)
	f.devices.Set(s.Devices)
	f.texts.Set(s.Texts)
	visible(f.devices.Content(), len(s.Devices) > 0)
	visible(f.texts.Content(), len(s.Texts) > 0)
	visible(f.dates, s.Dates)
	f.setDays(s)
	f.build()
	return true
}

// setDays marks the days that are chosen; no last day lies before the first. A
// month that was turned to stays.
func (f *forget) setDays(s view.Forget) {
	d := f.shown.Draft
	f.fromName.Set(s.From)
	f.toName.Set(s.To)
	least := s.First
	if least.String() < d.From.String() {
		least = d.From
	}
	if !s.Dates {
		f.marked = [2]view.Day{}
		f.from.SetChosen(view.Day{})
		f.to.SetChosen(view.Day{})
		f.opened = false
		return
	}
	f.from.SetRange(s.First, s.Last)
	f.to.SetRange(least, s.Last)
	if !f.opened {
		f.opened = true
		f.from.ShowMonth(s.Last)
		f.to.ShowMonth(s.Last)
	}
	if f.marked[0] != d.From {
		f.from.SetChosen(d.From)
	}
	if f.marked[1] != d.To {
		f.to.SetChosen(d.To)
	}
	f.marked = [2]view.Day{d.From, d.To}
}

// build makes what is said below the choices.
func (f *forget) build() {
	f.what.Objects, f.foot.Objects = nil, nil
	for _, g := range []struct {
		word  string
		lines []string
	}{{lang.L("goes"), f.shown.Goes}, {lang.L("stays"), f.shown.Stays}} {
		for _, l := range g.lines {
			f.what.Add(kit.NewTopRow(3*kit.Step, kit.NewWide(52, kit.NewSoft(g.word)), kit.Grow(kit.NewText(l).Wrapped(0))))
		}
	}
	visible(f.what, len(f.what.Objects) > 0)
	if f.shown.Error != "" {
		f.foot.Add(kit.NewNotice(view.Soon, "", f.shown.Error, "", nil))
	}
	if f.shown.Outcome.Line != "" {
		f.foot.Add(kit.NewNotice(f.shown.Outcome.Severity, "", f.shown.Outcome.Line, "", nil))
	}
	if f.asked {
		f.foot.Add(kit.NewNotice(view.Soon, lang.L("Sure?"), f.shown.Sure, "", nil))
	}
	if f.shown.Button.Label != "" {
		f.foot.Add(kit.NewFlow(0, f.button()))
	}
	visible(f.foot, len(f.foot.Objects) > 0)
	f.content().Refresh()
}

// button asks a second time, since nothing brings back what is deleted.
func (f *forget) button() *kit.Button {
	weight := kit.Ordinary
	if f.asked {
		weight = kit.Danger
	}
	b := kit.NewButton(f.shown.Button.Label, weight, func() {
		if !f.asked {
			f.asked = true
			f.build()
			return
		}
		f.asked = false
		f.commands.Delete()
		f.build()
	})
	if f.shown.Outcome.Busy {
		b.Disable()
	}
	return b
}

func visible(o fyne.CanvasObject, on bool) {
	if on {
		o.Show()
	} else {
		o.Hide()
	}
}
