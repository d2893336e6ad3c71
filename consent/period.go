package consent

import (
	"strconv"
	"strings"
	"time"

	"bestbefore/assets/words"
)

// period is an ISO 8601 duration with whole numbers.
type period struct {
	years, months, days int
	clock               time.Duration
}

// maxCount bounds every number of a period; 12 months in seconds fit.
const maxCount = 40_000_000

// parsePeriod reads an ISO 8601 duration: P6M, P1Y, P2W, P3D, PT90S, P1DT12H.
func parsePeriod(s string) (period, error) {
	bad := words.Errorf("%w: %q is not a duration such as P6M, P3D or PT90S", ErrDate, short(s))
	rest, ok := strings.CutPrefix(strings.ToUpper(s), "P")
	if !ok || rest == "" || len(s) > 40 {
		return period{}, bad
	}
	date, clock, timed := strings.Cut(rest, "T")
	if timed && clock == "" {
		return period{}, bad
	}
	var p period
	ok = eachUnit(date, "YMWD", func(n int, unit byte) {
		switch unit {
		case 'Y':
			p.years = n
		case 'M':
			p.months = n
		case 'W':
			p.days += 7 * n
		case 'D':
			p.days += n
		}
	}) && eachUnit(clock, "HMS", func(n int, unit byte) {
		p.clock += time.Duration(n) * map[byte]time.Duration{'H': time.Hour, 'M': time.Minute, 'S': time.Second}[unit]
	})
	if !ok {
		return period{}, bad
	}
	return p, nil
}

// eachUnit reads "12M3D"; units must come in the order of allowed, each once.
func eachUnit(s, allowed string, give func(n int, unit byte)) bool {
	for s != "" {
		i := strings.IndexFunc(s, func(r rune) bool { return r < '0' || r > '9' })
		if i <= 0 {
			return false
		}
		n, err := strconv.Atoi(s[:i])
		at := strings.IndexByte(allowed, s[i])
		if err != nil || n > maxCount || at < 0 {
			return false
		}
		give(n, s[i])
		s, allowed = s[i+1:], allowed[at+1:]
	}
	return true
}

// friendly turns "90s", "10m", "2h", "3d", "2w", "6mo", "1y" and the same with
// words ("6 months") into an ISO 8601 duration.
func friendly(s string) (string, bool) {
	i := strings.IndexFunc(s, func(r rune) bool { return r < '0' || r > '9' })
	if i <= 0 || i > 8 {
		return "", false
	}
	n := strings.TrimLeft(s[:i], "0")
	if n == "" {
		n = "0"
	}
	switch strings.TrimSpace(s[i:]) {
	case "s", "sec", "second", "seconds":
		return "PT" + n + "S", true
	case "m", "min", "minute", "minutes":
		return "PT" + n + "M", true
	case "h", "hour", "hours":
		return "PT" + n + "H", true
	case "d", "day", "days":
		return "P" + n + "D", true
	case "w", "week", "weeks":
		return "P" + n + "W", true
	case "mo", "month", "months":
		return "P" + n + "M", true
	case "y", "year", "years":
		return "P" + n + "Y", true
	default:
		return "", false
	}
}

// whole reports a period of whole days, which ends with a day.
func (p period) whole() bool { return p.clock == 0 }

func (p period) zero() bool { return p == period{} }

// addTo adds the days, weeks, months and years of p to a civil time. Month ends
// clamp: 31 January + 1 month is the end of February (T10), where AddDate
// would run over into March.
func (p period) addTo(naive time.Time) time.Time {
	months := int(naive.Month()) - 1 + p.months
	year := naive.Year() + p.years + months/12
	month := time.Month(months%12 + 1)
	last := time.Date(year, month+1, 0, 0, 0, 0, 0, time.UTC).Day()
	day := min(naive.Day(), last)
	return time.Date(year, month, day, naive.Hour(), naive.Minute(), naive.Second(), 0, time.UTC).AddDate(0, 0, p.days)
}

// short bounds a text that is repeated in an error.
func short(s string) string {
	if r := []rune(strings.ToValidUTF8(s, "?")); len(r) > 40 {
		return string(r[:40]) + "..."
	}
	return strings.ToValidUTF8(s, "?")
}
