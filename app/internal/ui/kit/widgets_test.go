package kit_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/test"

	"bestbefore/app/internal/ui/kit"
	"bestbefore/app/internal/view"
)

// inLook makes a temporary application in our look; widgets are made after it.
func inLook(t *testing.T, mode kit.Mode) {
	t.Helper()
	test.NewTempApp(t).Settings().SetTheme(kit.NewTheme(mode, 1))
}

// inWindow shows o in a window of its own.
func inWindow(t *testing.T, o fyne.CanvasObject, size fyne.Size) fyne.Window {
	t.Helper()
	w := test.NewTempWindow(t, o)
	w.SetPadded(false)
	w.Resize(size)
	return w
}

func bell() view.PermissionCard {
	return view.PermissionCard{
		ID: "bell", Device: "Front door bell", Kind: "doorbell", ReceivesLine: "receives: Bell Maker Inc · US",
		DataLine: "Video, who comes and goes", StampCaption: "BEST BEFORE", StampText: "30 NOV 26",
		Severity: view.Soon, StateWord: "8 days", Action: view.CardReview, ActionLabel: "Review",
	}
}

func TestCardOpensAndActs(t *testing.T) {
	inLook(t, kit.Light)
	var opened, acted string
	card := kit.NewPermissionCard(kit.CardConfig{
		Open:   func(c view.PermissionCard) { opened = c.ID },
		Action: func(c view.PermissionCard) { acted = c.ID },
	})
	inWindow(t, card, fyne.NewSize(316, 198))
	card.Set(bell())
	test.Tap(card)
	test.Tap(card.Button())
	if opened != "bell" || acted != "bell" {
		t.Errorf("opened %q and acted on %q, want both bell", opened, acted)
	}
	if card.Button().Label() != "Review" || !card.Button().Visible() {
		t.Errorf("the button says %q, want Review", card.Button().Label())
	}
}

func TestCardWithoutActionHasNoButton(t *testing.T) {
	inLook(t, kit.Light)
	card := kit.NewPermissionCard(kit.CardConfig{Action: func(view.PermissionCard) {}})
	inWindow(t, card, fyne.NewSize(316, 198))
	c := bell()
	c.Action, c.ActionLabel = view.CardNone, ""
	card.Set(c)
	if card.Button().Visible() {
		t.Error("a card with nothing to do shows a button")
	}
}

func TestCardsRenderInLightAndDark(t *testing.T) {
	inLook(t, kit.Light)
	still, lapsed := bell(), bell()
	still.Severity, still.StatusLine, still.Action, still.ActionLabel = view.Still, "Ended, still sending — 41 requests since", view.CardWhy, "See why"
	lapsed.Severity, lapsed.Struck, lapsed.Action, lapsed.StateWord = view.Lapsed, true, view.CardNone, "ended"
	lapsed.Device = "Datenschutzbeauftragtenstaubsauger im ersten Obergeschoss"
	for name, mode := range map[string]kit.Mode{"light": kit.Light, "dark": kit.Dark} {
		inLook(t, mode)
		grid := kit.NewCardGrid()
		inWindow(t, grid, fyne.NewSize(1000, 198))
		for _, c := range []view.PermissionCard{bell(), still, lapsed} {
			card := kit.NewPermissionCard(kit.CardConfig{Action: func(view.PermissionCard) {}})
			card.Set(c)
			grid.Add(card)
		}
		test.AssertObjectRendersToMarkup(t, "cards-"+name+".xml", grid)
	}
}

func TestButtonByKeyboard(t *testing.T) {
	inLook(t, kit.Light)
	count := 0
	b := kit.NewButton("Renew", kit.Main, func() { count++ })
	w := inWindow(t, b, fyne.NewSize(100, 40))
	escaped := false
	w.Canvas().SetOnTypedKey(func(k *fyne.KeyEvent) { escaped = k.Name == fyne.KeyEscape })
	w.Canvas().FocusNext()
	if w.Canvas().Focused() != fyne.Focusable(b) {
		t.Fatal("the button takes no focus")
	}
	for _, k := range []fyne.KeyName{fyne.KeySpace, fyne.KeyReturn, fyne.KeyEscape} {
		b.TypedKey(&fyne.KeyEvent{Name: k})
	}
	if count != 2 || !escaped {
		t.Errorf("pressed %d times and escaped %v, want 2 and true", count, escaped)
	}
	b.Disable()
	test.Tap(b)
	if count != 2 {
		t.Error("a disabled button acts")
	}
}

// numberRow is a row of a table of numbers.
type numberRow struct{ *kit.Text }

