package expiry

import (
	"context"
	"errors"
	"time"

	"bestbefore/assets/words"
	"bestbefore/consent"
	"bestbefore/discovery"
)

// Defaults of a Config.
const (
	defaultMaxSleep = 5 * time.Second
	defaultBatch    = 100
	// againAfter is when what could not be ended is tried again.
	againAfter = time.Second
	// minSleep keeps an index that names what it does not give from becoming a
	// busy loop.
	minSleep = 2 * time.Millisecond
)

// Config is what a Scheduler works with.
type Config struct {
	Store Store            // required
	Now   func() time.Time // required; wall clock
	// DecideAll writes several decisions in one transaction, all or none. Nil, or
	// where it fails: one after the other.
	DecideAll func(ctx context.Context, ds []consent.Decision) error
	// Device finds the device of a consent for the safety list and for the
	// diary's words. Nil: nothing is known to be essential.
	Device func(ctx context.Context, id discovery.DeviceID) (discovery.Device, bool, error)
	// Decided is called after decisions were written, so that enforcement starts
	// at once. It must not block. May be nil.
	Decided func()
	// Trusted says whether the wall clock can be believed; while it cannot, nothing
	// is decided. Nil is always.
	Trusted func() bool
	// Shown is the time by which what can be undone is due while the clock is not
	// trusted, and Doubts keeps what is done by it. Nil: nothing is done then.
	Shown  func() time.Time
	Doubts Doubts
	// Stepped says whether the clock was stepped in this boot (T6). Nil is never.
	Stepped func() bool
	// Report tells what is wrong under a fixed name, nil when it is well again. May be nil.
	Report   func(what string, err error)
	MaxSleep time.Duration // zero is 5 s
	Batch    int           // zero is 100
}

// Validate joins all faults of c.
func (c Config) Validate() error {
	var errs []error
	if c.Store == nil {
		errs = append(errs, words.New("expiry needs a store"))
	}
	if c.Now == nil {
		errs = append(errs, words.New("expiry needs a clock"))
	}
	if c.MaxSleep < 0 || c.Batch < 0 {
		errs = append(errs, words.New("expiry: neither the longest sleep nor the batch may be negative"))
	}
	return errors.Join(errs...)
}

// Scheduler decides when permissions have ended. Its methods are safe for
// concurrent use; Serve runs once at a time.
type Scheduler struct {
	c     Config
	poke  chan struct{}
	doubt provisional
}

// New checks c and starts nothing.
func New(c Config) (*Scheduler, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	if c.MaxSleep == 0 {
		c.MaxSleep = defaultMaxSleep
	}
	if c.Batch == 0 {
		c.Batch = defaultBatch
	}
	if c.Decided == nil {
		c.Decided = func() {}
	}
	if c.Trusted == nil {
		c.Trusted = func() bool { return true }
	}
	if c.Stepped == nil {
		c.Stepped = func() bool { return false }
	}
	if c.Report == nil {
		c.Report = func(string, error) {}
	}
	return &Scheduler{c: c, poke: make(chan struct{}, 1)}, nil
}

// Poke makes the loop look again at once, after a decision changed the dates.
func (s *Scheduler) Poke() {
	select {
	case s.poke <- struct{}{}:
	default:
	}
}

// Serve looks at what is due until ctx ends. On the first pass, after sleep
// or a step of the clock it does the very same thing: it compares dates with the
// wall clock. The system's own signals of a wake or a new time are not listened
// to: the next look is never further away than MaxSleep, and finds both.
func (s *Scheduler) Serve(ctx context.Context) error {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-timer.C:
		case <-s.poke:
		}
		timer.Reset(s.pass(ctx))
	}
}

// pass ends what is due and says how long to sleep: until the next due moment,
// and never longer than MaxSleep, since a long timer does not see a step of the
// clock or a sleep of the computer.
func (s *Scheduler) pass(ctx context.Context) time.Duration {
	if !s.c.Trusted() {
		return s.inDoubt(ctx)
	}
	unread := s.known(ctx)
	left, err := s.endDue(ctx)
	if err = errors.Join(unread, err, s.settle(ctx)); err != nil {
		s.report(ctx, err)
	}
	if left || err != nil {
		// The index will go on naming those left, so it cannot say what comes next.
		return min(againAfter, s.c.MaxSleep)
	}
	at, ok, err := s.c.Store.NextDue(ctx)
	if err != nil {
		s.report(ctx, words.Errorf("finding the next end: %w", err))
		return s.c.MaxSleep
	}
	s.report(ctx, nil)
	if !ok {
		return s.c.MaxSleep
	}
	return min(max(at.Sub(s.c.Now().Round(0)), minSleep), s.c.MaxSleep)
}

func (s *Scheduler) report(ctx context.Context, err error) {
	if ctx.Err() == nil { // stopping is no trouble
		s.c.Report("expiry", err)
	}
}

