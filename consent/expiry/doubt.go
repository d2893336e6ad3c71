package expiry

import (
	"context"
	"errors"
	"time"

	"bestbefore/assets/words"
	"bestbefore/consent"
	"bestbefore/consent/ledger"
)

// Doubts keeps the provisional blocks of a clock that is in doubt.
type Doubts interface {
	doubtStore
	// Consent returns the newest version, or consent.ErrNotFound.
	Consent(ctx context.Context, id consent.ID) (consent.Consent, error)
	// HandedOver reports whether a peer was given the date of c to keep.
	HandedOver(ctx context.Context, c consent.Consent) (bool, error)
}

// doubtStore keeps which permissions are blocked provisionally.
type doubtStore interface {
	// Provisional lists the permissions that may be blocked provisionally, by the
	// version for which that was done.
	Provisional(ctx context.Context) (map[consent.ID]int, error)
	// SetProvisional writes as after cancelling what is still open under their
	// marks, in one transaction; they belong to one permission.
	SetProvisional(ctx context.Context, as []consent.Action, notes ...ledger.Note) error
	// Settled says that nothing is blocked provisionally any more.
	Settled(ctx context.Context) error
}

// provisional is what the loop knows of the blocks set in doubt; only Serve
// touches it.
type provisional struct {
	loaded bool
	held   map[consent.ID]held
}

// held is one permission whose date came while the clock was in doubt.
type held struct {
	version int
	set     bool // false: there is nothing that can be undone
}

// known reads once what an earlier run has left.
func (s *Scheduler) known(ctx context.Context) error {
	if s.doubt.loaded || s.c.Doubts == nil {
		return nil
	}
	stored, err := s.c.Doubts.Provisional(ctx)
	if err != nil {
		return words.Errorf("reading what is blocked provisionally: %w", err)
	}
	s.doubt = provisional{loaded: true, held: make(map[consent.ID]held, len(stored))}
	for id, version := range stored {
		s.doubt.held[id] = held{version: version, set: true}
	}
	return nil
}

// inDoubt does on time what can be undone, by what the clock shows; what was
// decided does not move. It says how long to sleep.
func (s *Scheduler) inDoubt(ctx context.Context) time.Duration {
	if s.c.Doubts == nil || s.c.Shown == nil {
		return s.c.MaxSleep
	}
	shown := s.c.Shown().Round(0)
	err := s.known(ctx)
	if err == nil {
		err = errors.Join(s.withdraw(ctx, shown), s.block(ctx, shown))
	}
	s.report(ctx, err)
	at, ok, err := s.c.Store.NextDue(ctx)
	if d := at.Sub(shown); err == nil && ok && d > 0 {
		return min(d, s.c.MaxSleep)
	}
	return s.c.MaxSleep
}

// block sets what would have ended by what the clock shows.
func (s *Scheduler) block(ctx context.Context, shown time.Time) error {
	for {
		limit := s.c.Batch + len(s.doubt.held)
		due, err := s.c.Store.Due(ctx, shown, limit)
		if err != nil {
			return words.Errorf("finding what would have ended: %w", err)
		}
		set := 0
		for _, c := range due {
			if h, done := s.doubt.held[c.ID]; done && h.version == c.Version {
				continue
			}
			did, err := s.blockOne(ctx, c)
			if err != nil {
				return words.Errorf("blocking %s provisionally: %w", c.ID, err)
			}
			s.doubt.held[c.ID] = held{version: c.Version, set: did}
			set++
		}
		if set == 0 {
			return nil
		}
		s.c.Decided()
		if len(due) < limit || ctx.Err() != nil {
			return nil
		}
	}
}

// blockOne reports whether there was something that can be undone.
func (s *Scheduler) blockOne(ctx context.Context, c consent.Consent) (bool, error) {
	a, ok := consent.Provisional(c, s.c.Now().Round(0))
	if !ok {
		return false, nil
	}
	d, known := s.device(ctx, c.Device)
	if known && consent.CanBlock(d, consent.FromDoubt, false) != nil {
		return false, nil // the clock never cuts it, in doubt least of all
	}
	return true, s.c.Doubts.SetProvisional(ctx, []consent.Action{a}, doubtNote(c, a, deviceName(d, known)))
}

// withdraw takes back what was set in doubt and is not asked for at now: the
// clock was set right, or the permission was renewed.
func (s *Scheduler) withdraw(ctx context.Context, now time.Time) error {
	if len(s.doubt.held) == 0 {
		return nil
	}
	took := 0
	for id, h := range s.doubt.held {
		c, err := s.c.Doubts.Consent(ctx, id)
		if errors.Is(err, consent.ErrNotFound) || err == nil && !c.Decided.Live() {
			delete(s.doubt.held, id) // what was decided since has taken the mark over
			continue
		}
		if err != nil {
			return words.Errorf("reading %s: %w", id, err)
		}
		if c.Due(now) && c.Version == h.version {
			continue
		}
		if h.set {
			if err := s.takeBack(ctx, c); err != nil {
				return words.Errorf("lifting the provisional block of %s: %w", id, err)
			}
			took++
		}
		delete(s.doubt.held, id)
	}
	if took > 0 {
		s.c.Decided()
	}
	return nil
}

func (s *Scheduler) takeBack(ctx context.Context, c consent.Consent) error {
	handed, err := s.c.Doubts.HandedOver(ctx, c)
	if err != nil {
		return err
	}
	now := s.c.Now().Round(0)
	d, known := s.device(ctx, c.Device)
	return s.c.Doubts.SetProvisional(ctx, consent.WithdrawProvisional(c, handed, now), backNote(c, now, deviceName(d, known)))
}

// settle brings what was set in doubt into line with trusted time.
func (s *Scheduler) settle(ctx context.Context) error {
	if s.c.Doubts == nil || len(s.doubt.held) == 0 {
		return nil
	}
	if err := s.withdraw(ctx, s.c.Now().Round(0)); err != nil || len(s.doubt.held) > 0 {
		return err
	}
	return s.c.Doubts.Settled(ctx)
}
