package enforce

import (
	"context"
	"errors"
	"sync"
	"time"

	"bestbefore/assets/words"
	"bestbefore/connectors"
	"bestbefore/consent"
	"bestbefore/discovery"
)

// Sessions is what the runner needs of the open connections.
type Sessions interface {
	// All gives what each open connection can do, and why each of the others is
	// not open (a *connectors.Error). It asks nobody and returns at once.
	All() (open map[string]connectors.Capabilities, closed map[string]error)
	// Name is what the household calls a connection.
	Name(connection string) string
	// Use runs f with an open session, one call at a time per connection. It gives
	// a *connectors.Error when the connection is not open or not configured.
	Use(ctx context.Context, connection string, f func(context.Context, connectors.Capabilities) error) error
}

// Config is what a Runner works with.
type Config struct {
	Store    Store            // required
	Sessions Sessions         // required
	Now      func() time.Time // required; wall clock
	// Zone is the one in which the diary says times; asked on each use, since it may change. Nil is UTC.
	Zone func() *time.Location
	// Resolve gives the addresses that a recipient's names are known to have.
	// Nil: names are left to the connectors.
	Resolve func(ctx context.Context, d discovery.DeviceID, r consent.Recipient) []string
	// Others gives the done blocks of a device under other marks that are still
	// needed; a coarse block that one of them also needs is not lifted. Nil: none.
	Others func(ctx context.Context, d discovery.DeviceID, mark string) ([]consent.Action, error)
	// Beside tells what others than the acting connection saw of what a was to end,
	// since it was done, and whether that connection sees what is sent at all. Nil:
	// nobody else is asked, and each connection is taken to see it.
	Beside func(ctx context.Context, a consent.Action) (consent.Testimony, error)
	// Sure says whether what cannot be undone may be done because a date came: not
	// while the clock is in doubt, nor after a long gap that only the clock tells
	// of. Nil is always.
	Sure func() bool
	// Changed is told every action as it was just saved. It must not block. May be nil.
	Changed func(consent.Action)
	// Report tells what is wrong under a fixed name, nil when it is well again. May be nil.
	Report func(what string, err error)
	// Jitter spreads a wait; nil is ±50 % at random.
	Jitter      func(time.Duration) time.Duration
	Table       []time.Duration // waits between tries; nil is 1 m, 5 m, 15 m, 1 h, 6 h
	StuckEvery  time.Duration   // zero is 6 h
	CallTimeout time.Duration   // of one call to a connector; zero is 30 s
	Workers     int             // zero is 8
	Batch       int             // zero is 500
}

// The defaults of a Config.
const (
	defaultWorkers     = 8
	defaultBatch       = 500
	defaultCallTimeout = 30 * time.Second
	defaultStuckEvery  = 6 * time.Hour
	maxSleep           = 5 * time.Second
	wokeAfter          = 15 * time.Second
)

// retryTable is the waits of expiry.md section 6.
var retryTable = []time.Duration{time.Minute, 5 * time.Minute, 15 * time.Minute, time.Hour, 6 * time.Hour}

// Validate joins all faults of c.
func (c Config) Validate() error {
	var errs []error
	if c.Store == nil || c.Sessions == nil {
		errs = append(errs, words.New("enforcement needs a store and sessions"))
	}
	if c.Now == nil {
		errs = append(errs, words.New("enforcement needs a clock"))
	}
	if c.Workers < 0 || c.Batch < 0 || c.CallTimeout < 0 || c.StuckEvery < 0 {
		errs = append(errs, words.New("enforcement: no number may be negative"))
	}
	return errors.Join(errs...)
}

