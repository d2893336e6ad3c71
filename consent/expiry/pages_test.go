package expiry

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"bestbefore/consent"
)

// T21: a page of ends is one transaction; where that fails, each is written for
// itself, and a bad one holds no other up.
func TestT21PagesAndWhatHappensWhenOneIsBad(t *testing.T) {
	for _, bad := range []bool{false, true} {
		pages := 0
		onBench(t, func(t *testing.T, b *bench) {
			for i := range 250 {
				b.give(consent.ID(fmt.Sprintf("c%03d", i)), time.Second, consent.Block)
			}
			b.fail, b.failFor = errors.New("damaged"), "none"
			if bad {
				b.failFor = "c007"
			}
			defer b.serve()()
			time.Sleep(2 * time.Second)
			synctest.Wait()
			want := 250
			if bad {
				want = 249
			}
			if got := len(b.decisions()); got != want || (b.get("c007").Decided == consent.Expired) == bad {
				t.Errorf("a bad one %v: %d ended, want %d", bad, got, want)
			}
			if !bad && (pages != 3 || b.poked != 3) {
				t.Errorf("%d pages, enforcement was called %d times", pages, b.poked)
			}
		}, func(c *Config) {
			m := c.Store.(*bench)
			c.DecideAll = func(ctx context.Context, ds []consent.Decision) error {
				for _, d := range ds { // all or none
					if m.failFor == d.Consent.ID {
						return m.fail
					}
				}
				pages++
				for _, d := range ds {
					if err := m.Decide(ctx, d); err != nil {
						return err
					}
				}
				return nil
			}
		})
	}
}
