package captures_test

import (
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"github.com/google/go-cmp/cmp"

	"bestbefore/app/internal/ui/captures"
	"bestbefore/app/internal/ui/kit"
	"bestbefore/app/internal/view"
)

func show(t *testing.T, s view.Capture) (*captures.Page, fyne.Window, *[]string) {
	t.Helper()
	test.NewTempApp(t).Settings().SetTheme(kit.NewTheme(kit.Light, 1))
	log := &[]string{}
	say := func(what string) func() { return func() { *log = append(*log, what) } }
	p := captures.New(captures.Commands{
		Choose: say("choose"), Take: say("take"), Stop: say("stop"), Close: say("close"),
		Add: func(on bool) {
			if on {
				say("add")()
			} else {
				say("leave out")()
			}
		},
		Forget: func(file string) { say("forget " + file)() },
		Open:   func(r view.Route) { say("open " + string(r.Page) + " " + r.Arg)() },
	})
	w := test.NewTempWindow(t, p.Content())
	w.Resize(fyne.NewSize(1072, 900))
	p.SetSnapshot(s)
	return p, w, log
}

func looked() view.Capture {
	return view.Capture{
		Loaded: true, Title: "Read a capture file", Choose: view.ActionLink{Label: "Choose a file"}, File: "a.pcap", KnownTitle: "One device", NewTitle: "One new",
		Known: []view.CaptureRow{{ID: "bell", Name: "Bell"}}, New: []view.CaptureRow{{Name: "Never seen here"}},
		Add:  []view.Choice{{ID: view.AddNew, Label: "Add it too"}},
		Take: view.ActionLink{Label: "Take over 1 device"}, Close: view.ActionLink{Label: "Close"}, TakenTitle: "Taken over",
		Taken: []view.TakenCapture{{File: "old.pcap", Forget: view.ActionLink{ID: "old.pcap", Label: "Forget this capture"}, Sure: "What it told is deleted."}},
	}
}

// each calls f with every widget that is shown.
func each[W fyne.CanvasObject](w fyne.Window, f func(W)) {
	kit.Walk(w.Content(), func(o fyne.CanvasObject) {
		if x, ok := o.(W); ok && o.Visible() {
			f(x)
		}
	})
}

func press(t *testing.T, w fyne.Window, label string) {
	t.Helper()
	var found *kit.Button
	each(w, func(b *kit.Button) {
		if b.Label() == label && found == nil {
			found = b
		}
	})
	if found == nil {
		t.Fatalf("there is no button %q", label)
	}
	test.Tap(found)
}

func says(w fyne.Window, text string) (yes bool) {
	each(w, func(x *kit.Text) { yes = yes || x.String() == text })
	return yes
}

func TestAFileIsLookedAtTakenOverAndForgotten(t *testing.T) {
	_, w, log := show(t, looked())
	press(t, w, "Choose a file")
	each(w, func(o *kit.Option) { test.Tap(o) })
	press(t, w, "") // the arrow behind the bell
	press(t, w, "Take over 1 device")
	press(t, w, "Close")
	press(t, w, "Forget this capture")
	if d := cmp.Diff([]string{"choose", "add", "open device bell", "take", "close"}, *log); d != "" {
		t.Fatal(d)
	}
	if !says(w, "Sure? What it told is deleted.") {
		t.Error("it is forgotten without a question")
	}
	press(t, w, "Forget this capture")
	if d := cmp.Diff("forget old.pcap", (*log)[5]); d != "" {
		t.Error(d)
	}
}

// While a file is read only the bar moves; it can be stopped, and no second one is chosen.
func TestAReadingIsFollowedAndStopped(t *testing.T) {
	s := looked()
	s.File, s.Busy, s.Reading, s.Progress, s.Stop = "", true, "Looking into a.pcap: 1 MB of 4 MB", 0.25, view.ActionLink{Label: "Stop"}
	p, w, log := show(t, s)
	var forget *kit.Button
	each(w, func(b *kit.Button) {
		if b.Label() == "Forget this capture" {
			forget = b
		}
	})
	w.Canvas().Focus(forget)
	s.Reading, s.Progress, s.Revision = "Looking into a.pcap: 2 MB of 4 MB", 0.5, 2
	p.SetSnapshot(s)
	if !says(w, "Looking into a.pcap: 2 MB of 4 MB") {
		t.Error("how far it is stays untold")
	}
	if w.Canvas().Focused() != fyne.Focusable(forget) {
		t.Error("the focus was taken away while the bar moved")
	}
	press(t, w, "Choose a file")
	press(t, w, "Stop")
	if d := cmp.Diff([]string{"stop"}, *log); d != "" {
		t.Error(d)
	}
	p.SetSnapshot(looked())
	if says(w, "Looking into a.pcap: 2 MB of 4 MB") {
		t.Error("a reading that has ended is still shown")
	}
}