// endDue ends everything that is due now, batch by batch. What cannot be
// written stays due, is left to the next pass, and holds nothing else up.
// anyLeft says that there is such a one.
func (s *Scheduler) endDue(ctx context.Context) (anyLeft bool, err error) {
	var errs []error
	left := map[consent.ID]int{} // tried in this pass and still due, by version
	for {
		// Those left come again first, so the batch grows by them.
		limit := s.c.Batch + len(left)
		due, err := s.c.Store.Due(ctx, s.c.Now().Round(0), limit)
		if err != nil {
			return true, words.Errorf("finding what has ended: %w", err)
		}
		if s.endAll(ctx, due, left) {
			s.c.Decided()
			if len(due) < limit || ctx.Err() != nil {
				return false, errors.Join(errs...)
			}
			continue
		}
		tried, ended := 0, 0
		for _, c := range due {
			if left[c.ID] == c.Version {
				continue
			}
			tried++
			switch ok, err := s.end(ctx, c); {
			case ok:
				ended++
				delete(left, c.ID)
			case err != nil && len(errs) == 0: // one stands for all; a full disk fails them alike
				errs = append(errs, words.Errorf("writing that %s has ended: %w", c.ID, err))
				fallthrough
			default:
				left[c.ID] = c.Version
			}
		}
		if ended > 0 {
			s.c.Decided()
		}
		if tried == 0 || len(due) < limit || ctx.Err() != nil {
			return len(left) > 0, errors.Join(errs...)
		}
	}
}

// endAll writes all decisions of a page in one transaction: after a sleep or a
// start thousands may be due. It says false where that was not done; then each is
// written for itself, so that a bad one holds no other up.
func (s *Scheduler) endAll(ctx context.Context, due []consent.Consent, left map[consent.ID]int) bool {
	if s.c.DecideAll == nil || len(due) < 2 || len(left) > 0 {
		return false
	}
	ds := make([]consent.Decision, 0, len(due))
	for _, c := range due {
		d, ok := s.decision(ctx, c)
		if !ok {
			return false
		}
		ds = append(ds, d)
	}
	return s.c.DecideAll(ctx, ds) == nil
}

// end writes one decision and reports whether it did. ErrChanged is no fault:
// somebody decided meanwhile, and that decision holds.
func (s *Scheduler) end(ctx context.Context, c consent.Consent) (bool, error) {
	d, ok := s.decision(ctx, c)
	if !ok {
		return false, nil // not due by our own rule
	}
	err := s.c.Store.Decide(ctx, d)
	if errors.Is(err, consent.ErrChanged) {
		return false, nil
	}
	return err == nil, err
}

// decision is the end of c with what follows from it.
func (s *Scheduler) decision(ctx context.Context, c consent.Consent) (consent.Decision, bool) {
	grants := s.grants(ctx, c)
	now := s.c.Now().Round(0)
	next, actions := consent.Expire(c, grants, now)
	if next.Version == c.Version {
		return consent.Decision{}, false
	}
	d, known := s.device(ctx, c.Device)
	why := ""
	for i := range actions {
		_, doubted := s.doubt.held[c.ID]
		actions[i].Stepped = s.c.Stepped() || doubted
		if cuts(actions[i].Kind) && known {
			if err := consent.CanBlock(d, actions[i].Origin, false); err != nil {
				why = s.spared(ctx, c, err)
				actions[i] = warning(actions[i], why)
			}
		}
	}
	return consent.Decision{Consent: next, Expect: c.Version, Actions: actions, Notes: expiredNotes(c, next, d, known, why)}, true
}

// grants are those that c's remedy may ask to revoke.
func (s *Scheduler) grants(ctx context.Context, c consent.Consent) []consent.Grant {
	if c.Remedy != consent.Revoke && c.Remedy != consent.RevokeThenBlock {
		return nil
	}
	out, err := s.c.Store.Grants(ctx, c)
	if err != nil {
		// Without them a revocation becomes a hint to the person; the end itself
		// must not wait for it.
		s.report(ctx, words.Errorf("reading grants: %w", err))
	}
	return out
}

func (s *Scheduler) device(ctx context.Context, id discovery.DeviceID) (discovery.Device, bool) {
	if s.c.Device == nil {
		return discovery.Device{}, false
	}
	d, ok, err := s.c.Device(ctx, id)
	if err != nil {
		s.report(ctx, words.Errorf("reading a device: %w", err))
		return discovery.Device{}, false
	}
	return d, ok
}

// cuts reports whether an action of kind k stops something.
func cuts(k consent.ActionKind) bool { return k == consent.ActBlock || k == consent.ActRevoke }

// spared says that c's device is not cut, as far as that is true: what a peer
// was told beforehand is in force until it is taken back.
func (s *Scheduler) spared(ctx context.Context, c consent.Consent, why error) string {
	handed := false
	if s.c.Doubts != nil {
		var err error
		if handed, err = s.c.Doubts.HandedOver(ctx, c); err != nil {
			s.report(ctx, words.Errorf("reading what was handed over: %w", err))
		}
	}
	if handed {
		return words.Sprintf("It must not be cut off (%s), but its date was handed over before that was known; that is taken back now.", why)
	}
	return words.Sprintf("Nothing was cut off: %s.", why)
}

// warning is what is left of a for a device that the clock must not cut.
func warning(a consent.Action, why string) consent.Action {
	a.Kind, a.Fallback, a.Grant, a.Connection = consent.ActWarn, "", "", ""
	a.Reason = why
	return a
}
