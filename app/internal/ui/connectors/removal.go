package connectors

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/lang"

	"bestbefore/app/internal/ui/kit"
	"bestbefore/app/internal/view"
)

// remove asks first, since what is held is lifted and what was given stays.
func (p *Page) remove(r view.ConnectionRow) fyne.CanvasObject {
	b := kit.NewButton(r.Remove.Label, kit.Ordinary, func() { p.commands.AskRemove(r.ID) })
	kit.SetBusy(b, r.Busy)
	return b
}

// removal is the question what is to become of a connection, with its answers.
func (p *Page) removal(column *fyne.Container, r view.Removal) {
	if r.Keep.Label == "" {
		return
	}
	box := kit.NewColumn(2 * kit.Step)
	for _, l := range r.Lines {
		box.Add(kit.NewText(l).Wrapped(0))
	}
	for _, l := range r.EndLines {
		box.Add(kit.NewText(l).Wrapped(0))
	}
	for _, l := range r.Rests {
		box.Add(kit.NewSoft(lang.L("A permission that goes by it:") + " " + l).Wrapped(0))
	}
	if r.Stays != "" {
		box.Add(kit.NewText(lang.L("If it is only forgotten here:") + " " + r.Stays).Wrapped(0))
		for _, s := range r.Steps {
			box.Add(kit.NewSoft(s).Wrapped(0))
		}
	}
	if len(r.Standing) > 0 {
		box.Add(kit.NewText(lang.L("What may stay blocked there, or be blocked on its date:")).Wrapped(0))
		for _, s := range r.Standing {
			box.Add(kit.NewSoft(s).Wrapped(0))
		}
	}
	if r.Error != "" {
		box.Add(kit.NewNotice(view.Still, lang.L("It did not work:"), r.Error, "", nil))
	}
	answers := kit.NewFlow(2 * kit.Step)
	answer := func(a view.ActionLink, w kit.Weight, do func(string)) {
		if a.Label == "" {
			return
		}
		b := kit.NewButton(a.Label, w, func() { do(a.ID) })
		kit.SetBusy(b, r.Busy)
		answers.Add(b)
	}
	answer(r.End, kit.Main, p.commands.EndAndRemove)
	answer(r.Forget, kit.Danger, p.commands.Remove)
	answer(r.Abandon, kit.Danger, p.commands.Abandon)
	answer(r.Page, kit.Ordinary, p.commands.Visit)
	answer(r.Keep, kit.Ordinary, func(string) { p.commands.AskRemove("") })
	box.Add(answers)
	column.Add(kit.NewSheet(lang.L("Remove it?"), box))
}
