package permissions

import (
	"fyne.io/fyne/v2/lang"

	"bestbefore/app/internal/ui/kit"
	"bestbefore/app/internal/view"
)

// until is the open dialog that asks for a day, and for a time of it where the
// person wants one. It stays open until the renewal is done, so that a time that
// cannot be is refused beside where it was typed.
type until struct {
	review *Review
	id     string // the permission
	chosen view.Day
	at     *kit.Entry
	done   *kit.Button
	why    *kit.Text
	dialog *kit.Dialog
}

// pickDate opens the dialog.
func (r *Review) pickDate() {
	if !r.shown.CanRenew || !r.ready() {
		return
	}
	u := &until{review: r, id: r.shown.ID, at: kit.NewEntry(lang.L("end of the day"), nil), why: kit.NewText("").Wrapped(0).In(kit.ColorStill)}
	u.done = kit.NewButton(lang.L("Renew"), kit.Main, u.renew)
	u.done.Disable()
	u.why.Hide()
	calendar := kit.NewCalendar(r.shown.First, r.shown.Last, func(d view.Day) {
		u.chosen = d
		u.done.Enable()
		u.refuse("")
	})
	u.at.OnChanged = func(string) { u.refuse("") }
	u.at.OnSubmitted = func(string) { u.renew() }
	cancel := kit.NewButton(lang.L("Cancel"), kit.Ordinary, r.commands.CloseDialog)
	body := kit.NewColumn(3*kit.Step, calendar,
		kit.NewRow(3*kit.Step, kit.NewText(lang.L("at, on that day")).Fitted(), kit.Grow(u.at)), u.why)
	u.dialog = kit.NewDialog(lang.L("Renew until"), 342, body, kit.NewEnds(kit.NewFlow(0), kit.NewFlow(2*kit.Step, cancel, u.done)))
	r.commands.ShowDialog(u.dialog)
}

func (u *until) renew() {
	if u.chosen == (view.Day{}) || u.done.Disabled() {
		return
	}
	u.done.Disable() // until there is an answer
	u.review.commands.RenewAt(u.id, view.Moment(u.chosen, u.at.Text), func(why string) {
		u.done.Enable()
		if why == "" {
			u.review.commands.CloseDialog()
			return
		}
		u.refuse(why)
	})
}

// refuse says why not; "" takes it away.
func (u *until) refuse(why string) {
	if u.why.String() == why && u.why.Visible() == (why != "") {
		return
	}
	u.why.Set(why)
	kit.SetVisible(u.why, why != "")
	u.dialog.Refresh()
}
