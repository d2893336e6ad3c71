// Package connectors shows how we reach outside: what is connected and how it
// does, and what could be connected, with one form for each kind.
package connectors

import (
	"reflect"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/lang"

	"bestbefore/app/internal/ui/kit"
	"bestbefore/app/internal/view"
)

// Commands are what the page can ask for; each returns at once and none may be nil.
type Commands struct {
	OpenForm func(kind string) // "" closes it
	Connect  func(kind string, values, secrets map[string]string)
	// AskRemove asks what removing one means; "" takes the question back. Remove
	// forgets it here, EndAndRemove first ends there what its peer gave.
	// Abandon forgets one that does not answer.
	AskRemove, Remove, EndAndRemove, Abandon func(id string)
	// ChangeForm opens the form of a connection, Change tries other answers for it,
	// Trust says yes to the certificate that it shows now.
	ChangeForm func(id string)
	Change     func(id string, values, secrets map[string]string)
	Trust      func(id, fingerprint string)
	Test       func(id string)
	ShowLog    func(id string) // opens its log, and closes it again
	// OpenFound opens a kind's form with what is known of a peer at home.
	OpenFound func(kind string, values map[string]string)
	// Copy puts a text where it can be pasted from; Save asks where to keep it.
	Copy func(text string)
	Save func(name, text string)
	// Visit opens a page in the person's own browser.
	Visit func(page string)
	// Captures opens the page of capture files.
	Captures func()
	Files    FileCommands
}

// Page is the page of connectors.
type Page struct {
	commands Commands
	page     *kit.Page
	title    *kit.Text
	subline  *kit.Text
	rows     *fyne.Container
	form     *form
	found    *kit.Text
	kinds    *fyne.Container
	files    *files
	capture  *kit.Button
	shown    view.Connectors
}

// New builds the page.
func New(c Commands) *Page {
	p := &Page{
		commands: c, title: kit.NewTitle(lang.L("Asking what is connected …")), subline: kit.NewSoft("").Wrapped(0),
		rows: kit.NewColumn(4 * kit.Step), kinds: kit.NewColumn(4 * kit.Step), form: newForm(c), files: newFiles(c.Files),
		found: kit.NewHeading(lang.L("What can be connected")),
	}
	p.subline.Height = kit.SizeBody
	p.capture = kit.NewButton(" ", kit.Link, c.Captures)
	for _, o := range []fyne.CanvasObject{p.rows, p.found, p.capture} {
		o.Hide()
	}
	p.page = kit.NewPage(kit.NewColumn(5*kit.Step,
		kit.NewColumn(kit.Step, p.title, p.subline), p.files.look, p.form.box, p.rows, p.found, p.kinds, p.files.box,
		kit.NewPad(0, 0, 0, -kit.Step, kit.NewFlow(0, p.capture))))
	return p
}

// Content implements the shell's page.
func (p *Page) Content() fyne.CanvasObject { return p.page }

// OnShow implements the shell's page.
func (p *Page) OnShow(string) {}

// OnHide implements the shell's page. What was typed as a secret is forgotten.
func (p *Page) OnHide() {
	p.files.asked = ""
	p.form.clear()
}

// SetSnapshot shows s.
func (p *Page) SetSnapshot(s view.Connectors) {
	if !s.Loaded {
		return
	}
	changed := !reflect.DeepEqual(p.shown.Rows, s.Rows) || !reflect.DeepEqual(p.shown.Found, s.Found) || !reflect.DeepEqual(p.shown.Kinds, s.Kinds) || !sameForm(p.shown.Form, s.Form)
	if !reflect.DeepEqual(p.shown.Files, s.Files) {
		p.files.set(s.Files)
	}
	if p.shown.Files.Look.Title != s.Files.Look.Title || !sameForm(p.shown.Form, s.Form) {
		p.page.Top() // what was just opened stands there
	}
	opened := s.Form.Kind != "" && !sameForm(p.shown.Form, s.Form)
	p.shown = s
	p.title.Set(s.Sentence)
	p.subline.Set(s.Subline)
	p.form.set(s.Form)
	kit.SetWord(p.capture, s.Captures.Label)
	if changed { // what stays keeps its focus
		p.build()
	}
	p.page.Refresh()
	if opened {
		p.form.begin()
	}
}

