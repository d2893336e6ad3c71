package permissions

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/lang"

	"bestbefore/app/internal/ui/kit"
	"bestbefore/app/internal/view"
)

// SetSnapshot shows s.
func (r *Review) SetSnapshot(s view.Review) {
	if !s.Loaded || r.wanted != "" && s.ID != r.wanted {
		return
	}
	if s.ID != r.shown.ID {
		r.page.Top()
	}
	if s.ID == r.shown.ID {
		// Once decided it waits no longer; the way to the next one stays.
		s.Next, s.Previous = cmp.Or(s.Next, r.shown.Next), cmp.Or(s.Previous, r.shown.Previous)
	}
	r.shown = s
	r.stay()
	kit.SetVisible(r.body, s.ID != "") // without a permission the sentence says that none waits
	r.position.Set(s.Position)
	kit.SetVisible(r.position, s.Position != "")
	r.title.Set(s.Title)
	r.subline.Set(s.Subline)
	r.anew.Set(s.Anew)
	kit.SetVisible(r.anew, s.Anew != "")
	r.card.Set(s.Card)
	r.truths.Set(s.Card.Truths)
	kit.SetVisible(r.back, s.Previous != "")
	kit.SetVisible(r.next, s.Next != "")
	r.setSince(s)
	r.lapseName.Set(s.LapseTitle)
	r.lapse.Set(s.LapseText)
	r.arrange(s)
	r.also.Set(alsoLine(s.AlsoStops))
	kit.SetVisible(r.also, len(s.AlsoStops) > 0)
	r.setLadder(s.Ladder)
	r.setSteps(s)
	r.setChoices(s)
	r.setSaved(s)
	r.page.Refresh()
}

// arrange sets what was done beside the card of what has ended, and says it once;
// what changed has a sheet there only where something did.
func (r *Review) arrange(s view.Review) {
	over := s.LapseTitle == ""
	r.sheets.Objects = r.live
	if over {
		r.sheets.Objects = r.over
	}
	kit.SetVisible(r.sinceSheet, !over || len(s.Since) > 0)
}

// setSteps shows what only a person can do, with a button to say that it is done.
func (r *Review) setSteps(s view.Review) {
	kit.SetVisible(r.steps, len(s.Steps) > 0)
	if len(r.steps.Objects) > 0 && slices.Equal(r.stepsOf, s.Steps) && r.stepsID == s.Confirm.ID {
		return // the button stays, and with it the focus
	}
	r.stepsOf, r.stepsID, r.steps.Objects = s.Steps, s.Confirm.ID, nil
	if len(s.Steps) == 0 {
		return
	}
	column := kit.NewColumn(2 * kit.Step)
	for i, step := range s.Steps {
		column.Add(kit.NewTopRow(3*kit.Step, kit.NewWide(20, kit.NewText(strconv.Itoa(i+1)+".").Bold()), kit.Grow(kit.NewText(step).Wrapped(0))))
	}
	done := kit.NewButton(s.Confirm.Label, kit.Main, func() { r.commands.Confirm(r.shown.Confirm.ID) })
	r.steps.Add(kit.NewSheet(s.StepsFor, column, kit.NewFlow(0, done)))
}

// stay keeps the page at the permission that it showed first, so that what is
// asked for is answered in place, and a key struck twice does not decide about
// the next one too.
func (r *Review) stay() {
	if r.wanted == "" && r.shown.ID != "" && r.settle != nil {
		r.wanted = r.shown.ID
		r.settle(r.wanted)
	}
}

func (r *Review) setSince(s view.Review) {
	r.sinceName.Set(s.SinceTitle)
	r.since.Objects = nil
	for _, c := range s.Since {
		lead := kit.Span{Text: c.Lead, Bold: true}
		if c.Severity > view.Fresh {
			lead.Color = kit.InkOf(c.Severity)
		}
		said := kit.NewParagraph(lead, kit.Span{Text: " " + c.Text})
		if c.Flows.Page == "" {
			r.since.Add(said)
			continue
		}
		r.since.Add(kit.NewHead(said, kit.NewFlow(0, kit.NewButton(c.Show, kit.Link, func() { r.commands.Open(c.Flows) }))))
	}
	if len(s.Since) == 0 {
		r.since.Add(kit.NewText(s.SinceEmpty).Wrapped(0).In(kit.ColorSoft))
	}
}

func (r *Review) setChoices(s view.Review) {
	r.setResult(s)
	if r.made && sameChoices(r.before, s) {
		return // the buttons stay, and with them the focus
	}
	r.made, r.before = true, s
	r.presets.Objects, r.ends.Objects = nil, nil
	if s.CanRenew {
		for i, p := range s.Presets {
			label := p.Label
			if i == 0 {
				label = lang.L("Renew {{.Length}}", map[string]any{"Length": p.Label})
			}
			r.presets.Add(r.choice(label, kit.Ordinary, func() { r.renew(p.Term) }))
		}
		r.presets.Add(r.choice(lang.L("Until a date …"), kit.Ordinary, r.pickDate))
	}
	if s.Grace != "" {
		r.ends.Add(r.choice(s.Grace, kit.Ordinary, r.extend))
	}
	if s.CanLapse {
		r.ends.Add(r.choice(lang.L("Let it lapse"), kit.Ordinary, r.letLapse))
	}
	if s.CanEnd {
		r.ends.Add(r.choice(lang.L("End now"), kit.Danger, r.end))
	}
}

func (r *Review) setResult(s view.Review) {
	r.result.Objects = nil
	if s.ResultLine != "" {
		label := s.Retry.Label
		if r.commands.Retry == nil {
			label = ""
		}
		r.result.Add(kit.NewNotice(s.ResultSev, "", s.ResultLine, label, func() { r.commands.Retry(r.shown.Retry.ID) }))
	}
	kit.SetVisible(r.result, s.ResultLine != "")
	hint := s.WhyNot
	if s.CanRenew {
		keys := lang.L("Keys: 1–{{.Count}} renew.", map[string]any{"Count": len(s.Presets)})
		if s.CanEnd {
			keys = lang.L("Keys: 1–{{.Count}} renew, L lapse, E end, → next.", map[string]any{"Count": len(s.Presets)})
		}
		hint = s.NothingLine + " " + keys
	}
	hint = strings.TrimSpace(s.GraceLine + " " + hint)
	r.hint.Set(hint)
}

func sameChoices(a, b view.Review) bool {
	return a.ID == b.ID && a.Busy == b.Busy && a.CanRenew == b.CanRenew && a.CanLapse == b.CanLapse &&
		a.CanEnd == b.CanEnd && a.Grace == b.Grace && slices.Equal(a.Presets, b.Presets)
}

func (r *Review) choice(label string, w kit.Weight, tapped func()) fyne.CanvasObject {
	b := kit.NewButton(label, w, tapped)
	if r.shown.Busy {
		b.Disable()
	}
	return b
}
