package engine

import (
	"context"
	"slices"
	"sync"
	"time"

	"bestbefore/app/internal/changes"
	"bestbefore/assets/words"
	"bestbefore/connectors"
	"bestbefore/consent/ledger"
)

// NoteLost is a connection that could not see everything.
const NoteLost ledger.Kind = "observations_lost"

// lossShown is how long a loss stands among what is wrong after it last grew,
// and how long the diary then stays silent about the same connection.
const lossShown = 24 * time.Hour

// losses remember what connections say that they missed.
type losses struct {
	mu sync.Mutex // guards of
	of map[string]loss
}

// loss is what one connection missed.
type loss struct {
	session uint64    // as its session says; begins anew with each session
	total   uint64    // since it was first noticed
	since   time.Time // when it was first noticed
	last    time.Time // when it grew last
}

// WatchLosses asks each open connection whether it is alive and what it missed,
// and says so: as a problem at once, in the diary once a day at most. It is run
// every few seconds, so that nobody takes a gap for silence.
func (e *Core) WatchLosses(ctx context.Context) error {
	cs, err := e.Store.Connections(ctx)
	if err != nil {
		return err
	}
	e.vigils.round(e.Now())
	for _, c := range cs {
		caps, open := e.Sessions.Capabilities(c.ID)
		if !open || caps.Coverer == nil {
			e.vigils.away(c.ID)
			continue
		}
		asking, cancel := context.WithTimeout(ctx, coverageDeadline)
		cov, err := caps.Coverer.Coverage(asking)
		cancel()
		if err != nil {
			e.Log.Debug("asking what was missed", "connection", c.ID, "error", err)
			continue // its last sign of life grows old
		}
		e.vigils.take(c.ID, cov, e.Now())
		grew, first := e.losses.take(c.ID, cov.Lost, e.Now())
		if first {
			n := ledger.Note{Time: e.Now(), Kind: NoteLost, Text: words.Sprintf("%s could not see everything: %d observations were lost. What is shown of it is less than what was sent.", c.Name, cov.Lost)}
			if err := e.Store.Note(ctx, n); err != nil {
				e.losses.forget(c.ID)
				return err
			}
			e.changed(changes.Diary)
		}
		if grew {
			e.changed(changes.Connections)
		}
	}
	return nil
}

// take notes what a session says that it missed since it was opened.
func (l *losses) take(id string, lost uint64, now time.Time) (grew, first bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.of == nil {
		l.of = map[string]loss{}
	}
	was := l.of[id]
	if lost < was.session { // a new session counts from nothing
		was.session = 0
	}
	if lost == was.session {
		l.of[id] = was
		return false, false
	}
	if was.since.IsZero() || now.Sub(was.last) > lossShown {
		was.since, was.total, first = now, 0, true
	}
	was.total += lost - was.session
	was.session, was.last = lost, now
	l.of[id] = was
	return true, first
}

func (l *losses) forget(id string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.of, id)
}

// now is what a connection missed lately; zero when nothing.
func (l *losses) now(id string, now time.Time) loss {
	l.mu.Lock()
	defer l.mu.Unlock()
	x := l.of[id]
	if x.last.IsZero() || now.Sub(x.last) > lossShown {
		return loss{}
	}
	return x
}

// lostProblem is the loss of a connection among what is wrong.
func (e *Core) lostProblem(c ConnectionInfo) (Problem, bool) {
	if c.Lost == 0 {
		return Problem{}, false
	}
	_, loc := e.Zone()
	return Problem{
		ID:   "lost/" + c.ID,
		Text: words.Sprintf("%s could not see everything: %d observations were lost since %s.", c.Name, c.Lost, words.Date(c.LostSince.In(loc), "2 January 15:04")),
		Fix:  words.Sprintf("What is shown of it is less than what was sent. %s", e.lessLost(c)),
	}, true
}

// lessLost is what a household can do about losses: what the connection itself
// says, else what fits its kind.
func (e *Core) lessLost(c ConnectionInfo) string {
	if c.Coverage.Lessen != "" {
		return c.Coverage.Lessen
	}
	if k, known := e.Registry.Get(c.Kind); known {
		reads := func(o connectors.Option) bool { return o.Key == "topics" }
		if slices.ContainsFunc(k.Spec().Options, reads) {
			return words.Text("If it goes on, read fewer topics or give it less to do.")
		}
	}
	return words.Text("If it goes on, give it less to do.")
}
