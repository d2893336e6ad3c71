//go:build unix

package lifecycle

import (
	"net/http"
	"syscall"
	"testing"
	"time"

	"bestbefore/app/internal/clock"
	"bestbefore/connectors/adguardhome"
	"bestbefore/connectors/connectortest"
	"bestbefore/discovery/flow"
)

// BenchmarkBacklog is G2: a heavy home's day, which lay in AdGuard Home while the
// program was away, until all of it is stored, its sums and the place to go on
// included. The goal is 20 s for 600,000 rows. What its stand-in takes to write the
// log, in the same process, is in the figure.
func BenchmarkBacklog(b *testing.B) {
	const rows = 600_000
	for b.Loop() {
		b.StopTimer()
		base := clock.Wall().Add(-25 * time.Hour)
		n := 1 // only the row after which the program begins
		blocker := startBlocker(b, func(l *dnsBlocker, w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/control/querylog" || r.Header.Get("Cookie") == "" {
				asAdGuardHome(l, w, r)
				return
			}
			_, _ = w.Write(connectortest.HeavyDay(base, n, 1, r.URL.Query())) // whoever asked sees that it is broken
		})
		h, _, id := withBlocker(b, adguardhome.New(), blocker)
		stored := func() (sum uint64) {
			all, err := h.store.Flows(b.Context(), flow.Query{Device: id})
			if err != nil {
				b.Fatal(err)
			}
			for _, r := range all {
				sum += r.Count
			}
			return sum
		}
		until(b, "it begins", func() bool {
			c, err := h.store.Cursors(b.Context(), "")
			return err == nil && len(c) > 0
		})
		blocker.mu.Lock()
		n = rows + 1
		blocker.mu.Unlock()
		began, used := time.Now(), cpuUsed(b)
		b.StartTimer()
		for stored() < rows {
			if time.Since(began) > 10*time.Minute {
				b.Fatalf("%d of %d rows", stored(), rows)
			}
			time.Sleep(200 * time.Millisecond)
		}
		b.StopTimer()
		b.ReportMetric(float64((cpuUsed(b)-used).Microseconds())/rows, "cpu-µs/row")
		b.StartTimer()
	}
}

func cpuUsed(b *testing.B) time.Duration {
	b.Helper()
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		b.Fatal(err)
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}
