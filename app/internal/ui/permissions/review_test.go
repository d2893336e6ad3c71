package permissions_test

import (
	"slices"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"github.com/google/go-cmp/cmp"

	"bestbefore/app/internal/ui/kit"
	"bestbefore/app/internal/ui/permissions"
	"bestbefore/app/internal/view"
)

// review shows s and returns the page with what it asked for.
func review(t *testing.T, s view.Review) (*permissions.Review, *[]string, *fyne.CanvasObject) {
	t.Helper()
	inLook(t)
	var log []string
	var dialog fyne.CanvasObject
	note := func(what string) func(string) { return func(id string) { log = append(log, what+" "+id) } }
	r := permissions.NewReview(permissions.ReviewCommands{
		Shown: note("shown"), Lapse: note("lapse"), Extend: note("extend"), End: note("end"), Confirm: note("confirm"),
		Step:  func(action, step string) { log = append(log, "step "+action+" "+step) },
		Save:  note("save"),
		Renew: func(id, term string) { log = append(log, "renew "+id+" "+term) }, Retry: note("retry"),
		RenewAt: func(id, term string, answer func(string)) {
			log = append(log, "renew "+id+" "+term)
			if strings.HasSuffix(term, "T25:00") {
				answer("Write the time as 18:00.")
				return
			}
			answer("")
		},
		Open:        func(v view.Route) { log = append(log, "open "+string(v.Page)+" "+v.Arg) },
		ShowDialog:  func(o fyne.CanvasObject) { dialog = o },
		CloseDialog: func() { log = append(log, "close") },
	})
	inWindow(t, r.Content())
	r.SetSnapshot(s)
	return r, &log, &dialog
}

func openReview() view.Review {
	return view.Review{
		Loaded: true, ID: "bell", Title: "Bell → Maker", CanRenew: true, CanLapse: true, CanEnd: true, Next: "tv", Previous: "radio",
		Grace: "Give me two more days", GraceLine: "Two more days can be given once: it then ends on 2 December.",
		Presets: []view.Preset{{Label: "1 month", Term: "P1M"}, {Label: "3 months", Term: "P3M"}},
		First:   day(2026, 11, 23), Last: day(2027, 11, 22), NothingLine: "If you do nothing, it lapses.",
		LapseTitle: "What happens if it lapses", LapseText: "The router cuts it.",
	}
}

func TestStepsByHandAreConfirmedByAButton(t *testing.T) {
	s := openReview()
	r, log, _ := review(t, s)
	if button(r.Content(), "It is done") != nil {
		t.Error("there is a button although nothing is to be done by hand")
	}
	s.StepsFor, s.Steps, s.Confirm = "By hand", []string{"Open the app.", "Say that it is done."}, view.ActionLink{ID: "a1", Label: "It is done"}
	r.SetSnapshot(s)
	press(t, r.Content(), "It is done")
	if diff := cmp.Diff([]string{"confirm a1"}, *log); diff != "" {
		t.Error(diff)
	}
	s.Steps, s.Confirm = nil, view.ActionLink{}
	r.SetSnapshot(s)
	if button(r.Content(), "It is done") != nil {
		t.Error("the button stays after the word was given")
	}
}

// The next rung is a button beside what else it would stop, and goes when it was taken.
func TestTheNextRungIsAButton(t *testing.T) {
	s := openReview()
	r, log, _ := review(t, s)
	if button(r.Content(), "Cut all of it") != nil {
		t.Error("there is a button although nothing failed")
	}
	s.Ladder = view.Ladder{Title: "What you can do now", Text: "The router cuts it.", Stops: []string{"Time"}, Action: "a1", Ways: []view.Way{{Step: "whole", Label: "Cut all of it"}}}
	r.SetSnapshot(s)
	press(t, r.Content(), "Cut all of it")
	if diff := cmp.Diff([]string{"step a1 whole"}, *log); diff != "" {
		t.Error(diff)
	}
	s.Ladder = view.Ladder{}
	r.SetSnapshot(s)
	if button(r.Content(), "Cut all of it") != nil {
		t.Error("the button stays after it was taken")
	}
}

