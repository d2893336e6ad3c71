package permissions

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/lang"

	"bestbefore/app/internal/ui/kit"
	"bestbefore/app/internal/view"
)

// ReviewCommands are what the review can ask for; each returns at once and none may be nil.
type ReviewCommands struct {
	Shown func(id string)       // the review of id comes to be seen; "" is the first that waits
	Renew func(id, term string) // term is as consent.ParseTerm reads it
	// RenewAt renews until what was typed in the dialog; answer gets why not, or "" when it is done.
	RenewAt     func(id, term string, answer func(why string))
	Retry       func(action string) // tries again what could not be done; nil offers nothing
	Lapse       func(id string)
	Extend      func(id string) // two more days, once
	End         func(id string)
	Confirm     func(action string)       // what only a person can do was done
	Step        func(action, step string) // goes on by another way; nil offers nothing
	Save        func(id string)           // asks where to, and saves it alone; nil offers nothing
	Open        func(view.Route)
	ShowDialog  func(fyne.CanvasObject)
	CloseDialog func()
}

// Review is the renewal of one permission: what changed since the household
// agreed, what happens if it lapses, and the choice. Nothing is chosen before
// somebody chooses.
type Review struct {
	commands ReviewCommands
	shown    view.Review
	before   view.Review // for which the buttons were made
	made     bool
	wanted   string // the permission that was opened, "" for any
	settle   func(id string)
	body     *fyne.Container

	page           *kit.Page
	position       *kit.Text
	title, subline *kit.Text
	anew           *kit.Text
	card           *kit.PermissionCard
	truths         *kit.Truths
	since          *fyne.Container
	sinceName      *kit.Text
	lapse, also    *kit.Text
	lapseName      *kit.Text
	sheets         *fyne.Container // of what the permission is, before the choice
	live, over     []fyne.CanvasObject
	sinceSheet     *fyne.Container
	truthsSheet    *fyne.Container
	lapseSheet     *fyne.Container
	presets        *fyne.Container
	ends           *fyne.Container
	steps          *fyne.Container
	result         *fyne.Container
	hint           *kit.Text
	save           *kit.Button
	saved          *fyne.Container
	savedOf        view.Outcome
	back, next     *kit.Button
	ladder         *fyne.Container
	ladderOf       view.Ladder
	stepsOf        []string // what the steps were made of, and for which action
	stepsID        string
}

// NewReview builds the page.
func NewReview(c ReviewCommands) *Review {
	r := &Review{
		commands: c,
		position: kit.NewText("").In(kit.ColorSoft),
		title:    kit.NewTitle(" "),
		subline:  kit.NewText("").Wrapped(0).In(kit.ColorSoft),
		anew:     kit.NewText("").Wrapped(0).Bold(),
		card:     kit.NewPermissionCard(kit.CardConfig{Large: true}),
		truths:   kit.NewTruths(lang.L("decided"), lang.L("done"), lang.L("seen")),
		since:    kit.NewColumn(3 * kit.Step),
		lapse:    kit.NewText("").Wrapped(0),
		also:     kit.NewText("").Wrapped(0).In(kit.ColorSoon),
		presets:  kit.NewFlow(2 * kit.Step),
		ends:     kit.NewFlow(2 * kit.Step),
		result:   kit.NewColumn(0),
		steps:    kit.NewColumn(0),
		ladder:   kit.NewColumn(0),
		hint:     kit.NewSoft("").Wrapped(0),
	}
	r.save, r.saved = kit.NewSignButton("save", " ", kit.Link, func() { r.commands.Save(r.shown.Save.ID) }), kit.NewColumn(0)
	r.back = kit.NewSignButton("back", "", kit.Ordinary, r.previousOne)
	r.next = kit.NewSignButton("next", "", kit.Ordinary, r.nextOne)
	r.sinceSheet, r.lapseSheet, r.truthsSheet = kit.NewSheet(" ", r.since), kit.NewSheet(" ", r.lapse, r.also), kit.NewSheet("", r.truths.Content())
	r.sinceName, r.lapseName = kit.SheetTitle(r.sinceSheet), kit.SheetTitle(r.lapseSheet)
	r.live = []fyne.CanvasObject{kit.NewSplit(380, 612, 760, r.card, r.sinceSheet), kit.NewSplit(380, 612, 760, r.truthsSheet, r.lapseSheet), r.ladder, r.steps, r.result}
	r.over = []fyne.CanvasObject{kit.NewSplit(380, 612, 760, r.card, r.truthsSheet), r.result, r.sinceSheet, r.ladder, r.steps}
	r.sheets = kit.NewColumn(4*kit.Step, r.live...)
	head := kit.NewHead(kit.NewColumn(kit.Step, r.position, r.title, r.subline, r.anew), kit.NewFlow(2*kit.Step, r.back, r.next))
	r.body = kit.NewColumn(5*kit.Step,
		r.sheets,
		kit.NewColumn(3*kit.Step, kit.NewEnds(r.presets, r.ends), r.hint),
		kit.NewColumn(2*kit.Step, kit.NewFlow(0, r.save), r.saved),
	)
	r.body.Hide()
	r.page = kit.NewPage(kit.NewColumn(5*kit.Step, head, r.body))
	return r
}

