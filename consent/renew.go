package consent

import (
	"time"

	"bestbefore/assets/words"
)

// MaxGrace is the longest extension; one per period, by a person's act.
const MaxGrace = 48 * time.Hour

// The reasons why a decision cannot be made now, each in a sentence.
var (
	ErrTooEarly     = words.New("it is too early to renew")
	ErrNotRenewable = words.New("this permission cannot be renewed")
	ErrGrace        = words.New("it can be extended once, by 48 hours at most")
	ErrNothing      = words.New("there is nothing to undo")
)

// RenewableFrom is the first moment at which c may be renewed: 30 days or, if
// that is shorter, the last third of its time before its end. It is zero for a
// permission that may be renewed at any time: an ended one, or one without end.
func (c Consent) RenewableFrom() time.Time {
	if !c.Decided.Live() || c.Expires.IsZero() {
		return time.Time{}
	}
	return c.Expires.Add(-min(SoonBefore, c.Expires.Sub(c.Given)/3))
}

// AskAt is when the household is asked whether a live permission without end
// shall go on: a year after it was given or last confirmed. It is zero for others.
func (c Consent) AskAt() time.Time {
	if !c.Decided.Live() || !c.DueAt().IsZero() || c.Given.IsZero() {
		return time.Time{}
	}
	return period{years: 1}.addTo(c.Given.UTC())
}

// Asked reports whether c has no end and its yearly question is open at now.
func (c Consent) Asked(now time.Time) bool {
	at := c.AskAt()
	return !at.IsZero() && !now.Round(0).Before(at)
}

// Renew returns the next version of c for term, and what is to be done for it.
//
// It is counted from the old end where that is still to come, from d.Now where
// it has passed, and reaches 12 months at most. A permission that expired or was
// withdrawn comes back by it too: then the block under its mark is lifted. The
// peer is handed the new date. ErrTooEarly, ErrNotRenewable, or a fault of term.
func Renew(c Consent, term Term, d Decider) (Consent, []Action, error) {
	if err := d.check(); err != nil {
		return Consent{}, nil, err
	}
	if !c.Decided.Live() && c.Decided != Expired && c.Decided != Withdrawn {
		return Consent{}, nil, words.Errorf("%w: it was %s", ErrNotRenewable, c.Decided)
	}
	now := instant(d.Now)
	if from := c.RenewableFrom(); now.Before(from) {
		return Consent{}, nil, words.Errorf("%w: possible from %s", ErrTooEarly, words.Date(from.In(d.Zone), "2 January 2006 15:04"))
	}
	expires, civil, err := term.endFrom(renewalBase(c, now, d.Zone), now, d.Zone)
	if err != nil {
		return Consent{}, nil, err
	}
	next := follow(c, Renewed, d)
	next.Given, next.Term, next.Expires, next.ExpiresCivil, next.Zone = now, term, expires, civil, d.Zone.String()
	next.GraceUsed, next.GraceUntil = false, time.Time{}
	if err := next.Validate(); err != nil {
		return Consent{}, nil, err
	}
	return next, resume(c, next, now), nil
}

// renewalBase is the old end and the last day that it covered, or now.
func renewalBase(c Consent, now time.Time, zone *time.Location) base {
	at, day := now, localNaive(now, zone)
	if c.Decided.Live() && c.Expires.After(now) {
		at, day = c.Expires, localNaive(c.Expires.Add(-time.Nanosecond), zone)
	}
	return base{at: at, day: day.Truncate(24 * time.Hour)}
}

// follow is the version after c, decided as to by d, in force. The caller sets
// Given and the dates where a new period begins.
func follow(c Consent, to Decided, d Decider) Consent {
	next := c
	next.Version++
	next.PreviousHash = c.Checksum()
	next.Decided, next.DecidedBy, next.DecidedHow = to, d.By, d.How
	next.Ended = time.Time{}
	next.Seen, next.SeenAt, next.SeenBy = NotChecked, time.Time{}, ""
	return next
}

// Grace extends a live c once by up to MaxGrace beyond its end. Nothing else
// starts it. ErrGrace when it was used, is too long, or c has already ended.
func Grace(c Consent, by time.Duration, d Decider) (Consent, []Action, error) {
	if err := d.check(); err != nil {
		return Consent{}, nil, err
	}
	now := instant(d.Now)
	if !c.Decided.Live() || c.Expires.IsZero() || c.GraceUsed || c.Due(now) || by <= 0 || by > MaxGrace {
		return Consent{}, nil, ErrGrace
	}
	next := follow(c, c.Decided, d)
	next.GraceUsed, next.GraceUntil = true, c.Expires.Add(by).Truncate(time.Second)
	if err := next.Validate(); err != nil {
		return Consent{}, nil, err
	}
	return next, HandOver(next, now), nil
}

// HandOver is the block that may be given to a peer beforehand, so that it holds
// with this program off: for a live permission with an end that asks for a block.
func HandOver(c Consent, now time.Time) []Action {
	if !c.Decided.Live() || c.Remedy != Block || c.DueAt().IsZero() {
		return nil
	}
	a := actionFor(c, ActHandOver, FromHandOver, now)
	a.From = c.DueAt()
	return []Action{a}
}

// actionFor is an action of c's mark that is to be done at now.
func actionFor(c Consent, k ActionKind, o Origin, now time.Time) Action {
	return Action{
		Kind: k, Origin: o, Consent: c.ID, Version: c.Version, Device: c.Device, Recipient: c.Recipient,
		Coarse: c.Coarse, Mark: MarkFor(c.ID), State: Pending, DueAt: instant(now), Created: instant(now),
	}
}

// resume is what makes next, which is live, true after c: a block that c's end
// or hand-over may have set is lifted, and the new end is handed over.
func resume(c, next Consent, now time.Time) []Action {
	var out []Action
	blocks := c.Remedy == Block || c.Remedy == RevokeThenBlock
	if ended := !c.Decided.Live(); blocks && (ended || next.Expires.IsZero()) {
		out = append(out, actionFor(next, ActUnblock, FromRenewal, now))
	}
	return append(out, HandOver(next, now)...)
}
