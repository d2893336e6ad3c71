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

// SetSnapshot shows s, unless the person has gone on since it was asked for.
func (g *Give) SetSnapshot(s view.Give) {
	if s.Draft.Edit < g.draft.Edit {
		return
	}
	if g.draft.Typing != "" && s.TypedError == "" {
		g.typed.SetText("") // it became a choice
	}
	g.shown, g.draft = s, s.Draft
	g.dialog.SetTitle(s.Title)
	g.tile.Set(s.Kind, s.Severity)
	g.setRecipients()
	g.data.Set(s.Data)
	g.setTerm()
	g.endsTitle.Set(s.EndsTitle)
	g.remedies.Set(s.Remedies)
	g.setStamp(s)
	g.setPreview(s)
	g.setConfirm(s)
	g.dialog.Refresh()
}

// looking tells that a day is looked for in the calendar while another is still
// proposed: that one is not offered then.
func (g *Give) looking() bool { return g.picking && g.shown.PresetID != "" }

func (g *Give) setConfirm(s view.Give) {
	label := s.Confirm
	if g.looking() {
		label = lang.L("Give")
	}
	kit.SetWord(g.confirm, label)
	kit.SetBusy(g.confirm, s.Missing != "" || s.Busy || g.looking())
}

func (g *Give) setStamp(s view.Give) {
	text, caption := s.StampText, strings.ToUpper(lang.L("Best before"))
	if text == "" || g.looking() {
		text, s.StampTime = "-- --- --", ""
	}
	if s.StampTime != "" {
		caption += " · " + s.StampTime
	}
	g.stamp.Set(caption, text, s.Severity, false)
}

// setRecipients lists the first few, and those that are chosen or typed.
func (g *Give) setRecipients() {
	s := g.shown
	// Everybody stands last, whatever comes to be seen meanwhile.
	last := max(len(s.Recipients)-1, 0)
	s.Recipients, g.order = view.Steady(g.order, s.Recipients[:last], func(c view.Choice) string { return c.ID })
	s.Recipients = append(s.Recipients, g.shown.Recipients[last:]...)
	var list []view.Choice
	for i, c := range s.Recipients {
		if g.everybody || len(s.Recipients) <= fewRecipients+1 || i < fewRecipients || c.Chosen || i == len(s.Recipients)-1 || slices.Contains(s.Draft.Added, typedIn(c.ID)) {
			list = append(list, c)
		}
	}
	g.recipients.Set(list)
	word := ""
	if hidden := len(s.Recipients) - len(list); hidden > 0 {
		word = lang.L("Show {{.Count}} more", map[string]any{"Count": hidden})
	}
	kit.SetWord(g.more, word)
	kit.SetVisible(g.moreRow, word != "")
	g.typedWrong.SetSpans(kit.Span{Text: s.TypedError, Bold: true, Color: kit.ColorStill})
	kit.SetVisible(g.typedWrong, s.TypedError != "")
	kit.SetVisible(g.naming, s.Proposed != "")
	if g.name.PlaceHolder != s.Proposed {
		g.name.SetPlaceHolder(s.Proposed)
	}
	if s.Draft.Name != "" && g.name.Text == "" { // typed together with its addresses
		g.name.SetText(s.Draft.Name)
	}
}

// typedIn is the destination behind the ID of one that was typed.
func typedIn(id string) string {
	_, d, _ := strings.Cut(id, ":")
	return d
}

func (g *Give) setTerm() {
	s := g.shown
	own := s.PresetID == "" && s.Until != (view.Day{})
	var chips []view.Choice
	for _, p := range s.Presets {
		chips = append(chips, view.Choice{ID: p.ID, Label: p.Label, Chosen: p.ID == s.PresetID && !g.picking})
	}
	chips = append(chips, view.Choice{ID: ownDate, Label: lang.L("Another date …"), Chosen: own || g.picking})
	g.presets.Set(chips)
	g.calendar.SetRange(s.First, s.Last)
	until := s.Until
	if g.looking() { // what is only proposed turns no page of the calendar
		until = view.Day{}
	}
	if until != g.marked { // a month that was turned to stays
		g.marked = until
		g.calendar.SetChosen(until)
	}
	kit.SetVisible(g.days, g.picking)
	kit.SetVisible(g.timing, own || g.picking)
	if !own && !g.picking && g.at.Text != "" {
		g.at.SetText("")
	}
	g.note.Set(s.TermNote)
	kit.SetVisible(g.note, s.TermNote != "" && !g.picking)
}

func (g *Give) setPreview(s view.Give) {
	g.preview.Objects = nil
	for _, p := range s.Preview {
		g.preview.Add(line(p.Text, p.Severity))
	}
	if len(s.AlsoStops) > 0 {
		g.preview.Add(line(alsoLine(s.AlsoStops), view.Soon))
	}
	kit.SetVisible(g.preview, len(g.preview.Objects) > 0 && !g.looking())
	switch {
	case g.looking() && s.Missing == "" && s.Error == "":
		g.missing.SetSpans(kit.Span{Text: lang.L("Choose a day in the calendar.")})
	case s.Error != "":
		g.missing.SetSpans(kit.Span{Text: s.Error, Bold: true, Color: kit.ColorStill})
	default:
		g.missing.SetSpans(kit.Span{Text: s.Missing})
	}
}

// line is one sentence about what will happen, with the sign of its severity
// where it is more than information.
func line(text string, s view.Severity) fyne.CanvasObject {
	t := kit.NewParagraph(kit.Span{Text: text})
	t.Height = kit.SizeSmall
	if s <= view.Fresh {
		return t
	}
	return kit.NewTopRow(2*kit.Step, kit.NewSign("still", kit.InkOf(s), 16), kit.Grow(t))
}

func alsoLine(also []string) string {
	if len(also) == 0 {
		return ""
	}
	return lang.L("Also stops:") + " " + strings.Join(also, "; ")
}

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
