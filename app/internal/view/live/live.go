// Package live keeps the pages current and carries out what the person asks.
//
// Its Pump listens to the engine, asks it anew for the page that is seen (and
// for no other), and hands finished snapshots of view to the window. Commands
// return at once: the work is done by goroutines that Serve owns, and its
// outcome comes back as a new snapshot or a short message.
package live

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"bestbefore/app/internal/changes"
	"bestbefore/app/internal/engine"
	"bestbefore/app/internal/view"
)

// Screen is what the window takes. A nil function takes nothing. They are
// called through Config.Dispatch only.
type Screen struct {
	Frame       func(view.Frame)
	Home        func(view.Home)
	Devices     func(view.Devices)
	Device      func(view.DevicePage)
	Permissions func(view.Permissions)
	Review      func(view.Review)
	Diary       func(view.Diary)
	Connectors  func(view.Connectors)
	Settings    func(view.Settings)
	Flows       func(view.Flows)
	Access      func(view.Access)
	Capture     func(view.Capture)
	Guides      func(view.Guides)

	Open  func(view.Route) // goes to a place
	Toast func(view.Toast) // shows a short message

	// Away stands above every page: the engine does not answer. Without a text it does.
	Away func(view.Problem)

	// Give and Disconnect show a dialog: the first snapshot opens it, further
	// ones change it. Close takes the dialog away.
	Give       func(view.Give)
	Disconnect func(view.Disconnect)
	Close      func()
}

// Config is what a pump needs.
type Config struct {
	Engine    engine.Engine         // required
	Screen    Screen                // what is nil is not shown
	Beside    bool                  // the engine is another process, which may go and come again
	Desk      Desk                  // may be empty
	Dispatch  func(func())          // required: runs a function on the window's goroutine
	Now       func() time.Time      // required
	Zone      func() *time.Location // nil is UTC; asked anew for each look
	Translate func(string) string   // nil is English
	Log       *slog.Logger          // nil is silent
	Gather    time.Duration         // how long changes are gathered; 0 is 250 ms
	Tick      time.Duration         // how often a page is made anew without a change, since "a minute ago" ages; 0 is a minute
}

// More traffic is gathered for restShare times as long as the last look took, so that
// a backlog that changes everything all the time does not keep the engine busy
// with looks; restLongest is the most that what is seen lags behind for it.
const (
	restShare   = 3
	restLongest = 3 * time.Second
)

// askEvery is how often an engine in another process is asked whether it is there.
const askEvery = 20 * time.Second

// lookTime is how long the engine may take to answer for one page.
const lookTime = 15 * time.Second

// Pump keeps pages current. Its methods are safe for concurrent use and return at once.
type Pump struct {
	config Config
	wake   chan struct{} // capacity 1: something is wanted now
	queued chan struct{} // capacity 1: a job waits

	mu    sync.Mutex // guards all below
	want  want
	jobs  []job
	last  map[string]any    // what each place shows, without its revision
	due   map[string]func() // the newest snapshot of a place that the window has not taken yet
	rev   uint64
	conns []engine.ConnectionInfo
	stale bool // conns must be asked anew

	missed view.Absence // belongs to watch
}

