package devices_test

import (
	"fmt"
	"runtime"
	"slices"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
	"golang.org/x/sys/unix"

	"bestbefore/app/internal/ui/devices"
	"bestbefore/app/internal/ui/kit"
	"bestbefore/app/internal/view"
)

// grown is the page of a device with the most recipients that it lists, after n looks.
func grown(n int) view.DevicePage {
	d := bell()
	d.Sends = nil
	for i := range 24 {
		d.Sends = append(d.Sends, view.SendRow{
			To: fmt.Sprintf("cloud%d.maker.example", i), ToLine: fmt.Sprintf("last today 14:%02d · tcp 443", n%60), What: "not known",
			Amount: fmt.Sprintf("%d times", 100*i+n), Pill: "no permission", PillState: view.Soon,
			Allow: view.ActionLink{ID: fmt.Sprintf("to:%d", i), Label: "Allow until…"}, Flows: view.Route{Page: view.PageFlows},
		})
	}
	d.Chart[13].Value, d.Chart[13].Fraction = fmt.Sprint(n), float64(n%7)/7
	return d
}

// BenchmarkAGrowingDevicePage is what one look costs the window's goroutine while
// flows come in: every row says another amount than before.
func BenchmarkAGrowingDevicePage(b *testing.B) {
	test.NewTempApp(b).Settings().SetTheme(kit.NewTheme(kit.Light, 1))
	p := devices.NewDevice(deviceCommands(new([]string)))
	w := test.NewTempWindow(b, p.Content())
	w.Resize(fyne.NewSize(1072, 800))
	p.OnShow("bell")
	p.SetSnapshot(grown(0))
	measured(b, func(n int) { p.SetSnapshot(grown(n)) })
}

// BenchmarkAFirstDevicePage is what the page costs when it is opened for the first
// time: all of it is made.
func BenchmarkAFirstDevicePage(b *testing.B) {
	test.NewTempApp(b).Settings().SetTheme(kit.NewTheme(kit.Light, 1))
	w := test.NewTempWindow(b, kit.NewStack())
	w.Resize(fyne.NewSize(1072, 800))
	measured(b, func(n int) {
		p := devices.NewDevice(deviceCommands(new([]string)))
		w.SetContent(p.Content())
		p.OnShow("bell")
		p.SetSnapshot(grown(n))
	})
}

// BenchmarkAGrowingList is the same for the list of forty devices.
func BenchmarkAGrowingList(b *testing.B) {
	test.NewTempApp(b).Settings().SetTheme(kit.NewTheme(kit.Light, 1))
	p := devices.New(devices.Commands{})
	w := test.NewTempWindow(b, p.Content())
	w.Resize(fyne.NewSize(1072, 800))
	s := view.Devices{Loaded: true, Sentence: "40 devices at home"}
	for i := range 40 {
		s.Rows = append(s.Rows, view.DeviceRow{
			ID: fmt.Sprint(i), Name: fmt.Sprintf("Printer %d", i), Line: "printer · seen just now", Receives: "sends to 300 companies",
			Pill: "no permission", PillState: view.Soon, Cut: view.Cut{Label: "Disconnect"},
		})
	}
	measured(b, func(n int) {
		s.Rows = slices.Clone(s.Rows)
		for i := range s.Rows {
			s.Rows[i].Amount = fmt.Sprintf("%d times in the last 7 days", n+i)
		}
		p.SetSnapshot(s)
	})
}

// measured runs show and reports what of the processor it took, which a busy
// machine changes less than the time on the wall.
func measured(b *testing.B, show func(n int)) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var took []time.Duration
	for n := 1; b.Loop(); n++ {
		before := used(b)
		show(n)
		took = append(took, used(b)-before)
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "cpu-p50-ms")
	b.ReportMetric(float64(took[len(took)-1].Microseconds())/1000, "cpu-max-ms")
}

func used(b *testing.B) time.Duration {
	var now unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &now); err != nil {
		b.Fatal(err)
	}
	return time.Duration(now.Nano())
}
