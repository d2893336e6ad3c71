package consent

import (
	"time"
)

// Headline is the worst of the three axes, as a code; pages turn it into words.
type Headline string

// The headlines, calmest first.
const (
	Fresh          Headline = "fresh"           // good until later
	Soon           Headline = "soon"            // may be renewed now: see RenewableFrom; or, without end, is asked about: see AskAt
	EndedStopped   Headline = "ended_stopped"   // ended, done, and seen to have stopped
	EndedNotTried  Headline = "ended_not_tried" // ended, configured; it has not tried since
	EndedUnchecked Headline = "ended_unchecked" // ended, done, not seen yet or cannot tell
	EndedPending   Headline = "ended_pending"   // ended, not done yet
	EndedStuck     Headline = "ended_stuck"     // ended, could not be enforced
	EndedPerson    Headline = "ended_person"    // ended, waits for a person
	EndedStill     Headline = "ended_still"     // ended, still sending
	NotInForce     Headline = "not_in_force"    // requested, deferred, refused, unknown
)

// SoonBefore is how long before its end a permission counts as ending soon at
// the most; RenewableFrom is the rule.
const SoonBefore = 30 * 24 * time.Hour

// HeadlineOf is the worst of c's three axes, given the actions of c, newest first.
func HeadlineOf(c Consent, actions []Action, now time.Time) Headline {
	if c.Decided.Live() {
		if from := c.RenewableFrom(); !from.IsZero() && !now.Round(0).Before(from) {
			return Soon
		}
		if c.Asked(now) {
			return Soon
		}
		return Fresh
	}
	if c.Decided != Expired && c.Decided != Withdrawn && c.Decided != Revoked {
		return NotInForce
	}
	if c.Seen == Flowing {
		return EndedStill
	}
	a, ok := Enforcing(actions)
	if !ok {
		return EndedUnchecked
	}
	return endedBy(c, a)
}

// Enforcing is the newest action that is about ending, not about renewing.
func Enforcing(actions []Action) (Action, bool) {
	for _, a := range actions {
		if a.Kind != ActHandOver && a.Kind != ActUnblock && a.State != Cancelled {
			return a, true
		}
	}
	return Action{}, false
}

func endedBy(c Consent, a Action) Headline {
	switch {
	case a.State == Stuck:
		return EndedStuck
	case a.State == NeedsPerson:
		return EndedPerson
	case a.State != Done:
		return EndedPending
	case c.Seen == Stopped:
		return EndedStopped
	case a.Level == Configured:
		return EndedNotTried
	default:
		return EndedUnchecked
	}
}
