package lifecycle

import (
	"context"
	"errors"
	"testing"
	"time"

	"bestbefore/app/internal/clock"
	"bestbefore/app/internal/store"
	"bestbefore/consent"
	"bestbefore/consent/expiry"
	"bestbefore/discovery"
)

// BenchmarkTenThousandDue prints how long after a start ten thousand ended
// permissions have a durable decision and intent (G10), written in pages, and
// beside it one after the other.
func BenchmarkTenThousandDue(b *testing.B) {
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
