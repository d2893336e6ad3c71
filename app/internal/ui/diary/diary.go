// Package diary shows everything that was decided, done and seen: searchable,
// checked for tampering, and saved as a copy.
package diary

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/lang"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

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
	box      *fyne.Container
	title    *kit.Text
	subline  *kit.Text
	search   *kit.Entry
	check    *kit.Button
	save     *kit.Button
	results  *fyne.Container
	list     *widget.List
	older    *kit.Button
	sheet    *fyne.Container
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
	p.save = kit.NewSignButton("down", lang.L("Save a copy"), kit.Ordinary, c.Save)
	p.older = kit.NewButton(" ", kit.Link, c.Older)
	p.list = widget.NewList(
		func() int { return len(p.shown.Rows) },
		func() fyne.CanvasObject { return newRow() },
		p.fill,
	)
	p.list.OnSelected = p.selected
	p.list.HideSeparators = true
	p.sheet = kit.NewStack(kit.NewFrame(kit.ColorSheet, kit.ColorLine, kit.RadiusSheet),
		kit.NewInset(2*kit.Step, container.NewBorder(nil, kit.NewFlow(0, p.older), nil, nil, p.list)))
	head := kit.NewColumn(4*kit.Step,
		kit.NewColumn(kit.Step, p.title, p.subline),
		kit.NewHead(p.search, kit.NewFlow(2*kit.Step, p.check, p.save)),
		p.results, p.empty)
	p.results.Hide()
	p.empty.Hide()
	p.older.Hide()
	p.box = container.New(headFill{p.wanted}, head, p.sheet)
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

func (p *Page) fill(id widget.ListItemID, o fyne.CanvasObject) {
	if id < len(p.shown.Rows) {
		o.(*row).set(p.shown.Rows[id])
	}
}

// selected leads to the device that a line is about.
func (p *Page) selected(id widget.ListItemID) {
	p.list.UnselectAll()
	if id < len(p.shown.Rows) && p.shown.Rows[id].DeviceID != "" {
		p.commands.Open(view.Route{Page: view.PageDevice, Arg: p.shown.Rows[id].DeviceID})
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
	setBusy(p.check, s.Check.Busy)
	setBusy(p.save, s.Export.Busy)
	p.results.Objects = nil
	for _, o := range []view.Outcome{s.Check, s.Export} {
		if o.Line != "" {
			p.results.Add(kit.NewNotice(o.Severity, "", o.Line, "", nil))
		}
	}
	setVisible(p.results, len(p.results.Objects) > 0)
	if s.More != "" {
		p.older.SetLabel(s.More)
	}
	setVisible(p.older, s.More != "")
	setVisible(p.sheet, len(s.Rows) > 0)
	setVisible(p.empty, len(s.Rows) == 0 && s.Empty.Title != "")
	if p.empty.Visible() {
		p.empty.Objects = []fyne.CanvasObject{kit.NewEmpty("diary", s.Empty, nil)}
	}
	p.list.Refresh()
	p.box.Refresh()
}

func setBusy(b *kit.Button, busy bool) {
	if busy {
		b.Disable()
	} else {
		b.Enable()
	}
}

func setVisible(o fyne.CanvasObject, on bool) {
	if on {
		o.Show()
	} else {
		o.Hide()
	}
}

// wanted is the height of the sheet that shows all rows.
func (p *Page) wanted() float32 {
	h := float32(4*kit.Step) + float32(len(p.shown.Rows))*(rowHeight*scale()+theme.Padding())
	if p.shown.More != "" {
		h += p.older.MinSize().Height + theme.Padding()
	}
	return h
}

// headFill sets a head as high as it needs and gives of the rest what it wants
// to what is below, with the margins of a page.
type headFill struct {
	wanted func() float32 // the height that shows all of what is below
}

// widest keeps lines readable on very wide windows.
const widest float32 = 1360

func (l headFill) Layout(o []fyne.CanvasObject, s fyne.Size) {
	const side, top = 8 * kit.Step, 6 * kit.Step
	w := min(s.Width, widest) - 2*side
	h := kit.HeightFor(o[0], w)
	o[0].Move(fyne.NewPos(side, top))
	o[0].Resize(fyne.NewSize(w, h))
	y := top + h + 4*kit.Step
	o[1].Move(fyne.NewPos(side, y))
	o[1].Resize(fyne.NewSize(w, max(min(s.Height-y-top, l.wanted()), 120)))
}

func (headFill) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.NewSize(320, 320) }