func (r numberRow) Set(n int)          { r.Text.Set(fmt.Sprint("Device ", n)) }
func (r numberRow) MinSize() fyne.Size { return fyne.NewSize(100, 20) }

// HeightFor makes ten rows of ten thousand higher.
func (r numberRow) HeightFor(float32) float32 {
	if strings.HasSuffix(r.Text.String(), "999") {
		return 21
	}
	return 20
}

func TestTableMakesOnlyWhatIsSeen(t *testing.T) {
	inLook(t, kit.Light)
	made, opened := 0, -1
	table := kit.NewDataTable(kit.TableConfig[int]{
		New:  func() kit.DataRow[int] { made++; return numberRow{kit.NewText("")} },
		Open: func(r int) { opened = r },
	})
	inWindow(t, table.Content(), fyne.NewSize(600, 400))
	rows := make([]int, 10_000)
	for i := range rows {
		rows[i] = i
	}
	table.SetRows(rows)
	if made > 40 {
		t.Errorf("%d rows were made for a window of a dozen", made)
	}
	if want := float32(10_000*20 + 10); table.Wanted(600) < want {
		t.Errorf("all rows want %v, less than %v", table.Wanted(600), want)
	}
	table.List().Select(7)
	if opened != 7 {
		t.Errorf("opened %d, want 7", opened)
	}
}

func TestTheWheelTakesThePageDownBeforeTheList(t *testing.T) {
	inLook(t, kit.Light)
	table := kit.NewDataTable(kit.TableConfig[int]{New: func() kit.DataRow[int] { return numberRow{kit.NewText("")} }})
	head := container.NewStack(kit.NewPanel(kit.ColorPaper, 0))
	head.Layout = fixedHeight(200)
	page := kit.NewListPage(head, table.Content())
	w := inWindow(t, page, fyne.NewSize(600, 400))
	table.SetRows(make([]int, 200))
	page.Refresh()
	top := func() float32 { return fyne.CurrentApp().Driver().AbsolutePositionForObject(table.Content()).Y }
	roll := func(by float32) { test.Scroll(w.Canvas(), fyne.NewPos(300, 340), 0, by) }
	low := top()
	roll(-100)
	if list := table.List().GetScrollOffset(); top() >= low || list != 0 {
		t.Errorf("the table stands at %v after %v, the list is at %v", top(), low, list)
	}
	for range 10 {
		roll(-100)
	}
	if list := table.List().GetScrollOffset(); top() > 100 || list == 0 {
		t.Errorf("with the page at its end the table stands at %v, the list is at %v", top(), list)
	}
	for range 20 {
		roll(100)
	}
	if list := table.List().GetScrollOffset(); top() != low || list != 0 {
		t.Errorf("back at the top the table stands at %v, the list is at %v", top(), list)
	}
}

// fixedHeight lays out what is as high as that.
type fixedHeight float32

func (fixedHeight) Layout(o []fyne.CanvasObject, s fyne.Size) { o[0].Resize(s) }

func (h fixedHeight) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.NewSize(10, float32(h)) }

func TestAListIsWalkedByKeys(t *testing.T) {
	inLook(t, kit.Light)
	opened, escaped := -1, false
	table := kit.NewDataTable(kit.TableConfig[int]{
		New: func() kit.DataRow[int] { return numberRow{kit.NewText("")} }, Open: func(r int) { opened = r },
	})
	w := inWindow(t, table.Content(), fyne.NewSize(600, 400))
	w.Canvas().SetOnTypedKey(func(k *fyne.KeyEvent) { escaped = k.Name == fyne.KeyEscape })
	table.SetRows([]int{10, 11, 12})
	w.Canvas().FocusNext()
	for _, k := range []fyne.KeyName{fyne.KeyDown, fyne.KeyReturn, fyne.KeyEscape} {
		w.Canvas().Focused().TypedKey(&fyne.KeyEvent{Name: k})
	}
	if opened != 11 || !escaped {
		t.Errorf("opened %d and escaped %v, want 11 and true", opened, escaped)
	}
}

