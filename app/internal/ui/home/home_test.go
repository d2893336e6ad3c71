package home_test

import (
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"github.com/google/go-cmp/cmp"

	"bestbefore/app/internal/ui/home"
	"bestbefore/app/internal/ui/kit"
	"bestbefore/app/internal/view"
)

func show(t *testing.T, s view.Home) (*home.Page, *[]string) {
	t.Helper()
	test.NewTempApp(t).Settings().SetTheme(kit.NewTheme(kit.Light, 1))
	var log []string
	p := home.New(home.Commands{
		Open:    func(r view.Route) { log = append(log, "open "+string(r.Page)+" "+r.Arg) },
		Card:    func(c view.PermissionCard) { log = append(log, "card "+c.ID) },
		Invite:  func(a string) { log = append(log, "invite "+a) },
		News:    func(i, a string) { log = append(log, "news "+i+" "+a) },
		Problem: func(i, a string) { log = append(log, "problem "+i+" "+a) },
	})
	w := test.NewTempWindow(t, p.Content())
	w.Resize(fyne.NewSize(1072, 800))
	p.SetSnapshot(s)
	return p, &log
}

// press taps the button with label wherever it is.
func press(t *testing.T, o fyne.CanvasObject, label string) {
	t.Helper()
	var found *kit.Button
	kit.Walk(o, func(o fyne.CanvasObject) {
		if b, ok := o.(*kit.Button); ok && b.Label() == label && b.Visible() {
			found = b
		}
	})
	if found == nil {
		t.Fatalf("there is no button %q", label)
	}
	test.Tap(found)
}

// TestTheDemoIsOfferedOnlyWhereNothingIsConnected: and not inside the demo, which has no such command.
func TestTheDemoIsOfferedOnlyWhereNothingIsConnected(t *testing.T) {
	empty := view.Invitation{Title: "See where it goes"}
	for name, c := range map[string]struct {
		s       view.Home
		demo    bool
		offered bool
	}{
		"a fresh installation":   {view.Home{Loaded: true, Fresh: true, Empty: empty}, true, true},
		"something is connected": {view.Home{Loaded: true, Empty: empty}, true, false},
		"inside the demo":        {view.Home{Loaded: true, Fresh: true, Empty: empty}, false, false},
		"there is a permission":  {view.Home{Loaded: true, Fresh: true, Cards: []view.PermissionCard{{ID: "bell"}}}, true, false},
		"nothing was loaded yet": {view.Home{Fresh: true, Empty: empty}, true, false},
	} {
		t.Run(name, func(t *testing.T) {
			test.NewTempApp(t).Settings().SetTheme(kit.NewTheme(kit.Light, 1))
			tried := 0
			commands := home.Commands{}
			if c.demo {
				commands.Demo = func() { tried++ }
			}
			p := home.New(commands)
			test.NewTempWindow(t, p.Content()).Resize(fyne.NewSize(1072, 800))
			p.SetSnapshot(c.s)
			offered := false
			kit.Walk(p.Content(), func(o fyne.CanvasObject) {
				b, ok := o.(*kit.Button)
				offered = offered || ok && b.Label() == "Try the demo home"
			})
			if offered != c.offered {
				t.Fatalf("offered: %v", offered)
			}
			if offered {
				press(t, p.Content(), "Try the demo home")
				if tried != 1 {
					t.Errorf("pressing it tried the demo %d times", tried)
				}
			}
		})
	}
}

