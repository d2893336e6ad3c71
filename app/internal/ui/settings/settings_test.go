package settings_test

import (
	"fmt"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"github.com/google/go-cmp/cmp"

	"bestbefore/app/internal/ui/kit"
	"bestbefore/app/internal/ui/settings"
	"bestbefore/app/internal/view"
)

func snapshot(reminders bool) view.Settings {
	return view.Settings{Loaded: true, Groups: []view.SettingGroup{{Title: "While you are away", Rows: []view.SettingRow{
		{ID: "reminders", Label: "Reminders", Choices: []view.Choice{{ID: "on", Label: "On", Chosen: reminders}, {ID: "off", Label: "Off", Chosen: !reminders}}},
		{ID: "leave", Label: "Lift", Button: view.ActionLink{ID: "leave", Label: "Lift and let go"}, Sure: "Really?", Danger: true},
		{ID: "export", Label: "Copy", Button: view.ActionLink{ID: "export", Label: "Save"}},
	}}}}
}

func page(t *testing.T) (*settings.Page, *[]string) {
	t.Helper()
	test.NewTempApp(t).Settings().SetTheme(kit.NewTheme(kit.Light, 1))
	var log []string
	p := settings.New(settings.Commands{
		Set:   func(id, v string) { log = append(log, id+"="+v) },
		Press: func(id string) { log = append(log, "press "+id) },
		Forget: settings.ForgetCommands{
			Choose: func(d view.ForgetDraft) {
				log = append(log, fmt.Sprintf("choose %s %s %s %s %v", d.Scope, d.Device, d.From, d.To, d.Erase))
			},
			Delete: func() { log = append(log, "delete") },
		},
	})
	test.NewTempWindow(t, p.Content()).Resize(fyne.NewSize(1072, 800))
	p.SetSnapshot(snapshot(true))
	return p, &log
}

func find[T fyne.Tappable](t *testing.T, o fyne.CanvasObject, is func(T) bool) T {
	t.Helper()
	var found T
	ok := false
	kit.Walk(o, func(o fyne.CanvasObject) {
		if v, right := o.(T); right && is(v) {
			found, ok = v, true
		}
	})
	if !ok {
		t.Fatal("it is not there")
	}
	return found
}

func button(t *testing.T, o fyne.CanvasObject, label string) *kit.Button {
	t.Helper()
	return find(t, o, func(b *kit.Button) bool { return b.Label() == label })
}

func TestAChoiceIsSetAndItsChipStays(t *testing.T) {
	p, log := page(t)
	off := find(t, p.Content(), func(c *kit.Chip) bool { return c.Choice().Label == "Off" })
	test.Tap(off)
	p.SetSnapshot(snapshot(false))
	if again := find(t, p.Content(), func(c *kit.Chip) bool { return c.Choice().Label == "Off" }); again != off || !again.Choice().Chosen {
		t.Error("the chip was made anew, or is not chosen")
	}
	if diff := cmp.Diff([]string{"reminders=off"}, *log); diff != "" {
		t.Error(diff)
	}
}

func TestWhatTakesAwayIsAskedForTwice(t *testing.T) {
	p, log := page(t)
	test.Tap(button(t, p.Content(), "Lift and let go"))
	if len(*log) != 0 {
		t.Fatalf("the first press did %v", *log)
	}
	test.Tap(button(t, p.Content(), "Lift and let go"))
	test.Tap(button(t, p.Content(), "Save"))
	if diff := cmp.Diff([]string{"press leave", "press export"}, *log); diff != "" {
		t.Error(diff)
	}
	test.Tap(button(t, p.Content(), "Lift and let go"))
	p.OnHide()
	p.OnShow("")
	p.SetSnapshot(snapshot(false))
	test.Tap(button(t, p.Content(), "Lift and let go"))
	if len(*log) != 2 {
		t.Errorf("one press before and one after leaving the page did %v", *log)
	}
}

