package engine_test

import (
	"fmt"
	"runtime"
	"testing"
	"time"

	"bestbefore/discovery"
	"bestbefore/discovery/flow"
)

// BenchmarkWatchBehaviour looks at a home of 60 devices with five weeks of hourly
// rows: anew, as a few times a day, and at today alone, as each quarter of an hour.
func BenchmarkWatchBehaviour(b *testing.B) {
	for _, destinations := range []int{3, 12} {
		h := newHome(b)
		h.kind = discovery.KindTelevision
		rows := 0
		var ids []discovery.DeviceID
		for n := range 60 {
			ids = append(ids, h.see(fmt.Sprintf("02:00:5e:10:01:%02x", n)))
		}
		for hour := range 39 * 24 {
			at := h.now.Add(-time.Duration(hour) * time.Hour)
			var recs []flow.Record
			for _, id := range ids {
				for d := range destinations {
					recs = append(recs, h.sent(id, fmt.Sprintf("198.51.%d.%d", d%200, (hour/24+d)%250), 1000, at))
				}
			}
			rows += len(recs)
			h.add(recs...)
		}
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		b.Run(fmt.Sprintf("anew/%d rows", rows), func(b *testing.B) {
			for b.Loop() {
				h.now = h.now.Add(7 * time.Hour)
				if err := h.WatchBehaviour(b.Context()); err != nil {
					b.Fatal(err)
				}
			}
		})
		runtime.GC()
		runtime.ReadMemStats(&after)
		b.Run(fmt.Sprintf("today/%d rows", rows), func(b *testing.B) {
			for b.Loop() {
				if err := h.WatchBehaviour(b.Context()); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/(1<<20), "MB_kept")
		})
	}
}
