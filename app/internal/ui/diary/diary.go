// Package diary shows everything that was decided, done and seen: searchable,
// checked for tampering, and saved as a copy.
package diary

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/lang"

	"bestbefore/app/internal/ui/kit"
	"bestbefore/app/internal/view"
)

// Commands are what the page can ask for; each returns at once and none may be nil.
type Commands struct {
	Open  func(view.Route)
	Find  func(view.Query) // the search changed; a new snapshot answers
	Older func()           // more lines
	Check func()           // for tampering
	Save  func()           // a copy; who listens asks where to
}

// Page is the diary.
type Page struct {
	commands Commands
	shown    view.Diary
	box      *kit.Page
	title    *kit.Text
	subline  *kit.Text
	search   *kit.Entry
	check    *kit.Button
	save     *kit.Button
	results  *fyne.Container
	table    *kit.DataTable[view.DiaryRow]
	older    *kit.Button
	empty    *fyne.Container
}

// New builds the page.
func New(c Commands) *Page {
	p := &Page{
		commands: c, title: kit.NewTitle(lang.L("What was decided, done and seen.")), subline: kit.NewSoft("").Wrapped(0),
		results: kit.NewColumn(2 * kit.Step), empty: kit.NewColumn(0),
	}
	p.subline.Height = kit.SizeBody
	p.search = kit.NewSearch(lang.L("Search the diary"), func(s string) { c.Find(view.Query{Text: s}) })
	p.check = kit.NewSignButton("check", lang.L("Check it"), kit.Ordinary, c.Check)
	p.save = kit.NewSignButton("save", lang.L("Save a copy"), kit.Ordinary, c.Save)
	p.older = kit.NewButton(" ", kit.Link, c.Older)
	p.table = kit.NewDataTable(kit.TableConfig[view.DiaryRow]{
		New: func() kit.DataRow[view.DiaryRow] { return newRow() }, Open: p.open, Foot: kit.NewFlow(0, p.older),
	})
	head := kit.NewColumn(4*kit.Step,
		kit.NewColumn(kit.Step, p.title, p.subline),
		kit.NewHead(p.search, kit.NewFlow(2*kit.Step, p.check, p.save)),
		p.results, p.empty)
	p.results.Hide()
	p.empty.Hide()
	p.older.Hide()
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

// open leads to the device that a line is about.
func (p *Page) open(r view.DiaryRow) {
	if r.DeviceID != "" {
		p.commands.Open(view.Route{Page: view.PageDevice, Arg: r.DeviceID})
	}
}

// SetSnapshot shows s.
func (p *Page) SetSnapshot(s view.Diary) {
	if !s.Loaded {
		return
	}
	p.shown = s
	p.title.Set(s.Sentence)
	p.subline.Set(s.Subline)
	kit.SetBusy(p.check, s.Check.Busy)
	kit.SetBusy(p.save, s.Export.Busy)
	p.results.Objects = nil
	for _, o := range []view.Outcome{s.Check, s.Export} {
		if o.Line != "" {
			p.results.Add(kit.NewNotice(o.Severity, "", o.Line, "", nil))
		}
	}
	kit.SetVisible(p.results, len(p.results.Objects) > 0)
	kit.SetWord(p.older, s.More)
	kit.SetVisible(p.table.Content(), len(s.Rows) > 0)
	kit.SetVisible(p.empty, len(s.Rows) == 0 && s.Empty.Title != "")
	if p.empty.Visible() {
		p.empty.Objects = []fyne.CanvasObject{kit.NewEmpty("diary", s.Empty, nil)}
	}
	p.table.SetRows(s.Rows)
	p.box.Update()
}
