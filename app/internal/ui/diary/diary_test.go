package diary_test

import (
	"fmt"
	"image/png"
	"os"
	"path/filepath"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"github.com/google/go-cmp/cmp"

	"bestbefore/app/internal/ui/diary"
	"bestbefore/app/internal/ui/kit"
	"bestbefore/app/internal/view"
)

func lines() view.Diary {
	s := view.Diary{
		Loaded: true, Sentence: "What was decided, done and seen.", More: "Show older",
		Subline: "Nothing in it can be changed without it being noticed. It stays on this computer.",
		Check:   view.Outcome{Line: "118 lines checked, none altered or missing.", Severity: view.Fresh},
		Rows: []view.DiaryRow{
			{Day: "Today", When: "14:03", Axis: "seen", Severity: view.Still, Device: "Living room TV", DeviceID: "tv", Text: "It sends again: 41 requests to Example Ads were seen since 13:58."},
			{When: "13:00", Axis: "seen", Device: "Living room TV", DeviceID: "tv", Text: "12 packets were turned away since the block."},
			{When: "13:00", Axis: "done", Device: "Living room TV", DeviceID: "tv", Text: "Gateway confirms: what it sends to Example Ads is blocked, open transfers included; the counter of what is turned away was read and stands at nought."},
			{When: "13:00", Axis: "decided", Severity: view.Lapsed, Device: "Living room TV", DeviceID: "tv", Text: "Its permission to send what you watch to Example Ads ended."},
			{Day: "Yesterday", When: "09:00", Axis: "decided", Device: "Front door bell", DeviceID: "bell", Text: "You allowed it to send video to Bell Maker until 30 November."},
			{Day: "3 May", When: "10:00", Axis: "noted", Text: "deleted by you; that something stood here is kept", Erased: true},
		},
	}
	return s
}

func commands(log *[]string) diary.Commands {
	return diary.Commands{
		Open:  func(r view.Route) { *log = append(*log, "open "+string(r.Page)+" "+r.Arg) },
		Find:  func(q view.Query) { *log = append(*log, "find "+q.Text) },
		Older: func() { *log = append(*log, "older") },
		Check: func() { *log = append(*log, "check") },
		Save:  func() { *log = append(*log, "save") },
	}
}

func show(t *testing.T, s view.Diary) (*diary.Page, fyne.Window, *[]string) {
	t.Helper()
	test.NewTempApp(t).Settings().SetTheme(kit.NewTheme(kit.Light, 1))
	log := &[]string{}
	p := diary.New(commands(log))
	w := test.NewTempWindow(t, p.Content())
	w.Resize(fyne.NewSize(1072, 700))
	p.SetSnapshot(s)
	return p, w, log
}

func TestLook(t *testing.T) {
	dir := os.Getenv("LOOK")
	if dir == "" {
		t.Skip("LOOK names no folder")
	}
	for name, mode := range map[string]kit.Mode{"diary-light": kit.Light, "diary-dark": kit.Dark} {
		test.NewTempApp(t).Settings().SetTheme(kit.NewTheme(mode, 1))
		p := diary.New(commands(&[]string{}))
		p.SetSnapshot(lines())
		w := test.NewTempWindow(t, kit.NewStack(kit.NewPanel(kit.ColorPaper, 0), p.Content()))
		w.SetPadded(false)
		w.Resize(fyne.NewSize(1072, 640))
		f, err := os.Create(filepath.Join(dir, name+".png"))
		if err != nil {
			t.Fatal(err)
		}
		if err := png.Encode(f, w.Canvas().Capture()); err != nil {
			t.Fatal(err)
		}
		f.Close()
	}
}

func press(t *testing.T, w fyne.Window, label string) {
	t.Helper()
	for _, o := range test.LaidOutObjects(w.Content()) {
		if b, ok := o.(*kit.Button); ok && b.Label() == label && b.Visible() {
			test.Tap(b)
			return
		}
	}
	t.Fatalf("there is no button %q", label)
}

func TestTheDiaryAsks(t *testing.T) {
	p, w, log := show(t, lines())
	for _, label := range []string{"Check it", "Save a copy", "Show older"} {
		press(t, w, label)
	}
	test.Type(p.Search(), "tv")
	if d := cmp.Diff([]string{"check", "save", "older", "find t", "find tv"}, *log); d != "" {
		t.Error(d)
	}
}

func TestWhileItIsCheckedItCannotBeAskedAgain(t *testing.T) {
	s := lines()
	s.Check = view.Outcome{Busy: true}
	_, w, log := show(t, s)
	press(t, w, "Check it")
	if len(*log) != 0 {
		t.Errorf("asked %v", *log)
	}
}

func TestTenThousandLinesMakeOnlyWhatIsSeen(t *testing.T) {
	s := lines()
	for i := range 10_000 {
		s.Rows = append(s.Rows, view.DiaryRow{When: "10:00", Axis: "seen", Text: fmt.Sprint("line ", i)})
	}
	_, w, _ := show(t, s)
	n := 0
	for _, o := range test.LaidOutObjects(w.Content()) {
		if _, ok := o.(*kit.Pill); ok {
			n++
		}
	}
	if n == 0 || n > 40 {
		t.Errorf("%d lines were made for a window that shows a dozen", n)
	}
}
