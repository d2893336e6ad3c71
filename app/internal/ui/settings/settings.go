// Package settings is the page of settings, and the question when the window is
// closed.
package settings

import (
	"reflect"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/lang"

	"bestbefore/app/internal/ui/kit"
	"bestbefore/app/internal/view"
)

// Commands are what the page can ask for; each returns at once and none may be nil.
type Commands struct {
	Set   func(id, value string)
	Press func(id string) // a button, asked for a second time where that is needed
	// Forget are those of the form that deletes what was seen.
	Forget ForgetCommands
}

// Page is the page of settings.
type Page struct {
	commands Commands
	page     *kit.Page
	groups   *fyne.Container
	shown    view.Settings
	asked    string // the row whose button was pressed once
	chips    map[string]*kit.Chips
	forget   *forget
}

// New builds the page.
func New(c Commands) *Page {
	p := &Page{commands: c, groups: kit.NewColumn(4 * kit.Step), chips: map[string]*kit.Chips{}, forget: newForget(c.Forget)}
	p.page = kit.NewPage(kit.NewColumn(5*kit.Step, kit.NewTitle(lang.L("Settings")), p.groups))
	return p
}

// Content implements the shell's page.
func (p *Page) Content() fyne.CanvasObject { return p.page }

// OnShow implements the shell's page.
func (p *Page) OnShow(string) {}

// OnHide implements the shell's page.
func (p *Page) OnHide() { p.asked, p.forget.asked = "", false }

// SetSnapshot shows s. Where only the choice differs the chips stay, and with
// them the focus.
func (p *Page) SetSnapshot(s view.Settings) {
	if !s.Loaded {
		return
	}
	same := reflect.DeepEqual(bare(p.shown), bare(s)) && p.shown.Forget.Title == s.Forget.Title
	p.shown = s
	if p.forget.set(s.Forget) && same {
		p.page.Refresh()
	}
	if !same {
		p.build()
		return
	}
	for _, g := range s.Groups {
		for _, r := range g.Rows {
			if c := p.chips[r.ID]; c != nil {
				c.Set(r.Choices)
			}
		}
	}
}

// bare is s without what is chosen.
func bare(s view.Settings) []view.SettingGroup {
	var out []view.SettingGroup
	for _, g := range s.Groups {
		g.Rows = append([]view.SettingRow(nil), g.Rows...)
		for i := range g.Rows {
			g.Rows[i].Choices = append([]view.Choice(nil), g.Rows[i].Choices...)
			for j := range g.Rows[i].Choices {
				g.Rows[i].Choices[j].Chosen = false
			}
		}
		out = append(out, g)
	}
	return out
}

// build makes the sheets anew; there are few.
func (p *Page) build() {
	p.groups.Objects = nil
	clear(p.chips)
	for i, g := range p.shown.Groups {
		if i == len(p.shown.Groups)-1 && p.shown.Forget.Title != "" { // leaving comes last
			p.groups.Add(p.forget.content())
		}
		rows := kit.NewColumn(5 * kit.Step)
		for _, r := range g.Rows {
			rows.Add(p.row(r))
		}
		p.groups.Add(kit.NewSheet(g.Title, rows))
	}
	p.page.Refresh()
}

// row is a label with its sentence, and at the right what can be chosen.
func (p *Page) row(r view.SettingRow) fyne.CanvasObject {
	text := kit.NewColumn(2, kit.NewText(r.Label).Bold().Wrapped(0))
	if r.Detail != "" {
		text.Add(kit.NewSoft(r.Detail).Wrapped(0))
	}
	column := kit.NewColumn(3 * kit.Step)
	switch {
	case len(r.Choices) > 0:
		chips := kit.NewChips(func(value string) { p.commands.Set(r.ID, value) })
		chips.Set(r.Choices)
		p.chips[r.ID] = chips
		column.Add(kit.NewHead(text, chips.Content()))
	case r.Button.Label != "":
		buttons := kit.NewFlow(2*kit.Step, p.button(r))
		if r.Also.Label != "" {
			buttons.Add(kit.NewButton(r.Also.Label, kit.Ordinary, func() { p.commands.Press(r.Also.ID) }))
		}
		column.Add(kit.NewHead(text, buttons))
	default:
		column.Add(text)
	}
	if r.Outcome.Line != "" {
		column.Add(kit.NewNotice(r.Outcome.Severity, "", r.Outcome.Line, "", nil))
	}
	if p.asked == r.ID && r.Sure != "" {
		column.Add(kit.NewNotice(view.Soon, lang.L("Sure?"), r.Sure, "", nil))
	}
	return column
}

// button asks a second time where something is taken away.
func (p *Page) button(r view.SettingRow) *kit.Button {
	weight := kit.Ordinary
	if r.Danger && p.asked == r.ID {
		weight = kit.Danger
	}
	b := kit.NewButton(r.Button.Label, weight, func() {
		if r.Sure != "" && p.asked != r.ID {
			p.asked = r.ID
			p.build()
			return
		}
		p.asked = ""
		p.commands.Press(r.Button.ID)
		p.build()
	})
	if r.Outcome.Busy {
		b.Disable()
	}
	return b
}
