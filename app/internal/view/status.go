package view

import (
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"bestbefore/app/internal/engine"
	"bestbefore/consent"
)

// severities of the headlines. What was not checked is never green: only a
// live permission is fresh.
func severityOf(h consent.Headline) Severity {
	switch h {
	case consent.Fresh:
		return Fresh
	case consent.EndedStopped, consent.EndedNotTried:
		return Lapsed
	case consent.EndedStill, consent.EndedStuck, consent.EndedPerson:
		return Still
	default: // soon, ending now, ended and not checked, nothing agreed
		return Soon
	}
}

// ended is the day on which c ended: its own date, or the day of the decision.
func (p Presenter) ended(c consent.Consent) Day {
	if c.Decided == consent.Expired || c.Ended.IsZero() {
		return p.end(c)
	}
	return p.dayOf(c.Ended)
}

// left says how long c still holds: "8 days", "today", "40 minutes".
func (p Presenter) left(c consent.Consent) string {
	until := c.DueAt().Sub(p.Now)
	days := p.end(c).since(p.today())
	switch {
	case c.Expires.IsZero():
		return p.T("no end")
	case until <= 0:
		return p.T("ends now")
	case until < 2*time.Minute && p.timed(c):
		return p.N("%d second", "%d seconds", int(until/time.Second))
	case until < 2*time.Hour && p.timed(c):
		return p.N("%d minute", "%d minutes", int(until/time.Minute))
	case days <= 0:
		return p.T("today")
	case days == 1:
		return p.T("tomorrow")
	default:
		return p.N("%d day", "%d days", days)
	}
}

// EndsIn is the sentence for left: "It ends in 8 days."
func (p Presenter) endsIn(c consent.Consent) string {
	days := p.end(c).since(p.today())
	switch {
	case c.Asked(p.Now):
		return p.T("It has no end, and a year has passed: shall it go on?")
	case c.Expires.IsZero():
		return p.T("It has no end.")
	case p.timed(c) && c.DueAt().Sub(p.Now) < 2*time.Hour && c.DueAt().After(p.Now):
		return p.T("It ends in %s.", p.left(c))
	case days <= 0 && p.timed(c):
		return p.T("It ends today at %s.", p.clock(c.DueAt()))
	case days <= 0:
		return p.T("It ends when today is over.")
	case days == 1:
		return p.T("It ends tomorrow.")
	default:
		return p.T("It ends in %s.", p.left(c))
	}
}

// stateWord is the word that always stands beside the colour.
func (p Presenter) stateWord(c engine.ConsentInfo) string {
	switch c.Headline {
	case consent.Fresh:
		return p.T("fresh")
	case consent.Soon:
		if c.Asked(p.Now) {
			return p.T("asks you")
		}
		return p.left(c.Consent)
	case consent.EndedStill:
		return p.T("still sending")
	case consent.EndedStopped:
		return p.T("stopped")
	case consent.EndedNotTried:
		return p.T("quiet")
	case consent.EndedUnchecked:
		return p.T("not checked")
	case consent.EndedPending:
		return p.T("ending now")
	case consent.EndedStuck:
		return p.T("not ended")
	case consent.EndedPerson:
		return p.T("needs you")
	default:
		return p.T("no permission")
	}
}

// lacking reports whether word says that there is no permission: nothing comes
// near then, and no clock may stand beside it.
func (p Presenter) lacking(word string) bool { return word == p.T("no permission") }

// statusLine is the sentence on a card; "" when the stamp says it all.
func (p Presenter) statusLine(c engine.ConsentInfo) string {
	on := p.ended(c.Consent)
	day := p.date(on)
	if on == p.today() {
		day = p.T("today")
	}
	switch c.Headline {
	case consent.Fresh, consent.Soon:
		if c.Lapsing {
			return p.T("You let it lapse")
		}
		if c.Asked(p.Now) {
			return p.T("A year has passed: shall it go on?")
		}
		return strings.Trim(p.agreedElsewhere(c.Consent)+" · "+p.earlier(c), " ·")
	case consent.EndedStill:
		if !consent.Relapsed(c.Actions).IsZero() {
			return p.T("Ended on %s, and sends again", p.date(on))
		}
		return p.T("Ended on %s, still sending", p.date(on))
	case consent.EndedStopped:
		return p.T("Ended %s, and it stopped", p.onDay(day, on))
	case consent.EndedNotTried:
		return p.T("Ended %s. It has not tried since", p.onDay(day, on))
	case consent.EndedUnchecked:
		return p.unchecked(c, p.onDay(day, on))
	case consent.EndedPending:
		return p.T("Ended %s. It is being stopped", p.onDay(day, on))
	case consent.EndedStuck:
		return p.T("Ended %s, but it could not be stopped", p.onDay(day, on))
	case consent.EndedPerson:
		return p.T("Ended %s. It needs you", p.onDay(day, on))
	case consent.NotInForce:
		return p.notInForce(c.Consent)
	default:
		return ""
	}
}

func (p Presenter) onDay(day string, d Day) string {
	if d == p.today() || day == "" {
		return day
	}
	return p.T("on %s", day)
}

func (p Presenter) unchecked(c engine.ConsentInfo, on string) string {
	switch {
	case c.Seen == consent.CannotTell && turnedAway(c.Actions):
		return p.T("Ended %s, and refused since. Whether it sends another way cannot be seen", on)
	case c.Seen == consent.CannotTell:
		return p.T("Ended %s. Nobody can see whether it still sends", on)
	case byHand(c.Actions):
		return p.T("Ended %s by your own hand. Not checked yet", on)
	case c.Remedy == consent.Warn || c.Remedy == consent.Guide:
		return p.T("Ended %s. Nothing was cut, as you chose", on)
	default:
		return p.T("Ended %s. Not checked yet", on)
	}
}

// turnedAway reports that something was refused since it ended, by who does not
// see what is sent.
func turnedAway(as []consent.Action) bool {
	a, ok := consent.Enforcing(as)
	return ok && a.Kind == consent.ActBlock && a.State == consent.Done && a.Level == consent.Effective
}

// byHand reports whether the person said that they ended it.
func byHand(as []consent.Action) bool {
	return slices.ContainsFunc(as, func(a consent.Action) bool { return a.Kind == consent.ActGuide && a.State == consent.Done })
}

func (p Presenter) notInForce(c consent.Consent) string {
	switch c.Decided {
	case consent.Requested:
		return p.T("Waits for your answer")
	case consent.Deferred:
		return p.T("Put off: nobody has agreed")
	case consent.Refused:
		return p.T("You said no")
	case consent.Invalidated:
		return p.T("It was never valid")
	default:
		return p.T("Nothing was agreed")
	}
}

func lowerFirst(s string) string {
	if s == "" {
		return s
	}
	r, n := utf8.DecodeRuneInString(s)
	return string(unicode.ToLower(r)) + s[n:]
}
