package view

import (
	"fmt"
	"math"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"bestbefore/discovery"
)

// Presenter makes snapshots from what the engine answers. It is a plain value,
// made anew for each look: it holds the moment, the zone and the language, so
// that every text is a pure function of it and the engine's answer.
type Presenter struct {
	// Translate gives the text of a key in the person's language; the keys are
	// the English texts with their %s and %d. nil is English.
	Translate func(string) string
	Language  string         // BCP 47, for the names of countries; "" is English
	Zone      *time.Location // nil is UTC
	Now       time.Time
	Peers     map[string]string // names of connections by their ID
	Revision  uint64            // copied into every snapshot
}

// T is the one seam through which every text on screen goes.
func (p Presenter) T(key string, args ...any) string {
	text := key
	if p.Translate != nil {
		text = p.Translate(key)
	}
	if len(args) == 0 {
		return text
	}
	return fmt.Sprintf(text, args...)
}

// N chooses between one and many, and fills in n as a figure.
func (p Presenter) N(one, many string, n int) string {
	if n != 1 {
		return p.T(many, n)
	}
	if !strings.Contains(one, "%") { // "this device" needs no number
		return p.T(one)
	}
	return p.T(one, n)
}

// Words chooses between one and many, and fills in n as a word up to twelve,
// as a person would say it: "Three permissions".
func (p Presenter) Words(one, many string, n int) string {
	key := many
	if n == 1 {
		key = one
	}
	return capital(p.T(key, p.number(n)))
}

func (p Presenter) number(n int) string {
	words := [...]string{
		p.T("no"), p.T("one"), p.T("two"), p.T("three"), p.T("four"),
		p.T("five"), p.T("six"), p.T("seven"), p.T("eight"),
		p.T("nine"), p.T("ten"), p.T("eleven"), p.T("twelve"),
	}
	if n < 0 || n >= len(words) {
		return fmt.Sprint(n)
	}
	return words[n]
}

func capital(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	if n == 0 {
		return s
	}
	return string(unicode.ToUpper(r)) + s[n:]
}

// List joins parts as a person does: "a, b and c".
func (p Presenter) List(parts []string) string {
	switch len(parts) {
	case 0:
		return ""
	case 1:
		return parts[0]
	}
	last := len(parts) - 1
	return p.T("%s and %s", strings.Join(parts[:last], ", "), parts[last])
}

func (p Presenter) zone() *time.Location {
	if p.Zone == nil {
		return time.UTC
	}
	return p.Zone
}

func (p Presenter) local(t time.Time) time.Time { return t.In(p.zone()) }

func (p Presenter) month(m time.Month) string {
	return [...]string{
		p.T("January"), p.T("February"), p.T("March"), p.T("April"),
		p.T("May"), p.T("June"), p.T("July"), p.T("August"),
		p.T("September"), p.T("October"), p.T("November"), p.T("December"),
	}[m-1]
}

// monthShort is "Nov". The key of May has a space behind it, since the long
// and the short word are the same in English but not in every language.
func (p Presenter) monthShort(m time.Month) string {
	return strings.TrimSpace([...]string{
		p.T("Jan"), p.T("Feb"), p.T("Mar"), p.T("Apr"), p.T("May "), p.T("Jun"),
		p.T("Jul"), p.T("Aug"), p.T("Sep"), p.T("Oct"), p.T("Nov"), p.T("Dec"),
	}[m-1])
}

// date is "30 November", with the year when it is another one.
func (p Presenter) date(d Day) string {
	if d == (Day{}) {
		return ""
	}
	month := p.month(d.Month)
	if d.Year == p.local(p.Now).Year() {
		return p.T("%[1]d %[2]s", d.Day, month)
	}
	return p.T("%[1]d %[2]s %[3]d", d.Day, month, d.Year)
}

// dateYear is "3 May 2026".
func (p Presenter) dateYear(d Day) string {
	if d == (Day{}) {
		return ""
	}
	return p.T("%[1]d %[2]s %[3]d", d.Day, p.month(d.Month), d.Year)
}

// dateShort is "30 Nov", "31 May 27" when it is another year.
func (p Presenter) dateShort(d Day) string {
	if d == (Day{}) {
		return ""
	}
	if d.Year == p.local(p.Now).Year() {
		return p.T("%[1]d %[2]s", d.Day, p.monthShort(d.Month))
	}
	return p.T("%[1]d %[2]s %02[3]d", d.Day, p.monthShort(d.Month), d.Year%100)
}

// Stamp is "30 NOV 26", as it is printed on food.
func (p Presenter) Stamp(d Day) string {
	if d == (Day{}) {
		return ""
	}
	return strings.ToUpper(fmt.Sprintf("%02d %s %02d", d.Day, p.monthShort(d.Month), d.Year%100))
}