func TestCellsAgreeFromRowToRow(t *testing.T) {
	inLook(t, kit.Light)
	cells := []kit.Cell{{Width: 40}, {Share: 1}, {Share: 1, From: 500}, {Width: 100}}
	row := func(width float32, name string) []fyne.CanvasObject {
		objects := []fyne.CanvasObject{kit.NewText("x"), kit.NewText(name), kit.NewText("second"), kit.NewText("y")}
		c := kit.NewCells(false, cells, objects...)
		c.Resize(fyne.NewSize(width, 40))
		return objects
	}
	a, b := row(600, "short"), row(600, strings.Repeat("long ", 40))
	for i := range a {
		if a[i].Position().X != b[i].Position().X {
			t.Errorf("column %d stands at %v and at %v", i, a[i].Position().X, b[i].Position().X)
		}
	}
	if right := a[3].Position().X + a[3].Size().Width; right < 599 || right > 601 {
		t.Errorf("the last column ends at %v", right)
	}
	if narrow := row(400, "short"); narrow[2].Position().X >= 0 || narrow[1].Size().Width <= a[1].Size().Width-100 {
		t.Errorf("without room: second at %v, first %v wide", narrow[2].Position().X, narrow[1].Size().Width)
	}
}

func TestCellsWithoutAColumnGoOnUnderAnother(t *testing.T) {
	inLook(t, kit.Light)
	cells := []kit.Cell{{Width: 40}, {Share: 1}, {Width: 100, From: 500, Under: 2}, {Share: 1, From: 600, Under: 3}}
	objects := []fyne.CanvasObject{kit.NewText("x"), kit.NewText("name"), kit.NewText("state"), kit.NewText(strings.Repeat("long ", 40)).Wrapped(0)}
	c := kit.NewCells(false, cells, objects...)
	height := kit.HeightFor(c, 300)
	c.Resize(fyne.NewSize(300, height))
	for i, o := range objects[2:] {
		if x := objects[1].Position().X; o.Position().X != x || o.Size().Width != 300-x {
			t.Errorf("cell %d stands at %v, %v wide, and not under the name at %v", i+2, o.Position(), o.Size().Width, x)
		}
	}
	if last := objects[3]; last.Position().Y <= objects[2].Position().Y || last.Position().Y+last.Size().Height > height+1 {
		t.Errorf("the last line stands at %v, %v high, in a row of %v", last.Position().Y, last.Size().Height, height)
	}
}

func TestCalendarKeepsToItsRange(t *testing.T) {
	inLook(t, kit.Light)
	var picked []view.Day
	first, last := view.Day{Year: 2026, Month: time.November, Day: 23}, view.Day{Year: 2027, Month: time.November, Day: 22}
	c := kit.NewCalendar(first, last, func(d view.Day) { picked = append(picked, d) })
	w := inWindow(t, container.NewWithoutLayout(c), fyne.NewSize(400, 400))
	c.Resize(c.MinSize())
	w.Canvas().Focus(c)
	press := func(k fyne.KeyName) { c.TypedKey(&fyne.KeyEvent{Name: k}) }
	press(fyne.KeyLeft) // before the first day
	press(fyne.KeyReturn)
	c.SetChosen(view.Day{Year: 2027, Month: time.January, Day: 31})
	press(fyne.KeyPageDown)
	press(fyne.KeyReturn)
	for range 20 {
		press(fyne.KeyPageDown)
	}
	press(fyne.KeyReturn)
	want := []view.Day{first, {Year: 2027, Month: time.February, Day: 28}, last}
	if len(picked) != 3 || picked[0] != want[0] || picked[1] != want[1] || picked[2] != want[2] {
		t.Errorf("picked %v, want %v", picked, want)
	}
	picked = nil
	w.Canvas().Unfocus()
	test.TapAt(c, fyne.NewPos(20, 70)) // Monday of the first week: 1 November 2027
	test.TapAt(c, fyne.NewPos(20, 70+4*36))
	if len(picked) != 1 || picked[0].Day != 1 {
		t.Errorf("tapping the first and a late Monday picked %v, want the 1st only", picked)
	}
	if w.Canvas().Focused() != fyne.Focusable(c) {
		t.Error("the keyboard does not go on from where the pointer was")
	}
}

func TestPillSaysMoreThanItsColour(t *testing.T) {
	inLook(t, kit.Light)
	for s := view.Fresh; s <= view.Still; s++ {
		p := kit.NewPill(s, "word")
		if p.Word() != "word" || p.Severity() != s {
			t.Errorf("pill of %v says %q", s, p.Word())
		}
	}
}

// A clock says that a date comes near. Where a permission is lacking nothing
// comes near, so another sign stands there; the twin has the clock.
func TestWhatIsLackingHasNoClock(t *testing.T) {
	inLook(t, kit.Light)
	p := kit.NewPill(view.Soon, "8 days")
	for lacking, want := range map[bool]string{true: "ui/none.svg", false: "ui/soon.svg"} {
		p.SetLacking(view.Soon, "no permission", lacking)
		if got := test.RenderObjectToMarkup(p); !strings.Contains(got, want) {
			t.Errorf("lacking is %v: no %s in %s", lacking, want, got)
		}
	}
}

