package connectors_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"bestbefore/connectors"
)

// TestRounds: the first look is at once and the next after each interval; a look
// that fails ends it, but not one that fails because it was to end.
func TestRounds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began, looks, broken := time.Now(), []time.Duration{}, errors.New("broken")
		err := connectors.Rounds(t.Context(), time.Minute, func() error {
			if looks = append(looks, time.Since(began)); len(looks) == 3 {
				return broken
			}
			return nil
		})
		if !errors.Is(err, broken) || len(looks) != 3 || looks[0] != 0 || looks[2] != 2*time.Minute {
			t.Errorf("%v, %v", looks, err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		if err := connectors.Rounds(ctx, time.Minute, func() error { cancel(); return ctx.Err() }); err != nil {
			t.Errorf("it was to end: %v", err)
		}
	})
}
