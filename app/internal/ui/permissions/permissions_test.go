package permissions_test

import (
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"bestbefore/app/internal/ui/kit"
	"bestbefore/app/internal/ui/permissions"
	"bestbefore/app/internal/view"
)

func inLook(t *testing.T) {
	t.Helper()
	test.NewTempApp(t).Settings().SetTheme(kit.NewTheme(kit.Light, 1))
}

func inWindow(t *testing.T, o fyne.CanvasObject) {
	t.Helper()
	test.NewTempWindow(t, o).Resize(fyne.NewSize(1072, 800))
}

func button(o fyne.CanvasObject, label string) *kit.Button {
	var found *kit.Button
	kit.Walk(o, func(o fyne.CanvasObject) {
		if b, ok := o.(*kit.Button); ok && b.Label() == label {
			found = b
		}
	})
	return found
}

func press(t *testing.T, o fyne.CanvasObject, label string) {
	t.Helper()
	b := button(o, label)
	if b == nil {
		t.Fatalf("there is no button %q", label)
	}
	test.Tap(b)
}

func chip(t *testing.T, o fyne.CanvasObject, label string) fyne.Tappable {
	t.Helper()
	var found fyne.Tappable
	kit.Walk(o, func(o fyne.CanvasObject) {
		switch v := o.(type) {
		case *kit.Chip:
			if v.Choice().Label == label {
				found = v
			}
		case *kit.Option:
			if v.Choice().Label == label {
				found = v
			}
		}
	})
	if found == nil {
		t.Fatalf("there is no choice %q", label)
	}
	return found
}

func day(y int, m time.Month, d int) view.Day { return view.Day{Year: y, Month: m, Day: d} }

func TestWallFiltersAndOpens(t *testing.T) {
	inLook(t)
	var log []string
	w := permissions.NewWall(permissions.WallCommands{
		Open:   func(r view.Route) { log = append(log, "open "+string(r.Page)+" "+r.Arg) },
		Card:   func(c view.PermissionCard) { log = append(log, "card "+c.ID) },
		Find:   func(q view.Query) { log = append(log, "find "+q.Text+"|"+q.Filter) },
		Invite: func(a string) { log = append(log, "invite "+a) },
	})
	inWindow(t, w.Content())
	w.SetSnapshot(view.Permissions{
		Loaded: true, Review: "Review 1 permission",
		Filters:  []view.Choice{{ID: "all", Label: "All", Chosen: true}, {ID: "soon", Label: "Ends soon"}},
		Cards:    []view.PermissionCard{{ID: "bell", Device: "Bell", Action: view.CardReview, ActionLabel: "Review"}},
		Timeline: view.Timeline{Title: "The year ahead", Marks: []view.TimelineMark{{ID: "bell", Label: "Bell", Fraction: 0.1}}},
	})
	test.Tap(chip(t, w.Content(), "Ends soon"))
	test.Type(w.Search(), "b")
	press(t, w.Content(), "Review")
	press(t, w.Content(), "Review 1 permission")
	kit.Walk(w.Content(), func(o fyne.CanvasObject) {
		if m, ok := o.(*kit.Mark); ok {
			test.Tap(m)
		}
	})
	want := []string{"find |soon", "find b|soon", "card bell", "open review ", "open review bell"}
	if diff := cmp.Diff(want, log); diff != "" {
		t.Error(diff)
	}
}

func TestAnEmptyFilterIsSaidWhereTheCardsWouldBe(t *testing.T) {
	inLook(t)
	w := permissions.NewWall(permissions.WallCommands{Open: func(view.Route) {}, Card: func(view.PermissionCard) {}, Find: func(view.Query) {}, Invite: func(string) {}})
	inWindow(t, w.Content())
	w.SetSnapshot(view.Permissions{
		Loaded: true, Filters: []view.Choice{{ID: "soon", Label: "Ends soon", Chosen: true}}, Empty: view.Invitation{Title: "Nothing like that here"},
		Timeline: view.Timeline{Title: "The year ahead", Marks: []view.TimelineMark{{ID: "bell", Label: "Bell", Fraction: 0.1}}},
	})
	var order []string
	kit.Walk(w.Content(), func(o fyne.CanvasObject) {
		switch v := o.(type) {
		case *kit.Timeline:
			order = append(order, "year")
		case *kit.Chip:
			order = append(order, "filter")
		case *kit.Text:
			if v.String() == "Nothing like that here" {
				order = append(order, "empty")
			}
		}
	})
	if diff := cmp.Diff([]string{"year", "filter", "empty"}, order); diff != "" {
		t.Error(diff)
	}
}

