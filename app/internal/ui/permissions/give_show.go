package permissions

import (
	"slices"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/lang"

	"bestbefore/app/internal/ui/kit"
	"bestbefore/app/internal/view"
)

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
