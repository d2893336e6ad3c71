package permissions

import (
	"slices"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/lang"

	"bestbefore/app/internal/ui/kit"
	"bestbefore/app/internal/view"
)

// GiveCommands are what the form can ask for; each returns at once and none may be nil.
type GiveCommands struct {
	Preview func(view.GiveDraft) // the draft changed; a new snapshot answers
	Give    func(view.GiveDraft)
	Cancel  func()
}

// Give is the dialog by which a permission is given: who, what, until when, and
// what happens then. It keeps the draft that it last asked about, so that an
// answer that comes late undoes no newer choice.
type Give struct {
	commands GiveCommands
	shown    view.Give
	draft    view.GiveDraft

	dialog     *kit.Dialog
	tile       *kit.PictureTile
	recipients *kit.Options
	order      []string // of the recipients, as they were first shown
	everybody  bool     // all recipients are listed
	more       *kit.Button
	moreRow    *fyne.Container
	typed      *kit.Entry
	typedWrong *kit.Text
	name       *kit.Entry
	naming     *fyne.Container
	data       *kit.Chips
	presets    *kit.Chips
	calendar   *kit.Calendar
	days       *fyne.Container
	marked     view.Day // chosen in the calendar
	picking    bool
	at         *kit.Entry
	timing     *fyne.Container
	note       *kit.Text
	endsTitle  *kit.Text
	remedies   *kit.Options
	stamp      *kit.Stamp
	preview    *fyne.Container
	missing    *kit.Text
	confirm    *kit.Button
}

// ownDate is the chip that opens the calendar.
const ownDate = "date"

// fewRecipients is how many are listed before the others are asked for.
const fewRecipients = 5

// NewGive builds the dialog.
func NewGive(c GiveCommands) *Give {
	g := &Give{
		commands: c, tile: kit.NewPictureTile(40), stamp: kit.NewStamp(0), preview: kit.NewColumn(2 * kit.Step),
		missing: kit.NewSoft("").Wrapped(0), note: kit.NewSoft("").Wrapped(0), endsTitle: kit.NewText("").Bold(),
		typedWrong: kit.NewText("").Wrapped(0),
	}
	g.recipients = kit.NewTicks(g.tick)
	g.more = kit.NewSignButton("down", " ", kit.Link, g.listAll)
	g.data = kit.NewChips(func(id string) { g.change(func(d *view.GiveDraft) { d.Data = toggle(d.Data, id) }) })
	g.presets = kit.NewChips(g.choosePreset)
	g.remedies = kit.NewOptions(func(id string) { g.change(func(d *view.GiveDraft) { d.Remedy = id }) })
	g.calendar = kit.NewCalendar(view.Day{}, view.Day{}, g.pick)
	g.typed = kit.NewEntry(lang.L("Another one: an address or a host name"), nil)
	g.typed.OnSubmitted = func(string) { g.add() }
	g.name = kit.NewEntry(" ", func(s string) { g.change(func(d *view.GiveDraft) { d.Name = s }) })
	g.at = kit.NewEntry(lang.L("end of the day"), func(s string) { g.change(func(d *view.GiveDraft) { d.At = s }) })
	g.confirm = kit.NewButton(lang.L("Give"), kit.Main, func() { c.Give(g.draft) })
	g.dialog = kit.NewDialog("", 900, g.form(),
		kit.NewHead(g.missing, kit.NewFlow(2*kit.Step, kit.NewButton(lang.L("Cancel"), kit.Ordinary, c.Cancel), g.confirm)))
	return g
}

