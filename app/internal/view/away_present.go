package view

import "time"

// ActionTakeOver has this window keep the dates, whose keeper went.
const ActionTakeOver = "take over"

// Absence says how the engine is missed that belongs to another process.
type Absence struct {
	Since  time.Time // zero when it answers
	Silent bool      // it is there, and does not answer
}

// Away stands above every page while the engine does not answer; a Problem
// without a text when it does.
func (p Presenter) Away(a Absence) Problem {
	if a.Since.IsZero() {
		return Problem{}
	}
	out := Problem{ID: "away", Severity: Still, Word: p.T("Best Before does not answer: nobody keeps the dates now.")}
	seen := p.T("What you see is from %s.", p.clock(a.Since))
	if a.Silent {
		out.Text = seen + " " + p.T("The program that keeps them is there, but says nothing. It is asked again by itself; if this stays, end it and start it again.")
		return out
	}
	out.Text = seen + " " + p.T("The program that keeps them has ended. Start it again where it ran, and this window goes on by itself; or let this window keep them.")
	out.Action = ActionLink{ID: ActionTakeOver, Label: p.T("Keep them here")}
	return out
}
