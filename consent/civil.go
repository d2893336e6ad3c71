package consent

import (
	"time"

	"bestbefore/assets/words"
)

// The forms of a civil moment, as Term.Civil and Consent.ExpiresCivil hold it.
const (
	civilDay    = "2006-01-02"
	civilMinute = "2006-01-02T15:04"
	civilSecond = "2006-01-02T15:04:05"
)

// ErrDate says that a text is not a date that can be used.
var ErrDate = words.New("not a usable date")

// CivilEnd turns what a person wrote into the instant at which it ends, in UTC.
//
// A day (YYYY-MM-DD) ends where the next civil day begins in that zone: the end
// is exclusive, so "until 30 June" is the first instant that is no longer
// 30 June. A moment (YYYY-MM-DDThh:mm or with :ss) is that moment. A civil time
// that the zone skips becomes the first instant after the gap; one that occurs
// twice becomes the first. ErrDate when civil is neither.
func CivilEnd(civil string, zone *time.Location) (time.Time, error) {
	if zone == nil {
		return time.Time{}, words.Errorf("%w: no time zone is known", ErrDate)
	}
	naive, day, err := parseCivil(civil)
	if err != nil {
		return time.Time{}, err
	}
	if day {
		naive = naive.AddDate(0, 0, 1)
	}
	return firstInstant(naive, zone), nil
}

// parseCivil reads civil as if the zone were UTC; day says that no time was given.
func parseCivil(civil string) (naive time.Time, day bool, err error) {
	layout := ""
	switch len(civil) { // exact lengths, since time.Parse also takes fractions
	case len(civilDay):
		layout, day = civilDay, true
	case len(civilMinute):
		layout = civilMinute
	case len(civilSecond):
		layout = civilSecond
	default:
		return time.Time{}, false, words.Errorf("%w: write it as 2027-05-31 or 2027-05-31T18:00", ErrDate)
	}
	naive, err = time.Parse(layout, civil)
	if err != nil {
		return time.Time{}, false, words.Errorf("%w: there is no such day or time", ErrDate)
	}
	if y := naive.Year(); y < 1970 || y > 9998 { // the end of 9999 is a year that RFC 3339 cannot write
		return time.Time{}, false, words.Errorf("%w: the year must be between 1970 and 9998", ErrDate)
	}
	return naive, day, nil
}

// firstInstant is the first instant at which the clocks of zone show naive or,
// where they never do, something later. It walks the zone's own stretches of
// constant offset instead of trusting time.Date, which picks the second 02:30
// of an autumn night and steps back an hour where midnight does not exist.
func firstInstant(naive time.Time, zone *time.Location) time.Time {
	// No place is further than 26 hours from UTC, so the stretch that holds the
	// answer ends after this moment.
	at := naive.Add(-48 * time.Hour).In(zone)
	for {
		start, end := at.ZoneBounds()
		_, offset := at.Zone()
		ahead := time.Duration(offset) * time.Second
		if end.IsZero() || end.UTC().Add(ahead).After(naive) {
			t := naive.Add(-ahead)
			if !start.IsZero() && t.Before(start) {
				t = start // the zone skipped it
			}
			return t.UTC()
		}
		at = end
	}
}

// localNaive is what the clocks of zone show at t, written as if it were UTC.
func localNaive(t time.Time, zone *time.Location) time.Time {
	l := t.In(zone)
	return time.Date(l.Year(), l.Month(), l.Day(), l.Hour(), l.Minute(), l.Second(), 0, time.UTC)
}
