package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"bestbefore/app/internal/clock"
	"bestbefore/app/internal/store"
	"bestbefore/consent"
	"bestbefore/consent/expiry"
	"bestbefore/consent/ledger"
	"bestbefore/discovery"
)

// apart is the time between two ends: more than one decision takes.
const apart = 40 * time.Millisecond

// timed notes how long after its end each decision was durable.
type timed struct {
	*store.Store
	mu   sync.Mutex // guards late
	late []time.Duration
}

func (t *timed) Decide(ctx context.Context, d consent.Decision) error {
	err := t.Store.Decide(ctx, d)
	if err == nil && d.Consent.Decided == consent.Expired {
		t.mu.Lock()
		defer t.mu.Unlock()
		t.late = append(t.late, clock.Wall().Sub(d.Consent.DueAt()))
	}
	return err
}

func (t *timed) count() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.late)
}

// due stores n permissions that end one after the other.
func due(b *testing.B, s *store.Store, n int) []consent.Consent {
	b.Helper()
	out := make([]consent.Consent, n)
	first := clock.Wall().Add(time.Duration(n)*6*time.Millisecond + time.Second)
	for i := range out {
		end := first.Add(time.Duration(i) * apart).Truncate(time.Millisecond)
		out[i] = consent.Consent{
			SchemaVersion: consent.SchemaVersion, ID: consent.ID(NewID("c")), Version: 1, Device: discovery.DeviceID(NewID("d")),
			Recipient: consent.Recipient{Name: "Bell Maker", Destinations: []string{"203.0.113.7"}}, Data: []consent.Category{"video"},
			Decided: consent.Given, DecidedBy: "you", DecidedHow: "test", Given: clock.Wall().UTC(),
			Term: consent.Term{Kind: consent.ForPeriod, Rule: "PT1M"}, Expires: end.UTC(), ExpiresCivil: end.UTC().Format("2006-01-02T15:04:05"),
			Zone: "UTC", Remedy: consent.Block, Seen: consent.NotChecked,
		}
		if err := s.Decide(b.Context(), consent.Decision{Consent: out[i]}); err != nil {
			b.Fatal(err)
		}
	}
	return out
}

func openStore(b *testing.B, dir string) *store.Store {
	b.Helper()
	s, err := store.Open(b.Context(), store.Config{Dir: dir, Now: clock.Wall, NewID: NewID, Changed: func(...string) {}, Reserve: 4096, MinFree: -1})
	if err != nil {
		b.Fatal(err)
	}
	return s
}

func openBench(b *testing.B) *store.Store {
	b.Helper()
	s := openStore(b, b.TempDir())
	b.Cleanup(func() {
		if err := s.Close(); err != nil {
			b.Error(err)
		}
	})
	return s
}

// BenchmarkLateness prints how long after its end a permission's decision and
// its action are durable, awake (G9), beside the floor: a bare timer for each
// moment and the same transaction, with nobody looking for what is due.
func BenchmarkLateness(b *testing.B) {
	const n = 200
	b.Run("floor", func(b *testing.B) {
		t := &timed{Store: openBench(b)}
		for _, c := range due(b, t.Store, n) {
			time.Sleep(c.DueAt().Sub(clock.Wall()))
			next, actions := consent.Expire(c, nil, clock.Wall())
			d := consent.Decision{Consent: next, Expect: 1, Actions: actions, Notes: []ledger.Note{{Time: next.Ended, Kind: consent.NoteExpired, Text: "ended"}}}
			if err := t.Decide(b.Context(), d); err != nil {
				b.Fatal(err)
			}
		}
		report(b, t.late)
	})
	b.Run("engine", func(b *testing.B) {
		t := &timed{Store: openBench(b)}
		due(b, t.Store, n)
		sched, err := expiry.New(expiry.Config{Store: t, Now: clock.Wall})
		if err != nil {
			b.Fatal(err)
		}
		ctx, cancel := context.WithCancel(b.Context())
		done := make(chan error, 1)
		go func() { done <- sched.Serve(ctx) }()
		deadline := time.Now().Add(time.Duration(n)*apart + time.Minute)
		for t.count() < n && time.Now().Before(deadline) {
			time.Sleep(apart) // between two looks at the count
		}
		cancel()
		if err := <-done; err != nil && !errors.Is(err, context.Canceled) || t.count() != n {
			b.Fatalf("%d of %d ended, %v", t.count(), n, err)
		}
		report(b, t.late)
	})
}

func report(b *testing.B, late []time.Duration) {
	slices.Sort(late)
	b.ReportMetric(0, "ns/op")
	for _, p := range []int{50, 99} {
		b.ReportMetric(float64(late[len(late)*p/100].Microseconds())/1000, fmt.Sprintf("p%d-ms", p))
	}
}