func give(t *testing.T, s view.Give) (*permissions.Give, *[]view.GiveDraft, *[]view.GiveDraft) {
	t.Helper()
	inLook(t)
	var previews, given []view.GiveDraft
	g := permissions.NewGive(permissions.GiveCommands{
		Preview: func(d view.GiveDraft) { previews = append(previews, d) },
		Give:    func(d view.GiveDraft) { given = append(given, d) },
		Cancel:  func() {},
	})
	inWindow(t, g.Content())
	g.SetSnapshot(s)
	return g, &previews, &given
}

func openGive() view.Give {
	return view.Give{
		Draft:    view.GiveDraft{DeviceID: "bell", Data: []string{"video"}},
		DeviceID: "bell", Title: "Bell", Confirm: "Give until 31 December",
		Recipients: []view.Choice{{ID: "maker", Label: "Maker"}, {ID: "any", Label: "Anybody"}},
		Data:       []view.Choice{{ID: "video", Label: "Video", Chosen: true}, {ID: "audio", Label: "Sound"}},
		Presets:    []view.Preset{{ID: "1m", Label: "1 month", Until: day(2026, 12, 31)}},
		Remedies:   []view.Choice{{ID: "block", Label: "Block it"}, {ID: "warn", Label: "Only tell me"}},
		First:      day(2026, 11, 23), Last: day(2027, 11, 22), Missing: "Choose who may receive it.",
	}
}

func TestNothingIsTickedBeforeSomebodyTicksIt(t *testing.T) {
	g, previews, given := give(t, openGive())
	test.Tap(button(g.Content(), "Give until 31 December"))
	if len(*previews)+len(*given) != 0 {
		t.Error("an incomplete form was given or changed by itself")
	}
}

func TestEachChoiceAsksForANewPreview(t *testing.T) {
	g, previews, _ := give(t, openGive())
	for _, label := range []string{"Maker", "Sound", "Video", "1 month", "Only tell me"} {
		test.Tap(chip(t, g.Content(), label))
	}
	// No answer came meanwhile: each choice stands on those before it.
	want := []view.GiveDraft{
		{Edit: 1, DeviceID: "bell", Recipients: []string{"maker"}, Data: []string{"video"}},
		{Edit: 2, DeviceID: "bell", Recipients: []string{"maker"}, Data: []string{"video", "audio"}},
		{Edit: 3, DeviceID: "bell", Recipients: []string{"maker"}, Data: []string{"audio"}},
		{Edit: 4, DeviceID: "bell", Recipients: []string{"maker"}, Data: []string{"audio"}, PresetID: "1m", Until: day(2026, 12, 31)},
		{Edit: 5, DeviceID: "bell", Recipients: []string{"maker"}, Data: []string{"audio"}, PresetID: "1m", Until: day(2026, 12, 31), Remedy: "warn"},
	}
	if diff := cmp.Diff(want, *previews); diff != "" {
		t.Error(diff)
	}
}

func last(drafts []view.GiveDraft) view.GiveDraft { return drafts[len(drafts)-1] }

func TestSeveralRecipientsAreTickedAndEverybodyStandsAlone(t *testing.T) {
	s := openGive()
	s.Recipients = append([]view.Choice{{ID: "events", Label: "Events"}}, s.Recipients...)
	g, previews, _ := give(t, s)
	for _, c := range []struct {
		label string
		want  []string
	}{{"Maker", []string{"maker"}}, {"Events", []string{"maker", "events"}}, {"Anybody", []string{"any"}}, {"Events", []string{"events"}}, {"Events", nil}} {
		test.Tap(chip(t, g.Content(), c.label))
		if diff := cmp.Diff(c.want, last(*previews).Recipients, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("after %s: %s", c.label, diff)
		}
	}
}

func entry(t *testing.T, o fyne.CanvasObject, hint string) *kit.Entry {
	t.Helper()
	var found *kit.Entry
	kit.Walk(o, func(o fyne.CanvasObject) {
		if e, ok := o.(*kit.Entry); ok && e.PlaceHolder == hint {
			found = e
		}
	})
	if found == nil {
		t.Fatalf("there is no field %q", hint)
	}
	return found
}

