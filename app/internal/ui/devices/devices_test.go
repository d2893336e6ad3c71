package devices_test

import (
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"github.com/google/go-cmp/cmp"

	"bestbefore/app/internal/ui/devices"
	"bestbefore/app/internal/ui/kit"
	"bestbefore/app/internal/view"
)

func list() view.Devices {
	return view.Devices{
		Loaded: true, Sentence: "Eight devices are at home. Two could do with a name.", Subline: "We can see what 6 of them send · 1 disconnected",
		Filters: []view.Choice{{ID: "all", Label: "all", Count: "8", Chosen: true}, {ID: "no_permission", Label: "no permission", Count: "2"}, {ID: "dated", Label: "has a date", Count: "3"}, {ID: "nameless", Label: "need a name", Count: "2"}, {ID: "cut", Label: "disconnected", Count: "1"}},
		Orders:  []view.Choice{{ID: "name", Label: "by name", Chosen: true}, {ID: "ends", Label: "ends first"}, {ID: "bytes", Label: "sends most"}, {ID: "new", Label: "newest first"}},
		Rows: []view.DeviceRow{
			{Heading: "Recognised"},
			{ID: "bell", Kind: "doorbell", Name: "Front door bell", Line: "Bell Maker · doorbell", Receives: "sends to Bell Maker, Bell events and metrics.example", Amount: "4.1 GB this week", Pill: "until 30 Nov", PillState: view.Soon, Cut: view.Cut{Label: "Disconnect"}},
			{ID: "tv", Kind: "television", Name: "Living room TV", Line: "Tele Co · television", Receives: "sends to Example Ads", Amount: "1.7 GB this week", Pill: "still sending", PillState: view.Still, Cut: view.Cut{Label: "Disconnect"}},
			{ID: "cam", Kind: "camera", Name: "Garden camera", Line: "Lens Co · camera", Receives: "sends to lens.example", Amount: "310 MB this week", Pill: "no permission", PillState: view.Soon, Cut: view.Cut{Label: "Reconnect", Reconnect: true, Line: "asked Gateway · Gateway confirms · last data 14:03:22, none since · 12 tries turned away", LineState: view.Fresh}},
			{ID: "heat", Kind: "thermostat", Name: "Thermostat", Line: "Warm Home · thermostat", Receives: "sends to Warm Home", Amount: "38 MB this week", Pill: "until 31 May 2027", PillState: view.Fresh, Cut: view.Cut{Label: "Disconnect"}},
			{ID: "box", Kind: "router", Name: "Router", Mark: "router", Line: "Box Co · router", Receives: "what it sends is not seen", Cut: view.Cut{Never: "never cut: it carries the others"}},
			{ID: "desk", Kind: "computer", Name: "desk", Mark: "this computer", Line: "computer", Receives: "what it sends is not seen", Cut: view.Cut{Never: "never cut: you are sitting at it"}},
			{Heading: "Help me name these", Hint: "A guess, and what it rests on. One click confirms it."},
			{ID: "robot", Kind: "vacuum", Name: "Robot", Line: "Clean Co · perhaps: robot cleaner", Receives: "sends to clean.example", Amount: "5.0 kB this week", Pill: "no permission", PillState: view.Soon, Confirm: view.ActionLink{ID: "Robot", Label: "Yes, that's right"}, Because: "its name sounds like a robot cleaner", Cut: view.Cut{Label: "Disconnect"}},
			{Heading: "Unknown", Hint: "They say nothing about themselves."},
			{ID: "what", Name: "Unknown device", Line: "kind not known", Receives: "what it sends is not seen", Cut: view.Cut{Label: "Disconnect"}},
		},
	}
}

func commands(log *[]string) devices.Commands {
	return devices.Commands{
		Open:       func(r view.Route) { *log = append(*log, "open "+string(r.Page)+" "+r.Arg) },
		Find:       func(q view.Query) { *log = append(*log, "find "+q.Text+"|"+q.Filter+"|"+q.Order) },
		Disconnect: func(d string) { *log = append(*log, "disconnect "+d) },
		Reconnect:  func(d string) { *log = append(*log, "reconnect "+d) },
		Confirm:    func(d string) { *log = append(*log, "confirm "+d) },
	}
}

func TestLookList(t *testing.T) {
	for _, m := range []struct {
		name string
		mode kit.Mode
	}{{"devices-light", kit.Light}, {"devices-dark", kit.Dark}} {
		look(t, m.name, fyne.NewSize(1072, 800), m.mode, func() fyne.CanvasObject {
			p := devices.New(commands(&[]string{}))
			p.SetSnapshot(list())
			return p.Content()
		})
	}
}

func show(t *testing.T, s view.Devices) (*devices.Page, fyne.Window, *[]string) {
	t.Helper()
	test.NewTempApp(t).Settings().SetTheme(kit.NewTheme(kit.Light, 1))
	log := &[]string{}
	p := devices.New(commands(log))
	w := test.NewTempWindow(t, p.Content())
	w.Resize(fyne.NewSize(1072, 1200))
	p.SetSnapshot(s)
	return p, w, log
}

// buttons are those with label that can be seen, from the top.
func buttons(w fyne.Window, label string) []*kit.Button {
	var out []*kit.Button
	for _, o := range test.LaidOutObjects(w.Content()) {
		if b, ok := o.(*kit.Button); ok && b.Label() == label && b.Visible() {
			out = append(out, b)
		}
	}
	return out
}

func TestEveryRowHasItsCommand(t *testing.T) {
	_, w, log := show(t, list())
	for _, label := range []string{"Disconnect", "Reconnect", "Yes, that's right"} {
		bs := buttons(w, label)
		if len(bs) == 0 {
			t.Fatalf("there is no button %q", label)
		}
		test.Tap(bs[0])
	}
	if d := cmp.Diff([]string{"disconnect bell", "reconnect cam", "confirm robot"}, *log); d != "" {
		t.Error(d)
	}
	if n := len(buttons(w, "Disconnect")); n != 5 {
		t.Errorf("%d devices can be disconnected; the router and this computer never", n)
	}
}

func TestSearchFilterAndOrderAreAskedFor(t *testing.T) {
	p, w, log := show(t, list())
	w.Canvas().Focus(p.Search())
	test.Type(p.Search(), "tv")
	for _, o := range test.LaidOutObjects(w.Content()) {
		if c, ok := o.(*kit.Chip); ok && (c.Choice().ID == "dated" || c.Choice().ID == "ends") {
			test.Tap(c)
		}
	}
	if d := cmp.Diff([]string{"find t||", "find tv||", "find tv||ends", "find tv|dated|ends"}, *log); d != "" {
		t.Error(d)
	}
}

func TestNothingFoundIsSaid(t *testing.T) {
	s := list()
	s.Rows, s.Empty = nil, view.Invitation{Title: "Nothing like that here", Text: "None of your devices fits what you look for."}
	_, w, _ := show(t, s)
	for _, o := range test.LaidOutObjects(w.Content()) {
		if x, ok := o.(*kit.Text); ok && x.String() == "Nothing like that here" {
			return
		}
	}
	t.Error("an empty list says nothing")
}
