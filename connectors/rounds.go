package connectors

import (
	"context"
	"time"
)

// Rounds calls look at once and again after each interval, until ctx ends, which
// is no fault, or a look fails.
func Rounds(ctx context.Context, every time.Duration, look func() error) error {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		if err := look(); err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}
