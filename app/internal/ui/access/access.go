// Package access shows which tokens, keys, logins and accounts were given: whose
// each is, for what, when it was used last, when it ends, and how to end it here.
package access

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/lang"

	"bestbefore/app/internal/ui/kit"
	"bestbefore/app/internal/view"
)

// Commands are what the page can ask for; each returns at once and none may be nil.
type Commands struct {
	Open func(view.Route)
	Find func(view.Query) // the search, filter or order changed; a new snapshot answers
	End  func(id string)  // opens the preview
}

// Page is the list of access.
type Page struct {
	commands Commands
	shown    view.Access
	box      *kit.Page
	title    *kit.Text
	subline  *kit.Text
	search   *kit.Entry
	filters  *kit.Chips
	orders   *kit.Chips
	finding  *fyne.Container
	ended    *fyne.Container
	byHand   *kit.Button
	table    *kit.DataTable[view.AccessRow]
	empty    *fyne.Container
}

// New builds the page.
func New(c Commands) *Page {
	p := &Page{
		commands: c, title: kit.NewTitle(lang.L("Asking who has access …")), subline: kit.NewSoft("").Wrapped(0),
		ended: kit.NewColumn(2 * kit.Step), empty: kit.NewColumn(0),
	}
	p.subline.Height = kit.SizeBody
	p.search = kit.NewSearch(lang.L("Search names, devices, systems"), func(s string) { p.find(func(q *view.Query) { q.Text = s }) })
	p.filters = kit.NewChips(func(id string) { p.find(func(q *view.Query) { q.Filter = id }) })
	p.orders = kit.NewChips(func(id string) { p.find(func(q *view.Query) { q.Order = id }) })
	p.finding = kit.NewColumn(3*kit.Step, kit.NewHead(p.search, p.orders.Content()), p.filters.Content())
	p.table = kit.NewDataTable(kit.TableConfig[view.AccessRow]{
		New: func() kit.DataRow[view.AccessRow] { return newRow(c) }, Open: p.open,
	})
	p.byHand = kit.NewButton(" ", kit.Link, func() { c.Open(view.Route{Page: view.PageGuides}) })
	head := kit.NewColumn(4*kit.Step, kit.NewColumn(kit.Step, p.title, p.subline, kit.NewFlow(0, p.byHand)), p.finding, p.ended, p.empty)
	for _, o := range []fyne.CanvasObject{p.finding, p.ended, p.empty, p.table.Content()} {
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

// find asks for other rows. The text typed is never written back.
func (p *Page) find(change func(*view.Query)) {
	q := p.shown.Query
	q.Text = p.search.Text
	change(&q)
	p.shown.Query = q
	p.commands.Find(q)
}

// open leads to the device whose access it is.
func (p *Page) open(r view.AccessRow) {
	if r.DeviceID != "" {
		p.commands.Open(view.Route{Page: view.PageDevice, Arg: r.DeviceID})
	}
}

// SetSnapshot shows s; the place to which the person scrolled is kept.
func (p *Page) SetSnapshot(s view.Access) {
	if !s.Loaded {
		return
	}
	p.shown = s
	p.title.Set(s.Sentence)
	p.subline.Set(s.Subline)
	kit.SetWord(p.byHand, s.ByHand.Label)
	p.filters.Set(s.Filters)
	p.orders.Set(s.Orders)
	kit.SetVisible(p.finding, len(s.Filters) > 0)
	p.ended.Objects = nil
	for _, o := range s.Ended {
		p.ended.Add(kit.NewNotice(o.Severity, "", o.Line, "", nil))
	}
	kit.SetVisible(p.ended, len(s.Ended) > 0)
	p.table.SetRows(s.Rows)
	kit.SetVisible(p.table.Content(), len(s.Rows) > 0)
	kit.SetVisible(p.empty, len(s.Rows) == 0 && s.Empty.Title != "")
	if p.empty.Visible() {
		p.empty.Objects = []fyne.CanvasObject{kit.NewEmpty("access", s.Empty, func(page string) {
			p.commands.Open(view.Route{Page: view.Page(page)})
		})}
	}
	p.box.Update()
}
