package consent

import (
	"fmt"
	"strings"
	"time"

	"bestbefore/assets/words"
)

// The faults of a term, each wrapped in a sentence for the person.
var (
	ErrPast    = words.New("that moment has already passed")
	ErrTooLong = words.New("a permission lasts 12 months at most")
)

// ParseTerm reads what a person wrote: a day ("2027-05-31", "31 May 2027"), a
// moment ("2027-05-31T18:00"), a duration ("P6M", "PT90S", "90s", "10m" for
// minutes, "2h", "3d", "2w", "6mo", "6 months", "1y") or "no-end". What is zero,
// past or more than 12 months away is refused.
func ParseTerm(s string, now time.Time, zone *time.Location) (Term, error) {
	t, err := readTerm(strings.TrimSpace(s))
	if err != nil {
		return Term{}, err
	}
	if _, _, err := t.End(now, zone); err != nil {
		return Term{}, err
	}
	return t, nil
}

// ReadTerm reads s without asking when it would end: a renewal is counted from
// the old end, so that only Renew can say whether it is too long.
func ReadTerm(s string) (Term, error) { return readTerm(strings.TrimSpace(s)) }

func readTerm(s string) (Term, error) {
	low := strings.ToLower(s)
	switch {
	case len(s) > 60:
		return Term{}, words.Errorf("%w: it is too long", ErrDate)
	case low == "no-end" || low == "no end" || low == string(NoEnd):
		return Term{Kind: NoEnd}, nil
	case strings.HasPrefix(low, "p"):
		if _, err := parsePeriod(s); err != nil {
			return Term{}, err
		}
		return Term{Kind: ForPeriod, Rule: strings.ToUpper(s)}, nil
	}
	if rule, ok := friendly(low); ok {
		return Term{Kind: ForPeriod, Rule: rule}, nil
	}
	for _, layout := range []string{"2 January 2006", "2 Jan 2006"} {
		if d, err := time.Parse(layout, s); err == nil {
			s = d.Format(civilDay)
		}
	}
	naive, day, err := parseCivil(s)
	if err != nil {
		return Term{}, words.Errorf("%q is %w; write it as 2027-05-31, 2027-05-31T18:00, 6mo or no-end", short(s), err)
	}
	if day {
		return Term{Kind: UntilDate, Civil: naive.Format(civilDay)}, nil
	}
	return Term{Kind: UntilDate, Civil: naive.Format(civilSecond)}, nil
}

// End is when t ends if it is given now: the instant in UTC and the civil date
// (or moment) that is shown. Durations of whole days end with a day, shorter
// ones to the second. Both are empty for "no end".
func (t Term) End(now time.Time, zone *time.Location) (expires time.Time, civil string, err error) {
	if zone == nil {
		return time.Time{}, "", words.Errorf("%w: no time zone is known", ErrDate)
	}
	now = now.Round(0).UTC()
	return t.endFrom(base{at: now, day: localNaive(now, zone).Truncate(24 * time.Hour)}, now, zone)
}

// base is where a term is counted from: an instant, and the civil day to which
// whole days are added.
type base struct{ at, day time.Time }

// endFrom is End counted from b; now is only there to refuse the past.
func (t Term) endFrom(b base, now time.Time, zone *time.Location) (time.Time, string, error) {
	var expires time.Time
	civil := t.Civil
	var err error
	switch t.Kind {
	case NoEnd:
		return time.Time{}, "", nil
	case UntilDate:
		expires, err = CivilEnd(t.Civil, zone)
	case ForPeriod:
		expires, civil, err = t.period(b, zone)
	default:
		err = words.Errorf("%w: neither a date nor a duration", ErrDate)
	}
	if err != nil {
		return time.Time{}, "", err
	}
	if !expires.After(now) || !expires.After(b.at) {
		return time.Time{}, "", fmt.Errorf("%s: %w", civil, ErrPast)
	}
	if expires.After(latest(b, zone)) {
		return time.Time{}, "", fmt.Errorf("%s: %w", civil, ErrTooLong)
	}
	return expires, civil, nil
}

func (t Term) period(b base, zone *time.Location) (time.Time, string, error) {
	p, err := parsePeriod(t.Rule)
	if err != nil {
		return time.Time{}, "", err
	}
	// Bounded before anything is added up, so that nothing can overflow.
	if p.years > 1 || p.months > 12 || p.days > 366 || p.clock > 366*24*time.Hour {
		return time.Time{}, "", ErrTooLong // P5Y is nobody's word
	}
	switch {
	case p.zero():
		return time.Time{}, "", words.Errorf("%w: a duration of nothing; for a permission without an end say no-end", ErrDate)
	case p.whole():
		civil := p.addTo(b.day).Format(civilDay)
		expires, err := CivilEnd(civil, zone)
		return expires, civil, err
	}
	start := b.at
	if p.years != 0 || p.months != 0 || p.days != 0 {
		start = firstInstant(p.addTo(localNaive(b.at, zone)), zone)
	}
	// Rounded up to the second, so that the civil moment says the same.
	expires := start.Add(p.clock + time.Second - 1).Truncate(time.Second)
	return expires, localNaive(expires, zone).Format(civilSecond), nil
}

// latest is the end of the day 12 months after b.
func latest(b base, zone *time.Location) time.Time {
	day := period{years: 1}.addTo(b.day)
	return firstInstant(day.AddDate(0, 0, 1), zone)
}
