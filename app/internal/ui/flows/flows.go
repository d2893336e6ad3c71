// Package flows shows what lies behind a figure: who sent what to whom, as it
// was seen, and by whom; it can be searched and saved.
package flows

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/lang"

	"bestbefore/app/internal/ui/kit"
	"bestbefore/app/internal/view"
)

// Commands are what the page can ask for; each returns at once and none may be nil.
type Commands struct {
	Open func(view.Route)
	Find func(view.Query) // the search changed; a new snapshot answers
	Save func()           // the list as it is; who listens asks where to
}

// Page is the list of flows.
type Page struct {
	commands Commands
	arg      string // the filter that is seen
	box      *kit.Page
	title    *kit.Text
	subline  *kit.Text
	search   *kit.Entry
	spans    *kit.Chips
	save     *kit.Button
	saved    *fyne.Container
	table    *kit.DataTable[view.FlowRow]
	empty    *fyne.Container
}

// New builds the page.
func New(c Commands) *Page {
	p := &Page{
		commands: c, title: kit.NewTitle(" "), subline: kit.NewSoft("").Wrapped(0), saved: kit.NewColumn(0), empty: kit.NewColumn(0),
	}
	p.subline.Height = kit.SizeBody
	p.search = kit.NewSearch(lang.L("Search devices, companies, domains"), func(s string) { c.Find(view.Query{Text: s}) })
	p.spans = kit.NewChips(p.reach)
	p.save = kit.NewSignButton("save", " ", kit.Ordinary, c.Save)
	p.table = kit.NewDataTable(kit.TableConfig[view.FlowRow]{
		New: func() kit.DataRow[view.FlowRow] { return newRow() }, Open: p.open,
	})
	head := kit.NewColumn(4*kit.Step,
		kit.NewColumn(kit.Step, p.title, p.subline),
		kit.NewHead(p.search, kit.NewFlow(2*kit.Step, p.save)),
		p.spans.Content(), p.saved, p.empty)
	p.saved.Hide()
	p.empty.Hide()
	p.box = kit.NewListPage(head, p.table.Content())
	return p
}

// Content implements the shell's page.
func (p *Page) Content() fyne.CanvasObject { return p.box }

// OnShow implements the shell's page. Another figure begins with an empty search.
func (p *Page) OnShow(arg string) {
	if p.arg != arg {
		p.arg = arg
		p.search.SetText("")
	}
}

// OnHide implements the shell's page.
func (p *Page) OnHide() {}

// Search implements the shell's searcher.
func (p *Page) Search() fyne.Focusable { return p.search }

// reach looks at the same figure over another time.
func (p *Page) reach(span string) {
	f := view.ParseFlowFilter(p.arg)
	f.Span = span
	p.commands.Open(f.Route())
}

// open leads to the device that sent.
func (p *Page) open(r view.FlowRow) {
	if r.DeviceID != "" {
		p.commands.Open(view.Route{Page: view.PageDevice, Arg: r.DeviceID})
	}
}

// SetSnapshot shows s.
func (p *Page) SetSnapshot(s view.Flows) {
	if !s.Loaded {
		return
	}
	p.title.Set(s.Sentence)
	p.subline.Set(s.Subline)
	p.spans.Set(s.Spans)
	kit.SetVisible(p.spans.Content(), len(s.Spans) > 0)
	kit.SetWord(p.save, s.Save.Label)
	kit.SetBusy(p.save, s.Export.Busy)
	kit.SetVisible(p.saved, s.Export.Line != "")
	if p.saved.Visible() {
		p.saved.Objects = []fyne.CanvasObject{kit.NewNotice(s.Export.Severity, "", s.Export.Line, "", nil)}
	}
	kit.SetVisible(p.table.Content(), len(s.Rows) > 0)
	kit.SetVisible(p.empty, len(s.Rows) == 0 && s.Empty.Title != "")
	if p.empty.Visible() {
		p.empty.Objects = []fyne.CanvasObject{kit.NewEmpty("diary", s.Empty, nil)}
	}
	p.table.SetRows(s.Rows)
	p.box.Update()
}
