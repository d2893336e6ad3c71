package enforce

import (
	"context"
	"maps"
	"time"

	"bestbefore/assets/words"
	"bestbefore/consent"
)

// clickWorkers are kept free for clicks, so that nobody waits for a connector
// that hangs.
const clickWorkers = 2

// storePause is how long the loop leaves the store alone after a fault.
const storePause = 5 * time.Second

// shift is the state of one run of Serve; only its own goroutine touches it.
type shift struct {
	r       *Runner
	lanes   map[string]*lane
	order   []*lane // for fairness: the one served last goes to the end
	held    map[consent.ActionID]bool
	marks   map[string]bool // in hand now: never two jobs of one mark
	devices map[string]bool // the same, by connection and device: what a peer cannot tell apart is done in turn (T61)
	running int
	results chan result
	quit    chan struct{}
	pause   time.Time
}

// Serve works until ctx ends. It first puts back what an earlier run left
// running. It returns when its workers have; a connector that does not come
// back from a call is left behind.
func (r *Runner) Serve(ctx context.Context) error {
	if _, err := r.c.Store.Recover(ctx); err != nil {
		return words.Errorf("putting back what was running: %w", err)
	}
	s := &shift{
		r: r, lanes: map[string]*lane{}, held: map[consent.ActionID]bool{}, marks: map[string]bool{}, devices: map[string]bool{},
		results: make(chan result), quit: make(chan struct{}),
	}
	defer close(s.quit)
	s.loop(ctx)
	for s.running > 0 {
		if res := <-s.results; !res.unwedge {
			s.running--
		}
	}
	return ctx.Err()
}

func (s *shift) loop(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	var back time.Time // when the loop meant to look again
	look := true
	for {
		now := s.now()
		if !back.IsZero() && now.Sub(back) > wokeAfter {
			look = true
			s.gather(ctx, s.early(stuckOnly)) // stuck ones are tried after a wake
		}
		if look {
			s.gather(ctx, s.due)
		}
		s.start(ctx)
		sleep := s.sleep(ctx)
		back = s.now().Add(sleep)
		timer.Reset(sleep)
		look = true
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		case <-s.r.poke:
		case <-s.r.again:
			s.gather(ctx, s.early(s.changed))
		case res := <-s.results:
			s.settle(ctx, res)
			look = s.thin()
		}
	}
}

func (s *shift) now() time.Time { return s.r.c.Now().Round(0) }

// thin reports that so little is queued that the store should be asked.
func (s *shift) thin() bool {
	n := 0
	for _, l := range s.order {
		n += len(l.queue)
	}
	return n < s.r.c.Workers
}

// sleep is until the next work, and never longer than the tick, since a long
// timer sees neither a step of the clock nor a sleep of the computer.
func (s *shift) sleep(ctx context.Context) time.Duration {
	now := s.now()
	if now.Before(s.pause) {
		return min(s.pause.Sub(now), maxSleep)
	}
	at, ok, err := s.r.c.Store.NextWork(ctx)
	if err != nil {
		s.fault(ctx, words.Errorf("finding the next action: %w", err))
		return maxSleep
	}
	if !ok {
		return maxSleep
	}
	if d := at.Sub(s.now()); d > 0 {
		return min(d, maxSleep)
	}
	return time.Second // what is due now is in hand already
}

func (s *shift) fault(ctx context.Context, err error) {
	s.pause = s.now().Add(storePause)
	s.r.report(ctx, "enforcement", err)
}

// pages gives a page of jobs that are not held.
type pages func(ctx context.Context) ([]job, error)

// due gives what is to be done or looked at now.
func (s *shift) due(ctx context.Context) ([]job, error) {
	store, n := s.r.c.Store, s.r.c.Batch
	acts, err := store.Claimable(ctx, s.now(), n, s.held)
	if err != nil {
		return nil, err
	}
	checks, err := store.Verifiable(ctx, s.now(), n, s.held)
	if err != nil {
		return nil, err
	}
	jobs := make([]job, 0, len(acts)+len(checks))
	for _, a := range acts {
		jobs = append(jobs, job{a: a})
	}
	for _, a := range checks {
		jobs = append(jobs, job{a: a, verify: true})
	}
	return jobs, nil
}

func stuckOnly(a consent.Action) bool { return a.State == consent.Stuck }

// neverReached is what waits only because no connection was open.
func neverReached(a consent.Action) bool {
	return (a.State == consent.Stuck || a.State == consent.Waiting) && a.Connection == ""
}

// early gives actions that wait for a later time and match.
func (s *shift) early(match func(consent.Action) bool) pages {
	seen := map[consent.ActionID]bool{}
	return func(ctx context.Context) ([]job, error) {
		for {
			skip := maps.Clone(s.held)
			maps.Copy(skip, seen)
			page, err := s.r.c.Store.Claimable(ctx, s.now().AddDate(1, 0, 0), s.r.c.Batch, skip)
			if err != nil || len(page) == 0 {
				return nil, err
			}
			var jobs []job
			for _, a := range page {
				seen[a.ID] = true
				if match(a) {
					jobs = append(jobs, job{a: a})
				}
			}
			if len(jobs) > 0 {
				return jobs, nil
			}
		}
	}
}

// gather takes pages from src into the lanes until one is empty.
func (s *shift) gather(ctx context.Context, src pages) {
	if s.now().Before(s.pause) {
		return
	}
	for ctx.Err() == nil {
		jobs, err := src(ctx)
		if err != nil {
			s.fault(ctx, words.Errorf("reading actions: %w", err))
			return
		}
		s.r.report(ctx, "enforcement", nil)
		if len(jobs) == 0 {
			return
		}
		for _, j := range jobs {
			s.queue(ctx, j)
		}
	}
}

// settle takes a finished job back.
func (s *shift) settle(ctx context.Context, res result) {
	l := res.lane
	if res.unwedge {
		l.turn.setLost(false)
		return
	}
	s.running--
	l.busy--
	delete(s.marks, res.j.a.Mark)
	delete(s.devices, l.device(res.j))
	delete(s.held, res.j.a.ID)
	if res.fault {
		s.pause = s.now().Add(storePause)
	}
	if res.wedged != nil {
		go func() {
			select {
			case <-res.wedged:
			case <-s.quit:
				return
			}
			select {
			case s.results <- result{lane: l, unwedge: true}:
			case <-s.quit:
			}
		}()
	}
	if res.again {
		s.queue(ctx, res.j)
	}
	if len(l.queue) < maxLane/2 { // room for those that wait in the store
		for _, id := range l.waiting {
			delete(s.held, id)
		}
		l.waiting = nil
	}
}