// TestWhatIsGoneForGoodIsAskedTwice: neither the button nor a bare key deletes an
// access. The twin is the same review where an end can be undone.
func TestWhatIsGoneForGoodIsAskedTwice(t *testing.T) {
	s := openReview()
	s.Second = "Its access is deleted for good."
	r, log, dialog := review(t, s)
	for _, ask := range []func(){func() { r.TypedRune('e') }, func() { press(t, r.Content(), "End now") }} {
		*log, *dialog = nil, nil
		ask()
		if len(*log) != 0 || *dialog == nil {
			t.Fatalf("without a second question: %q", *log)
		}
		press(t, *dialog, "Cancel")
		ask()
		press(t, *dialog, "End it for good")
		if diff := cmp.Diff([]string{"close", "close", "end bell"}, *log); diff != "" {
			t.Error(diff)
		}
	}
	r, log, _ = review(t, openReview())
	r.TypedRune('e')
	if diff := cmp.Diff([]string{"end bell"}, *log); diff != "" {
		t.Error(diff)
	}
}

func TestReviewByKeys(t *testing.T) {
	r, log, _ := review(t, openReview())
	for _, k := range "129lLeEx" {
		r.TypedRune(k)
	}
	r.TypedKey(&fyne.KeyEvent{Name: fyne.KeyRight})
	r.TypedKey(&fyne.KeyEvent{Name: fyne.KeyLeft})
	want := []string{
		"renew bell P1M", "renew bell P3M", "lapse bell", "lapse bell", "end bell", "end bell",
		"open review tv", "open review radio",
	}
	if diff := cmp.Diff(want, *log); diff != "" {
		t.Error(diff)
	}
}

func TestReviewByButtons(t *testing.T) {
	r, log, dialog := review(t, openReview())
	for _, label := range []string{"Renew 1 month", "3 months", "Give me two more days", "Let it lapse", "End now", "Until a date …"} {
		press(t, r.Content(), label)
	}
	if *dialog == nil {
		t.Fatal("no calendar was shown")
	}
	var calendar *kit.Calendar
	kit.Walk(*dialog, func(o fyne.CanvasObject) {
		if c, ok := o.(*kit.Calendar); ok {
			calendar = c
		}
	})
	press(t, *dialog, "Renew") // nothing is chosen beforehand
	calendar.TypedKey(&fyne.KeyEvent{Name: fyne.KeyReturn})
	entry(t, *dialog, "end of the day").SetText("18.00")
	press(t, *dialog, "Renew")
	want := []string{"renew bell P1M", "renew bell P3M", "extend bell", "lapse bell", "end bell", "renew bell 2026-11-23T18:00", "close"}
	if diff := cmp.Diff(want, *log); diff != "" {
		t.Error(diff)
	}
}

// TestAWrongTimeIsRefusedInTheDialog: it stays open, says why, and a better time is taken.
func TestAWrongTimeIsRefusedInTheDialog(t *testing.T) {
	r, log, dialog := review(t, openReview())
	press(t, r.Content(), "Until a date …")
	kit.Walk(*dialog, func(o fyne.CanvasObject) {
		if c, ok := o.(*kit.Calendar); ok {
			c.TypedKey(&fyne.KeyEvent{Name: fyne.KeyReturn})
		}
	})
	refused := func() bool {
		said := false
		kit.Walk((*dialog).(*kit.Dialog).Body(), func(o fyne.CanvasObject) {
			text, ok := o.(*kit.Text)
			said = said || ok && text.Visible() && text.String() == "Write the time as 18:00."
		})
		return said
	}
	at := entry(t, *dialog, "end of the day")
	at.SetText("25:00")
	press(t, *dialog, "Renew")
	if !refused() || slices.Contains(*log, "close") {
		t.Fatalf("refused %v, asked for %v", refused(), *log)
	}
	at.SetText("18:00")
	if refused() {
		t.Error("the reason stays although the time was changed")
	}
	press(t, *dialog, "Renew")
	if diff := cmp.Diff([]string{"renew bell 2026-11-23T25:00", "renew bell 2026-11-23T18:00", "close"}, *log); diff != "" {
		t.Error(diff)
	}
}

func TestReviewRefusesWhatIsNotOffered(t *testing.T) {
	closed := openReview()
	closed.CanRenew, closed.CanLapse, closed.CanEnd, closed.Grace, closed.WhyNot = false, false, false, "", "It ended for good."
	busy := openReview()
	busy.Busy = true
	for name, s := range map[string]view.Review{"closed": closed, "busy": busy} {
		r, log, _ := review(t, s)
		for _, k := range "12le" {
			r.TypedRune(k)
		}
		for _, label := range []string{"Renew 1 month", "Give me two more days", "Let it lapse", "End now"} {
			if b := button(r.Content(), label); b != nil {
				test.Tap(b)
			}
		}
		if len(*log) != 0 {
			t.Errorf("%s: the review still asked for %v", name, *log)
		}
	}
}

