package recipient

import (
	"syscall"
	"testing"
	"time"
)

// cpu is what this process has used. On a machine that others use too it tells
// more than the clock on the wall.
func cpu(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkLookup looks up one destination of each sort. Goal: under 1 µs.
func BenchmarkLookup(b *testing.B) {
	table, all := shipped(b), somewhere()
	b.ReportAllocs()
	i, start := 0, cpu(b)
	for b.Loop() {
		table.Lookup(all[i%len(all)])
		i++
	}
	b.ReportMetric(float64(cpu(b)-start)/float64(b.N), "cpu-ns/op")
}

// BenchmarkNew builds the table that is shipped. Goal: under 20 ms, else it
// must not be built before somebody asks.
func BenchmarkNew(b *testing.B) {
	b.ReportAllocs()
	start := cpu(b)
	for b.Loop() {
		shipped(b)
	}
	b.ReportMetric(float64(cpu(b)-start)/float64(b.N), "cpu-ns/op")
}
