package permissions

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

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

// SetSnapshot shows s.
func (r *Review) SetSnapshot(s view.Review) {
	if !s.Loaded || r.wanted != "" && s.ID != r.wanted {
		return
	}
	if s.ID != r.shown.ID {
		r.page.Top()
	}
	if s.ID == r.shown.ID {
		// Once decided it waits no longer; the way to the next one stays.
		s.Next, s.Previous = cmp.Or(s.Next, r.shown.Next), cmp.Or(s.Previous, r.shown.Previous)
	}
	r.shown = s
	r.stay()
	kit.SetVisible(r.body, s.ID != "") // without a permission the sentence says that none waits
	r.position.Set(s.Position)
	kit.SetVisible(r.position, s.Position != "")
	r.title.Set(s.Title)
	r.subline.Set(s.Subline)
	r.anew.Set(s.Anew)
	kit.SetVisible(r.anew, s.Anew != "")
	r.card.Set(s.Card)
	r.truths.Set(s.Card.Truths)
	kit.SetVisible(r.back, s.Previous != "")
	kit.SetVisible(r.next, s.Next != "")
	r.setSince(s)
	r.lapseName.Set(s.LapseTitle)
	r.lapse.Set(s.LapseText)
	r.arrange(s)
	r.also.Set(alsoLine(s.AlsoStops))
	kit.SetVisible(r.also, len(s.AlsoStops) > 0)
	r.setLadder(s.Ladder)
	r.setSteps(s)
	r.setChoices(s)
	r.setSaved(s)
	r.page.Refresh()
}

// arrange sets what was done beside the card of what has ended, and says it once;
// what changed has a sheet there only where something did.
func (r *Review) arrange(s view.Review) {
	over := s.LapseTitle == ""
	r.sheets.Objects = r.live
	if over {
		r.sheets.Objects = r.over
	}
	kit.SetVisible(r.sinceSheet, !over || len(s.Since) > 0)
}

// setSteps shows what only a person can do, with a button to say that it is done.
func (r *Review) setSteps(s view.Review) {
	kit.SetVisible(r.steps, len(s.Steps) > 0)
	if len(r.steps.Objects) > 0 && slices.Equal(r.stepsOf, s.Steps) && r.stepsID == s.Confirm.ID {
		return // the button stays, and with it the focus
	}
	r.stepsOf, r.stepsID, r.steps.Objects = s.Steps, s.Confirm.ID, nil
	if len(s.Steps) == 0 {
		return
	}
	column := kit.NewColumn(2 * kit.Step)
	for i, step := range s.Steps {
		column.Add(kit.NewTopRow(3*kit.Step, kit.NewWide(20, kit.NewText(strconv.Itoa(i+1)+".").Bold()), kit.Grow(kit.NewText(step).Wrapped(0))))
	}
	done := kit.NewButton(s.Confirm.Label, kit.Main, func() { r.commands.Confirm(r.shown.Confirm.ID) })
	r.steps.Add(kit.NewSheet(s.StepsFor, column, kit.NewFlow(0, done)))
}

// OnSettle is told whom to tell which permission is meant when any was opened.
func (r *Review) OnSettle(settle func(id string)) { r.settle = settle }

// stay keeps the page at the permission that it showed first, so that what is
// asked for is answered in place, and a key struck twice does not decide about
// the next one too.
func (r *Review) stay() {
	if r.wanted == "" && r.shown.ID != "" && r.settle != nil {
		r.wanted = r.shown.ID
		r.settle(r.wanted)
	}
}

func (r *Review) setSince(s view.Review) {
	r.sinceName.Set(s.SinceTitle)
	r.since.Objects = nil
	for _, c := range s.Since {
		lead := kit.Span{Text: c.Lead, Bold: true}
		if c.Severity > view.Fresh {
			lead.Color = kit.InkOf(c.Severity)
		}
		said := kit.NewParagraph(lead, kit.Span{Text: " " + c.Text})
		if c.Flows.Page == "" {
			r.since.Add(said)
			continue
		}
		r.since.Add(kit.NewHead(said, kit.NewFlow(0, kit.NewButton(c.Show, kit.Link, func() { r.commands.Open(c.Flows) }))))
	}
	if len(s.Since) == 0 {
		r.since.Add(kit.NewText(s.SinceEmpty).Wrapped(0).In(kit.ColorSoft))
	}
}

func (r *Review) setChoices(s view.Review) {
	r.setResult(s)
	if r.made && sameChoices(r.before, s) {
		return // the buttons stay, and with them the focus
	}
	r.made, r.before = true, s
	r.presets.Objects, r.ends.Objects = nil, nil
	if s.CanRenew {
		for i, p := range s.Presets {
			label := p.Label
			if i == 0 {
				label = lang.L("Renew {{.Length}}", map[string]any{"Length": p.Label})
			}
			r.presets.Add(r.choice(label, kit.Ordinary, func() { r.renew(p.Term) }))
		}
		r.presets.Add(r.choice(lang.L("Until a date …"), kit.Ordinary, r.pickDate))
	}
	if s.Grace != "" {
		r.ends.Add(r.choice(s.Grace, kit.Ordinary, r.extend))
	}
	if s.CanLapse {
		r.ends.Add(r.choice(lang.L("Let it lapse"), kit.Ordinary, r.letLapse))
	}
	if s.CanEnd {
		r.ends.Add(r.choice(lang.L("End now"), kit.Danger, r.end))
	}
}

func (r *Review) setResult(s view.Review) {
	r.result.Objects = nil
	if s.ResultLine != "" {
		label := s.Retry.Label
		if r.commands.Retry == nil {
			label = ""
		}
		r.result.Add(kit.NewNotice(s.ResultSev, "", s.ResultLine, label, func() { r.commands.Retry(r.shown.Retry.ID) }))
	}
	kit.SetVisible(r.result, s.ResultLine != "")
	hint := s.WhyNot
	if s.CanRenew {
		keys := lang.L("Keys: 1–{{.Count}} renew.", map[string]any{"Count": len(s.Presets)})
		if s.CanEnd {
			keys = lang.L("Keys: 1–{{.Count}} renew, L lapse, E end, → next.", map[string]any{"Count": len(s.Presets)})
		}
		hint = s.NothingLine + " " + keys
	}
	hint = strings.TrimSpace(s.GraceLine + " " + hint)
	r.hint.Set(hint)
}

func sameChoices(a, b view.Review) bool {
	return a.ID == b.ID && a.Busy == b.Busy && a.CanRenew == b.CanRenew && a.CanLapse == b.CanLapse &&
		a.CanEnd == b.CanEnd && a.Grace == b.Grace && slices.Equal(a.Presets, b.Presets)
}

func (r *Review) choice(label string, w kit.Weight, tapped func()) fyne.CanvasObject {
	b := kit.NewButton(label, w, tapped)
	if r.shown.Busy {
		b.Disable()
	}
	return b
}

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
