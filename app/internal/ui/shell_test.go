package ui_test

import (
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/test"

	"github.com/google/go-cmp/cmp"

	"bestbefore/app/internal/ui"
	"bestbefore/app/internal/ui/kit"
	"bestbefore/app/internal/view"
)

// fakePage notes what the shell tells it.
type fakePage struct {
	name   string
	log    *[]string
	search *kit.Entry
	runes  string
	settle func(string)
}

func (p *fakePage) Content() fyne.CanvasObject { return p.search }
func (p *fakePage) OnShow(arg string)          { *p.log = append(*p.log, "show "+p.name+" "+arg) }
func (p *fakePage) OnHide()                    { *p.log = append(*p.log, "hide "+p.name) }
func (p *fakePage) Search() fyne.Focusable     { return p.search }
func (p *fakePage) TypedRune(r rune) bool      { p.runes += string(r); return true }
func (p *fakePage) TypedKey(*fyne.KeyEvent) bool {
	return false
}

func (p *fakePage) OnSettle(f func(string)) { p.settle = f }

type bench struct {
	shown  []view.Route
	shell  *ui.Shell
	window fyne.Window
	log    []string
	pages  map[view.Page]*fakePage
	later  []func()
	undone []string
}

func newBench(t *testing.T) *bench {
	t.Helper()
	test.NewTempApp(t).Settings().SetTheme(kit.NewTheme(kit.Light, 1))
	b := &bench{window: test.NewTempWindow(t, nil), pages: map[view.Page]*fakePage{}}
	build := func(p view.Page) func() ui.Page {
		return func() ui.Page {
			b.pages[p] = &fakePage{name: string(p), log: &b.log, search: kit.NewEntry("", nil)}
			return b.pages[p]
		}
	}
	shell, err := ui.New(ui.Config{
		Window: b.window,
		Places: []ui.Place{
			{Page: view.PageHome, Label: "Home", Sign: "home", Build: build(view.PageHome)},
			{Page: view.PageDevices, Label: "Devices", Sign: "devices", Build: build(view.PageDevices)},
			{Page: view.PageDevice, Under: view.PageDevices, Build: build(view.PageDevice)},
		},
		After: func(_ time.Duration, f func()) { b.later = append(b.later, f) },
		Shown: func(r view.Route) { b.shown = append(b.shown, r) },
		Undo:  func(id string) { b.undone = append(b.undone, id) },
	})
	if err != nil {
		t.Fatal(err)
	}
	b.shell = shell
	b.window.Resize(fyne.NewSize(1280, 800))
	shell.Start()
	return b
}

func (b *bench) key(k fyne.KeyName) { b.window.Canvas().OnTypedKey()(&fyne.KeyEvent{Name: k}) }

func TestHistoryTellsPagesWhenTheyAreSeen(t *testing.T) {
	b := newBench(t)
	b.shell.Open(view.Route{Page: view.PageDevice, Arg: "d1"})
	b.shell.Open(view.Route{Page: view.PageDevice, Arg: "d1"}) // already there
	b.shell.Open(view.Route{Page: "nowhere"})
	b.shell.Open(view.Route{Page: view.PageDevice, Arg: "d2"})
	b.key(fyne.KeyEscape)
	b.key(fyne.KeyEscape)
	b.key(fyne.KeyEscape) // nothing before the first page
	want := []string{
		"show home ", "hide home", "show device d1", "hide device", "show device d2",
		"hide device", "show device d1", "hide device", "show home ",
	}
	if diff := cmp.Diff(want, b.log); diff != "" {
		t.Error(diff)
	}
	if got := b.shell.Route(); got.Page != view.PageHome {
		t.Errorf("ends at %v, want home", got)
	}
}

