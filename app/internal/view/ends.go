package view

import (
	"strings"
	"time"

	"bestbefore/consent"
)

// What is shown of an end is the moment at which it comes, as the clocks here
// show it: an end agreed elsewhere is not moved, and its own words stand beside it.

// end is the last day of c here, or the day of the moment at which it ends; the
// zero Day for "no end".
func (p Presenter) end(c consent.Consent) Day {
	return p.lastDay(c, c.DueAt())
}

// lastDay is end for another moment of c than the one at which it is due.
func (p Presenter) lastDay(c consent.Consent, t time.Time) Day {
	switch {
	case t.IsZero():
		return Day{}
	case strings.Contains(c.ExpiresCivil, "T") || !p.endsWithADay(t):
		return p.dayOf(t)
	default:
		return p.dayOf(t.Add(-time.Nanosecond))
	}
}

// timed reports whether c ends at a time of day here rather than with a day: one
// that was agreed so, or whose day is over at another hour in this zone.
func (p Presenter) timed(c consent.Consent) bool {
	due := c.DueAt()
	if due.IsZero() {
		return false
	}
	return strings.Contains(c.ExpiresCivil, "T") || !p.endsWithADay(due)
}

// endsWithADay reports whether a day is over here at t.
func (p Presenter) endsWithADay(t time.Time) bool {
	over, err := consent.CivilEnd(p.dayOf(t.Add(-time.Nanosecond)).String(), p.zone())
	return err == nil && over.Equal(t)
}

// agreedElsewhere says the end of c in the words in which it was agreed, where
// the clocks here show another day or time for it; else "".
func (p Presenter) agreedElsewhere(c consent.Consent) string {
	day := ParseDay(c.ExpiresCivil)
	if c.Expires.IsZero() || day.Zero() || c.Zone == p.zone().String() {
		return ""
	}
	here := p.local(c.Expires).Format("2006-01-02T15:04:05")
	words := p.date(day)
	if _, clock, timed := strings.Cut(c.ExpiresCivil, "T"); timed {
		if here == c.ExpiresCivil {
			return ""
		}
		words = p.T("%[1]s, %[2]s", words, clean(strings.TrimSuffix(clock, ":00")))
	} else if p.endsWithADay(c.Expires) && p.dayOf(c.Expires.Add(-time.Nanosecond)) == day {
		return ""
	}
	return p.T("Agreed as %[1]s (%[2]s time)", words, place(c.Zone))
}

// place is the town of a zone's name: "New York" of "America/New_York".
func place(zone string) string {
	return clean(strings.ReplaceAll(zone[strings.LastIndex(zone, "/")+1:], "_", " "))
}