func TestTheFirstThatWaitsStaysUntilSomebodyGoesOn(t *testing.T) {
	r, log, _ := review(t, view.Review{})
	var settled []string
	r.OnSettle(func(id string) { settled = append(settled, id) })
	r.OnShow("") // whatever waits first
	r.SetSnapshot(openReview())
	r.TypedRune('e')
	next := openReview()
	next.ID = "tv"
	r.SetSnapshot(next) // the bell waits no longer
	r.TypedRune('e')
	decided := openReview()
	decided.Next, decided.CanEnd = "", false
	r.SetSnapshot(decided)
	r.TypedRune('e')
	r.TypedKey(&fyne.KeyEvent{Name: fyne.KeyRight})
	want := []string{"shown ", "end bell", "end bell", "open review tv"}
	if diff := cmp.Diff(want, *log); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"bell"}, settled); diff != "" {
		t.Error(diff)
	}
}

func TestNoKeyHitsThePermissionSeenBefore(t *testing.T) {
	r, log, _ := review(t, openReview())
	r.OnShow("tv")
	r.TypedRune('e')            // the page of the bell is gone, that of the TV not there yet
	r.SetSnapshot(openReview()) // a late answer about the bell
	r.TypedRune('e')
	if diff := cmp.Diff([]string{"shown tv"}, *log); diff != "" {
		t.Error(diff)
	}
	s := openReview()
	s.ID = "tv"
	r.SetSnapshot(s)
	r.TypedRune('e')
	if diff := cmp.Diff([]string{"shown tv", "end tv"}, *log); diff != "" {
		t.Error(diff)
	}
}

func TestReviewKeepsItsButtonsWhileTheChoicesStay(t *testing.T) {
	s := openReview()
	r, _, _ := review(t, s)
	before := button(r.Content(), "End now")
	s.Revision, s.ResultLine = 2, "asked the router"
	r.SetSnapshot(s)
	if button(r.Content(), "End now") != before {
		t.Error("a refresh replaced the buttons, and with them the focus")
	}
	s.Busy = true
	r.SetSnapshot(s)
	if button(r.Content(), "End now") == before {
		t.Error("the buttons stayed as they were although a decision is under way")
	}
}

// What has ended keeps no empty sheet for what did not change; the twin is a
// live one, with both sheets.
func TestWhatHasEndedSaysItOnce(t *testing.T) {
	s := openReview()
	s.Since, s.SinceTitle, s.SinceEmpty = nil, "Since you agreed", "Nothing has changed."
	r, _, _ := review(t, s)
	shown := func() (any bool) {
		kit.Walk(r.Content(), func(o fyne.CanvasObject) {
			if x, ok := o.(*kit.Text); ok && x.Visible() && x.String() == s.SinceEmpty {
				any = true
			}
		})
		return any
	}
	if !shown() {
		t.Error("a live permission lacks a sheet")
	}
	s.LapseTitle, s.LapseText = "", ""
	r.SetSnapshot(s)
	if shown() {
		t.Error("an ended permission has an empty sheet")
	}
}

func TestWhatIsStuckIsTriedAgainFromItsPlace(t *testing.T) {
	s := openReview()
	s.ResultLine, s.ResultSev, s.Retry = "could not be done", view.Still, view.ActionLink{ID: "a1", Label: "Try again now"}
	r, log, _ := review(t, s)
	press(t, r.Content(), "Try again now")
	if diff := cmp.Diff([]string{"retry a1"}, *log); diff != "" {
		t.Error(diff)
	}
}

// One permission is saved from its own page, and what became of it is said there;
// the twin: where nothing can save it there is no button.
func TestAPermissionIsSavedFromItsPage(t *testing.T) {
	s := openReview()
	s.Save = view.ActionLink{ID: "bell", Label: "Save a copy of this permission …"}
	r, log, _ := review(t, s)
	press(t, r.Content(), s.Save.Label)
	if diff := cmp.Diff([]string{"save bell"}, *log); diff != "" {
		t.Error(diff)
	}
	s.Saved = view.Outcome{Line: "8 files saved in there", Severity: view.Fresh}
	r.SetSnapshot(s)
	said := false
	kit.Walk(r.Content(), func(o fyne.CanvasObject) {
		if x, ok := o.(*kit.Text); ok && x.Visible() && strings.Contains(x.String(), s.Saved.Line) {
			said = true
		}
	})
	if !said {
		t.Error("it is not said that it was saved")
	}
	without := permissions.NewReview(permissions.ReviewCommands{Shown: func(string) {}})
	inWindow(t, without.Content())
	without.SetSnapshot(s)
	if button(without.Content(), s.Save.Label) != nil {
		t.Error("there is a button although nothing saves it")
	}
}