func TestEscapeClosesTheDialogFirst(t *testing.T) {
	b := newBench(t)
	b.shell.Open(view.Route{Page: view.PageDevices})
	closed := 0
	b.shell.ShowDialog(kit.NewDialog("A", 300, kit.NewText("a"), kit.NewFlow(0)), func() { closed++ })
	b.shell.ShowDialog(kit.NewDialog("B", 300, kit.NewText("b"), kit.NewFlow(0)), nil)
	b.window.Canvas().OnTypedRune()('1')
	b.key(fyne.KeyEscape)
	b.key(fyne.KeyEscape)
	if closed != 1 || b.shell.Route().Page != view.PageDevices || len(b.window.Canvas().Overlays().List()) != 0 {
		t.Errorf("closed %d, at %v, %d overlays; want 1, devices, none", closed, b.shell.Route(), len(b.window.Canvas().Overlays().List()))
	}
	b.window.Canvas().OnTypedRune()('2')
	if got := b.pages[view.PageDevices].runes; got != "2" {
		t.Errorf("the page took %q, want only what was typed without a dialog", got)
	}
}

func TestMessageGoesByItselfButNotTooEarly(t *testing.T) {
	b := newBench(t)
	b.shell.Toast(view.Toast{Text: "first", Undo: "u1"})
	b.shell.Toast(view.Toast{Text: "second", Undo: "u2"})
	b.later[0]() // the first one's time is over; the second has just come
	if !b.shell.ToastShown() {
		t.Fatal("the newer message went with the older one's time")
	}
	test.Tap(b.shell.ToastUndo())
	if diff := cmp.Diff([]string{"u2"}, b.undone); diff != "" {
		t.Error(diff)
	}
	b.shell.Toast(view.Toast{Text: "third"})
	b.later[2]()
	if b.shell.ToastShown() {
		t.Error("the message stays after its time")
	}
}

// TestWhatConcernsEveryPageStandsAboveIt: it moves the page down and goes again.
func TestWhatConcernsEveryPageStandsAboveIt(t *testing.T) {
	b := newBench(t)
	page := b.pages[view.PageHome].Content()
	at := func(o fyne.CanvasObject) float32 {
		return fyne.CurrentApp().Driver().AbsolutePositionForObject(o).Y
	}
	before := at(page)
	var pressed string
	b.shell.SetNotice(view.Problem{Severity: view.Still, Word: "Gone.", Text: "It went.", Action: view.ActionLink{ID: "a", Label: "Keep them here"}}, func(id string) { pressed = id })
	var button *kit.Button
	kit.Walk(b.window.Content(), func(o fyne.CanvasObject) {
		if x, ok := o.(*kit.Button); ok && x.Label() == "Keep them here" {
			button = x
		}
	})
	if button == nil {
		t.Fatal("there is no button")
	}
	test.Tap(button)
	if pressed != "a" || at(page) < at(button)+button.Size().Height {
		t.Errorf("pressed %q; the page stands at %v, the button at %v", pressed, at(page), at(button))
	}
	b.shell.SetNotice(view.Problem{}, nil)
	if at(page) != before {
		t.Errorf("afterwards the page stands at %v", at(page))
	}
}

func searchShortcut() fyne.Shortcut {
	return &desktop.CustomShortcut{KeyName: fyne.KeyF, Modifier: fyne.KeyModifierShortcutDefault}
}

func TestSearchTakesTheFocus(t *testing.T) {
	b := newBench(t)
	b.window.Canvas().(fyne.Shortcutable).TypedShortcut(searchShortcut())
	if b.window.Canvas().Focused() != fyne.Focusable(b.pages[view.PageHome].search) {
		t.Error("Ctrl+F puts the focus somewhere else")
	}
}

func TestShellNeedsAWindowAndPages(t *testing.T) {
	for _, c := range []ui.Config{{}, {Window: test.NewTempWindow(t, nil)}} {
		if _, err := ui.New(c); err == nil {
			t.Errorf("New(%+v) succeeds", c)
		}
	}
}

func TestAPageThatSettlesIsFoundAgain(t *testing.T) {
	b := newBench(t)
	b.shell.Open(view.Route{Page: view.PageDevice})
	b.pages[view.PageDevice].settle("d1")
	b.shell.Open(view.Route{Page: view.PageDevices})
	b.pages[view.PageDevice].settle("too late")
	b.shell.Back()
	want := []view.Route{
		{Page: view.PageHome},
		{Page: view.PageDevice},
		{Page: view.PageDevice, Arg: "d1"},
		{Page: view.PageDevices},
		{Page: view.PageDevice, Arg: "d1"},
	}
	if diff := cmp.Diff(want, b.shown); diff != "" {
		t.Error(diff)
	}
}