func TestTheQuestionWhenTheWindowIsClosed(t *testing.T) {
	test.NewTempApp(t).Settings().SetTheme(kit.NewTheme(kit.Light, 1))
	var log []string
	note := func(s string) func() { return func() { log = append(log, s) } }
	d := settings.NewLeave(view.Leaving{Title: "Keep working?", Text: "2 dates", Keep: "Keep working", Quit: "Quit"},
		settings.LeaveCommands{Keep: note("keep"), Quit: note("quit"), Cancel: note("cancel")})
	test.NewTempWindow(t, d).Resize(fyne.NewSize(900, 600))
	s := settings.NewStart(settings.StartCommands{Yes: note("yes"), No: note("no")})
	test.NewTempWindow(t, s).Resize(fyne.NewSize(900, 600))
	for _, b := range []*kit.Button{button(t, d, "Cancel"), button(t, d, "Quit"), button(t, d, "Keep working"), button(t, s, "No"), button(t, s, "Start with the computer")} {
		test.Tap(b)
	}
	if diff := cmp.Diff([]string{"cancel", "quit", "keep", "no", "yes"}, log); diff != "" {
		t.Error(diff)
	}
}

func forgetting(d view.ForgetDraft) view.Settings {
	s := snapshot(true)
	in := view.ForgetInput{Draft: d}
	if d.Ready() {
		in.Preview.Goes, in.Preview.Stays = []string{"Where it sent."}, []string{"Permissions."}
	}
	s.Forget = view.Presenter{Now: time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)}.Forget(in)
	return s
}

// The days are chosen in calendars, by keys alone: Enter picks where the arrows
// stand; no last day lies before the first, and a late answer takes nothing back.
func TestForgettingAsksTwiceAndKeepsWhatIsChosen(t *testing.T) {
	p, log := page(t)
	p.SetSnapshot(forgetting(view.ForgetDraft{}))
	test.Tap(find(t, p.Content(), func(c *kit.Chip) bool { return c.Choice().Label == "Of a period" }))
	p.SetSnapshot(forgetting(view.ForgetDraft{Scope: view.ForgetPeriod}))
	var days []*kit.Calendar
	kit.Walk(p.Content(), func(o fyne.CanvasObject) {
		if c, ok := o.(*kit.Calendar); ok && c.Visible() {
			days = append(days, c)
		}
	})
	if len(days) != 2 {
		t.Fatalf("%d calendars", len(days))
	}
	keys := func(c *kit.Calendar, names ...fyne.KeyName) {
		for _, n := range names {
			c.TypedKey(&fyne.KeyEvent{Name: n})
		}
	}
	if got := days[0].Cursor(); got != (view.Day{Year: 2026, Month: 11, Day: 22}) {
		t.Errorf("it opens at %v", got)
	}
	keys(days[0], fyne.KeyPageUp, fyne.KeyUp, fyne.KeyReturn) // 15 October
	p.SetSnapshot(forgetting(view.ForgetDraft{Scope: view.ForgetPeriod}))
	first := view.Day{Year: 2026, Month: 10, Day: 15}
	p.SetSnapshot(forgetting(view.ForgetDraft{Scope: view.ForgetPeriod, From: first}))
	keys(days[1], fyne.KeyPageUp, fyne.KeyPageUp, fyne.KeyPageUp, fyne.KeyReturn) // not before the first
	p.SetSnapshot(forgetting(view.ForgetDraft{Scope: view.ForgetPeriod, From: first, To: first}))
	test.Tap(button(t, p.Content(), "Delete for good"))
	for _, l := range *log {
		if l == "delete" {
			t.Fatal("one press deleted it")
		}
	}
	test.Tap(button(t, p.Content(), "Delete for good"))
	want := []string{"choose period    false", "choose period  2026-10-15  false", "choose period  2026-10-15 2026-10-15 false", "delete"}
	if diff := cmp.Diff(want, *log); diff != "" {
		t.Error(diff)
	}
	keys(days[0], fyne.KeyDown, fyne.KeyReturn) // past the last day, which is asked for anew
	if got := (*log)[len(*log)-1]; got != "choose period  2026-10-22  false" {
		t.Errorf("asked %q", got)
	}
}

func TestAnotherChoiceIsAskedAnew(t *testing.T) {
	p, log := page(t)
	p.SetSnapshot(forgetting(view.ForgetDraft{Scope: view.ForgetAll}))
	test.Tap(button(t, p.Content(), "Delete for good"))
	test.Tap(find(t, p.Content(), func(c *kit.Chip) bool { return c.Choice().Label == "Erase the diary's texts too" }))
	p.SetSnapshot(forgetting(view.ForgetDraft{Scope: view.ForgetAll, Erase: true}))
	test.Tap(button(t, p.Content(), "Delete for good"))
	if diff := cmp.Diff([]string{"choose all    true"}, *log); diff != "" {
		t.Error(diff)
	}
}
