package devices_test

import (
	"fmt"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"github.com/google/go-cmp/cmp"

	"bestbefore/app/internal/ui/devices"
	"bestbefore/app/internal/ui/kit"
	"bestbefore/app/internal/view"
)

func bell() view.DevicePage {
	d := view.DevicePage{
		Loaded: true, ID: "bell", Kind: "doorbell", Name: "Front door bell", Line: "Bell Maker · doorbell · here since 3 May 2025",
		Sentence: "It sends to three companies; two have no permission.", Cut: view.Cut{Label: "Disconnect"},
		Give: view.ActionLink{ID: "bell", Label: "Give a permission"},
		Cards: []view.CardTruths{{Card: view.PermissionCard{
			ID: "c1", DeviceID: "bell", Device: "Front door bell", Kind: "doorbell", ReceivesLine: "receives: Bell Maker",
			DataLine: "Video, who comes and goes", StampCaption: "BEST BEFORE", StampText: "30 NOV 26", Severity: view.Soon,
			StateWord: "8 days", Action: view.CardReview, ActionLabel: "Review",
			Truths: view.Truths{
				Decided: "until 30 November, by you, on 3 May",
				Done:    "Gateway holds the date and blocks it when 30 November is over, also with this computer off",
				Seen:    "sending, last today 14:03",
			},
		}}},
		SendsTitle: "Sends, and to whom",
		Sends: []view.SendRow{
			{To: "Bell Maker", ToLine: "last today 14:03", Secrecy: "probably encrypted", What: "video, who comes and goes", Basis: "you said", Amount: "4.1 GB", Pill: "until 30 Nov", PillState: view.Soon, Consent: "c1"},
			{To: "metrics.example", ToLine: "last yesterday 09:30", What: "not known", Amount: "99 MB", Pill: "no permission", PillState: view.Soon, Allow: view.ActionLink{ID: "to:metrics.example", Label: "Allow until…"}},
			{To: "unnamed (198.51.100.7)", ToLine: "last today 14:00", What: "not known", Amount: "336 times", Pill: "no permission", PillState: view.Soon, Allow: view.ActionLink{ID: "to:198.51.100.7", Label: "Allow until…"}},
		},
		ChartNote:    "The last 14 days, at most 611 MB a day",
		Coverage:     "What it sends out of the home is seen by Gateway. What it sends to other devices at home is not.",
		DependsTitle: "Does somebody depend on it?",
		Depends:      []view.Choice{{ID: "none", Label: "no", Chosen: true}, {ID: "comfort", Label: "comfort"}, {ID: "safety", Label: "safety"}, {ID: "medical", Label: "medical"}},
		Split:        view.ActionLink{ID: "bell", Label: "They are separate devices"},
		SameTitle:    "It is the same device as:",
		Same:         []view.Choice{{ID: "tv", Label: "Living room TV"}},
		WhatTitle:    "What it is, and why we think so",
		Evidence: []view.EvidenceLine{
			{What: "Maker", Value: "Bell Maker", Because: "its hardware address belongs to Bell Maker"},
			{What: "Kind", Value: "doorbell", Because: "it says so itself (_bell._tcp)"},
		},
		Technical:    []view.EvidenceLine{{What: "Addresses", Value: "192.0.2.17, 2001:db8::17"}, {What: "Hardware address", Value: "02:00:5e:10:00:01"}},
		HistoryTitle: "What happened",
		History: []view.DiaryRow{
			{Day: "Today", When: "13:58", Axis: "seen", Severity: view.Still, Text: "It sends again."},
			{Day: "Today", When: "13:00", Axis: "done", Text: "Gateway holds the date 30 November."},
			{Day: "3 May", When: "10:00", Axis: "decided", Text: "You allowed it to send video to Bell Maker until 30 November."},
		},
	}
	for i, f := range []float64{0.5, 0.6, 0.4, 0.8, 0.55, 1, 0.45, 0.6, 0.53, 0.75, 0.4, 0.7, 0.9, 0.58} {
		d.Chart = append(d.Chart, view.Column{Label: fmt.Sprintf("%d Nov", 9+i), Value: "300 MB", Fraction: f})
	}
	return d
}

