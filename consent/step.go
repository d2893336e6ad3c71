package consent

import "time"

// StepTo is the next rung that a person chose after a, which could not be done:
// of the same permission and mark, and now. coarse says that more than was meant
// may be cut.
func StepTo(a Action, k ActionKind, coarse bool, now time.Time) Action {
	return Action{
		Kind: k, Origin: FromPerson, Consent: a.Consent, Version: a.Version, Device: a.Device, Recipient: a.Recipient,
		Coarse: coarse, Mark: a.Mark, State: Pending, DueAt: instant(now), Created: instant(now),
	}
}

// Failed reports whether a, which is to end something, waits for a person or is
// stuck, so that another way may be offered.
func (a Action) Failed() bool {
	return (a.Kind == ActBlock || a.Kind == ActRevoke) && (a.State == NeedsPerson || a.State == Stuck)
}
