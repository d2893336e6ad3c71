package consent

import "time"

// Provisional is the block that keeps c's date while the clock is in doubt: it
// can be undone, and what was decided does not move by it. False where c's
// remedy has nothing that can be undone; then the end waits for trusted time.
func Provisional(c Consent, now time.Time) (Action, bool) {
	if !c.Decided.Live() || c.DueAt().IsZero() || c.Remedy != Block && c.Remedy != RevokeThenBlock {
		return Action{}, false
	}
	a := actionFor(c, ActBlock, FromDoubt, now)
	a.DueAt, a.Stepped = c.DueAt(), true
	return a, true
}

// WithdrawProvisional is what takes the provisional block of c back: it is
// lifted, and the date that a peer kept under the same mark is handed over once more.
func WithdrawProvisional(c Consent, handedOver bool, now time.Time) []Action {
	out := []Action{actionFor(c, ActUnblock, FromDoubt, now)}
	if handedOver {
		out = append(out, HandOver(c, now)...)
	}
	return out
}
