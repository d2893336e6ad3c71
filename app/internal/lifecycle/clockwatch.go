package lifecycle

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"bestbefore/app/internal/clock"
	"bestbefore/app/internal/store"
	"bestbefore/assets/words"
	"bestbefore/consent"
	"bestbefore/consent/ledger"
)

// clockWatch judges the wall clock at each question and says whether it can be
// believed. While it cannot, nothing is decided; what was decided stays.
type clockWatch struct {
	store clockStore
	told  func(err error)
	read  func() clock.Reading
	// second asks the second sources whether r is right, and names the one that
	// agreed; "" is nobody.
	second func(ctx context.Context, r clock.Reading) string

	mu    sync.Mutex // guards guard
	guard *clock.Guard

	doubt  atomic.Bool  // as it was last told
	agreed atomic.Int64 // when, by the boot clock, a step was found to be right

	turn  sync.Mutex // one look or one word of a person at a time; guards saved
	saved time.Time
}

// clockStore keeps readings and what is told of them.
type clockStore interface {
	Clock(ctx context.Context, limit int) ([]store.ClockReading, error)
	SaveClock(ctx context.Context, r store.ClockReading) error
	Note(ctx context.Context, notes ...ledger.Note) error
}

// The rhythm of the watch. The latest trusted time is stored each minute, so
// that a clock set back gains nothing by a restart.
const (
	clockEvery = 5 * time.Second
	clockSave  = time.Minute
	steppedFor = 10 * time.Minute
)

// How far a stored reading was believed.
const (
	trusted   = "trusted"
	believed  = "believed"  // trusted, but not for what cannot be undone
	doubted   = "doubted"   // not at all
	confirmed = "confirmed" // a second source or a person agreed; it may lie before older ones
)

// notBefore is older than every release of this program: a clock that shows
// less was never set (T5).
var notBefore = time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)

func newClockWatch(ctx context.Context, s clockStore, read func() clock.Reading, told func(error)) (*clockWatch, error) {
	rs, err := s.Clock(ctx, 1000)
	if err != nil {
		return nil, err
	}
	w := &clockWatch{guard: remembered(rs), store: s, told: told, read: read}
	w.second = func(context.Context, clock.Reading) string { return "" }
	w.look(ctx)
	return w, nil
}

// remembered is the guard as the stored readings, newest first, leave it. What
// was in doubt is not taken up again as if it were right.
func remembered(rs []store.ClockReading) *clock.Guard {
	var high time.Time
	var last *store.ClockReading
	for i, r := range rs {
		if r.Source == doubted {
			continue
		}
		if last == nil {
			last = &rs[i]
		}
		if r.Wall.After(high) {
			high = r.Wall
		}
		if r.Source == confirmed { // what was trusted before it may have been wrong
			break
		}
	}
	if last == nil {
		return clock.NewGuard(notBefore, time.Time{}, clock.Reading{})
	}
	g := clock.NewGuard(notBefore, high, clock.Reading{Wall: last.Wall, Boot: last.Boot, BootID: last.BootID})
	if last.Source == believed {
		g.Unsure()
	}
	return g
}

// judge takes a reading and judges it.
func (w *clockWatch) judge() (clock.Reading, clock.Verdict) {
	w.mu.Lock()
	defer w.mu.Unlock()
	r := w.read()
	return r, w.guard.Observe(r)
}

// now is the time to go by: never one that is not believed.
func (w *clockWatch) now() time.Time { _, v := w.judge(); return v.Now }

// shown is the time by which what can be undone is due.
func (w *clockWatch) shown() time.Time { _, v := w.judge(); return v.Shown }

func (w *clockWatch) trusted() bool { _, v := w.judge(); return v.Trusted }
func (w *clockWatch) sure() bool    { _, v := w.judge(); return v.Sure }

