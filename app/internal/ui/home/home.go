// Package home is the first page: one sentence, the permissions that end next,
// where the home's data went, what is new, and what could not be enforced.
package home

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/lang"

	"bestbefore/app/internal/ui/kit"
	"bestbefore/app/internal/view"
)

// Commands are what the page can ask for; each returns at once and none but Demo may be nil.
type Commands struct {
	Open    func(view.Route)             // a place in the window
	Card    func(view.PermissionCard)    // the button of a card
	Invite  func(action string)          // the button of the empty page
	News    func(item, action string)    // an answer to what is new
	Problem func(problem, action string) // the button of a problem
	Demo    func()                       // tries the demo home; nil where there is none to try
}

// Page is the home page.
type Page struct {
	commands Commands
	page     *kit.Page
	title    *kit.Text
	subline  *kit.Text
	found    *kit.Text
	show     *kit.Button // what was found
	offer    *fyne.Container
	problems *fyne.Container
	cards    *fyne.Container
	wall     *fyne.Container
	empty    *fyne.Container
	more     *kit.Button
	flow     *flowSheet
	news     *newsSheet
	sheets   *fyne.Container
}

// New builds the page.
func New(c Commands) *Page {
	p := &Page{
		commands: c,
		title:    kit.NewTitle(lang.L("Looking around at home …")),
		subline:  kit.NewSoft("").Wrapped(0),
		problems: kit.NewColumn(2 * kit.Step),
		cards:    kit.NewCardGrid(),
		empty:    kit.NewColumn(0),
		flow:     newFlowSheet(c.Open),
		news:     newNewsSheet(c),
	}
	p.more = kit.NewButton("", kit.Link, func() { c.Open(view.Route{Page: view.PagePermissions}) })
	p.subline.Height = kit.SizeBody
	p.found = kit.NewSoft("").Wrapped(0)
	p.show = kit.NewButton("", kit.Ordinary, func() { c.Open(view.Route{Page: view.PageConnectors}) })
	p.offer = kit.NewHead(p.found, kit.NewFlow(0, p.show))
	p.offer.Hide()
	p.problems.Hide()
	p.empty.Hide()
	// A word without a border aligns with the cards by giving up its margin.
	p.wall = kit.NewColumn(2*kit.Step, p.cards, kit.NewPad(0, 0, 0, -kit.Step, kit.NewFlow(0, p.more)))
	p.wall.Hide()
	p.sheets = kit.NewSplit(565, 427, 760, p.flow.box, p.news.box)
	p.sheets.Hide() // nothing is known before the first snapshot
	p.page = kit.NewPage(kit.NewColumn(5*kit.Step,
		kit.NewColumn(kit.Step, p.title, p.subline),
		p.problems,
		p.offer,
		p.empty,
		p.wall,
		p.sheets,
	))
	return p
}

// Content implements the shell's page.
func (p *Page) Content() fyne.CanvasObject { return p.page }

// OnShow implements the shell's page.
func (p *Page) OnShow(string) {}

// OnHide implements the shell's page.
func (p *Page) OnHide() {}

// SetSnapshot shows s.
func (p *Page) SetSnapshot(s view.Home) {
	if !s.Loaded {
		return
	}
	p.title.Set(s.Sentence)
	p.subline.Set(s.Subline)
	p.found.Set(s.Found)
	p.show.SetLabel(s.FoundLink.Label)
	kit.SetVisible(p.offer, s.Found != "")
	p.setCards(s)
	p.setProblems(s.Problems)
	p.flow.set(s)
	p.news.set(s)
	p.sheets.Show()
	p.page.Update()
}

func (p *Page) setCards(s view.Home) {
	for len(p.cards.Objects) < len(s.Cards) {
		p.cards.Objects = append(p.cards.Objects, kit.NewPermissionCard(kit.CardConfig{Open: p.open, Action: p.commands.Card}))
	}
	p.cards.Objects = p.cards.Objects[:len(s.Cards)]
	for i, c := range s.Cards {
		p.cards.Objects[i].(*kit.PermissionCard).Set(c)
	}
	p.more.SetLabel(s.MoreCards)
	kit.SetVisible(p.more, s.MoreCards != "")
	kit.SetVisible(p.wall, len(s.Cards) > 0)
	invited := len(s.Cards) == 0 && s.Empty.Title != ""
	kit.SetVisible(p.empty, invited)
	if invited {
		p.empty.Objects = []fyne.CanvasObject{kit.NewEmpty("permissions", s.Empty, p.commands.Invite)}
	}
	if invited && s.Fresh && p.commands.Demo != nil {
		p.empty.Add(kit.NewPad(2*kit.Step, 0, 0, 0, p.tryDemo()))
	}
}

// tryDemo invites to a home in which everything can be tried without harm.
func (p *Page) tryDemo() fyne.CanvasObject {
	return kit.NewRow(3*kit.Step,
		kit.NewButton(lang.L("Try the demo home"), kit.Ordinary, p.commands.Demo),
		kit.Grow(kit.NewSoft(lang.L("A made-up home in a window of its own. Nothing there is real, and nothing here is touched.")).Wrapped(0)),
	)
}

func (p *Page) open(c view.PermissionCard) {
	if c.ID == "" {
		p.commands.Open(view.Route{Page: view.PageDevice, Arg: c.DeviceID})
		return
	}
	p.commands.Open(view.Route{Page: view.PageReview, Arg: c.ID})
}

func (p *Page) setProblems(problems []view.Problem) {
	p.problems.Objects = nil
	for _, v := range problems {
		var answers []fyne.CanvasObject
		for _, a := range []view.ActionLink{v.Action, v.Also} {
			if a.Label != "" {
				answers = append(answers, kit.NewButton(a.Label, kit.Ordinary, func() { p.commands.Problem(v.ID, a.ID) }))
			}
		}
		p.problems.Add(kit.NewNoticeMore(v.Severity, v.Word, v.Text, v.Detail, answers...))
	}
	kit.SetVisible(p.problems, len(problems) > 0)
}
