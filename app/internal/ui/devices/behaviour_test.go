package devices_test

import (
	"slices"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"bestbefore/app/internal/ui/devices"
	"bestbefore/app/internal/ui/kit"
	"bestbefore/app/internal/view"
)

func behaving() view.DevicePage {
	d := bell()
	d.Behaviour = view.DeviceBehaviour{
		UnusualTitle: "Out of the ordinary", Unusual: []view.UnusualRow{{ID: "u1", Text: "Today it sent 4.1 GB.", Hint: "A copy can be the reason.", Fine: view.ActionLink{ID: "u1", Label: "That's fine"}}},
		DataTitle: "Which data, and how that is known", Data: []view.DataRow{{What: "Video", Basis: "declared", Because: "it announces it"}},
		Said: view.SaidSheet{
			Title: "Said and seen", Basis: "Held against the file bell.json.", Note: "The maker calls it Bell.", Offer: "It says where more is.", Address: "https://bell-maker.example/bell",
			Groups: []view.SaidGroup{{
				Title: "seen, not declared", Count: "2", Severity: view.Soon, More: "and 1 more",
				Rows: []view.SaidRow{{Name: "metrics.example", Line: "tcp 443", Amount: "98 MB", Flows: view.Route{Page: view.PageFlows, Arg: "to=metrics.example"}}, {Name: "somebody", Amount: "2 times"}},
			}},
			Actions: []view.ActionLink{{ID: view.SaidCopy, Label: "Copy the address"}, {ID: view.SaidVisit, Label: "Open in the browser"}, {ID: view.SaidFetch, Label: "Fetch it"}, {ID: view.SaidFile, Label: "Give a description"}, {ID: view.SaidForget, Label: "Forget it"}},
		},
		SightTitle: "How well it can be seen", Sight: []view.EvidenceLine{{What: "Gateway", Value: "how much", Because: "since 3 May"}},
		Missing: []string{"Connect a DNS blocker."}, OwnNames: []string{"It asks its own name server, 9.9.9.9."},
	}
	return d
}

func TestBehaviourSheets(t *testing.T) {
	test.NewTempApp(t).Settings().SetTheme(kit.NewTheme(kit.Light, 1))
	log := &[]string{}
	c := deviceCommands(log)
	c.Behaviour = devices.BehaviourCommands{
		Fine:   func(ids ...string) { *log = append(*log, "fine "+strings.Join(ids, " ")) },
		Give:   func(d string) { *log = append(*log, "give a file "+d) },
		Fetch:  func(d string) { *log = append(*log, "fetch "+d) },
		Forget: func(d string) { *log = append(*log, "forget "+d) },
		Copy:   func(s string) { *log = append(*log, "copy "+s) },
		Visit:  func(s string) { *log = append(*log, "visit "+s) },
	}
	p := devices.NewDevice(c)
	w := test.NewTempWindow(t, p.Content())
	w.Resize(fyne.NewSize(1072, 2400))
	p.SetSnapshot(behaving())
	for _, label := range []string{"That's fine", "Copy the address", "Open in the browser", "Fetch it", "Give a description", "Forget it", "98 MB"} {
		for _, b := range buttons(w, label) {
			test.Tap(b)
		}
	}
	want := []string{"fine u1", "copy https://bell-maker.example/bell", "visit https://bell-maker.example/bell", "fetch bell", "give a file bell", "forget bell", "open flows to=metrics.example"}
	if !slices.Equal(*log, want) {
		t.Errorf("asked %q, want %q", *log, want)
	}
	// The twin: without anything to say there is no sheet and nothing to tap.
	p.SetSnapshot(bell())
	if len(buttons(w, "That's fine")) > 0 {
		t.Error("an answer to nothing is still shown")
	}
}
