//go:build unix

package store

import (
	"os"
	"slices"
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

// overview is what a page asks, and the barest query that reads the same rows.
type overview struct {
	name string
	ask  func() (rows int, err error)
	bare string
	args []any
}

// BenchmarkOverview is G3 and G4: what the pages ask of a file of 60 devices, each
// beside the barest query that reads the same rows in the same file, and beside
// nfdump's look through the same flows, sent to its nfcapd. The goals are 2 times
// the bare query and 0.25 times nfdump for what is of 30 days (x-bare, x-nfdump:
// medians, by the clock on the wall), and 5 ms for a device's page. p95-ms is the
// 95th of a hundred; cpu-ms/op tells more than the clock on a machine that others
// use too. bytes/row is G5.
func BenchmarkOverview(b *testing.B) {
	c := testConfig(b.TempDir())
	now := time.Now()
	c.Now = func() time.Time { return now }
	s := open(b, c)
	fillTraffic(b, s, benchRows(), now)
	must(b, s.Purge(b.Context(), now)) // as every hour
	scan := time.Duration(0)
	b.Run("nfdump-top20", func(b *testing.B) {
		file, flows := nfdumped(b, s)
		scan = medianOf(b, childrenCPU, func() { nfdumpTop(b, file) })
		b.ReportMetric(float64(flows), "flows")
	})
	for _, q := range overviews(b, s, now) {
		bare := time.Duration(0)
		b.Run(q.name+"-bare", func(b *testing.B) { bare = medianOf(b, cpu, func() { askBare(b, s, q) }) })
		b.Run(q.name, func(b *testing.B) {
			took := medianOf(b, cpu, func() {
				if n, err := q.ask(); err != nil || n == 0 {
					b.Fatal(n, err)
				}
			})
			if bare > 0 {
				b.ReportMetric(float64(took)/float64(bare), "x-bare")
			}
			if scan > 0 {
				b.ReportMetric(float64(took)/float64(scan), "x-nfdump")
			}
			b.ReportMetric(float64(value(s.flowsSize(b.Context(), nil))(b))/float64(benchRows()), "bytes/row")
		})
	}
}

func overviews(b *testing.B, s *Store, now time.Time) []overview {
	const device = "d000000000000"
	ctx, since := b.Context(), now.Add(-30*24*time.Hour)
	hour := since.UnixMilli() / hourMS
	totals := func(q flow.Query) func() (int, error) {
		return func() (int, error) { got, err := s.Totals(ctx, q); return len(got), err }
	}
	flows := func(q flow.Query) func() (int, error) {
		return func() (int, error) { got, err := s.Flows(ctx, q); return len(got), err }
	}
	return []overview{
		{
			"home-top20", totals(flow.Query{Since: since, Limit: 20}),
			"SELECT route, sum(up), sum(down), sum(n) FROM hourly WHERE hour >= ? GROUP BY route ORDER BY sum(up) + sum(down) DESC LIMIT 20",
			[]any{hour},
		},
		{
			"device-top20", totals(flow.Query{Device: device, Since: since, Limit: 20}),
			"SELECT route, sum(up), sum(down), sum(n) FROM hourly WHERE device = 1 AND hour >= ? GROUP BY route ORDER BY sum(up) + sum(down) DESC LIMIT 20",
			[]any{hour},
		},
		{
			"device-hours", func() (int, error) {
				got, err := s.Hourly(ctx, flow.Query{Device: device, Since: since})
				return len(got), err
			},
			"SELECT hour, route, up, down FROM hourly WHERE device = 1 AND hour >= ?",
			[]any{hour},
		},
		{
			"home-flows", flows(flow.Query{Since: since, Limit: 1000}),
			"SELECT route, sum(up), sum(down), sum(n) FROM hourly WHERE hour >= ? GROUP BY device, route ORDER BY sum(up) + sum(down) DESC LIMIT 1000",
			[]any{hour},
		},
		{
			"device-page-200", flows(flow.Query{Device: device, Since: now.Add(-24 * time.Hour), Limit: 200}),
			"SELECT last, route, up, down FROM flow WHERE device = 1 ORDER BY last DESC LIMIT 200", nil,
		},
	}
}

func askBare(b *testing.B, s *Store, q overview) {
	n := 0
	must(b, each(b.Context(), s.flows.read, func(sc scanner) error {
		n++
		var x [4]int64
		return sc.Scan(&x[0], &x[1], &x[2], &x[3])
	}, q.bare, q.args...))
	if n == 0 {
		b.Fatal("nothing")
	}
}

// medianOf runs f as often as the benchmark wants, and says what it took of the
// processor, which used tells, and at the worst of twenty times.
func medianOf(b *testing.B, used func() time.Duration, f func()) time.Duration {
	var took []time.Duration
	before := used()
	for b.Loop() {
		began := time.Now()
		f()
		took = append(took, time.Since(began))
	}
	slices.Sort(took)
	ms := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
	b.ReportMetric(ms(used()-before)/float64(len(took)), "cpu-ms/op")
	b.ReportMetric(ms(took[len(took)*95/100]), "p95-ms")
	return took[len(took)/2]
}
