//go:build lab && week && linux

package lab

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"bestbefore/app/internal/clock"
	"bestbefore/app/internal/engine"
	"bestbefore/app/internal/lifecycle"
	"bestbefore/discovery"
	"bestbefore/discovery/flow"
)

// addresses are the devices' hardware addresses, as in the box.
var addresses = map[string]string{
	"speaker": "b8:27:eb:00:00:10", "printer": "00:1b:a9:00:00:11", "nas": "00:11:32:00:00:12", "cast": "6c:ad:f8:00:00:17", "hue": "00:17:88:00:00:18", "esp": "30:ae:a4:00:00:19",
	"sonos": "48:a6:b8:00:00:20", "tiny": "cc:50:e3:00:00:21", "silent": "f0:18:98:00:00:22", "guest": "da:a1:19:00:00:40", "console": "7c:bb:8a:00:00:41", "doorbell": bellMAC, "tv": tvMAC,
}

// lookEvery is how often the engine looks, as in life.
const lookEvery = 15 * time.Minute

// alarm is one thing that was told.
type alarm struct {
	engine.Unusual
	box   string // the device, as the box calls it
	day   int    // of the household on which it was told, from 0
	since time.Time
}

func (a alarm) String() string {
	return fmt.Sprintf("day %d, %s: %s: %s", a.day+1, a.since.Format("Mon 15:04"), a.box, a.Text)
}

// verdict is what was told of a recording.
type verdict struct {
	rec  *recording
	told []alarm
}

// reader is the program on a household's clock, over a copy of the folder of the
// agent that looked around there.
type reader struct {
	t    *testing.T
	core *engine.Core
	now  time.Time
	next time.Time // when it looks
	look bool
	n    int
}

// judge reads a recording as a capture file is read, while the engine looks.
func (r *recording) judge(t *testing.T, what string, keep keeping, look bool) verdict {
	t.Helper()
	began := time.Now()
	dir := t.TempDir()
	file, data := filepath.Join(dir, "week.pcap"), filepath.Join(dir, "data")
	r.draw(t, file, keep)
	if err := os.CopyFS(data, os.DirFS(r.data)); err != nil {
		t.Fatal(err)
	}
	x := &reader{t: t, now: r.Zero, next: r.Zero.Add(lookEvery), look: look}
	h, err := lifecycle.Open(t.Context(), lifecycle.Config{
		Dir: data, KeyLater: true, Scanners: map[string]discovery.Scanner{},
		Clocks: func() clock.Reading {
			return clock.Reading{Wall: x.now, Boot: x.now.Sub(r.Zero) + time.Hour, BootID: "household"}
		},
		Synchronised: func() (bool, bool) { return true, true },
	})
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	x.core = h.Engine().(*engine.Core)
	taken := x.takeOver(file)
	out := verdict{rec: r, told: x.told(r.Zero)}
	t.Logf("%s: %d records taken over, %d looks, %d told; it took %s", what, taken, x.n, len(out.told), time.Since(began).Round(time.Second))
	return out
}

// takeOver reads the file with the real reader. On the way of its records into
// the store the clock goes on to them, and the engine looks when it is time.
func (x *reader) takeOver(file string) uint64 {
	x.t.Helper()
	read := x.core.ReadCapture
	before := true
	x.core.ReadCapture = func(ctx context.Context, path string, emit func([]flow.Record) error, progress func(done, size int64)) (flow.Capture, string, error) {
		if before { // a file is read once to know it
			before = false
			return read(ctx, path, emit, progress)
		}
		return read(ctx, path, func(recs []flow.Record) error {
			at := recs[len(recs)-1].Last
			if err := x.goOn(ctx, at); err != nil {
				return err
			}
			return emit(recs)
		}, progress)
	}
	info, err := x.core.ImportCapture(x.t.Context(), engine.CaptureRequest{Path: file, New: true, How: "lab"})
	if err != nil {
		x.t.Fatal(err)
	}
	if err := x.goOn(x.t.Context(), info.Last.Add(2*lookEvery)); err != nil {
		x.t.Fatal(err)
	}
	return info.Taken
}

// goOn moves the clock, and looks at each quarter of an hour on the way.
func (x *reader) goOn(ctx context.Context, to time.Time) error {
	for ; x.look && !x.next.After(to); x.next = x.next.Add(lookEvery) {
		x.now = x.next
		x.n++
		if err := x.core.WatchBehaviour(ctx); err != nil {
			return err
		}
	}
	if to.After(x.now) {
		x.now = to
	}
	return nil
}

// told is everything that was told, the earliest first.
func (x *reader) told(zero time.Time) []alarm {
	x.t.Helper()
	all, err := x.core.Unusual(x.t.Context(), false)
	if err != nil {
		x.t.Fatal(err)
	}
	var out []alarm
	for _, u := range all {
		d, err := x.core.Device(x.t.Context(), string(u.Device))
		if err != nil {
			x.t.Fatal(err)
		}
		a := alarm{Unusual: u, since: u.Since.Local(), day: int(u.Since.Sub(zero) / (24 * time.Hour))}
		for box, mac := range addresses {
			if slices.Contains(d.MACs(), mac) {
				a.box = box
			}
		}
		out = append(out, a)
	}
	slices.SortFunc(out, func(a, b alarm) int { return a.since.Compare(b.since) })
	return out
}

// names finds what was told of a misdeed.
func (v verdict) names(m misdeed) (alarm, bool) {
	for _, a := range v.told {
		if v.is(a, m) && slices.Contains(m.kinds, a.Kind) {
			return a, true
		}
	}
	return alarm{}, false
}

// is reports whether an alarm is of a misdeed: of its device, in the day and a half after its beginning.
func (v verdict) is(a alarm, m misdeed) bool {
	began := v.rec.first(m)
	return a.box == m.device && !began.IsZero() && a.since.After(began) && a.since.Before(began.Add(36*time.Hour))
}

// falseAlarms are those that no misdeed explains.
func (v verdict) falseAlarms(runs []misdeed) []alarm {
	return slices.DeleteFunc(slices.Clone(v.told), func(a alarm) bool {
		return slices.ContainsFunc(runs, func(m misdeed) bool { return v.is(a, m) })
	})
}

// count is how many were told in some of the days.
func count(all []alarm, from, to int) (n int) {
	for _, a := range all {
		if a.day >= from && a.day < to {
			n++
		}
	}
	return n
}
