package view

import (
	"time"

	"bestbefore/app/internal/engine"
	"bestbefore/consent"
)

// Truths are the three facts of c. last is when traffic under it was last seen.
func (p Presenter) Truths(c engine.ConsentInfo, last time.Time) Truths {
	t := Truths{Decided: p.decided(c.Consent)}
	t.Done, t.DoneSeverity = p.done(c)
	t.Seen, t.SeenSeverity = p.seen(c, last)
	return t
}

func (p Presenter) decided(c consent.Consent) string {
	given := p.date(p.dayOf(c.Given))
	until := p.until(c)
	switch c.Decided {
	case consent.Given:
		return p.T("%[1]s, by you, on %[2]s", until, given)
	case consent.Renewed:
		return p.T("renewed %[1]s, by you, on %[2]s", until, given)
	case consent.Expired:
		return p.T("its date passed on %[1]s; agreed on %[2]s", p.date(p.end(c)), given)
	case consent.Withdrawn:
		if c.Refused() {
			return p.T("stopped by you, %s; it was never allowed", p.moment(c.Ended))
		}
		return p.T("ended by you, %s", p.moment(c.Ended))
	case consent.Revoked:
		return p.T("ended by the other side, %s", p.moment(c.Ended))
	default:
		return lowerFirst(p.notInForce(c))
	}
}

func (p Presenter) until(c consent.Consent) string {
	switch {
	case c.Expires.IsZero():
		return p.T("without an end")
	case p.timed(c):
		return p.T("until %[1]s, %[2]s", p.date(p.end(c)), p.clock(c.DueAt()))
	default:
		return p.T("until %s", p.date(p.end(c)))
	}
}

func (p Presenter) done(c engine.ConsentInfo) (string, Severity) {
	if inDoubt(c) {
		return p.T("blocked for now, because this computer's clock is in doubt; given back within a minute if the clock was wrong"), Soon
	}
	if c.Decided.Live() {
		return p.planned(c), None
	}
	for _, a := range c.Actions {
		if a.Kind != consent.ActHandOver && a.Kind != consent.ActUnblock && a.State != consent.Cancelled {
			return p.doneBy(a)
		}
	}
	return p.T("nothing"), None
}

// planned is what will be done on the day.
func (p Presenter) planned(c engine.ConsentInfo) string {
	day := p.date(p.end(c.Consent))
	switch {
	case c.Expires.IsZero():
		return p.T("nothing: it has no end; you are asked once a year")
	case c.HeldBy != "":
		line := p.T("%[1]s holds the date and blocks it when %[2]s is over, also with this computer off", clean(c.HeldBy), day)
		if p.timed(c.Consent) {
			line = p.T("%[1]s holds the date and blocks it at %[2]s, also with this computer off", clean(c.HeldBy), p.clock(c.DueAt()))
		}
		if c.HeldUntilRestart {
			line += p.T(", but only until it restarts")
		}
		if c.HeldNote != "" {
			line += "; " + cleanText(c.HeldNote)
		}
		return line
	case c.Remedy == consent.Warn:
		return p.T("nothing yet: on the day you are told, nothing is cut")
	case c.Remedy == consent.Guide:
		return p.T("nothing yet: on the day you are shown how to end it")
	case c.Remedy == consent.Revoke || c.Remedy == consent.RevokeThenBlock:
		return p.T("nothing yet: this computer takes its access back on the day, or as soon as it is on again")
	case c.NeverCut:
		return p.T("nothing yet: you are asked on the day; it is never cut by the clock")
	default:
		return p.T("nothing yet: this computer has it blocked on the day, or as soon as it is on again")
	}
}

func (p Presenter) seen(c engine.ConsentInfo, last time.Time) (string, Severity) {
	if c.Decided.Live() {
		if last.IsZero() {
			return p.T("nothing sent that we could see"), None
		}
		return p.T("sending, last %s", p.lastSent(c, last)), None
	}
	if c.Headline == consent.NotInForce {
		if last.IsZero() {
			return p.T("not checked"), Soon
		}
		return p.T("sending, last %s", p.lastSent(c, last)), Soon
	}
	switch c.Seen {
	case consent.Flowing:
		if quiet := consent.Relapsed(c.Actions); !quiet.IsZero() && !c.SeenAt.IsZero() {
			return p.T("sends again, seen %[1]s; it had stopped when looked at %[2]s", p.moment(c.SeenAt), p.moment(quiet)), Still
		}
		if !c.SeenAt.IsZero() {
			return p.T("still sending, seen %s", p.moment(c.SeenAt)), Still
		}
		return p.T("still sending"), Still
	case consent.Stopped:
		if !c.SeenAt.IsZero() {
			return p.T("stopped, checked %s", p.moment(c.SeenAt)), None
		}
		return p.T("stopped"), None
	case consent.CannotTell:
		if c.Headline == consent.EndedNotTried {
			return p.T("it has not tried since, as far as can be seen"), None
		}
		if turnedAway(c.Actions) {
			return p.T("refused since; whether it sends another way cannot be seen"), Soon
		}
		return p.T("nobody can see whether it still sends"), Soon
	}
	if c.Headline == consent.EndedNotTried {
		return p.T("it has not tried since"), None
	}
	return p.T("not checked yet"), Soon
}

// lastSent is no finer than a day for what stands for a person.
func (p Presenter) lastSent(c engine.ConsentInfo, last time.Time) string {
	if c.DeviceKind.Personal() {
		return p.sinceDay(last)
	}
	return p.moment(last)
}
