package settings_test

import (
	"testing"

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
