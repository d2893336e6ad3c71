// Package devices shows what is at home: the list of devices, and the page of
// one device with what it sends, its permissions and what we know about it.
package devices

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/lang"

	"bestbefore/app/internal/ui/kit"
	"bestbefore/app/internal/view"
)

// Commands are what the list can ask for; each returns at once and none may be nil.
type Commands struct {
	Open       func(view.Route)
	Find       func(view.Query)    // the search, filter or order changed; a new snapshot answers
	Disconnect func(device string) // at once; asks first only where it must
	Reconnect  func(device string)
	Confirm    func(device string) // the guess is right
}

// Page is the list of devices.
type Page struct {
	commands Commands
	shown    view.Devices
	box      *kit.Page
	title    *kit.Text
	subline  *kit.Text
	search   *kit.Entry
	filters  *kit.Chips
	orders   *kit.Chips
	table    *kit.DataTable[view.DeviceRow]
	empty    *fyne.Container
}

// New builds the page.
func New(c Commands) *Page {
	p := &Page{
		commands: c,
		title:    kit.NewTitle(lang.L("Looking around at home …")),
		subline:  kit.NewSoft("").Wrapped(0),
		empty:    kit.NewColumn(0),
	}
	p.subline.Height = kit.SizeBody
	p.search = kit.NewSearch(lang.L("Search devices"), func(s string) { p.find(func(q *view.Query) { q.Text = s }) })
	p.filters = kit.NewChips(func(id string) { p.find(func(q *view.Query) { q.Filter = id }) })
	p.orders = kit.NewChips(func(id string) { p.find(func(q *view.Query) { q.Order = id }) })
	p.table = kit.NewDataTable(kit.TableConfig[view.DeviceRow]{
		New: func() kit.DataRow[view.DeviceRow] { return newRow(c) }, Open: p.open,
	})
	head := kit.NewColumn(4*kit.Step,
		kit.NewColumn(kit.Step, p.title, p.subline),
		kit.NewColumn(3*kit.Step, kit.NewHead(p.search, p.orders.Content()), p.filters.Content()),
		p.empty,
	)
	p.empty.Hide()
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

func (p *Page) open(r view.DeviceRow) {
	if r.Heading == "" {
		p.commands.Open(view.Route{Page: view.PageDevice, Arg: r.ID})
	}
}

// SetSnapshot shows s; the place to which the person scrolled is kept.
func (p *Page) SetSnapshot(s view.Devices) {
	if !s.Loaded {
		return
	}
	p.shown = s
	p.title.Set(s.Sentence)
	p.subline.Set(s.Subline)
	p.filters.Set(s.Filters)
	p.orders.Set(s.Orders)
	p.table.SetRows(s.Rows)
	kit.SetVisible(p.table.Content(), len(s.Rows) > 0)
	kit.SetVisible(p.empty, len(s.Rows) == 0 && s.Empty.Title != "")
	if p.empty.Visible() {
		p.empty.Objects = []fyne.CanvasObject{kit.NewEmpty("devices", s.Empty, nil)}
	}
	p.box.Update()
}
