// Package permissions shows what the household allowed: the wall of cards with
// the year ahead, the review of one permission, and the dialogs by which a
// permission is given and a device disconnected.
package permissions

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/lang"

	"bestbefore/app/internal/ui/kit"
	"bestbefore/app/internal/view"
)

// WallCommands are what the card wall can ask for; each returns at once and none may be nil.
type WallCommands struct {
	Open   func(view.Route)
	Card   func(view.PermissionCard) // the button of a card
	Find   func(view.Query)          // the search or the filter changed; a new snapshot answers
	Invite func(action string)       // the button of the empty wall
}

// Wall is the page of all permission cards.
type Wall struct {
	commands WallCommands
	page     *kit.Page
	title    *kit.Text
	subline  *kit.Text
	review   *kit.Button
	query    view.Query
	search   *kit.Entry
	filters  *kit.Chips
	finding  *fyne.Container
	timeline *kit.Timeline
	year     *fyne.Container
	yearName *kit.Text
	cards    *fyne.Container
	empty    *fyne.Container
}

// NewWall builds the page.
func NewWall(c WallCommands) *Wall {
	w := &Wall{
		commands: c,
		title:    kit.NewTitle(lang.L("Permissions")),
		subline:  kit.NewText("").Wrapped(0).In(kit.ColorSoft),
		timeline: kit.NewTimeline(func(id string) { c.Open(view.MarkRoute(id)) }),
		cards:    kit.NewCardGrid(),
		empty:    kit.NewColumn(0),
	}
	w.filters = kit.NewChips(func(id string) { w.find(func(q *view.Query) { q.Filter = id }) })
	w.search = kit.NewSearch(lang.L("Search permissions"), func(s string) { w.find(func(q *view.Query) { q.Text = s }) })
	w.finding = kit.NewColumn(3*kit.Step, w.search, w.filters.Content())
	w.finding.Hide()
	w.review = kit.NewButton(" ", kit.Main, func() { c.Open(view.Route{Page: view.PageReview}) })
	w.review.Hide()
	w.year = kit.NewSheet(" ", w.timeline)
	w.yearName = kit.SheetTitle(w.year)
	w.year.Hide()
	w.empty.Hide()
	w.page = kit.NewPage(kit.NewColumn(5*kit.Step,
		kit.NewHead(kit.NewColumn(kit.Step, w.title, w.subline), kit.NewFlow(0, w.review)),
		w.year,
		w.finding,
		w.empty,
		w.cards,
	))
	return w
}

// Content implements the shell's page.
func (w *Wall) Content() fyne.CanvasObject { return w.page }

// OnShow implements the shell's page.
func (w *Wall) OnShow(string) {}

// OnHide implements the shell's page.
func (w *Wall) OnHide() {}

// Search implements the shell's searcher.
func (w *Wall) Search() fyne.Focusable { return w.search }

func (w *Wall) find(change func(*view.Query)) {
	change(&w.query)
	w.commands.Find(w.query)
}

// SetSnapshot shows s.
func (w *Wall) SetSnapshot(s view.Permissions) {
	if !s.Loaded {
		return
	}
	w.title.Set(s.Sentence)
	w.subline.Set(s.Subline)
	kit.SetWord(w.review, s.Review)
	w.filters.Set(s.Filters)
	kit.SetVisible(w.finding, len(s.Filters) > 0)
	w.yearName.Set(s.Timeline.Title)
	w.timeline.Set(s.Timeline)
	kit.SetVisible(w.year, len(s.Timeline.Marks) > 0)
	w.setCards(s.Cards)
	kit.SetVisible(w.empty, s.Empty.Title != "")
	if s.Empty.Title != "" {
		w.empty.Objects = []fyne.CanvasObject{kit.NewEmpty("permissions", s.Empty, w.commands.Invite)}
	}
	w.page.Update()
}

func (w *Wall) setCards(cards []view.PermissionCard) {
	for len(w.cards.Objects) < len(cards) {
		w.cards.Objects = append(w.cards.Objects, kit.NewPermissionCard(kit.CardConfig{Open: w.open, Action: w.commands.Card}))
	}
	w.cards.Objects = w.cards.Objects[:len(cards)]
	for i, c := range cards {
		w.cards.Objects[i].(*kit.PermissionCard).Set(c)
	}
}

func (w *Wall) open(c view.PermissionCard) {
	if c.ID == "" {
		w.commands.Open(view.Route{Page: view.PageDevice, Arg: c.DeviceID})
		return
	}
	w.commands.Open(view.Route{Page: view.PageReview, Arg: c.ID})
}
