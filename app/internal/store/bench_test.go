//go:build unix

package store

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"path/filepath"
	"syscall"
	"testing"
	"testing/fstest"
	"time"

	"bestbefore/connectors"
	"bestbefore/consent"
	"bestbefore/consent/ledger"
	"bestbefore/discovery"
	"bestbefore/discovery/flow"
)

func cpu() time.Duration {
	var r syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &r)
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}

// household makes rows as a heavy home has them: 40 devices, each with 120
// destinations of unequal weight, minutes rising over 30 days.
func household(n int) []flow.Record {
	r := rand.New(rand.NewPCG(1, 2))
	zipf := rand.NewZipf(r, 1.2, 1, 119)
	out := make([]flow.Record, n)
	for i := range out {
		d := min(r.IntN(40), r.IntN(40))
		to := int(zipf.Uint64())
		at := noon.Add(-30*24*time.Hour + time.Duration(i)*30*24*time.Hour/time.Duration(n))
		out[i] = flow.Record{
			Key: flow.Key{
				Device:      discovery.DeviceID(fmt.Sprintf("d%012d", d)),
				Destination: flow.Destination{Domain: fmt.Sprintf("host%d.service%d.example", to, d), Address: netip.AddrFrom4([4]byte{203, 0, byte(d), byte(to)})},
				Protocol:    "tcp", Port: 443,
			},
			Up: r.Uint64N(10_000), Down: r.Uint64N(100_000), Count: 1, First: at, Last: at, Source: "connector:gw",
		}
	}
	return out
}

// The floor for this is in reliability G1: 6.96 µs of CPU a row to store.
func BenchmarkAddFlows(b *testing.B) {
	recs := household(300_000)
	for b.Loop() {
		b.StopTimer()
		c := testConfig(b.TempDir())
		s, err := Open(b.Context(), c)
		must(b, err)
		c0 := cpu()
		b.StartTimer()
		for i := 0; i < len(recs); i += connectors.MaxBatch {
			must(b, s.AddFlows(b.Context(), "gw", recs[i:i+connectors.MaxBatch], []byte("cursor")))
		}
		b.StopTimer()
		used := cpu() - c0
		var pages, size float64
		must(b, s.flows.read.QueryRow("SELECT page_count, page_size FROM pragma_page_count, pragma_page_size").Scan(&pages, &size))
		b.ReportMetric(float64(used.Nanoseconds())/1000/float64(len(recs)), "cpu-µs/row")
		b.ReportMetric(pages*size/float64(len(recs)), "bytes/row")
		t0 := time.Now()
		if got := value(s.Totals(b.Context(), flow.Query{Device: "d000000000000", Since: noon.Add(-30 * 24 * time.Hour), Limit: 20}))(b); len(got) != 20 {
			b.Fatal(len(got))
		}
		b.ReportMetric(float64(time.Since(t0).Microseconds())/1000, "top20-ms")
		must(b, s.Close())
		b.StartTimer()
	}
}

// BenchmarkAddFlowsFloor is the least that storing the same rows can cost with
// this driver: numbers only, one table with an index and one roll-up.
func BenchmarkAddFlowsFloor(b *testing.B) {
	recs := household(300_000)
	for b.Loop() {
		f, err := openFile(b.Context(), fileConfig{
			path: filepath.Join(b.TempDir(), "floor.db"), now: testConfig("").Now, pragmas: []string{"synchronous(NORMAL)", "cache_size(-16384)", "wal_autocheckpoint(4000)"},
			migrations: fstest.MapFS{"0001_floor.sql": {Data: []byte(`CREATE TABLE migration(version, name, at);
				CREATE TABLE flow(id INTEGER PRIMARY KEY, device INTEGER NOT NULL, ts INTEGER NOT NULL, dest INTEGER NOT NULL, up INTEGER NOT NULL, down INTEGER NOT NULL, proto INTEGER NOT NULL);
				CREATE INDEX flow_dev_ts ON flow(device, ts);
				CREATE TABLE hourly(device INTEGER NOT NULL, hour INTEGER NOT NULL, dest INTEGER NOT NULL, up INTEGER NOT NULL, down INTEGER NOT NULL, n INTEGER NOT NULL, PRIMARY KEY(device, hour, dest)) WITHOUT ROWID;`)}},
		})
		must(b, err)
		c0 := cpu()
		for i := 0; i < len(recs); i += connectors.MaxBatch {
			must(b, f.tx(b.Context(), func(t *txn) error { return floorBatch(b, t, recs[i:i+connectors.MaxBatch]) }))
		}
		b.ReportMetric(float64((cpu()-c0).Nanoseconds())/1000/float64(len(recs)), "cpu-µs/row")
		must(b, errors.Join(f.read.Close(), f.write.Close()))
	}
}

func floorBatch(b *testing.B, t *txn, recs []flow.Record) error {
	raw, err := t.PrepareContext(b.Context(), "INSERT INTO flow(device, ts, dest, up, down, proto) VALUES(?,?,?,?,?,?)")
	must(b, err)
	defer raw.Close()
	roll, err := t.PrepareContext(b.Context(), `INSERT INTO hourly(device, hour, dest, up, down, n) VALUES(?,?,?,?,?,1)
		ON CONFLICT(device, hour, dest) DO UPDATE SET up = up + excluded.up, down = down + excluded.down, n = n + excluded.n`)
	must(b, err)
	defer roll.Close()
	for _, r := range recs {
		a := r.Destination.Address.As4()
		d, to, ts := int64(a[2]), int64(a[2])<<8+int64(a[3]), r.Last.Unix()
		if _, err := raw.Exec(d, ts, to, int64(r.Up), int64(r.Down), 6); err != nil {
			return err
		}
		if _, err := roll.Exec(d, ts/3600, to, int64(r.Up), int64(r.Down)); err != nil {
			return err
		}
	}
	return nil
}

func BenchmarkDecide(b *testing.B) {
	s := open(b, testConfig(b.TempDir()))
	i := 0
	for b.Loop() {
		i++
		id := consent.ID(fmt.Sprintf("c%09d", i))
		must(b, s.Decide(b.Context(), consent.Decision{
			Consent: given(id, noon), Actions: []consent.Action{{Kind: consent.ActBlock, Device: "d1", Mark: consent.MarkFor(id), DueAt: noon}},
			Notes: []ledger.Note{{Time: noon, Kind: consent.NoteGiven, Consent: string(id), Text: "Given."}},
		}))
	}
}

func BenchmarkDecideSealed(b *testing.B) {
	c := testConfig(b.TempDir())
	c.Seal = testSealer{key: 7}
	s := open(b, c)
	i := 0
	for b.Loop() {
		i++
		id := consent.ID(fmt.Sprintf("c%09d", i))
		must(b, s.Decide(b.Context(), consent.Decision{Consent: given(id, noon), Notes: []ledger.Note{{Time: noon, Kind: consent.NoteGiven, Text: "Given."}}}))
	}
}
