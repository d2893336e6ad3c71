package expiry

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"bestbefore/consent"
)

// BenchmarkLateness prints how late an end is written while the computer is
// awake, without a disk: what the loop itself adds to the due moment.
func BenchmarkLateness(b *testing.B) {
	m := &memory{consents: map[consent.ID]consent.Consent{}}
	x := &bench{memory: m, clock: &clock{}}
	ended := make(chan struct{}, b.N)
	s, err := New(Config{Store: m, Now: time.Now, Decided: func() { ended <- struct{}{} }})
	if err != nil {
		b.Fatal(err)
	}
	x.s = s
	defer x.serve()()
	var late []time.Duration
	for i := range b.N {
		c := x.give(consent.ID(fmt.Sprintf("c%d", i)), 20*time.Millisecond, consent.Block)
		s.Poke()
		ctx, cancel := context.WithTimeout(b.Context(), 5*time.Second)
		select {
		case <-ended:
		case <-ctx.Done():
			b.Fatal("it did not end")
		}
		cancel()
		late = append(late, x.get(c.ID).Ended.Sub(c.Expires))
	}
	slices.Sort(late)
	b.ReportMetric(float64(late[len(late)/2].Microseconds()), "µs-p50")
	b.ReportMetric(float64(late[len(late)*99/100].Microseconds()), "µs-p99")
}
