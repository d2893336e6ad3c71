package consent

import "time"

// RevokedBy is c after the other side ended it: noticed by a look, with the
// moment of the look, and nothing is left to be done (T32). It is a no-op when c
// is not live.
func RevokedBy(c Consent, who string, now time.Time) Consent {
	if !c.Decided.Live() {
		return c
	}
	next, _ := end(c, Revoked, nil, now, who, "noticed")
	next.Ended = instant(now)
	return next
}

// Unkept lifts what a peer was told to keep of c's date, where c ended otherwise
// than by it: a later permission for the same must not be cut by the older date.
func Unkept(c Consent, now time.Time) Action { return actionFor(c, ActUnblock, FromCorrection, now) }

// EndsEarlier is the first moment before c's own end at which a grant that c
// rests on runs out by itself; false when there is none. It moves nothing: it is
// only shown (T33).
func EndsEarlier(c Consent, grants []Grant) (time.Time, bool) {
	var first time.Time
	for _, g := range grants {
		if g.Own || g.Expires.IsZero() || !c.DueAt().IsZero() && !g.Expires.Before(c.DueAt()) {
			continue
		}
		if first.IsZero() || g.Expires.Before(first) {
			first = g.Expires
		}
	}
	return first, !first.IsZero() && c.Decided.Live()
}
