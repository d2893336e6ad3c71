//go:build unix

package store

import (
	"crypto/sha256"
	"database/sql"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"bestbefore/consent"
	"bestbefore/consent/ledger"
)

// BenchmarkVerifyDiary checks a long diary, alternately with the least that
// reading a chain through this driver costs: two columns and one hash a row
// (G13: at least 0.4 of its rows a second).
func BenchmarkVerifyDiary(b *testing.B) {
	const n = 100_000
	s := open(b, testConfig(b.TempDir()))
	notes := make([]ledger.Note, n)
	for i := range notes {
		notes[i] = ledger.Note{Time: noon, Kind: consent.NoteGiven, Device: "d1", Consent: "c1", Text: "The doorbell may send video to Example."}
	}
	must(b, s.Note(b.Context(), notes...))
	floor := chainFloor(b, n)
	var ours, least, oursCPU, leastCPU time.Duration
	for b.Loop() {
		t0, c0 := time.Now(), cpu()
		if r := value(s.VerifyDiary(b.Context()))(b); !r.OK() || r.Entries != n {
			b.Fatal(r)
		}
		t1, c1 := time.Now(), cpu()
		floor()
		ours, least = ours+t1.Sub(t0), least+time.Since(t1)
		oursCPU, leastCPU = oursCPU+c1-c0, leastCPU+cpu()-c1
	}
	rows := float64(n * b.N)
	b.ReportMetric(rows/ours.Seconds(), "rows/s")
	b.ReportMetric(rows/least.Seconds(), "floor-rows/s")
	b.ReportMetric(least.Seconds()/ours.Seconds(), "of-floor")
	b.ReportMetric(leastCPU.Seconds()/oursCPU.Seconds(), "of-floor-cpu")
}

// chainFloor fills a plain chain and gives the function that verifies it.
func chainFloor(b *testing.B, n int) func() {
	db, err := sql.Open("sqlite", filepath.Join(b.TempDir(), "floor.db"))
	must(b, err)
	db.SetMaxOpenConns(1)
	b.Cleanup(func() { must(b, db.Close()) })
	_, err = db.Exec("PRAGMA journal_mode = WAL; CREATE TABLE log(seq INTEGER PRIMARY KEY, what TEXT NOT NULL, hash BLOB NOT NULL)")
	must(b, err)
	tx, err := db.Begin()
	must(b, err)
	in, err := tx.Prepare("INSERT INTO log(what, hash) VALUES(?,?)")
	must(b, err)
	const what = `{"op":"expired","n":12345}`
	var prev [32]byte
	for range n {
		prev = sha256.Sum256(append(prev[:], what...))
		_, err := in.Exec(what, prev[:])
		must(b, err)
	}
	must(b, errors.Join(in.Close(), tx.Commit())) //nolint:sqlclosecheck // before the commit
	return func() {
		rows, err := db.Query("SELECT what, hash FROM log ORDER BY seq")
		must(b, err)
		var prev [32]byte
		for rows.Next() {
			var what string
			var hash []byte
			must(b, rows.Scan(&what, &hash))
			if prev = sha256.Sum256(append(prev[:], what...)); string(prev[:]) != string(hash) {
				b.Fatal("the floor's chain is broken")
			}
		}
		must(b, errors.Join(rows.Err(), rows.Close())) //nolint:sqlclosecheck // it is what is measured
	}
}
