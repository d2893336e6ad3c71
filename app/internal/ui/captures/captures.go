// Package captures shows what a capture file holds and takes it over: which
// devices of the home are in it, how far it is read, and what was taken over.
package captures

import (
	"reflect"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/lang"

	"bestbefore/app/internal/ui/kit"
	"bestbefore/app/internal/view"
)

// Commands are what the page can ask for; each returns at once and none may be nil.
type Commands struct {
	Choose func() // who listens asks for the file
	Take   func()
	Add    func(on bool) // devices that were never seen here are wanted too
	Stop   func()
	Close  func() // puts the file away that was looked at
	Forget func(file string)
	Open   func(view.Route)
}

// Page is the page of capture files.
type Page struct {
	commands Commands
	shown    view.Capture
	asked    string // the file whose deletion was asked for once
	page     *kit.Page
	title    *kit.Text
	subline  *kit.Text
	choose   *kit.Button
	hint     *kit.Text
	progress *progress
	outcome  *fyne.Container
	file     *fyne.Container
	taken    *fyne.Container
}

// New builds the page.
func New(c Commands) *Page {
	p := &Page{
		commands: c, title: kit.NewTitle(" "), subline: kit.NewSoft("").Wrapped(0), hint: kit.NewSoft("").Wrapped(0),
		progress: newProgress(c.Stop), outcome: kit.NewColumn(0), file: kit.NewColumn(0), taken: kit.NewColumn(0),
	}
	p.subline.Height = kit.SizeBody
	p.choose = kit.NewButton(" ", kit.Main, c.Choose)
	begin := kit.NewSheet("", kit.NewHead(p.hint, kit.NewFlow(0, p.choose)))
	p.page = kit.NewPage(kit.NewColumn(5*kit.Step,
		kit.NewColumn(kit.Step, p.title, p.subline), begin, p.progress.box, p.outcome, p.file, p.taken))
	for _, o := range []fyne.CanvasObject{p.outcome, p.file, p.taken, p.choose} {
		o.Hide()
	}
	return p
}

// Content implements the shell's page.
func (p *Page) Content() fyne.CanvasObject { return p.page }

// OnShow implements the shell's page.
func (p *Page) OnShow(string) {}

// OnHide implements the shell's page.
func (p *Page) OnHide() { p.asked = "" }

// SetSnapshot shows s. While a file is read only the bar moves, so that what
// stands around it keeps its focus.
func (p *Page) SetSnapshot(s view.Capture) {
	if !s.Loaded {
		return
	}
	same := reflect.DeepEqual(still(p.shown), still(s))
	p.shown = s
	p.progress.set(s)
	if !same {
		p.build()
	}
	p.page.Refresh()
}

// still is s without what moves.
func still(s view.Capture) view.Capture {
	s.Revision, s.Progress, s.Reading = 0, 0, ""
	return s
}

func (p *Page) build() {
	s := p.shown
	p.title.Set(s.Title)
	p.subline.Set(s.Subline)
	p.hint.Set(s.Hint)
	kit.SetWord(p.choose, s.Choose.Label)
	kit.SetBusy(p.choose, s.Busy)
	p.outcome.Objects = nil
	if s.Outcome.Line != "" {
		p.outcome.Add(kit.NewNotice(s.Outcome.Severity, "", s.Outcome.Line, "", nil))
	}
	kit.SetVisible(p.outcome, s.Outcome.Line != "")
	p.file.Objects = nil
	if s.File != "" {
		p.file.Add(p.inside())
	}
	kit.SetVisible(p.file, s.File != "")
	p.taken.Objects = []fyne.CanvasObject{p.takenOver()}
	p.taken.Show()
}