func deviceCommands(log *[]string) devices.DeviceCommands {
	return devices.DeviceCommands{
		Open:       func(r view.Route) { *log = append(*log, "open "+string(r.Page)+" "+r.Arg) },
		Card:       func(c view.PermissionCard) { *log = append(*log, "card "+c.ID) },
		Give:       func(d string, r ...string) { *log = append(*log, "give "+d+" "+strings.Join(r, " ")) },
		Disconnect: func(d string) { *log = append(*log, "disconnect "+d) },
		Reconnect:  func(d string) { *log = append(*log, "reconnect "+d) },
		Rename:     func(d, n string) { *log = append(*log, "rename "+d+" "+n) },
		Confirm:    func(d string) { *log = append(*log, "confirm "+d) },
		Chart:      func(span string) { *log = append(*log, "chart "+span) },
		Depends:    func(d, g string) { *log = append(*log, "depends "+d+" "+g) },
		Split:      func(d string) { *log = append(*log, "split "+d) },
		Merge:      func(k, g string) { *log = append(*log, "merge "+k+" "+g) },
	}
}

func showDevice(t *testing.T, s view.DevicePage) (*devices.Device, fyne.Window, *[]string) {
	t.Helper()
	test.NewTempApp(t).Settings().SetTheme(kit.NewTheme(kit.Light, 1))
	log := &[]string{}
	p := devices.NewDevice(deviceCommands(log))
	w := test.NewTempWindow(t, p.Content())
	w.Resize(fyne.NewSize(1072, 900))
	p.SetSnapshot(s)
	return p, w, log
}

func TestLookDevice(t *testing.T) {
	cut := bell()
	cut.Cut = view.Cut{Label: "Reconnect", Reconnect: true, Line: "asked Gateway · Gateway confirms · last data 14:03:22, none since · 12 tries turned away", LineState: view.Fresh}
	cut.Cards, cut.NoCard = nil, view.Invitation{Title: "No permission yet", Text: "Say who may receive what it sends, and until when. On that day it ends.", Action: view.ActionLink{ID: "bell", Label: "Give a permission"}}
	for _, m := range []struct {
		name string
		mode kit.Mode
		s    view.DevicePage
	}{{"device-light", kit.Light, bell()}, {"device-dark", kit.Dark, cut}} {
		t.Run(m.name, func(t *testing.T) {
			look(t, m.name, fyne.NewSize(1072, 900), m.mode, func() fyne.CanvasObject {
				p := devices.NewDevice(deviceCommands(&[]string{}))
				p.SetSnapshot(m.s)
				return p.Content()
			})
		})
	}
}

func TestTheDevicePageAsks(t *testing.T) {
	_, w, log := showDevice(t, bell())
	for _, label := range []string{"Disconnect", "Review", "Give a permission", "Allow until…", "Open"} {
		bs := buttons(w, label)
		if len(bs) == 0 {
			t.Fatalf("there is no button %q", label)
		}
		test.Tap(bs[0])
	}
	want := []string{"disconnect bell", "card c1", "give bell ", "give bell to:metrics.example", "open review c1"}
	if d := cmp.Diff(want, *log); d != "" {
		t.Error(d)
	}
}

func TestAConnectedDeviceIsReconnectedInPlace(t *testing.T) {
	s := bell()
	s.Cut = view.Cut{Label: "Reconnect", Reconnect: true, Line: "asked Gateway · Gateway confirms", LineState: view.Soon}
	_, w, log := showDevice(t, s)
	test.Tap(buttons(w, "Reconnect")[0])
	if d := cmp.Diff([]string{"reconnect bell"}, *log); d != "" {
		t.Error(d)
	}
	if !says(w, "asked Gateway · Gateway confirms") {
		t.Error("the result is not shown in place")
	}
}

func says(w fyne.Window, text string) bool {
	found := false
	kit.Walk(w.Content(), func(o fyne.CanvasObject) {
		if x, ok := o.(*kit.Text); ok && strings.TrimSpace(x.String()) == text {
			found = true
		}
	})
	return found
}

