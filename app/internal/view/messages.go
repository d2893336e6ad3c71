package view

import (
	"context"
	"errors"
	"strings"

	"bestbefore/app/internal/engine"
	"bestbefore/consent"
	"bestbefore/discovery"
)

// Failure is what went wrong, as one sentence.
func (p Presenter) Failure(err error) string {
	if errors.Is(err, context.DeadlineExceeded) {
		return p.T("It took too long. Try again.")
	}
	if errors.Is(err, engine.ErrAway) {
		return p.T("Best Before does not answer: nobody keeps the dates now.")
	}
	return sentence(capital(cleanText(err.Error())))
}

// sentence ends s with a full stop where it has no end of its own, be it inside
// a bracket or a quotation.
func sentence(s string) string {
	s = strings.TrimSpace(s)
	bare := strings.TrimRight(s, ")”\"")
	if bare != "" && !strings.ContainsAny(bare[len(bare)-1:], ".!?") {
		s += "."
	}
	return s
}

// Renamed says that a device got a name.
func (p Presenter) Renamed(name string) string {
	if name == "" {
		return p.T("Your own name for it was taken away.")
	}
	return p.T("It is called %s now.", clean(name))
}

// Undone says what was taken back.
func (p Presenter) Undone(text string) string {
	if text == "" {
		return p.T("Taken back.")
	}
	return capital(cleanText(text))
}

// RenewedUntil says that a permission was renewed.
func (p Presenter) RenewedUntil(c consent.Consent) string { return p.T("Renewed %s.", p.until(c)) }

// Extended says until when a permission holds with its two more days.
func (p Presenter) Extended(c consent.Consent) string {
	return p.T("Two more days: %s.", p.until(c))
}

// DatesKept says that nothing was moved.
func (p Presenter) DatesKept() string { return p.T("The dates stay as they are.") }

// EndedNow says that a permission was ended; what was done about it appears in place.
func (p Presenter) EndedNow() string { return p.T("Ended. What was done appears here in a moment.") }

// WillLapse says that nothing more is asked.
func (p Presenter) WillLapse() string {
	return p.T("It will lapse on its date. You are not asked again.")
}

// OneDevice says that two entries are one device now.
func (p Presenter) OneDevice() string { return p.T("They are one device now.") }

// TakenApart says that one entry is several again.
func (p Presenter) TakenApart() string { return p.T("They are separate devices now.") }

// Marked says what the clock may do with a device now.
func (p Presenter) Marked(e discovery.Essential) string {
	if e == discovery.EssentialSafety || e == discovery.EssentialMedical {
		return p.T("The clock alone will not cut it.")
	}
	return p.T("On its date it is ended like any other.")
}

// ClockConfirmed says that dates go by this computer's clock again.
func (p Presenter) ClockConfirmed() string { return p.T("Dates go by this computer's clock again.") }

// Disconnecting says that a device is being cut.
func (p Presenter) Disconnecting() string { return p.T("It is being disconnected.") }

// Reconnecting says that a device may send again.
func (p Presenter) Reconnecting() string { return p.T("It is being connected again.") }

// Given says that a permission was given.
func (p Presenter) Given(d engine.DeviceInfo, c consent.Consent) string {
	return capital(p.T("%[1]s may send to %[2]s %[3]s.", p.called(d), p.recipient(c.Recipient), p.until(c)))
}

// ConnectedTo says that a connection was made.
func (p Presenter) ConnectedTo(name string) string { return p.T("%s is connected.", clean(name)) }

// Removed says that a connection is gone.
func (p Presenter) Removed() string { return p.T("Removed. What it held for us was lifted.") }

// GuessedName is the guess that one click turns into the device's name.
func (p Presenter) GuessedName(d engine.DeviceInfo) string { return p.name(d) }

// NoReview is the review when nothing waits.
func (p Presenter) NoReview() Review {
	return Review{
		Revision: p.Revision, Loaded: true, Title: p.T("Nothing waits for you"),
		Subline: p.T("You are asked in time before a permission ends."), SinceEmpty: p.T("Nothing has changed that we could see."),
	}
}

// ProblemRef is what a problem is about: the part of its ID behind the slash.
func ProblemRef(id string) string {
	_, ref, _ := strings.Cut(id, "/")
	return ref
}
