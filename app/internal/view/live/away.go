package live

import (
	"context"
	"errors"
	"time"

	"bestbefore/app/internal/changes"
	"bestbefore/app/internal/engine"
	"bestbefore/app/internal/view"
)

// How an engine is looked for that went: soon, since it may just be starting
// anew, and then every second, which costs one knock at a local socket.
const (
	searchFirst = 100 * time.Millisecond
	searchLast  = time.Second
)

// answerTime is after how long an engine that is there counts as silent.
const answerTime = 10 * time.Second

// line is what the engine tells of changes, until end.
type line struct {
	changed <-chan changes.Change
	end     context.CancelFunc
}

func (p *Pump) listen(ctx context.Context) line {
	ctx, cancel := context.WithCancel(ctx)
	return line{p.config.Engine.Watch(ctx), cancel}
}

// search looks once for an engine that went, and gives how long to wait for the
// next look: searchFirst when it is there. It listens before it asks, so that
// no change is missed between the two.
func (p *Pump) search(ctx context.Context, l *line, waited time.Duration) (wait time.Duration) {
	next := p.listen(ctx)
	if !p.answers(ctx) {
		next.end()
		return min(2*waited, searchLast)
	}
	l.end()
	*l = next
	p.mu.Lock()
	p.stale = true
	p.mu.Unlock()
	p.present()
	p.look(ctx, nil)
	return searchFirst
}

// ask finds out now and then whether another process still answers: one that
// hangs ends no connection.
func (p *Pump) ask(ctx context.Context) (answers bool) {
	if !p.config.Beside || !p.missed.Since.IsZero() && !p.missed.Silent {
		return false // ours, or looked for already
	}
	if answers = p.answers(ctx); answers {
		p.present()
	}
	return answers
}

// answers asks the engine for something small; how it is missed is noted.
func (p *Pump) answers(ctx context.Context) bool {
	limited, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	_, err := p.config.Engine.Preferences(limited)
	switch {
	case ctx.Err() != nil:
		return false
	case errors.Is(err, context.DeadlineExceeded):
		p.miss(true)
		return false
	case errors.Is(err, engine.ErrAway):
		if p.missed.Silent { // it hung, and now it has ended
			p.miss(false)
		}
		return false
	default: // also an error is an answer
		return true
	}
}

// look makes the pages anew, unless the engine hangs: each question would only wait.
func (p *Pump) look(ctx context.Context, topics map[changes.Topic]bool) {
	if !p.missed.Silent {
		p.refresh(ctx, topics)
	}
}

// miss says that the engine does not answer, and since when.
func (p *Pump) miss(silent bool) {
	if p.missed.Since.IsZero() {
		p.missed.Since = p.config.Now()
		p.config.Log.Warn("the running Best Before does not answer", "silent", silent)
	}
	p.missed.Silent = silent
	p.putAway()
}

// present says that it answers again.
func (p *Pump) present() {
	if !p.missed.Since.IsZero() {
		p.config.Log.Warn("the running Best Before answers again")
	}
	p.missed = view.Absence{}
	p.putAway()
}

func (p *Pump) putAway() {
	put(p, "away", p.presenter().Away(p.missed), same, func(*view.Problem, uint64) {}, p.config.Screen.Away)
}