func (c Config) withDefaults() Config {
	if c.Changed == nil {
		c.Changed = func(consent.Action) {}
	}
	if c.Sure == nil {
		c.Sure = func() bool { return true }
	}
	if c.Report == nil {
		c.Report = func(string, error) {}
	}
	if c.Resolve == nil {
		c.Resolve = func(context.Context, discovery.DeviceID, consent.Recipient) []string { return nil }
	}
	if c.Others == nil {
		c.Others = func(context.Context, discovery.DeviceID, string) ([]consent.Action, error) { return nil, nil }
	}
	if c.Beside == nil {
		c.Beside = func(context.Context, consent.Action) (consent.Testimony, error) { return consent.Testimony{}, nil }
	}
	if c.Jitter == nil {
		c.Jitter = jitter
	}
	if c.Table == nil {
		c.Table = retryTable
	}
	if c.StuckEvery == 0 {
		c.StuckEvery = defaultStuckEvery
	}
	if c.CallTimeout == 0 {
		c.CallTimeout = defaultCallTimeout
	}
	if c.Workers == 0 {
		c.Workers = defaultWorkers
	}
	if c.Batch == 0 {
		c.Batch = defaultBatch
	}
	return c
}

// Runner carries out actions. Its methods are safe for concurrent use; Serve
// runs once at a time.
type Runner struct {
	c    Config
	poke chan struct{}
	news news
	// again asks the loop to look at actions before their time; see Opened.
	again chan struct{}
	shut  shut
}

// New checks c and starts nothing.
func New(c Config) (*Runner, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	return &Runner{
		c: c.withDefaults(), poke: make(chan struct{}, 1), again: make(chan struct{}, 1),
		news: news{last: map[consent.ActionID]consent.Action{}, waiting: map[chan consent.Action]consent.ActionID{}},
	}, nil
}

// Poke makes the runner look at once, after actions were written.
func (r *Runner) Poke() { nudge(r.poke) }

// Opened tells that a connection has opened: what never reached a peer because
// none was open is tried now instead of at its time.
func (r *Runner) Opened() { nudge(r.again) }

func nudge(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// Retry puts an action back to be tried at once, because a person asked. What
// is done, cancelled or under way stays as it is.
func (r *Runner) Retry(ctx context.Context, id consent.ActionID) error {
	a, err := r.c.Store.Action(ctx, id)
	if err != nil {
		return words.Errorf("reading an action: %w", err)
	}
	if !a.State.Open() || a.State == consent.Running || a.State == consent.Pending {
		return nil
	}
	r.shut.forget(a.Connection)
	a.State, a.RetryAt, a.Error, a.Reason = consent.Pending, time.Time{}, "", ""
	if err := r.c.Store.SaveAction(ctx, a); err != nil {
		return words.Errorf("writing an action: %w", err)
	}
	r.publish(a)
	r.Poke()
	return nil
}

// Await returns a as soon as enough accepts it, beginning with what was last
// saved. It is for a person who waits; ctx bounds it.
func (r *Runner) Await(ctx context.Context, id consent.ActionID, enough func(consent.Action) bool) (consent.Action, error) {
	last, news, stop := r.news.follow(id)
	defer stop()
	for {
		if last.ID == id && enough(last) {
			return last, nil
		}
		select {
		case <-ctx.Done():
			return last, ctx.Err()
		case last = <-news:
		}
	}
}

func (r *Runner) publish(a consent.Action) {
	r.news.publish(a)
	r.c.Changed(a)
}

// maxNews bounds how many actions are remembered for Await.
const maxNews = 1024

// news remembers the newest actions for those who wait for one.
type news struct {
	mu      sync.Mutex // guards all below
	last    map[consent.ActionID]consent.Action
	order   []consent.ActionID
	waiting map[chan consent.Action]consent.ActionID
}

func (n *news) publish(a consent.Action) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if _, known := n.last[a.ID]; !known {
		n.order = append(n.order, a.ID)
	}
	n.last[a.ID] = a
	if len(n.order) > maxNews {
		delete(n.last, n.order[0])
		n.order = n.order[1:]
	}
	for c, id := range n.waiting {
		if id != a.ID {
			continue
		}
		select { // the latest wins
		case <-c:
		default:
		}
		c <- a
	}
}

func (n *news) follow(id consent.ActionID) (last consent.Action, c chan consent.Action, stop func()) {
	n.mu.Lock()
	defer n.mu.Unlock()
	c = make(chan consent.Action, 1)
	n.waiting[c] = id
	return n.last[id], c, func() {
		n.mu.Lock()
		defer n.mu.Unlock()
		delete(n.waiting, c)
	}
}