func TestEveryButtonCallsItsCommand(t *testing.T) {
	p, log := show(t, view.Home{
		Loaded: true, Sentence: "One permission ends this month.", MoreCards: "All 14 permissions",
		Cards:    []view.PermissionCard{{ID: "bell", Device: "Bell", Action: view.CardReview, ActionLabel: "Review"}},
		News:     []view.NewsItem{{ID: "n1", Lead: "A phone joined", Actions: []view.ActionLink{{ID: "yes", Label: "Yes"}, {ID: "no", Label: "No"}}}},
		Problems: []view.Problem{{ID: "p1", Word: "Needs you:", Text: "sign in again", Action: view.ActionLink{ID: "sign", Label: "Sign in"}}},
	})
	for _, label := range []string{"Review", "Yes", "No", "Sign in", "All 14 permissions"} {
		press(t, p.Content(), label)
	}
	want := []string{"card bell", "news n1 yes", "news n1 no", "problem p1 sign", "open permissions "}
	if diff := cmp.Diff(want, *log); diff != "" {
		t.Error(diff)
	}
}

func TestCardOpensItsPermissionOrItsDevice(t *testing.T) {
	p, log := show(t, view.Home{Loaded: true, Cards: []view.PermissionCard{{ID: "bell"}, {DeviceID: "tv"}}})
	kit.Walk(p.Content(), func(o fyne.CanvasObject) {
		if c, ok := o.(*kit.PermissionCard); ok {
			test.Tap(c)
		}
	})
	if diff := cmp.Diff([]string{"open review bell", "open device tv"}, *log); diff != "" {
		t.Error(diff)
	}
}

func TestEmptyHomeInvites(t *testing.T) {
	p, log := show(t, view.Home{Loaded: true, Empty: view.Invitation{Title: "Give the first thing a date", Action: view.ActionLink{ID: "give", Label: "Choose a device"}}})
	press(t, p.Content(), "Choose a device")
	if diff := cmp.Diff([]string{"invite give"}, *log); diff != "" {
		t.Error(diff)
	}
}

func TestNewsThatStaysKeepsItsButtons(t *testing.T) {
	s := view.Home{Loaded: true, NewsTitle: "New", News: []view.NewsItem{{ID: "n1", Lead: "A phone", Actions: []view.ActionLink{{ID: "yes", Label: "Yes"}}}}}
	p, _ := show(t, s)
	find := func() (b *kit.Button) {
		kit.Walk(p.Content(), func(o fyne.CanvasObject) {
			if v, ok := o.(*kit.Button); ok && v.Label() == "Yes" {
				b = v
			}
		})
		return b
	}
	before := find()
	s.Revision++
	s.Sentence = "Something else"
	p.SetSnapshot(s)
	if find() != before {
		t.Error("a refresh elsewhere replaced the answer, and with it the focus")
	}
	s.News = nil
	p.SetSnapshot(s)
	if find() != nil {
		t.Error("an answered question stays")
	}
}

func TestNewsLeadsToWhatItIsAbout(t *testing.T) {
	p, log := show(t, view.Home{Loaded: true, News: []view.NewsItem{
		{ID: "n1", Lead: "Robot cleaner:", Text: " support ended.", Route: view.Route{Page: view.PageDevice, Arg: "robot"}},
		{ID: "n2", Lead: "Nowhere to go"},
	}})
	press(t, p.Content(), "")
	if diff := cmp.Diff([]string{"open device robot"}, *log); diff != "" {
		t.Error(diff)
	}
}

// What was found at home is one line with a way to it, and nothing where there is none.
func TestWhatWasFoundIsOneLine(t *testing.T) {
	p, log := show(t, view.Home{Loaded: true, Found: "I also found: Pi-hole.", FoundLink: view.ActionLink{ID: "connectors", Label: "Show what was found"}})
	press(t, p.Content(), "Show what was found")
	if diff := cmp.Diff([]string{"open connectors "}, *log); diff != "" {
		t.Error(diff)
	}
	p.SetSnapshot(view.Home{Loaded: true})
	shown := false
	kit.Walk(p.Content(), func(o fyne.CanvasObject) {
		b, ok := o.(*kit.Button)
		shown = shown || ok && b.Label() == "Show what was found"
	})
	if shown {
		t.Error("it is offered though nothing was found")
	}
}
