package lifecycle

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"bestbefore/app/internal/clock"
	"bestbefore/app/internal/store"
	"bestbefore/consent"
	"bestbefore/consent/ledger"
)

// clockWatch judges the wall clock again and again and says whether it can be
// believed. While it cannot, nothing is decided; what was decided stays.
type clockWatch struct {
	guard *clock.Guard // used by one goroutine at a time: Open, then Serve
	store *store.Store
	told  func(err error)

	doubt   atomic.Bool
	stepped atomic.Bool
	saved   time.Time
}

// The rhythm of the watch. The latest trusted time is stored each minute, so
// that a clock set back gains nothing by a restart.
const (
	clockEvery = 5 * time.Second
	clockSave  = time.Minute
	trusted    = "trusted"
	doubted    = "doubted"
)

// notBefore is older than every release of this program: a clock that shows
// less was never set (T5).
var notBefore = time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)

func newClockWatch(ctx context.Context, s *store.Store, told func(error)) (*clockWatch, error) {
	rs, err := s.Clock(ctx, 64)
	if err != nil {
		return nil, err
	}
	var high time.Time
	var last clock.Reading
	for i, r := range rs { // newest first
		if i == 0 {
			last = clock.Reading{Wall: r.Wall, Boot: r.Boot, BootID: r.BootID}
		}
		if r.Source == trusted && r.Wall.After(high) {
			high = r.Wall
		}
	}
	w := &clockWatch{guard: clock.NewGuard(notBefore, high, last), store: s, told: told}
	w.look(ctx)
	return w, nil
}

// look takes one reading; a change of trust is noted in the diary.
func (w *clockWatch) look(ctx context.Context) {
	r := clock.Read()
	v := w.guard.Observe(r)
	w.stepped.Store(v.Stepped != 0)
	changed := w.doubt.Swap(!v.Trusted) == v.Trusted
	var err error
	if !v.Trusted {
		err = fmt.Errorf("this computer's clock shows %s, which cannot be right; nothing ends until it is set", r.Wall.Format("2 January 2006 15:04"))
	}
	w.told(err)
	if changed {
		w.note(ctx, v)
	}
	if changed || r.Wall.Sub(w.saved).Abs() >= clockSave {
		w.save(ctx, r, v)
	}
}

func (w *clockWatch) note(ctx context.Context, v clock.Verdict) {
	text := "The clock of this computer can be believed again."
	if !v.Trusted {
		text = "The clock of this computer is in doubt: it was moved, or it was never set. Nothing ends until it is right."
	}
	if err := w.store.Note(ctx, ledger.Note{Time: v.Now, Kind: consent.NoteClock, Text: text}); err != nil {
		w.told(err)
	}
}

func (w *clockWatch) save(ctx context.Context, r clock.Reading, v clock.Verdict) {
	source := doubted
	if v.Trusted {
		source = trusted
	}
	if err := w.store.SaveClock(ctx, store.ClockReading{Wall: r.Wall, Boot: r.Boot, BootID: r.BootID, Source: source}); err != nil {
		w.told(err)
		return
	}
	w.saved = r.Wall
}

// Serve looks every few seconds until ctx ends.
func (w *clockWatch) Serve(ctx context.Context) error {
	tick := time.NewTicker(clockEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			w.look(ctx)
		}
	}
}

// String names the service.
func (w *clockWatch) String() string { return "clock" }
