// Package guides shows what only a person can end: a list of makers and
// accounts that can be searched, and the steps for one of them.
package guides

import (
	"fmt"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/lang"

	"bestbefore/app/internal/ui/kit"
	"bestbefore/app/internal/view"
)

// Commands are what the page can ask for; each returns at once and none may be nil.
type Commands struct {
	Open  func(view.Route)
	Find  func(view.Query)  // the search changed; a new snapshot answers
	Visit func(page string) // opens it in the person's own browser
}

// Page is the list, or the steps for one of it.
type Page struct {
	commands Commands
	box      *kit.Page
	title    *kit.Text
	subline  *kit.Text
	search   *kit.Entry
	sheet    *fyne.Container
	empty    *fyne.Container
	table    *kit.DataTable[view.GuideRow]
}

// New builds the page.
func New(c Commands) *Page {
	p := &Page{
		commands: c, title: kit.NewTitle(" "), subline: kit.NewSoft("").Wrapped(0), sheet: kit.NewColumn(0), empty: kit.NewColumn(0),
	}
	p.subline.Height = kit.SizeBody
	p.search = kit.NewSearch(lang.L("Search makers and accounts"), func(s string) { c.Find(view.Query{Text: s}) })
	p.table = kit.NewDataTable(kit.TableConfig[view.GuideRow]{
		New: func() kit.DataRow[view.GuideRow] { return newRow() }, Open: p.open,
	})
	head := kit.NewColumn(4*kit.Step, kit.NewColumn(kit.Step, p.title, p.subline), p.search, p.sheet, p.empty)
	for _, o := range []fyne.CanvasObject{p.search, p.sheet, p.empty, p.table.Content()} {
		o.Hide() // nothing is known before the first snapshot
	}
	p.box = kit.NewListPage(head, p.table.Content())
	return p
}

// Content implements the shell's page.
func (p *Page) Content() fyne.CanvasObject { return p.box }

// OnShow implements the shell's page.
func (p *Page) OnShow(string) {}

// OnHide implements the shell's page.
func (p *Page) OnHide() {}

// Search implements the shell's searcher.
func (p *Page) Search() fyne.Focusable { return p.search }

func (p *Page) open(r view.GuideRow) {
	p.commands.Open(view.Route{Page: view.PageGuides, Arg: r.ID})
}

// SetSnapshot shows s.
func (p *Page) SetSnapshot(s view.Guides) {
	if !s.Loaded {
		return
	}
	p.title.Set(s.Sentence)
	p.subline.Set(s.Subline)
	kit.SetVisible(p.subline, s.Subline != "")
	kit.SetVisible(p.search, s.Subline != "")
	p.sheet.Objects = nil
	if s.Sheet.Title != "" {
		p.sheet.Add(p.steps(s.Sheet))
	}
	kit.SetVisible(p.sheet, s.Sheet.Title != "")
	kit.SetVisible(p.empty, s.Empty.Title != "")
	if p.empty.Visible() {
		p.empty.Objects = []fyne.CanvasObject{kit.NewEmpty("access", s.Empty, func(page string) {
			p.commands.Open(view.Route{Page: view.Page(page)})
		})}
	}
	kit.SetVisible(p.table.Content(), len(s.Rows) > 0)
	p.table.SetRows(s.Rows)
	p.box.Refresh()
}

// steps is the sheet of one guide.
func (p *Page) steps(s view.GuideSheet) fyne.CanvasObject {
	box := kit.NewColumn(2 * kit.Step)
	if s.Why != "" {
		box.Add(kit.NewSoft(s.Why).Wrapped(0))
	}
	box.Add(kit.NewText(s.Where).Wrapped(0))
	for i, step := range s.Steps {
		box.Add(kit.NewText(fmt.Sprintf("%d. %s", i+1, step)).Wrapped(0))
	}
	for _, line := range []string{s.Stops, s.Keeps, s.Sign} {
		box.Add(kit.NewText(line).Wrapped(0))
	}
	answers := kit.NewFlow(2 * kit.Step)
	if s.Page.Label != "" {
		answers.Add(kit.NewButton(s.Page.Label, kit.Main, func() { p.commands.Visit(s.Page.ID) }))
	}
	answers.Add(kit.NewButton(lang.L("All makers and accounts"), kit.Ordinary, func() { p.commands.Open(view.Route{Page: view.PageGuides}) }))
	box.Add(answers)
	return kit.NewSheet(s.Title, box)
}
