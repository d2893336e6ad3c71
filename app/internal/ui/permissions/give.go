package permissions

import (
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
// what happens then. It keeps no draft of its own beside the last snapshot.
type Give struct {
	commands GiveCommands
	shown    view.Give

	dialog     *kit.Dialog
	tile       *kit.PictureTile
	recipients *kit.Options
	data       *kit.Chips
	presets    *kit.Chips
	calendar   *kit.Calendar
	picking    bool
	remedies   *kit.Options
	stamp      *kit.Stamp
	preview    *fyne.Container
	missing    *kit.Text
	confirm    *kit.Button
}

// ownDate is the chip that opens the calendar.
const ownDate = "date"

// NewGive builds the dialog.
func NewGive(c GiveCommands) *Give {
	g := &Give{
		commands: c,
		tile:     kit.NewPictureTile(40),
		stamp:    kit.NewStamp(0),
		preview:  kit.NewColumn(2 * kit.Step),
		missing:  kit.NewSoft("").Wrapped(2),
	}
	g.recipients = kit.NewOptions(func(id string) { g.change(func(d *view.GiveDraft) { d.Recipient = id }) })
	g.data = kit.NewChips(func(id string) { g.change(func(d *view.GiveDraft) { d.Data = toggle(d.Data, id) }) })
	g.presets = kit.NewChips(g.choosePreset)
	g.remedies = kit.NewOptions(func(id string) { g.change(func(d *view.GiveDraft) { d.Remedy = id }) })
	g.calendar = kit.NewCalendar(view.Day{}, view.Day{}, func(d view.Day) {
		g.picking = false
		g.change(func(draft *view.GiveDraft) { draft.PresetID, draft.Until = "", d })
	})
	g.calendar.Hide()
	g.confirm = kit.NewButton(lang.L("Give"), kit.Main, func() { c.Give(g.draft()) })
	g.dialog = kit.NewDialog("", 900, g.form(),
		kit.NewHead(g.missing, kit.NewFlow(2*kit.Step, kit.NewButton(lang.L("Cancel"), kit.Ordinary, c.Cancel), g.confirm)))
	return g
}

func (g *Give) form() fyne.CanvasObject {
	panel := kit.NewStack(kit.NewFrame(kit.ColorPaper, kit.ColorLine, kit.RadiusSheet),
		kit.NewInset(4*kit.Step, kit.NewColumn(3*kit.Step, kit.NewRow(3*kit.Step, g.tile.Box, kit.Grow(g.stamp)), g.preview)))
	left := kit.NewColumn(5*kit.Step,
		section(lang.L("Who may receive it"), g.recipients.Content()),
		section(lang.L("Which data"), g.data.Content()),
		panel,
	)
	right := kit.NewColumn(5*kit.Step,
		section(lang.L("Until when"), g.presets.Content(), kit.NewFlow(0, g.calendar)),
		section(lang.L("When that day is over"), g.remedies.Content()),
	)
	return kit.NewSplit(1, 1, 700, left, right)
}

func section(title string, content ...fyne.CanvasObject) *fyne.Container {
	return kit.NewColumn(2*kit.Step, append([]fyne.CanvasObject{kit.NewText(title).Bold()}, content...)...)
}

// Content is the dialog for the shell to show.
func (g *Give) Content() *kit.Dialog { return g.dialog }

// SetSnapshot shows s.
func (g *Give) SetSnapshot(s view.Give) {
	g.shown = s
	g.dialog.SetTitle(s.Title)
	g.tile.Set(s.Kind, s.Severity)
	g.recipients.Set(s.Recipients)
	g.data.Set(s.Data)
	g.setPresets()
	g.remedies.Set(s.Remedies)
	stamp := s.StampText
	if stamp == "" {
		stamp = "-- --- --"
	}
	g.stamp.Set(strings.ToUpper(lang.L("Best before")), stamp, s.Severity, false)
	g.setPreview(s)
	setLabel(g.confirm, s.Confirm)
	if s.Missing == "" && !s.Busy {
		g.confirm.Enable()
	} else {
		g.confirm.Disable()
	}
	g.dialog.Refresh()
}

func (g *Give) setPresets() {
	s := g.shown
	own := s.PresetID == "" && s.Until != (view.Day{})
	var chips []view.Choice
	for _, p := range s.Presets {
		chips = append(chips, view.Choice{ID: p.ID, Label: p.Label, Chosen: p.ID == s.PresetID && !g.picking})
	}
	chips = append(chips, view.Choice{ID: ownDate, Label: lang.L("Another date …"), Chosen: own || g.picking})
	g.presets.Set(chips)
	g.calendar.SetRange(s.First, s.Last)
	g.calendar.SetChosen(s.Until)
	setVisible(g.calendar, g.picking)
}

func (g *Give) setPreview(s view.Give) {
	g.preview.Objects = nil
	for _, p := range s.Preview {
		g.preview.Add(line(p.Text, p.Severity))
	}
	if len(s.AlsoStops) > 0 {
		g.preview.Add(line(alsoLine(s.AlsoStops), view.Soon))
	}
	setVisible(g.preview, len(g.preview.Objects) > 0)
	switch {
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

func (g *Give) choosePreset(id string) {
	if id == ownDate {
		g.picking = !g.picking
		g.setPresets()
		g.dialog.Refresh()
		return
	}
	g.picking = false
	for _, p := range g.shown.Presets {
		if p.ID == id {
			g.change(func(d *view.GiveDraft) { d.PresetID, d.Until = p.ID, p.Until })
		}
	}
}

// draft reads what is chosen from the last snapshot.
func (g *Give) draft() view.GiveDraft {
	s := g.shown
	d := view.GiveDraft{DeviceID: s.DeviceID, PresetID: s.PresetID, Until: s.Until}
	d.Recipient, d.Remedy = chosen(s.Recipients), chosen(s.Remedies)
	for _, c := range s.Data {
		if c.Chosen {
			d.Data = append(d.Data, c.ID)
		}
	}
	return d
}

func (g *Give) change(f func(*view.GiveDraft)) {
	d := g.draft()
	f(&d)
	g.commands.Preview(d)
}

func chosen(choices []view.Choice) string {
	for _, c := range choices {
		if c.Chosen {
			return c.ID
		}
	}
	return ""
}

func toggle(list []string, id string) []string {
	var out []string
	found := false
	for _, v := range list {
		if v == id {
			found = true
			continue
		}
		out = append(out, v)
	}
	if !found {
		out = append(out, id)
	}
	return out
}
