package consent

// Refuse returns version 1 of a permission that the household never gave: the
// same is done as at an end, and seen to. Undo lifts it again.
func Refuse(r Request) (Consent, []Action, error) {
	c, err := New(r)
	if err != nil {
		return Consent{}, nil, err
	}
	next, acts := Withdraw(c, nil, instant(r.Now), r.By, r.How)
	next.Version, next.PreviousHash = 1, ""
	for i := range acts {
		acts[i].Version = 1
	}
	return next, acts, next.Validate()
}

// Refused reports whether c was never given: it begins with its end.
func (c Consent) Refused() bool { return c.Version == 1 && c.Decided == Withdrawn }

// unrefuse is c once more as if nobody had been asked, and its block lifted.
func unrefuse(c Consent, d Decider) (Consent, []Action, error) {
	next := follow(c, Unknown, d)
	acts := []Action{actionFor(next, ActUnblock, FromPerson, instant(d.Now))}
	return next, acts, next.Validate()
}