// Content implements the shell's page.
func (r *Review) Content() fyne.CanvasObject { return r.page }

// OnShow implements the shell's page. Until the snapshot of id has come nothing
// is shown and no key acts, so that none hits the permission seen before.
func (r *Review) OnShow(id string) {
	r.wanted = id
	if id == "" || id != r.shown.ID {
		r.shown = view.Review{}
		r.title.Set(" ")
		r.position.Set("")
		r.subline.Set("")
		kit.SetVisible(r.anew, false)
		kit.SetVisible(r.body, false)
		kit.SetVisible(r.back, false)
		kit.SetVisible(r.next, false)
		r.page.Refresh()
	}
	r.commands.Shown(id)
}

// OnHide implements the shell's page.
func (r *Review) OnHide() {}

// OnSettle is told whom to tell which permission is meant when any was opened.
func (r *Review) OnSettle(settle func(id string)) { r.settle = settle }

func (r *Review) renew(term string) {
	if r.shown.CanRenew && r.ready() {
		r.commands.Renew(r.shown.ID, term)
	}
}

func (r *Review) letLapse() {
	if r.shown.CanLapse && r.ready() {
		r.commands.Lapse(r.shown.ID)
	}
}

func (r *Review) extend() {
	if r.shown.Grace != "" && r.ready() {
		r.commands.Extend(r.shown.ID)
	}
}

func (r *Review) end() {
	switch {
	case !r.shown.CanEnd || !r.ready():
	case r.shown.Second != "":
		r.askEnd()
	default:
		r.commands.End(r.shown.ID)
	}
}

// askEnd asks a second time before something is taken away that no undo brings back.
func (r *Review) askEnd() {
	id := r.shown.ID
	sure := kit.NewButton(lang.L("End it for good"), kit.Danger, func() {
		r.commands.CloseDialog()
		r.commands.End(id)
	})
	cancel := kit.NewButton(lang.L("Cancel"), kit.Ordinary, r.commands.CloseDialog)
	body := kit.NewColumn(3*kit.Step, kit.NewText(r.shown.Title).Bold().Wrapped(0), kit.NewNotice(view.Still, lang.L("Sure?"), r.shown.Second, "", nil))
	r.commands.ShowDialog(kit.NewDialog(lang.L("End it now?"), 520, body, kit.NewEnds(kit.NewFlow(0), kit.NewFlow(2*kit.Step, cancel, sure))))
}

func (r *Review) ready() bool { return r.shown.ID != "" && !r.shown.Busy }

func (r *Review) nextOne()     { r.step(r.shown.Next) }
func (r *Review) previousOne() { r.step(r.shown.Previous) }

func (r *Review) step(id string) {
	if id != "" {
		r.commands.Open(view.Route{Page: view.PageReview, Arg: id})
	}
}

// TypedRune takes the keys of the review: 1 to 4, L and E.
func (r *Review) TypedRune(key rune) bool {
	switch {
	case key >= '1' && key <= '6':
		if i := int(key - '1'); i < len(r.shown.Presets) {
			r.renew(r.shown.Presets[i].Term)
		}
	case key == 'l' || key == 'L':
		r.letLapse()
	case key == 'e' || key == 'E':
		r.end()
	default:
		return false
	}
	return true
}

// TypedKey takes the arrows, which turn over to the neighbours.
func (r *Review) TypedKey(k *fyne.KeyEvent) bool {
	switch k.Name {
	case fyne.KeyRight:
		r.nextOne()
	case fyne.KeyLeft:
		r.previousOne()
	default:
		return false
	}
	return true
}
