package connectors_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"bestbefore/app/internal/ui/kit"
	"bestbefore/app/internal/view"
)

func withFile() view.Connectors {
	s := page()
	s.Kinds, s.Captures = nil, view.ActionLink{Label: "Read a capture file"}
	s.Files = view.ConnectorFiles{
		Title: "Connectors as files", Hint: "Drop it here", Add: view.ActionLink{Label: "Add a connector file"},
		Look: view.FileLook{
			Title: "Strava", Lines: []view.FileLine{{Word: "speaks to", Text: "www.strava.com, and to nobody else"}}, Print: "SHA-256 9f86",
			Approve: view.ActionLink{ID: "9f86", Label: "Approve and use it"}, Close: view.ActionLink{Label: "Do not use it"},
		},
		Rows: []view.FileRow{{File: "plug.yaml", Name: "Plug", Pill: "approved", Remove: view.ActionLink{ID: "plug", Label: "Remove the file"}, Sure: "The file is deleted here."}},
	}
	return s
}

func TestAConnectorFileIsApprovedByWhatItSays(t *testing.T) {
	p, w, log := show(t, withFile())
	for _, want := range []string{"www.strava.com, and to nobody else", "SHA-256 9f86"} {
		if !shows(w, want) {
			t.Errorf("%q is not shown before it is approved", want)
		}
	}
	press(t, w, "Approve and use it")
	press(t, w, "Do not use it")
	press(t, w, "Add a connector file")
	press(t, w, "Read a capture file")
	if d := cmp.Diff([]string{"approve 9f86", "close", "choose", "captures"}, *log); d != "" {
		t.Error(d)
	}
	s := withFile()
	s.Files.Look.Busy = true
	p.SetSnapshot(s)
	press(t, w, "Approve and use it") // what is under way is not asked twice
	if len(*log) != 4 {
		t.Errorf("asked %v", *log)
	}
}

func TestABrokenConnectorFileNamesItsLinesAndCannotBeApproved(t *testing.T) {
	s := withFile()
	s.Files.Look = view.FileLook{Title: "mine.yaml cannot be used", Faults: []string{"Line 7, column 3: sees is needed."}, WayOut: "Mend these lines.", Close: view.ActionLink{Label: "Close"}}
	_, w, _ := show(t, s)
	if !shows(w, "Line 7, column 3") || !shows(w, "Mend these lines.") {
		t.Error("its faults are not shown, or not the way out")
	}
	if shows(w, "Approve") {
		t.Error("it can be approved")
	}
}

func TestRemovingAConnectorFileAsksTwice(t *testing.T) {
	_, w, log := show(t, withFile())
	press(t, w, "Remove the file")
	if len(*log) != 0 || !shows(w, "The file is deleted here.") {
		t.Fatalf("it was removed by one click: %v", *log)
	}
	press(t, w, "Remove the file")
	if d := cmp.Diff([]string{"remove file plug"}, *log); d != "" {
		t.Error(d)
	}
}

// What belongs on the peer first stands before the questions, is copied whole, and saved.
func TestWhatToDoFirstStandsInTheForm(t *testing.T) {
	s := withForm()
	s.Form.StepsTitle, s.Form.Steps = "What it needs", []string{"An account on it."}
	s.Form.Setup, s.Form.SetupName = "# Paste this\nuci commit", "best-before-openwrt.txt"
	s.Form.Copy, s.Form.Save = view.ActionLink{Label: "Copy"}, view.ActionLink{Label: "Save as a file"}
	p, w, log := show(t, s)
	if !shows(w, "An account on it.") {
		t.Error("the steps are not shown")
	}
	es := entries(w)
	es[0].SetText("br0")
	press(t, w, "Copy")
	press(t, w, "Save as a file")
	want := []string{"copy # Paste this\nuci commit", "save best-before-openwrt.txt # Paste this\nuci commit"}
	if d := cmp.Diff(want, *log); d != "" {
		t.Error(d)
	}
	s.Form.Saved = view.Outcome{Severity: view.Fresh, Line: "Saved: /tmp/x"}
	p.SetSnapshot(s)
	if !shows(w, "Saved: /tmp/x") || es[0].Text != "br0" {
		t.Errorf("the outcome is not shown, or what was typed is gone: %q", es[0].Text)
	}
	other := withForm() // the twin: a form that needs nothing first has no steps
	other.Form.Kind = "mqtt"
	p.SetSnapshot(other)
	if shows(w, "An account on it.") {
		t.Error("another form shows the steps of the one before")
	}
}

// A form that opens waits for what is missing: nobody has to click there first.
func TestAFormWaitsForTheFirstMissingAnswer(t *testing.T) {
	_, w, _ := show(t, withForm())
	if e, ok := w.Canvas().Focused().(*kit.Entry); !ok || e != entries(w)[2] {
		t.Errorf("the focus is on %T", w.Canvas().Focused())
	}
	_, w, _ = show(t, page()) // the twin: without a form nothing takes the focus
	if w.Canvas().Focused() != nil {
		t.Errorf("the focus is on %T", w.Canvas().Focused())
	}
}