// build makes the sheets anew; there are few.
func (p *Page) build() {
	p.rows.Objects, p.kinds.Objects = nil, nil
	for _, r := range p.shown.Rows {
		p.rows.Add(p.connection(r))
	}
	for _, f := range p.shown.Found {
		b := kit.NewFlow(0, kit.NewButton(f.Connect.Label, kit.Main, func() { p.commands.OpenFound(f.Kind, f.Values) }))
		p.kinds.Add(kit.NewSheet("", kit.NewHead(kit.NewTopRow(4*kit.Step, kit.NewTile("connectors", kit.ColorActTint, kit.ColorAct), kit.Grow(kit.NewText(f.Text).Bold().Wrapped(0))), b)))
	}
	for _, k := range p.shown.Kinds {
		if k.Kind != p.shown.Form.Kind || p.shown.Form.ID != "" {
			p.kinds.Add(p.kind(k))
		}
	}
	setVisible(p.rows, len(p.rows.Objects) > 0)
	setVisible(p.found, len(p.kinds.Objects) > 0)
	p.page.Refresh()
}

// connection is one that exists: name, health, what it sees, stops and holds.
func (p *Page) connection(r view.ConnectionRow) fyne.CanvasObject {
	title := kit.NewColumn(2, kit.NewHeading(r.Name), kit.NewSoft(r.KindLine).Wrapped(0))
	right := kit.NewFlow(2*kit.Step, kit.NewPad(6, 0, 0, 0, kit.NewPill(r.State, r.Pill)), p.test(r))
	if r.Change.Label != "" {
		right.Add(kit.NewButton(r.Change.Label, kit.Ordinary, func() { p.commands.ChangeForm(r.ID) }))
	}
	right.Add(p.remove(r))
	text := kit.NewColumn(kit.Step)
	for _, l := range r.Lines {
		text.Add(kit.NewText(l).Wrapped(0))
	}
	column := kit.NewColumn(3*kit.Step, kit.NewHead(title, right))
	if r.Certificate.Line != "" {
		column.Add(certificate(r.Certificate, func(yes string) { p.commands.Trust(r.ID, yes) }))
	} else if r.Trouble != "" {
		column.Add(kit.NewNotice(view.Still, lang.L("Trouble:"), r.Trouble, "", nil))
	}
	column.Add(text)
	if r.Tested.Line != "" {
		column.Add(kit.NewNotice(r.Tested.Severity, "", r.Tested.Line, "", nil))
	}
	p.closer(column, r)
	p.removal(column, r.Removal)
	return kit.NewSheet("", kit.NewTopRow(4*kit.Step, kit.NewTile("connectors", kit.TintOf(r.State), kit.InkOf(r.State)), kit.Grow(column)))
}

// test makes the peer answer.
func (p *Page) test(r view.ConnectionRow) fyne.CanvasObject {
	b := kit.NewButton(r.Test.Label, kit.Ordinary, func() { p.commands.Test(r.ID) })
	if r.Tested.Busy {
		b.Disable()
	}
	return b
}

// closer adds what it holds, and its log while that is open.
func (p *Page) closer(column *fyne.Container, r view.ConnectionRow) {
	if len(r.Held) > 0 {
		held := kit.NewColumn(kit.Step, kit.NewSoft(lang.L("Holds for you:")))
		for _, l := range r.Held {
			held.Add(kit.NewText(l).Wrapped(0))
		}
		column.Add(held)
	}
	column.Add(kit.NewFlow(0, kit.NewButton(r.Log.Label, kit.Ordinary, func() { p.commands.ShowLog(r.ID) })))
	if len(r.LogLines) == 0 {
		return
	}
	lines := kit.NewColumn(2)
	for _, l := range r.LogLines {
		lines.Add(kit.NewSoft(l).Wrapped(0))
	}
	column.Add(lines)
}

// kind is one that could be connected.
func (p *Page) kind(k view.KindRow) fyne.CanvasObject {
	text := kit.NewColumn(kit.Step, kit.NewHeading(k.Name).Wrapped(0))
	for _, f := range []struct{ word, line string }{{lang.L("sees"), k.Sees}, {lang.L("stops"), k.Stops}, {lang.L("needs"), k.Needs}} {
		if f.line != "" {
			text.Add(kit.NewTopRow(3*kit.Step, kit.NewWide(52, kit.NewSoft(f.word)), kit.Grow(kit.NewText(f.line).Wrapped(0))))
		}
	}
	b := kit.NewFlow(0, kit.NewButton(k.Connect.Label, kit.Main, func() { p.commands.OpenForm(k.Kind) }))
	return kit.NewSheet("", kit.NewHead(kit.NewTopRow(4*kit.Step, kit.NewTile("connectors", kit.ColorActTint, kit.ColorAct), kit.Grow(text)), b))
}

func setVisible(o fyne.CanvasObject, on bool) {
	if on {
		o.Show()
	} else {
		o.Hide()
	}
}