func TestADestinationIsTypedAndTheSetIsNamed(t *testing.T) {
	g, previews, _ := give(t, openGive())
	typed := entry(t, g.Content(), "Another one: an address or a host name")
	test.Type(typed, "not a host")
	press(t, g.Content(), "Add")
	s := openGive()
	s.Draft, s.TypedError = last(*previews), "“not” is neither an address nor a host name."
	g.SetSnapshot(s)
	if typed.Text != "not a host" {
		t.Error("what could not be used was thrown away")
	}
	typed.SetText("cdn.example")
	typed.TypedKey(&fyne.KeyEvent{Name: fyne.KeyReturn})
	if got := last(*previews); got.Typing != "cdn.example" {
		t.Fatalf("asked for %+v", got)
	}
	s = openGive()
	s.Draft, s.Proposed = last(*previews), "maker.example"
	s.Draft.Typing, s.Draft.Added = "", []string{"cdn.example"}
	g.SetSnapshot(s)
	if typed.Text != "" {
		t.Error("what became a choice still stands in the field")
	}
	test.Type(entry(t, g.Content(), "maker.example"), "Maker")
	if got := last(*previews); got.Name != "Maker" {
		t.Errorf("named %q", got.Name)
	}
}

func TestALateAnswerUndoesNoNewerChoice(t *testing.T) {
	g, previews, given := give(t, openGive())
	test.Tap(chip(t, g.Content(), "Maker"))
	test.Tap(chip(t, g.Content(), "Sound"))
	late := openGive()
	late.Draft = (*previews)[0]
	g.SetSnapshot(late) // the answer to the first of two clicks
	now := openGive()
	now.Draft, now.Missing = last(*previews), ""
	g.SetSnapshot(now)
	press(t, g.Content(), "Give until 31 December")
	if diff := cmp.Diff(last(*previews), (*given)[0]); diff != "" {
		t.Error(diff)
	}
}

func TestADateOfOnesOwn(t *testing.T) {
	g, previews, _ := give(t, openGive())
	test.Tap(chip(t, g.Content(), "Another date …"))
	var calendar *kit.Calendar
	kit.Walk(g.Content(), func(o fyne.CanvasObject) {
		if c, ok := o.(*kit.Calendar); ok {
			calendar = c
		}
	})
	if calendar == nil {
		t.Fatal("no calendar is shown")
	}
	calendar.TypedKey(&fyne.KeyEvent{Name: fyne.KeyDown})
	calendar.TypedKey(&fyne.KeyEvent{Name: fyne.KeyReturn})
	if n := len(*previews); n != 1 || (*previews)[0].Until != day(2026, 11, 30) || (*previews)[0].PresetID != "" {
		t.Errorf("asked for %+v, want until 30 November 2026", *previews)
	}
	s := openGive()
	s.Draft, s.Until = last(*previews), day(2026, 11, 30)
	g.SetSnapshot(s)
	test.Type(entry(t, g.Content(), "end of the day"), "18:00")
	if got := last(*previews); got.At != "18:00" || got.Until != day(2026, 11, 30) {
		t.Errorf("asked for %+v, want until 18:00", got)
	}
}

func TestACompleteFormIsGivenAsItIsShown(t *testing.T) {
	s := openGive()
	s.Missing, s.PresetID, s.Until = "", "1m", day(2026, 12, 31)
	s.Draft = view.GiveDraft{DeviceID: "bell", Recipients: []string{"maker"}, Data: []string{"video"}, PresetID: "1m", Until: day(2026, 12, 31), Remedy: "block"}
	g, _, given := give(t, s)
	press(t, g.Content(), "Give until 31 December")
	want := []view.GiveDraft{{DeviceID: "bell", Recipients: []string{"maker"}, Data: []string{"video"}, PresetID: "1m", Until: day(2026, 12, 31), Remedy: "block"}}
	if diff := cmp.Diff(want, *given); diff != "" {
		t.Error(diff)
	}
}

func disconnect(t *testing.T, s view.Disconnect) (*permissions.Disconnect, *[]string) {
	t.Helper()
	inLook(t)
	var log []string
	d := permissions.NewDisconnect(permissions.DisconnectCommands{
		Confirm: func(id string) { log = append(log, "disconnect "+id) },
		Pause:   func(id, pause string) { log = append(log, "pause "+id+" "+pause) },
		Undo:    func(id string) { log = append(log, "undo "+id) },
		Close:   func() { log = append(log, "close") },
	})
	inWindow(t, d.Content())
	d.SetSnapshot(s)
	return d, &log
}

