// Package devices shows what is at home: the list of devices, and the page of
// one device with what it sends, its permissions and what we know about it.
package devices

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/lang"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"bestbefore/app/internal/ui/kit"
	"bestbefore/app/internal/view"
)

// Commands are what the list can ask for; each returns at once and none may be nil.
type Commands struct {
	Open       func(view.Route)
	Find       func(view.Query)    // the search, filter or order changed; a new snapshot answers
	Disconnect func(device string) // opens the preview
	Reconnect  func(device string)
	Confirm    func(device string) // the guess is right
}

// Page is the list of devices.
type Page struct {
	commands Commands
	shown    view.Devices
	box      *fyne.Container
	title    *kit.Text
	subline  *kit.Text
	search   *kit.Entry
	filters  *kit.Chips
	orders   *kit.Chips
	list     *widget.List
	sheet    *fyne.Container
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
	p.list = widget.NewList(
		func() int { return len(p.shown.Rows) },
		func() fyne.CanvasObject { return newRow(c) },
		p.fill,
	)
	p.list.OnSelected = p.selected
	p.list.HideSeparators = true
	p.sheet = kit.NewStack(kit.NewFrame(kit.ColorSheet, kit.ColorLine, kit.RadiusSheet), kit.NewInset(2*kit.Step, p.list))
	head := kit.NewColumn(4*kit.Step,
		kit.NewColumn(kit.Step, p.title, p.subline),
		kit.NewColumn(3*kit.Step, kit.NewHead(p.search, p.orders.Content()), p.filters.Content()),
		p.empty,
	)
	p.empty.Hide()
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

// find asks for other rows. The text typed is never written back.
func (p *Page) find(change func(*view.Query)) {
	q := p.shown.Query
	q.Text = p.search.Text
	change(&q)
	p.shown.Query = q
	p.commands.Find(q)
}

func (p *Page) selected(id widget.ListItemID) {
	p.list.UnselectAll()
	if id < len(p.shown.Rows) && p.shown.Rows[id].Heading == "" {
		p.commands.Open(view.Route{Page: view.PageDevice, Arg: p.shown.Rows[id].ID})
	}
}

func (p *Page) fill(id widget.ListItemID, o fyne.CanvasObject) {
	if id < len(p.shown.Rows) {
		o.(*row).set(p.shown.Rows[id])
	}
}

// SetSnapshot shows s; the place to which the person scrolled is kept.
func (p *Page) SetSnapshot(s view.Devices) {
	if !s.Loaded {
		return
	}
	old := p.shown.Rows
	p.shown = s
	p.title.Set(s.Sentence)
	p.subline.Set(s.Subline)
	p.filters.Set(s.Filters)
	p.orders.Set(s.Orders)
	for i, r := range s.Rows {
		if i >= len(old) || heightOf(old[i]) != heightOf(r) {
			p.list.SetItemHeight(i, heightOf(r))
		}
	}
	p.list.Refresh()
	setVisible(p.sheet, len(s.Rows) > 0)
	setVisible(p.empty, len(s.Rows) == 0 && s.Empty.Title != "")
	if p.empty.Visible() {
		p.empty.Objects = []fyne.CanvasObject{kit.NewEmpty("devices", s.Empty, nil)}
	}
	p.box.Refresh()
}

// wanted is the height of the sheet that shows all rows.
func (p *Page) wanted() float32 {
	h := 4 * float32(kit.Step)
	for _, r := range p.shown.Rows {
		h += heightOf(r) + theme.Padding()
	}
	return h
}

// headFill sets a head as high as it needs and gives of the rest what it wants
// to what is below, with the margins of a page.
type headFill struct {
	wanted func() float32 // the height that shows all of what is below
}

// widest keeps the ends of a row together on very wide windows.
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

func setVisible(o fyne.CanvasObject, on bool) {
	if on {
		o.Show()
	} else {
		o.Hide()
	}
}

// setLabel shows b with a word, or not at all; a button keeps its last word
// while it is hidden.
func setLabel(b *kit.Button, word string) {
	if word != "" {
		b.SetLabel(word)
	}
	setVisible(b, word != "")
}
