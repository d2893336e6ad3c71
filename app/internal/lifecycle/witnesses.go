package lifecycle

import (
	"context"
	"time"

	"bestbefore/app/internal/clock"
	"bestbefore/assets/words"
	"bestbefore/connectors"
	"bestbefore/connectors/sessions"
)

// witnesses are the second sources of time: this system's own time service, and
// the clocks of the household's own boxes. Nobody outside the home is asked.
type witnesses struct {
	pool         *sessions.Pool
	synchronised func() (ok, known bool)
	asked        clock.Reading // when the boxes were asked last
}

const (
	askEvery   = 30 * time.Second
	askTimeout = 5 * time.Second
	// sameTime is how far two clocks of one home may differ.
	sameTime = 5 * time.Minute
)

// agree names who says that r is right, "" for nobody. More boxes must agree
// than disagree.
func (w *witnesses) agree(ctx context.Context, r clock.Reading) string {
	if ok, known := w.synchronised(); ok && known {
		return words.Text("this system's time service")
	}
	if since := r.Boot - w.asked.Boot; w.asked.BootID == r.BootID && since >= 0 && since < askEvery {
		return ""
	}
	w.asked = r
	balance, who := 0, ""
	open, _ := w.pool.All()
	for id, c := range open {
		if c.PeerClock == nil || c.Traits.OwnClock {
			continue
		}

		at, err := w.ask(ctx, id)
		if err != nil {
			continue
		}
		if at.Sub(r.Wall).Abs() > sameTime {
			balance--
			continue
		}
		balance++
		who = w.pool.Name(id)
	}
	if balance <= 0 {
		return ""
	}
	return who
}

func (w *witnesses) ask(ctx context.Context, id string) (at time.Time, err error) {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	err = w.pool.Use(ctx, id, func(ctx context.Context, c connectors.Capabilities) error {
		if c.PeerClock == nil {
			return &connectors.Error{Text: words.Text("It has no clock.")}
		}
		at, err = c.PeerClock.PeerTime(ctx)
		return err
	})
	return at, err
}