// inside is what the file holds, and what may be done with it.
func (p *Page) inside() fyne.CanvasObject {
	s := p.shown
	column := kit.NewColumn(3*kit.Step, soft(s.Facts))
	for _, group := range []struct {
		title string
		rows  []view.CaptureRow
	}{{s.KnownTitle, s.Known}, {s.NewTitle, s.New}} {
		if len(group.rows) == 0 {
			continue
		}
		column.Add(kit.NewText(group.title).Bold().Wrapped(0))
		for _, r := range group.rows {
			column.Add(p.device(r))
		}
	}
	if len(s.Notes) > 0 {
		column.Add(soft(s.Notes))
	}
	if len(s.Add) > 0 {
		add := kit.NewTicks(func(string) { p.commands.Add(!p.shown.Add[0].Chosen) })
		add.Set(s.Add)
		column.Add(add.Content())
	}
	buttons := kit.NewFlow(2 * kit.Step)
	if s.Take.Label != "" {
		buttons.Add(kit.NewButton(s.Take.Label, kit.Main, p.commands.Take))
	}
	buttons.Add(kit.NewButton(s.Close.Label, kit.Ordinary, p.commands.Close))
	column.Add(buttons)
	return kit.NewSheet(s.File, column)
}

// soft are lines of small text.
func soft(lines []string) fyne.CanvasObject {
	column := kit.NewColumn(2)
	for _, l := range lines {
		column.Add(kit.NewSoft(l).Wrapped(0))
	}
	return column
}

// device is one device of the file; one of this home leads to its page.
func (p *Page) device(r view.CaptureRow) fyne.CanvasObject {
	name := kit.NewColumn(1, kit.NewText(r.Name).Bold().Wrapped(0), kit.NewSoft(r.Line).Wrapped(0))
	what := kit.NewColumn(1, small(r.Amount))
	for _, line := range []string{r.Names, r.Before} {
		if line != "" {
			what.Add(kit.NewSoft(line).Wrapped(0))
		}
	}
	cells := kit.NewCells(true, deviceCells, name, what)
	if r.ID == "" {
		return kit.NewPad(0, arrowWidth, 0, 0, cells)
	}
	open := kit.NewSignButton("arrow", "", kit.Link, func() { p.commands.Open(view.Route{Page: view.PageDevice, Arg: r.ID}) })
	return kit.NewTopRow(kit.Step, kit.Grow(cells), open)
}

// arrowWidth is the room of the arrow behind a device.
const arrowWidth float32 = 9 * kit.Step

// deviceCells are who, and what is told of it.
var deviceCells = []kit.Cell{{Share: 1, Width: 120}, {Share: 2}}

func small(s string) *kit.Text {
	t := kit.NewText(s).Wrapped(0)
	t.Height = kit.SizeSmall
	return t
}

// takenOver are the files that were taken over, each with a way to forget it.
func (p *Page) takenOver() fyne.CanvasObject {
	s := p.shown
	rows := kit.NewColumn(4 * kit.Step)
	for _, t := range s.Taken {
		text := kit.NewColumn(1, kit.NewText(t.File).Bold().Wrapped(0))
		if t.Line != "" {
			text.Add(kit.NewSoft(t.Line).Wrapped(0))
		}
		row := kit.NewColumn(2*kit.Step, kit.NewHead(text, kit.NewFlow(0, p.forget(t)...)))
		if t.Outcome.Line != "" {
			row.Add(kit.NewNotice(t.Outcome.Severity, "", t.Outcome.Line, "", nil))
		}
		if p.asked == t.File {
			row.Add(kit.NewNotice(view.Soon, lang.L("Sure?"), t.Sure, "", nil))
		}
		rows.Add(row)
	}
	if s.TakenEmpty != "" {
		rows.Add(kit.NewSoft(s.TakenEmpty).Wrapped(0))
	}
	return kit.NewSheet(s.TakenTitle, rows)
}

// forget asks a second time, since it cannot be undone.
func (p *Page) forget(t view.TakenCapture) []fyne.CanvasObject {
	if t.Forget.Label == "" {
		return nil
	}
	weight := kit.Ordinary
	if p.asked == t.File {
		weight = kit.Danger
	}
	b := kit.NewButton(t.Forget.Label, weight, func() {
		if p.asked != t.File {
			p.asked = t.File
		} else {
			p.asked = ""
			p.commands.Forget(t.Forget.ID)
		}
		p.build()
		p.page.Refresh()
	})
	kit.SetBusy(b, t.Outcome.Busy)
	return []fyne.CanvasObject{b}
}
