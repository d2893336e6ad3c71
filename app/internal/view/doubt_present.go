package view

import (
	"slices"
	"strings"

	"bestbefore/app/internal/engine"
	"bestbefore/consent"
)

// inDoubt reports whether c is blocked for now because the clock is in doubt:
// nothing is decided, and it is given back when the clock was wrong.
func inDoubt(c engine.ConsentInfo) bool {
	if !c.Decided.Live() {
		return false
	}
	for _, a := range c.Actions { // newest first
		if a.State != consent.Cancelled && (a.Kind == consent.ActBlock || a.Kind == consent.ActUnblock) {
			return a.Kind == consent.ActBlock && a.Origin == consent.FromDoubt
		}
	}
	return false
}

// doubted changes the card of what is blocked for now.
func (p Presenter) doubted(card *PermissionCard) {
	card.StatusLine, card.StateWord = p.T("Blocked for now: the clock is in doubt"), p.T("in doubt")
	card.Severity, card.Action, card.ActionLabel = Soon, CardNone, ""
}

// clockInDoubt reports whether the clock of this computer is not believed now.
func clockInDoubt(o engine.Overview) bool {
	return slices.ContainsFunc(o.Problems, func(x engine.Problem) bool { return x.ID == "clock" })
}

// oneDamage makes one problem of all damaged records, since one decision is
// written down in several places; the settings name each.
func (p Presenter) oneDamage(in []engine.Problem) (out []engine.Problem, several bool) {
	damaged := func(x engine.Problem) bool { return strings.HasPrefix(x.ID, "quarantine/") }
	first, n := slices.IndexFunc(in, damaged), 0
	if first < 0 {
		return in, false
	}
	one := in[first]
	rest := slices.DeleteFunc(slices.Clone(in), func(x engine.Problem) bool {
		if damaged(x) {
			n++
		}
		return damaged(x)
	})
	if n == 1 {
		return in, false
	}
	one.Text = p.T("%s damaged records were set aside, and nothing rests on them.", capital(p.number(n)))
	return slices.Insert(rest, min(first, len(rest)), one), true
}