// stepped reports a clock that was moved, also for a while after that was found
// to be right: what ends in this time carries the mark (T6).
func (w *clockWatch) stepped() bool {
	r, v := w.judge()
	since := r.Boot - time.Duration(w.agreed.Load())
	return v.Stepped != 0 || w.agreed.Load() != 0 && since >= 0 && since < steppedFor
}

// look takes one reading; a change of trust is noted in the diary, and a second
// source is asked where one is needed.
func (w *clockWatch) look(ctx context.Context) {
	w.turn.Lock()
	defer w.turn.Unlock()
	r, v := w.judge()
	source := sourceOf(v)
	if !v.Sure {
		if who := w.second(ctx, r); who != "" {
			r, v = w.agree(ctx, r, v, who)
			if source = sourceOf(v); v.Sure {
				source = confirmed
			}
		}
	}
	var err error
	if !v.Trusted {
		err = words.Errorf("this computer's clock shows %s, which may be wrong; what would have ended by it is blocked until that is known, and nothing is decided", words.Date(r.Wall, "2 January 2006 15:04"))
	}
	w.told(err)
	changed := w.doubt.Swap(!v.Trusted) == v.Trusted
	if changed && source != confirmed {
		w.note(ctx, v.Now, changeText(v))
	}
	if changed || source == confirmed || r.Wall.Sub(w.saved).Abs() >= clockSave && v.Trusted {
		w.save(ctx, r, source)
	}
}

func sourceOf(v clock.Verdict) string {
	switch {
	case !v.Trusted:
		return doubted
	case !v.Sure:
		return believed
	default:
		return trusted
	}
}

// agree takes a second source's word for the clock. r is what that source was
// asked about; should the clock have moved since, the word is not taken.
func (w *clockWatch) agree(ctx context.Context, asked clock.Reading, before clock.Verdict, who string) (clock.Reading, clock.Verdict) {
	w.mu.Lock()
	r := w.read()
	moved := r.Wall.Sub(asked.Wall) - (r.Boot - asked.Boot)
	if r.BootID == asked.BootID && moved.Abs() < time.Minute {
		w.guard.Confirm(r)
		if before.Stepped != 0 {
			w.agreed.Store(int64(r.Boot))
		}
	}
	v := w.guard.Observe(r)
	w.mu.Unlock()
	text := words.Sprintf("The clock of this computer is right: %s says so too.", words.Text(who))
	if v.Now.Before(before.Now) {
		text += " " + words.Sprintf("Until then it was taken to be %s.", words.Date(before.Now.UTC(), "2 January 2006 15:04 UTC"))
	}
	if v.Sure && (!before.Trusted || v.Now.Before(before.Now)) {
		w.note(ctx, v.Now, text)
	}
	return r, v
}

// confirm is a person's word that the clock is right.
func (w *clockWatch) confirm(ctx context.Context, who string) error {
	w.turn.Lock()
	defer w.turn.Unlock()
	r, v := w.judge()
	if v.Sure {
		return nil
	}
	if r.Wall.Before(notBefore) {
		return words.Errorf("this computer's clock shows %s, which is before this program was made; set it first", words.Date(r.Wall, "2 January 2006 15:04"))
	}
	r, v = w.agree(ctx, r, v, who)
	if !v.Sure {
		return words.Errorf("this computer's clock moved just now; look at it once more")
	}
	w.doubt.Store(false)
	w.told(nil)
	w.save(ctx, r, confirmed)
	return nil
}

func changeText(v clock.Verdict) string {
	if v.Trusted {
		return words.Text("The clock of this computer can be believed again.")
	}
	return words.Text("The clock of this computer is in doubt: it was moved, or it was never set. What would have ended by it is blocked until that is known; nothing is decided.")
}

func (w *clockWatch) note(ctx context.Context, at time.Time, text string) {
	if err := w.store.Note(ctx, ledger.Note{Time: at, Kind: consent.NoteClock, Text: text}); err != nil {
		w.told(err)
	}
}

func (w *clockWatch) save(ctx context.Context, r clock.Reading, source string) {
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
