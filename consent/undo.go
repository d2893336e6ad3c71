package consent

import (
	"bestbefore/assets/words"
)

// Undo takes back the newest decision: cur is the newest version, prev the one
// before it (ignored when cur is the first). It never rewrites: the result is
// one more version.
//
// A withdrawal whose date is still to come is given back with that date, and its
// block lifted; what was stopped without ever having been allowed is lifted too. A permission just given is withdrawn, without enforcement:
// nothing was allowed before, and nothing is cut now. A renewal or an extension
// falls back to the old dates while they are still to come, else it is
// withdrawn. Everything else, above all what the clock did, gives ErrNothing.
func Undo(prev, cur Consent, d Decider) (Consent, []Action, error) {
	if err := d.check(); err != nil {
		return Consent{}, nil, err
	}
	now := instant(d.Now)
	first := cur.Version == 1
	if !first && (prev.ID != cur.ID || cur.PreviousHash != prev.Checksum()) {
		return Consent{}, nil, words.Errorf("%w: the version before does not fit", ErrInvalid)
	}
	fallBack := !first && prev.Decided.Live() && !prev.Due(now)
	switch {
	case cur.Decided == Withdrawn && fallBack, cur.Decided.Live() && fallBack:
		return restore(prev, cur, d)
	case cur.Refused():
		return unrefuse(cur, d)
	case cur.Decided == Given && first:
		next, _ := Withdraw(cur, nil, now, d.By, d.How)
		var acts []Action
		if len(HandOver(cur, now)) > 0 {
			a := actionFor(next, ActUnblock, FromPerson, now)
			acts = append(acts, a)
		}
		return next, acts, nil
	case cur.Decided == Renewed && !first, cur.Decided.Live() && cur.GraceUsed && !prev.GraceUsed && !first:
		next, acts := Withdraw(cur, nil, now, d.By, d.How)
		return next, acts, nil
	default:
		return Consent{}, nil, ErrNothing
	}
}

// restore is prev once more, as the version after cur.
func restore(prev, cur Consent, d Decider) (Consent, []Action, error) {
	next := follow(cur, prev.Decided, d)
	next.Given, next.Term, next.Expires, next.ExpiresCivil, next.Zone = prev.Given, prev.Term, prev.Expires, prev.ExpiresCivil, prev.Zone
	next.GraceUntil = prev.GraceUntil
	next.GraceUsed = prev.GraceUsed || cur.GraceUsed // a used extension stays used
	if err := next.Validate(); err != nil {
		return Consent{}, nil, err
	}
	return next, resume(cur, next, instant(d.Now)), nil
}