func (p Presenter) dayOf(t time.Time) Day {
	if t.IsZero() {
		return Day{}
	}
	l := p.local(t)
	return Day{Year: l.Year(), Month: l.Month(), Day: l.Day()}
}

func (p Presenter) today() Day { return p.dayOf(p.Now) }

// clock is "14:03".
func (p Presenter) clock(t time.Time) string { return p.local(t).Format("15:04") }

// seconds is "14:03:22", for results where a second counts.
func (p Presenter) seconds(t time.Time) string {
	if p.dayOf(t) == p.today() {
		return p.local(t).Format("15:04:05")
	}
	return p.dateShort(p.dayOf(t)) + " " + p.local(t).Format("15:04:05")
}

// moment is "today 14:03", "yesterday 14:03" or "3 May 14:03".
func (p Presenter) moment(t time.Time) string {
	switch p.today().since(p.dayOf(t)) {
	case 0:
		return p.T("today %s", p.clock(t))
	case 1:
		return p.T("yesterday %s", p.clock(t))
	default:
		return p.date(p.dayOf(t)) + " " + p.clock(t)
	}
}

// sinceDay is "today", "yesterday", "Thursday" within a week, else "3 May".
func (p Presenter) sinceDay(t time.Time) string {
	weekdays := [...]string{
		p.T("Sunday"), p.T("Monday"), p.T("Tuesday"), p.T("Wednesday"),
		p.T("Thursday"), p.T("Friday"), p.T("Saturday"),
	}
	switch n := p.today().since(p.dayOf(t)); {
	case n == 0:
		return p.T("today")
	case n == 1:
		return p.T("yesterday")
	case n > 1 && n < 7:
		return weekdays[p.local(t).Weekday()]
	default:
		return p.date(p.dayOf(t))
	}
}

// Zero reports whether d is no day.
func (d Day) Zero() bool { return d == Day{} }

// String is YYYY-MM-DD, as the engine reads it.
func (d Day) String() string {
	if d.Zero() {
		return ""
	}
	return fmt.Sprintf("%04d-%02d-%02d", d.Year, d.Month, d.Day)
}

// ParseDay reads the date at the start of a civil date or time; the zero Day when there is none.
func ParseDay(civil string) Day {
	if len(civil) > len(time.DateOnly) {
		civil = civil[:len(time.DateOnly)]
	}
	t, err := time.Parse(time.DateOnly, civil)
	if err != nil {
		return Day{}
	}
	return Day{Year: t.Year(), Month: t.Month(), Day: t.Day()}
}

func (d Day) noon() time.Time { return time.Date(d.Year, d.Month, d.Day, 12, 0, 0, 0, time.UTC) }

// since counts the days from other to d.
func (d Day) since(other Day) int {
	return int(math.Round(d.noon().Sub(other.noon()).Hours() / 24))
}

// addDays counts n days on.
func (d Day) addDays(n int) Day {
	t := d.noon().AddDate(0, 0, n)
	return Day{Year: t.Year(), Month: t.Month(), Day: t.Day()}
}

// addMonths counts n months on and clamps to the end of the month: 31 January
// and one month is the last of February (T10).
func (d Day) addMonths(n int) Day {
	first := time.Date(d.Year, d.Month+time.Month(n), 1, 12, 0, 0, 0, time.UTC)
	last := first.AddDate(0, 1, -1).Day()
	return Day{Year: first.Year(), Month: first.Month(), Day: min(d.Day, last)}
}

// Size is "4.1 GB": decimal units, two digits that count.
func (p Presenter) Size(n uint64) string {
	const step = 1000
	if n < step {
		return p.N("%d byte", "%d bytes", int(n))
	}
	units := [...]string{"kB", "MB", "GB", "TB", "PB", "EB"}
	v, u := float64(n)/step, 0
	for v >= 999.5 && u < len(units)-1 {
		v /= step
		u++
	}
	if v < 9.95 {
		// "1.5" is the key for the decimal mark of a language: "1,5" in German.
		mark := strings.Trim(p.T("1.5"), "15")
		return strings.Replace(fmt.Sprintf("%.1f", v), ".", mark, 1) + " " + units[u]
	}
	return fmt.Sprintf("%.0f %s", v, units[u])
}

// clean takes out of a name what must never reach a screen; everything that
// the network said goes through it.
func clean(s string) string { return string(discovery.Clean(s)) }

// cleanText is clean for sentences.
func cleanText(s string) string { return string(discovery.CleanLong(s)) }