func TestEveryKindHasItsPicture(t *testing.T) {
	inLook(t, kit.Light)
	for _, k := range []view.Kind{"computer", "doorbell", "3d_printer", "nothing anybody knows"} {
		tile := kit.NewPictureTile(40)
		tile.Set(k, view.Fresh)
		if tile.Box.MinSize().Width < 40 {
			t.Errorf("the picture of %q is %v wide", k, tile.Box.MinSize().Width)
		}
	}
}

func TestAFocusOutOfSightIsScrolledTo(t *testing.T) {
	inLook(t, kit.Light)
	column := kit.NewColumn(8)
	for i := range 60 {
		column.Add(kit.NewButton(fmt.Sprint("Button ", i), kit.Ordinary, func() {}))
	}
	page := kit.NewPage(column)
	w := inWindow(t, container.NewStack(page), fyne.NewSize(600, 400))
	seen := func(o fyne.CanvasObject) bool {
		y := fyne.CurrentApp().Driver().AbsolutePositionForObject(o).Y
		return y >= 0 && y+o.Size().Height <= 400
	}
	last := column.Objects[59]
	if seen(last) {
		t.Fatal("the last button is in sight before anything is done")
	}
	w.Canvas().Focus(last.(fyne.Focusable))
	if !seen(last) {
		t.Error("the button with the focus is out of sight")
	}
	w.Canvas().Focus(column.Objects[0].(fyne.Focusable))
	if !seen(column.Objects[0]) {
		t.Error("going back up leaves the focus out of sight")
	}
}

func BenchmarkTwoHundredCards(b *testing.B) {
	test.NewTempApp(b).Settings().SetTheme(kit.NewTheme(kit.Light, 1))
	grid := kit.NewCardGrid()
	for range 200 {
		grid.Add(kit.NewPermissionCard(kit.CardConfig{Action: func(view.PermissionCard) {}}))
	}
	page := kit.NewPage(grid)
	test.NewTempWindow(b, page).Resize(fyne.NewSize(1072, 800))
	for i := 0; b.Loop(); i++ {
		for _, o := range grid.Objects {
			c := bell()
			c.StateWord = fmt.Sprint(i)
			o.(*kit.PermissionCard).Set(c)
		}
		page.Refresh()
	}
}

// Fyne forgets the renderer of what was hidden for a minute and makes a new one
// when it is shown again, at the same size.
func TestWhatWasForgottenIsDrawnAgain(t *testing.T) {
	inLook(t, kit.Light)
	chip, pill, stamp := kit.NewChip(func(string) {}), kit.NewPill(view.Soon, "8 days"), kit.NewStamp(0)
	chip.Set(view.Choice{Label: "all", Count: "3", Chosen: true})
	stamp.Set("BEST BEFORE", "30 NOV 26", view.Soon, true)
	tick := kit.NewTick(func(bool) {})
	tick.Set(view.Choice{Chosen: true})
	for name, w := range map[string]fyne.Widget{
		"text": kit.NewText("Bell Maker"), "chip": chip, "pill": pill, "stamp": stamp, "tick": tick, "nav": kit.NewNavItem("home", "Home", func() {}),
		"button": kit.NewSignButton("check", "Give", kit.Main, func() {}), "panel": kit.NewPanel(kit.ColorAct, 8), "sign": kit.NewSign("check", kit.ColorAct, 20),
	} {
		inWindow(t, container.NewWithoutLayout(w), fyne.NewSize(400, 200))
		w.Resize(fyne.NewSize(160, 44))
		before, after := test.WidgetRenderer(w).Objects(), w.CreateRenderer().Objects()
		if len(before) == 0 || len(before) != len(after) {
			t.Errorf("%s: %d objects, then %d", name, len(before), len(after))
			continue
		}
		for i := range before {
			if before[i].Size() != after[i].Size() || before[i].Position() != after[i].Position() {
				t.Errorf("%s: object %d was %v at %v, then %v at %v", name, i, before[i].Size(), before[i].Position(), after[i].Size(), after[i].Position())
			}
		}
	}
}

func TestAWordThatComesLaterHasItsMargin(t *testing.T) {
	inLook(t, kit.Light)
	late, ready := kit.NewButton("", kit.Main, func() {}), kit.NewButton("Review", kit.Main, func() {})
	_ = late.MinSize() // drawn before there is a word
	late.SetLabel("Review")
	if late.MinSize() != ready.MinSize() {
		t.Errorf("%v, but %v when the word was there from the start", late.MinSize(), ready.MinSize())
	}
}
