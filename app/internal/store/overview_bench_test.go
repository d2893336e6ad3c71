//go:build unix

package store

import (
	"os"
	"os/exec"
	"strconv"
	"testing"
	"time"

	"bestbefore/discovery/flow"
)

// benchRows is how large the file is that the overviews are made of: BENCH_ROWS,
// else a million.
func benchRows() int {
	if n, err := strconv.Atoi(os.Getenv("BENCH_ROWS")); err == nil && n > 0 {
		return n
	}
	return 1_000_000
}

// BenchmarkOverview is G3 and G4: what the pages ask of a file of 60 devices, each
// beside the barest query that reads the same rows in the same file, and, with
// NFDUMP naming a file of as many flows, beside nfdump's look through those. The
// goals are 2 times the bare query, 0.25 times nfdump, 5 ms for a device's page.
func BenchmarkOverview(b *testing.B) {
	c := testConfig(b.TempDir())
	now := time.Now()
	c.Now = func() time.Time { return now }
	s := open(b, c)
	fillTraffic(b, s, benchRows(), now)
	must(b, s.Purge(b.Context(), now)) // as every hour
	ctx, since := b.Context(), now.Add(-30*24*time.Hour)
	hour := since.UnixMilli() / hourMS
	bare := func(b *testing.B, query string, args ...any) {
		n := 0
		must(b, each(ctx, s.flows.read, func(sc scanner) error {
			n++
			var x [4]int64
			return sc.Scan(&x[0], &x[1], &x[2], &x[3])
		}, query, args...))
		if n == 0 {
			b.Fatal("nothing")
		}
	}
	some := func(n int, err error) func(b *testing.B) {
		return func(b *testing.B) {
			must(b, err)
			if n == 0 {
				b.Fatal("nothing")
			}
		}
	}
	const device = "d000000000000"
	for _, q := range []struct {
		name string
		ask  func(b *testing.B)
	}{
		{"home-top20", func(b *testing.B) {
			got, err := s.Totals(ctx, flow.Query{Since: since, Limit: 20})
			some(len(got), err)(b)
		}},
		{"home-top20-bare", func(b *testing.B) {
			bare(b, "SELECT route, sum(up), sum(down), sum(n) FROM hourly WHERE hour >= ? GROUP BY route ORDER BY sum(up) + sum(down) DESC LIMIT 20", hour)
		}},
		{"device-top20", func(b *testing.B) {
			got, err := s.Totals(ctx, flow.Query{Device: device, Since: since, Limit: 20})
			some(len(got), err)(b)
		}},
		{"device-top20-bare", func(b *testing.B) {
			bare(b, "SELECT route, sum(up), sum(down), sum(n) FROM hourly WHERE device = 1 AND hour >= ? GROUP BY route ORDER BY sum(up) + sum(down) DESC LIMIT 20", hour)
		}},
		{"device-hours", func(b *testing.B) {
			got, err := s.Hourly(ctx, flow.Query{Device: device, Since: since})
			some(len(got), err)(b)
		}},
		{"device-hours-bare", func(b *testing.B) {
			bare(b, "SELECT hour, route, up, down FROM hourly WHERE device = 1 AND hour >= ?", hour)
		}},
		{"home-flows", func(b *testing.B) {
			got, err := s.Flows(ctx, flow.Query{Since: since, Limit: 1000})
			some(len(got), err)(b)
		}},
		{"device-page-200", func(b *testing.B) {
			got, err := s.Flows(ctx, flow.Query{Device: device, Since: now.Add(-24 * time.Hour), Limit: 200})
			some(len(got), err)(b)
		}},
		{"device-page-200-bare", func(b *testing.B) {
			bare(b, "SELECT last, route, up, down FROM flow WHERE device = 1 ORDER BY last DESC LIMIT 200")
		}},
		{"nfdump-top20", nfdump},
	} {
		b.Run(q.name, func(b *testing.B) {
			c0 := cpu()
			for b.Loop() {
				q.ask(b)
			}
			// On a machine that others use too it tells more than the clock on the wall.
			b.ReportMetric(float64((cpu()-c0).Microseconds())/1000/float64(b.N), "cpu-ms/op")
		})
	}
}

// nfdump has the other program look through its own file.
func nfdump(b *testing.B) {
	file := os.Getenv("NFDUMP")
	if file == "" {
		b.Skip("NFDUMP names no file")
	}
	if out, err := exec.CommandContext(b.Context(), "nfdump", "-r", file, "-s", "dstip/bytes", "-n", "20").CombinedOutput(); err != nil {
		b.Fatalf("%v\n%s", err, out)
	}
}
