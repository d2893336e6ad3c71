package flows_test

import (
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"github.com/google/go-cmp/cmp"

	"bestbefore/app/internal/ui/flows"
	"bestbefore/app/internal/ui/kit"
	"bestbefore/app/internal/view"
)

func show(t *testing.T, s view.Flows) (*flows.Page, *[]string) {
	t.Helper()
	test.NewTempApp(t).Settings().SetTheme(kit.NewTheme(kit.Light, 1))
	var log []string
	p := flows.New(flows.Commands{
		Open: func(r view.Route) { log = append(log, "open "+string(r.Page)+" "+r.Arg) },
		Find: func(q view.Query) { log = append(log, "find "+q.Text) },
		Save: func() { log = append(log, "save") },
	})
	test.NewTempWindow(t, p.Content()).Resize(fyne.NewSize(1072, 700))
	p.OnShow("to=Bell+Maker")
	p.SetSnapshot(s)
	return p, &log
}

func some() view.Flows {
	return view.Flows{
		Loaded: true, Sentence: "What your home sent to Bell Maker", Save: view.ActionLink{ID: "save", Label: "Save this list"},
		Spans: []view.Choice{{ID: "week", Label: "7 days", Chosen: true}, {ID: "year", Label: "a year"}},
		Rows:  []view.FlowRow{{Device: "Bell", DeviceID: "bell", To: "Bell Maker", Amount: "4.1 GB"}},
	}
}

func TestTheListIsSearchedReachedAndSaved(t *testing.T) {
	p, log := show(t, some())
	p.Search().(*kit.Entry).SetText("maker")
	kit.Walk(p.Content(), func(o fyne.CanvasObject) {
		switch v := o.(type) {
		case *kit.Chip:
			if v.Choice().ID == "year" {
				test.Tap(v)
			}
		case *kit.Button:
			if v.Label() == "Save this list" {
				test.Tap(v)
			}
		}
	})
	if diff := cmp.Diff([]string{"find maker", "save", "open flows span=year&to=Bell+Maker"}, *log); diff != "" {
		t.Error(diff)
	}
	p.OnShow("country=DE")
	if got := p.Search().(*kit.Entry).Text; got != "" {
		t.Errorf("another figure begins with the search %q", got)
	}
}

func TestNothingSeenIsSaid(t *testing.T) {
	none := some()
	none.Rows, none.Save, none.Empty = nil, view.ActionLink{}, view.Invitation{Title: "Nothing like that was seen"}
	p, _ := show(t, none)
	said := false
	kit.Walk(p.Content(), func(o fyne.CanvasObject) {
		text, ok := o.(*kit.Text)
		said = said || ok && text.Visible() && text.String() == "Nothing like that was seen"
	})
	if !said {
		t.Error("an empty list says nothing")
	}
}
