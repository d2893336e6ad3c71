//go:build unix

package store

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"bestbefore/consent"
)

// BenchmarkDue asks what is due and what ends next among many permissions (G12:
// at most 50 µs), alternately with the bare question on the same index, and
// shows what a start costs in time, on the heap and of the computer's memory: as
// much with a million as with a thousand.
func BenchmarkDue(b *testing.B) {
	for _, n := range []int{1000, 1_000_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			if n > 100_000 && testing.Short() {
				b.Skip("a million takes minutes to write")
			}
			c := testConfig(b.TempDir())
			s, err := Open(b.Context(), c)
			must(b, err)
			fillConsents(b, s, n)
			must(b, s.Close())
			var before, after runtime.MemStats
			occupied := ownResident()
			runtime.ReadMemStats(&before)
			t0 := time.Now()
			s = open(b, c)
			checked := value(s.CheckAtStart(b.Context()))(b)
			start := time.Since(t0)
			occupied = ownResident() - occupied
			runtime.ReadMemStats(&after)
			bare, err := s.evidence.read.Prepare("SELECT id, device, due_at FROM consent WHERE " + live + " AND due_at <= ? ORDER BY due_at LIMIT 100")
			must(b, err)
			defer bare.Close()
			var ours, least time.Duration
			for b.Loop() {
				t0 := time.Now()
				if due := value(s.Due(b.Context(), noon.Add(-time.Second), 100))(b); len(due) != 0 {
					b.Fatal(due)
				}
				t1 := time.Now()
				rows, err := bare.Query(noon.Add(-time.Second).UnixMilli())
				must(b, err)
				for rows.Next() {
					b.Fatal("something is due")
				}
				must(b, errors.Join(rows.Err(), rows.Close())) //nolint:sqlclosecheck // it is what is measured
				ours, least = ours+t1.Sub(t0), least+time.Since(t1)
			}
			b.ReportMetric(float64(ours.Nanoseconds())/1000/float64(b.N), "due-µs")
			b.ReportMetric(float64(least.Nanoseconds())/1000/float64(b.N), "floor-µs")
			b.ReportMetric(float64(start.Milliseconds()), "start-ms")
			b.ReportMetric(float64(int64(after.HeapAlloc)-int64(before.HeapAlloc))/1024, "start-KiB")
			b.ReportMetric(float64(occupied), "start-RSS-KiB")
			if checked {
				b.ReportMetric(1, "checked-at-start")
			}
		})
	}
}

// ownResident is what the process occupies after a collection, in KiB; 0 where the
// system does not tell.
func ownResident() (kib int64) {
	debug.FreeOSMemory()
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	_, line, _ := strings.Cut(string(text), "VmRSS:")
	if _, err := fmt.Sscan(line, &kib); err != nil {
		return 0
	}
	return kib
}

// fillConsents writes permissions that end one second after the other.
func fillConsents(b *testing.B, s *Store, n int) {
	b.Helper()
	must(b, s.commit(b.Context(), func(c *change) error {
		row, err := c.Prepare("INSERT INTO consent(" + consentColumns + ") VALUES(?,?,?,?,?,?,?,?,?,?)")
		must(b, err)
		defer row.Close()
		version, err := c.Prepare("INSERT INTO consent_version(id, version, at, body, sum) VALUES(?,?,?,?,?)")
		must(b, err)
		defer version.Close()
		for i := range n {
			r, err := encodeConsent(given(consent.ID(fmt.Sprintf("c%09d", i)), noon.Add(time.Duration(i)*time.Second)))
			must(b, err)
			if _, err := row.Exec(r.id, r.version, r.device, r.decided, r.due, r.seen, r.seenAt, r.seenBy, r.body, r.sum); err != nil {
				return err
			}
			if _, err := version.Exec(r.id, r.version, ms(noon), r.body, versionSum(r.id, r.version, ms(noon), r.body)); err != nil {
				return err
			}
		}
		return nil
	}))
}