func TestDisconnectShowsTheResultInPlace(t *testing.T) {
	s := view.Disconnect{DeviceID: "bell", Title: "Disconnect bell?", Stops: []string{"The app"}, Confirm: "Disconnect now"}
	d, log := disconnect(t, s)
	press(t, d.Content(), "Disconnect now")
	s.Result, s.ResultSev, s.Undo = "router confirms", view.Fresh, view.ActionLink{ID: "u1", Label: "Reconnect"}
	d.SetSnapshot(s)
	if button(d.Content(), "Disconnect now") != nil {
		t.Error("what is done can be done again")
	}
	press(t, d.Content(), "Reconnect")
	press(t, d.Content(), "Close")
	if diff := cmp.Diff([]string{"disconnect bell", "undo u1", "close"}, *log); diff != "" {
		t.Error(diff)
	}
}

func TestForHowLongIsAChoice(t *testing.T) {
	s := view.Disconnect{DeviceID: "bell", Confirm: "Disconnect now", Pauses: []view.Choice{{ID: "", Label: "Until I reconnect it", Chosen: true}, {ID: "hour", Label: "For an hour"}}}
	d, log := disconnect(t, s)
	test.Tap(chip(t, d.Content(), "For an hour"))
	s.Result = "router confirms"
	d.SetSnapshot(s)
	kit.Walk(d.Content(), func(o fyne.CanvasObject) {
		if _, ok := o.(*kit.Chip); ok {
			t.Error("what is done can be given another end")
		}
	})
	if diff := cmp.Diff([]string{"pause bell hour"}, *log); diff != "" {
		t.Error(diff)
	}
}

func TestASafetyDeviceIsAskedForTwice(t *testing.T) {
	d, log := disconnect(t, view.Disconnect{DeviceID: "alarm", Confirm: "Disconnect now", Second: "It watches for smoke."})
	press(t, d.Content(), "Disconnect now")
	if len(*log) != 0 {
		t.Fatal("a safety device was cut by one click")
	}
	press(t, d.Content(), "Disconnect now")
	if diff := cmp.Diff([]string{"disconnect alarm"}, *log); diff != "" {
		t.Error(diff)
	}
}

func TestARefusedDisconnectHasNoButton(t *testing.T) {
	d, _ := disconnect(t, view.Disconnect{DeviceID: "router", Confirm: "Disconnect now", Refused: "This is the router."})
	if button(d.Content(), "Disconnect now") != nil {
		t.Error("the router can be disconnected")
	}
}

func TestEscapeInAFieldGoesOnToTheWindow(t *testing.T) {
	g, _, _ := give(t, openGive())
	typed := entry(t, g.Content(), "Another one: an address or a host name")
	closed := false
	fyne.CurrentApp().Driver().CanvasForObject(typed).SetOnTypedKey(func(k *fyne.KeyEvent) { closed = k.Name == fyne.KeyEscape })
	test.Type(typed, "x")
	typed.TypedKey(&fyne.KeyEvent{Name: fyne.KeyEscape})
	if typed.Text != "" || closed {
		t.Error("the first Esc clears the field and nothing more")
	}
	typed.TypedKey(&fyne.KeyEvent{Name: fyne.KeyEscape})
	if !closed {
		t.Error("the second Esc is lost in the field")
	}
}

// A choice is marked at once, also where the answer is slow; and a day that is only
// proposed meanwhile turns no page of the open calendar.
func TestAChoiceIsMarkedBeforeTheAnswer(t *testing.T) {
	g, previews, _ := give(t, openGive())
	sound := chip(t, g.Content(), "Sound").(*kit.Chip)
	was := sound.Choice().Chosen
	test.Tap(sound)
	if sound.Choice().Chosen == was {
		t.Error("it waits for the answer")
	}
	test.Tap(chip(t, g.Content(), "Another date …"))
	var calendar *kit.Calendar
	kit.Walk(g.Content(), func(o fyne.CanvasObject) {
		if c, ok := o.(*kit.Calendar); ok {
			calendar = c
		}
	})
	calendar.TypedKey(&fyne.KeyEvent{Name: fyne.KeyPageDown})
	at := calendar.Cursor()
	s := openGive()
	s.Draft, s.PresetID, s.Until = last(*previews), "3m", day(2027, 2, 22)
	g.SetSnapshot(s)
	if calendar.Cursor() != at {
		t.Errorf("the calendar turned from %v to %v", at, calendar.Cursor())
	}
}
