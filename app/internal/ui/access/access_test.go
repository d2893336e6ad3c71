package access_test

import (
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"github.com/google/go-cmp/cmp"

	"bestbefore/app/internal/ui/access"
	"bestbefore/app/internal/ui/kit"
	"bestbefore/app/internal/view"
)

func show(t *testing.T, s view.Access) (*access.Page, fyne.Window, *[]string) {
	t.Helper()
	test.NewTempApp(t).Settings().SetTheme(kit.NewTheme(kit.Light, 1))
	log := &[]string{}
	p := access.New(access.Commands{
		Open: func(r view.Route) { *log = append(*log, "open "+string(r.Page)+" "+r.Arg) },
		Find: func(q view.Query) { *log = append(*log, "find "+q.Text+" "+q.Filter+" "+q.Order) },
		End:  func(id string) { *log = append(*log, "end "+id) },
	})
	w := test.NewTempWindow(t, p.Content())
	w.Resize(fyne.NewSize(1072, 700))
	p.SetSnapshot(s)
	return p, w, log
}

func some() view.Access {
	return view.Access{
		Loaded: true, Sentence: "Two", Filters: []view.Choice{{ID: "all", Label: "all", Chosen: true}, {ID: "idle", Label: "long unused"}},
		Orders: []view.Choice{{ID: "used", Label: "longest unused"}},
		Rows: []view.AccessRow{
			{ID: "k1/a", Name: "Phone app", DeviceID: "d1", End: view.ActionLink{ID: "k1/a", Label: "End this access"}},
			{ID: "k1/b", Name: "Busy one", End: view.ActionLink{ID: "k1/b", Label: "End this too"}, Busy: true, Result: "Asking Hub now"},
			{ID: "k1/c", Name: "Far one", Never: "Hub cannot be asked to end it now", Steps: view.ActionLink{ID: "access:k1/c", Label: "How to end it"}},
		},
	}
}

// everything visits o and what can be seen inside it, rows of a table too.
func everything(t *testing.T, o fyne.CanvasObject, visit func(fyne.CanvasObject)) {
	t.Helper()
	if !o.Visible() {
		return
	}
	visit(o)
	var inside []fyne.CanvasObject
	switch v := o.(type) {
	case *fyne.Container:
		inside = v.Objects
	case fyne.Widget:
		inside = test.TempWidgetRenderer(t, v).Objects()
	}
	for _, child := range inside {
		everything(t, child, visit)
	}
}

func buttons(t *testing.T, o fyne.CanvasObject) map[string]*kit.Button {
	t.Helper()
	out := map[string]*kit.Button{}
	everything(t, o, func(x fyne.CanvasObject) {
		if b, ok := x.(*kit.Button); ok && b.Visible() {
			out[b.Label()] = b
		}
	})
	return out
}

// What cannot be ended from here leads to its steps, and never to an end.
func TestARowThatCannotBeEndedLeadsToItsSteps(t *testing.T) {
	_, w, log := show(t, some())
	test.Tap(buttons(t, w.Content())["How to end it"])
	if d := cmp.Diff([]string{"open guides access:k1/c"}, *log); d != "" {
		t.Error(d)
	}
}

func TestARowEndsItsAccessAndLeadsToItsDevice(t *testing.T) {
	p, w, log := show(t, some())
	bs := buttons(t, w.Content())
	if bs["End this access"] == nil || bs["End this too"] == nil {
		t.Fatalf("there are %v", bs)
	}
	test.Tap(bs["End this access"])
	test.Tap(bs["End this too"]) // what is under way is not asked twice
	p.Search().(*kit.Entry).SetText("phone")
	everything(t, w.Content(), func(o fyne.CanvasObject) {
		if c, ok := o.(*kit.Chip); ok && (c.Choice().ID == "idle" || c.Choice().ID == "used") {
			test.Tap(c)
		}
	})
	if d := cmp.Diff([]string{"end k1/a", "find phone  ", "find phone  used", "find phone idle used"}, *log); d != "" {
		t.Error(d)
	}
	said := false
	everything(t, w.Content(), func(o fyne.CanvasObject) {
		x, ok := o.(*kit.Text)
		said = said || ok && x.Visible() && x.String() == "Hub cannot be asked to end it now"
	})
	if !said {
		t.Error("why there is no button is not said")
	}
}

func TestNoAccessLeadsToConnectors(t *testing.T) {
	none := view.Access{Loaded: true, Sentence: "None", Empty: view.Invitation{Title: "Nothing", Action: view.ActionLink{ID: "connectors", Label: "Open connectors"}}}
	_, w, log := show(t, none)
	test.Tap(buttons(t, w.Content())["Open connectors"])
	if d := cmp.Diff([]string{"open connectors "}, *log); d != "" {
		t.Error(d)
	}
	everything(t, w.Content(), func(o fyne.CanvasObject) {
		if c, ok := o.(*kit.Chip); ok && c.Visible() {
			t.Errorf("a dead choice %q", c.Choice().Label)
		}
	})
}
