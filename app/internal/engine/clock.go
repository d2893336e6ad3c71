package engine

import (
	"context"

	"bestbefore/assets/words"
)

// ErrNoClock says that this engine judges no clock.
var ErrNoClock = words.New("this engine does not judge the computer's clock")

// ConfirmClock takes the person's word that the clock of this computer is right:
// what waited for a second source goes on.
func (e *Core) ConfirmClock(ctx context.Context, _ string) error {
	if e.RightClock == nil {
		return ErrNoClock
	}
	if err := e.RightClock(ctx, e.Person); err != nil {
		return err
	}
	e.wake()
	return nil
}
