package lifecycle

import (
	"context"
	"database/sql"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"bestbefore/app/internal/clock"
	"bestbefore/app/internal/store"
	"bestbefore/consent"
	"bestbefore/consent/expiry"
	"bestbefore/discovery"
)

// BenchmarkTenThousandDue prints how long after a start ten thousand ended
// permissions have a durable decision and intent (G10: at most 2 s), written in
// pages, and beside it one after the other. The floor writes as many rows of the
// same sizes into the same tables, in pages as durable: nothing is decided,
// compared, chained or summed up there.
func BenchmarkTenThousandDue(b *testing.B) {
	b.Run("floor", func(b *testing.B) {
		const n = 10_000
		dir := b.TempDir()
		s := openStore(b, dir)
		overdue(b, s, n)
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
		took := bareEnds(b, filepath.Join(dir, "evidence.db"), n)
		b.ReportMetric(0, "ns/op")
		b.ReportMetric(took.Seconds(), "s")
		b.ReportMetric(n/took.Seconds(), "ends/s")
	})
	for name, n := range map[string]int{"pages": 10_000, "single": 1_000} {
		b.Run(name, func(b *testing.B) {
			s := openBench(b)
			overdue(b, s, n)
			c := expiry.Config{Store: s, Now: clock.Wall}
			if name == "pages" {
				c.DecideAll, c.Batch = s.DecideAll, endsPage
			}
			sched, err := expiry.New(c)
			if err != nil {
				b.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(b.Context(), 2*time.Minute)
			defer cancel()
			done := make(chan error, 1)
			began := time.Now()
			go func() { done <- sched.Serve(ctx) }()
			for ctx.Err() == nil {
				if _, live, err := s.NextDue(ctx); err == nil && !live {
					break
				}
				time.Sleep(5 * time.Millisecond) // between two looks
			}
			took := time.Since(began)
			cancel()
			if err := <-done; err != nil && !errors.Is(err, context.Canceled) {
				b.Fatal(err)
			}
			as, err := s.OpenActions(b.Context())
			if err != nil || len(as) != n {
				b.Fatalf("%d intents for %d permissions, %v", len(as), n, err)
			}
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(took.Seconds(), "s")
			b.ReportMetric(float64(n)/took.Seconds(), "ends/s")
		})
	}
}

// overdue stores n permissions whose end has just passed.
func overdue(b *testing.B, s *store.Store, n int) {
	b.Helper()
	end := clock.Wall().Add(-time.Second).Truncate(time.Second).UTC()
	var ds []consent.Decision
	for range n {
		c := consent.Consent{
			SchemaVersion: consent.SchemaVersion, ID: consent.ID(NewID("c")), Version: 1, Device: discovery.DeviceID(NewID("d")),
			Recipient: consent.Recipient{Name: "Bell Maker", Destinations: []string{"203.0.113.7"}}, Data: []consent.Category{"video"},
			Decided: consent.Given, DecidedBy: "you", DecidedHow: "test", Given: end.Add(-time.Hour),
			Term: consent.Term{Kind: consent.ForPeriod, Rule: "PT1H"}, Expires: end, ExpiresCivil: end.Format("2006-01-02T15:04:05"),
			Zone: "UTC", Remedy: consent.Block, Seen: consent.NotChecked,
		}
		ds = append(ds, consent.Decision{Consent: c})
	}
	if err := s.DecideAll(b.Context(), ds); err != nil {
		b.Fatal(err)
	}
}

// bareEnds writes what n ends write, and no more.
func bareEnds(b *testing.B, path string, n int) time.Duration {
	b.Helper()
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_txlock=immediate")
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	sum, word := make([]byte, 16), strings.Repeat("x", 64)
	text := strings.Repeat("x", 600) // about what a record takes
	began := time.Now()
	for at := 0; at < n; at += endsPage {
		tx, err := db.Begin()
		if err != nil {
			b.Fatal(err)
		}
		do := func(query string) func(args ...any) {
			stmt, err := tx.Prepare(query)
			if err != nil {
				b.Fatal(err)
			}
			return func(args ...any) {
				if _, err := stmt.Exec(args...); err != nil {
					b.Fatal(err)
				}
			}
		}
		end := do("UPDATE consent SET version = 2, decided = 'expired', due_at = NULL, sum = ? WHERE id = ?")
		version := do("INSERT INTO consent_version(id, version, at, body, sum) VALUES(?,2,?,?,?)")
		action := do("INSERT INTO action(id, state, person, device, consent, mark, due_at, body, sum) VALUES(?,'pending',0,?,?,?,?,?,?)")
		entry := do("INSERT INTO diary(seq, format, time, kind, device, consent, action, text_hash, prev, hash) VALUES(?,1,?,'expired',?,?,'',?,?,?)")
		line := do("INSERT INTO diary_text(seq, salt, text, erased) VALUES(?,?,?,0)")
		for i, id := range dueIDs(b, tx) {
			now := int64(at + i)
			end(sum, id)
			version(id, now, text, sum)
			action(NewID("a"), id, id, "consent-"+id, now, text, sum)
			entry(now+1, now, id, id, word, word, word)
			line(now+1, sum, word)
		}
		if err := tx.Commit(); err != nil {
			b.Fatal(err)
		}
	}
	return time.Since(began)
}

// dueIDs reads a page of what is due, with all that is stored of it.
func dueIDs(b *testing.B, tx *sql.Tx) (ids []string) {
	b.Helper()
	rows, err := tx.Query("SELECT id, body FROM consent WHERE decided IN ('given', 'renewed') AND due_at IS NOT NULL ORDER BY due_at LIMIT ?", endsPage)
	if err != nil {
		b.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var id, body string
		if err := rows.Scan(&id, &body); err != nil {
			b.Fatal(err)
		}
		ids = append(ids, id)
	}
	if err := rows.Err(); err != nil {
		b.Fatal(err)
	}
	return ids
}
