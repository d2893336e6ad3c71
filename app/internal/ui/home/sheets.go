package home

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/lang"

	"bestbefore/app/internal/ui/kit"
	"bestbefore/app/internal/view"
)

// The ways in which the flow sheet adds up.
const (
	byCompany = "company"
	byCountry = "country"
	byPurpose = "purpose"
)

// flowSheet shows where the home's data went: to which companies, into which
// countries, for what.
type flowSheet struct {
	box      *fyne.Container
	title    *kit.Text
	by       *kit.Chips
	bars     *kit.Bars
	empty    *kit.Text
	all      *kit.Button
	coverage *kit.Text
	shown    view.Home
	chosen   string
}

func newFlowSheet(open func(view.Route)) *flowSheet {
	f := &flowSheet{bars: kit.NewBars(open), empty: kit.NewText("").Wrapped(0), coverage: kit.NewSoft("").Wrapped(0), chosen: byCompany}
	f.by = kit.NewChips(func(by string) {
		f.chosen = by
		f.set(f.shown)
		f.box.Refresh()
	})
	f.all = kit.NewButton(" ", kit.Link, func() { open(view.Route{Page: view.Page(f.shown.AllFlows.ID)}) })
	f.box = kit.NewSheet(" ", f.by.Content(), f.bars.Content(), f.empty, kit.NewPad(0, 0, 0, -kit.Step, kit.NewFlow(0, f.all)), f.coverage)
	f.title = kit.SheetTitle(f.box)
	return f
}

func (f *flowSheet) set(s view.Home) {
	f.shown = s
	f.title.Set(s.FlowTitle)
	f.by.Set([]view.Choice{
		{ID: byCompany, Label: lang.L("companies"), Chosen: f.chosen == byCompany},
		{ID: byCountry, Label: lang.L("countries"), Chosen: f.chosen == byCountry},
		{ID: byPurpose, Label: lang.L("what for"), Chosen: f.chosen == byPurpose},
	})
	bars := map[string][]view.Bar{byCompany: s.Bars, byCountry: s.Countries, byPurpose: s.Purposes}[f.chosen]
	f.bars.Set(bars)
	f.empty.Set(s.FlowEmpty)
	f.coverage.Set(s.CoverageLine)
	kit.SetWord(f.all, s.AllFlows.Label)
	kit.SetVisible(f.by.Content(), len(s.Countries) > 0)
	kit.SetVisible(f.bars.Content(), len(bars) > 0)
	kit.SetVisible(f.empty, len(s.Bars) == 0 && s.FlowEmpty != "")
	kit.SetVisible(f.coverage, s.CoverageLine != "")
}

// newsSheet shows what happened since the last visit.
type newsSheet struct {
	commands Commands
	box      *fyne.Container
	title    *kit.Text
	list     *fyne.Container
	shown    []view.NewsItem
}

func newNewsSheet(c Commands) *newsSheet {
	n := &newsSheet{commands: c, list: kit.NewColumn(3 * kit.Step)}
	n.box = kit.NewSheet(" ", n.list)
	n.title = kit.SheetTitle(n.box)
	return n
}

// set rebuilds the list only when it changed, so that a refresh elsewhere does
// not take the focus from an answer.
func (n *newsSheet) set(s view.Home) {
	n.title.Set(s.NewsTitle)
	if len(s.News) > 0 && sameNews(n.shown, s.News) {
		return
	}
	n.shown = s.News
	n.list.Objects = nil
	if len(s.News) == 0 && s.NewsEmpty != "" {
		n.list.Add(kit.NewSoft(s.NewsEmpty).Wrapped(0))
	}
	for _, item := range s.News {
		n.list.Add(n.item(item))
	}
}

func (n *newsSheet) item(v view.NewsItem) fyne.CanvasObject {
	said := fyne.CanvasObject(kit.NewParagraph(kit.Span{Text: v.Lead, Bold: true}, kit.Span{Text: v.Text}))
	if v.Route.Page != "" {
		said = kit.NewTopRow(kit.Step, kit.Grow(said), kit.NewSignButton("arrow", "", kit.Link, func() { n.commands.Open(v.Route) }))
	}
	answers := kit.NewFlow(kit.Step)
	for _, a := range v.Actions {
		answers.Add(kit.NewButton(a.Label, kit.Link, func() { n.commands.News(v.ID, a.ID) }))
	}
	if len(answers.Objects) == 0 {
		return said
	}
	// Words without a border align with the text above by giving up their margin.
	return kit.NewColumn(0, said, kit.NewPad(0, 0, 0, -kit.Step, answers))
}

func sameNews(a, b []view.NewsItem) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i].ID != b[i].ID || a[i].Lead != b[i].Lead || a[i].Text != b[i].Text || len(a[i].Actions) != len(b[i].Actions) {
			return false
		}
	}
	return true
}