func TestANameIsChangedInPlace(t *testing.T) {
	p, w, log := showDevice(t, bell())
	test.Tap(buttons(w, "Rename")[0])
	focused, ok := w.Canvas().Focused().(*kit.Entry)
	if !ok || focused.Text != "Front door bell" {
		t.Fatal("the name cannot be typed")
	}
	focused.SetText("Bell")
	p.SetSnapshot(bell()) // a new snapshot does not take away what is typed
	if focused.Text != "Bell" || !focused.Visible() {
		t.Fatal("a snapshot took the typed name away")
	}
	test.Tap(buttons(w, "Keep this name")[0])
	if d := cmp.Diff([]string{"rename bell Bell"}, *log); d != "" {
		t.Error(d)
	}
}

func TestEscapeKeepsTheOldName(t *testing.T) {
	_, w, log := showDevice(t, bell())
	test.Tap(buttons(w, "Rename")[0])
	e := w.Canvas().Focused().(*kit.Entry)
	e.TypedKey(&fyne.KeyEvent{Name: fyne.KeyEscape})
	e.TypedKey(&fyne.KeyEvent{Name: fyne.KeyEscape})
	if len(*log) != 0 || len(buttons(w, "Rename")) != 1 {
		t.Errorf("asked %v", *log)
	}
}

func TestAnotherDeviceBeginsEmpty(t *testing.T) {
	p, w, _ := showDevice(t, bell())
	p.OnShow("bell")
	if !says(w, "Front door bell") {
		t.Error("the shown device went away")
	}
	p.OnShow("tv")
	if says(w, "Front door bell") {
		t.Error("the page of another device begins with this one")
	}
}

func TestAMissingDeviceLeadsBack(t *testing.T) {
	_, w, log := showDevice(t, view.DevicePage{Loaded: true, Missing: "There is no device \"d9\"."})
	test.Tap(buttons(w, "All devices")[0])
	if d := cmp.Diff([]string{"open devices "}, *log); d != "" {
		t.Error(d)
	}
}

func TestGrowingFiguresTakeTheFocusFromNoButton(t *testing.T) {
	p, w, _ := showDevice(t, bell())
	b := buttons(w, "Allow until…")[0]
	w.Canvas().Focus(b)
	s := bell()
	s.Sends[1].Amount = "100 MB"
	p.SetSnapshot(s)
	if len(buttons(w, "100 MB")) != 1 || w.Canvas().Focused() != fyne.Focusable(b) || buttons(w, "Allow until…")[0] != b {
		t.Error("the button was made anew")
	}
	s.Sends = s.Sends[:1]
	p.SetSnapshot(s)
	if says(w, "metrics.example") {
		t.Error("a recipient that is gone is still shown")
	}
}

func TestSeveralRecipientsGetOneDate(t *testing.T) {
	none := bell()
	none.Give = view.ActionLink{} // as while there is no permission yet
	p, w, log := showDevice(t, none)
	var ticks []*kit.Tick
	for _, o := range test.LaidOutObjects(w.Content()) {
		if x, ok := o.(*kit.Tick); ok && x.Visible() {
			ticks = append(ticks, x)
		}
	}
	if len(ticks) != 2 {
		t.Fatalf("%d rows can be ticked, want the two without a permission", len(ticks))
	}
	test.Tap(ticks[0])
	if bs := buttons(w, "Set an end date for this one"); len(bs) != 1 || bs[0].Size().Height < bs[0].MinSize().Height {
		t.Error("the button does not follow the tick, or is squeezed")
	}
	test.Tap(ticks[1])
	p.SetSnapshot(none) // figures that grow take no tick away
	test.Tap(buttons(w, "Set an end date for these 2")[0])
	if d := cmp.Diff([]string{"give bell to:metrics.example to:198.51.100.7"}, *log); d != "" {
		t.Error(d)
	}
	test.Tap(ticks[0])
	test.Tap(ticks[1])
	if len(buttons(w, "Set an end date for this one")) != 0 {
		t.Error("without a tick the button must be as before")
	}
}