func (g *Give) form() fyne.CanvasObject {
	panel := kit.NewStack(kit.NewFrame(kit.ColorPaper, kit.ColorLine, kit.RadiusSheet),
		kit.NewInset(4*kit.Step, kit.NewColumn(3*kit.Step, kit.NewRow(3*kit.Step, g.tile.Box, kit.Grow(g.stamp)), g.preview)))
	g.typedWrong.Height = kit.SizeSmall
	add := kit.NewRow(2*kit.Step, kit.Grow(g.typed), kit.NewButton(lang.L("Add"), kit.Ordinary, g.add))
	g.naming = kit.NewRow(3*kit.Step, kit.NewText(lang.L("Together they are called")).Fitted(), kit.Grow(g.name))
	g.timing = kit.NewRow(3*kit.Step, kit.NewText(lang.L("at, on that day")).Fitted(), kit.NewWide(150, g.at), kit.Spring())
	g.moreRow = kit.NewPad(0, 0, 0, -kit.Step, kit.NewFlow(0, g.more))
	g.days = kit.NewFlow(0, g.calendar)
	left := kit.NewColumn(5*kit.Step,
		section(lang.L("Who may receive it"), g.recipients.Content(), g.moreRow, add, g.typedWrong, g.naming),
		section(lang.L("Which data"), g.data.Content()),
	)
	right := kit.NewColumn(5*kit.Step,
		section(lang.L("Until when"), g.presets.Content(), g.days, g.timing, g.note),
		kit.NewColumn(2*kit.Step, g.endsTitle, g.remedies.Content()),
		panel,
	)
	return kit.NewSplit(1, 1, 700, left, right)
}

func section(title string, content ...fyne.CanvasObject) *fyne.Container {
	return kit.NewColumn(2*kit.Step, append([]fyne.CanvasObject{kit.NewText(title).Bold()}, content...)...)
}

// Content is the dialog for the shell to show.
func (g *Give) Content() *kit.Dialog { return g.dialog }

// tick takes or leaves a recipient; everybody stands alone.
func (g *Give) tick(id string) {
	g.change(func(d *view.GiveDraft) {
		d.Recipients = toggle(d.Recipients, id)
		d.Recipients = slices.DeleteFunc(d.Recipients, func(x string) bool {
			return x != id && (id == view.RecipientAny || x == view.RecipientAny)
		})
	})
}

func (g *Give) listAll() {
	g.everybody = true
	g.setRecipients()
	g.dialog.Refresh()
}

// add asks for what was typed to become a choice.
func (g *Give) add() {
	if text := strings.TrimSpace(g.typed.Text); text != "" {
		g.change(func(d *view.GiveDraft) { d.Typing = text })
	}
}

func (g *Give) pick(d view.Day) {
	g.picking = false
	g.change(func(draft *view.GiveDraft) { draft.PresetID, draft.Until, draft.At = "", d, g.at.Text })
	if c := fyne.CurrentApp().Driver().CanvasForObject(g.at); c != nil {
		c.Focus(g.at) // what is left to say about that day
	}
}

func (g *Give) choosePreset(id string) {
	if id == ownDate {
		g.picking = !g.picking
		g.setTerm()
		if g.shown.PresetID != "" {
			g.calendar.ShowMonth(g.shown.First)
		}
		g.setStamp(g.shown)
		g.setPreview(g.shown)
		g.setConfirm(g.shown)
		g.dialog.Refresh()
		return
	}
	g.picking = false
	for _, p := range g.shown.Presets {
		if p.ID == id {
			g.change(func(d *view.GiveDraft) { d.PresetID, d.Until, d.At = p.ID, p.Until, "" })
		}
	}
}

func (g *Give) change(f func(*view.GiveDraft)) {
	g.draft.Typing = "" // what could not be used stays in its field
	f(&g.draft)
	g.draft.Edit++
	g.confirm.Disable() // until what it would give is shown
	g.echo()
	g.commands.Preview(g.draft)
}

// echo marks at once what was chosen; the answer says the rest.
func (g *Give) echo() {
	d := g.draft
	mark := func(list []view.Choice, chosen ...string) []view.Choice {
		list = slices.Clone(list)
		for i := range list {
			list[i].Chosen = slices.Contains(chosen, list[i].ID)
		}
		return list
	}
	g.shown.Data, g.shown.Remedies = mark(g.shown.Data, d.Data...), mark(g.shown.Remedies, d.Remedy)
	g.shown.Recipients = mark(g.shown.Recipients, d.Recipients...)
	g.data.Set(g.shown.Data)
	g.remedies.Set(g.shown.Remedies)
	g.setRecipients()
	g.dialog.Refresh()
}

// toggle returns list with id, or without it where it was there.
func toggle(list []string, id string) []string {
	if slices.Contains(list, id) {
		return slices.DeleteFunc(slices.Clone(list), func(v string) bool { return v == id })
	}
	return append(slices.Clone(list), id)
}