// New checks c. Nothing runs before Serve.
func New(c Config) (*Pump, error) {
	if c.Engine == nil || c.Dispatch == nil || c.Now == nil {
		return nil, errors.New("the pump needs an engine, a dispatcher and a clock")
	}
	if c.Zone == nil {
		c.Zone = func() *time.Location { return time.UTC }
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Gather == 0 {
		c.Gather = 250 * time.Millisecond
	}
	if c.Tick == 0 {
		c.Tick = time.Minute
	}
	return &Pump{
		config: c, wake: make(chan struct{}, 1), queued: make(chan struct{}, 1),
		last: map[string]any{}, due: map[string]func(){}, stale: true, want: want{diaryLimit: diaryPage},
	}, nil
}

// Serve works until ctx ends, and then waits for what it started.
func (p *Pump) Serve(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	var all sync.WaitGroup
	all.Go(func() { p.work(ctx) })
	p.watch(ctx)
	cancel()
	all.Wait()
	return ctx.Err()
}

// watch makes the pages anew after changes, when something is wanted, and now
// and then. An engine that went is looked for until it is back.
func (p *Pump) watch(ctx context.Context) {
	line := p.listen(ctx)
	defer func() { line.end() }()
	tick := time.NewTicker(p.config.Tick)
	defer tick.Stop()
	alive := time.NewTicker(askEvery)
	defer alive.Stop()
	gather, search := idleTimer(), idleTimer()
	defer gather.Stop()
	defer search.Stop()
	wait, rest := searchFirst, time.Duration(0)
	topics := map[changes.Topic]bool{}
	for {
		select {
		case <-ctx.Done():
			return
		case c, ok := <-line.changed:
			if !ok {
				line.changed = nil // where the engine is ours, it ends with us
				if p.config.Beside {
					p.miss(false)
					search.Reset(searchFirst)
				}
				continue
			}
			p.gather(gather, topics, c.Topics, rest)
		case <-search.C:
			if wait = p.search(ctx, &line, wait); wait > searchFirst {
				search.Reset(wait)
			}
		case <-gather.C:
			began := p.config.Now()
			p.look(ctx, topics)
			rest = min(restShare*p.config.Now().Sub(began), restLongest)
			clear(topics)
		case <-p.wake:
			p.look(ctx, nil)
		case <-tick.C:
			p.look(ctx, nil)
		case <-alive.C:
			if hung := p.missed.Silent; p.ask(ctx) && hung {
				p.look(ctx, nil)
			}
		}
	}
}

// gather notes what changed, and sets when it is looked at: what is only more
// traffic waits for the rest after a long look, all else does not.
func (p *Pump) gather(timer *time.Timer, topics map[changes.Topic]bool, more []changes.Topic, rest time.Duration) {
	other := func() bool { return len(topics) > 1 || len(topics) == 1 && !topics[changes.Flows] }
	first, before := len(topics) == 0, other()
	for _, t := range more {
		topics[t] = true
	}
	switch {
	case other() && !before:
		timer.Reset(p.config.Gather)
	case first:
		timer.Reset(max(p.config.Gather, rest))
	}
}

func idleTimer() *time.Timer {
	t := time.NewTimer(time.Hour)
	t.Stop()
	return t
}

// poke has the page made anew at once.
func (p *Pump) poke() { signal(p.wake) }

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// change changes what is wanted, and has the page made anew. f runs under the
// lock and must not call back into p.
func (p *Pump) change(f func(*want)) {
	p.mu.Lock()
	f(&p.want)
	p.mu.Unlock()
	p.poke()
}

func (p *Pump) wanted() want {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.want
}

// presenter is the one for this moment.
func (p *Pump) presenter() view.Presenter {
	p.mu.Lock()
	defer p.mu.Unlock()
	peers := make(map[string]string, len(p.conns))
	for _, c := range p.conns {
		peers[c.ID] = c.Name
	}
	return view.Presenter{Translate: p.config.Translate, Zone: p.config.Zone(), Now: p.config.Now(), Peers: peers}
}

func (p *Pump) open(r view.Route) {
	if p.config.Screen.Open != nil {
		p.config.Dispatch(func() { p.config.Screen.Open(r) })
	}
}

// put shows a snapshot, unless the very same is shown already. A window that
// comes too late for one takes only the newest of each place.
func put[T any](p *Pump, place string, snapshot T, same func(a, b T) bool, stamp func(*T, uint64), show func(T)) {
	p.mu.Lock()
	if old, ok := p.last[place].(T); ok && same(old, snapshot) {
		p.mu.Unlock()
		return
	}
	p.last[place] = snapshot
	p.rev++
	stamp(&snapshot, p.rev)
	_, waits := p.due[place]
	if show != nil {
		p.due[place] = func() { show(snapshot) }
	}
	p.mu.Unlock()
	if show != nil && !waits {
		p.config.Dispatch(func() { p.take(place)() })
	}
}

// take is the newest snapshot of a place, for the window.
func (p *Pump) take(place string) func() {
	p.mu.Lock()
	defer p.mu.Unlock()
	show := p.due[place]
	delete(p.due, place)
	return show
}

// forget has a place shown again although it did not change.
func (p *Pump) forget(place string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.last, place)
}
