package kit

import (
	"time"

	"fyne.io/fyne/v2/lang"

	"bestbefore/app/internal/view"
)

// noon is a moment on which counting days is safe: no zone skips it.
func noon(d view.Day) time.Time {
	return time.Date(d.Year, d.Month, d.Day, 12, 0, 0, 0, time.UTC)
}

func dayOf(t time.Time) view.Day {
	y, m, d := t.Date()
	return view.Day{Year: y, Month: m, Day: d}
}

func before(a, b view.Day) bool { return noon(a).Before(noon(b)) }

func addDays(d view.Day, n int) view.Day { return dayOf(noon(d).AddDate(0, 0, n)) }

// addMonth goes n months on and stays in the month: 31 January and one month is
// the last day of February.
func addMonth(d view.Day, n int) view.Day {
	first := noon(view.Day{Year: d.Year, Month: d.Month, Day: 1}).AddDate(0, n, 0)
	last := first.AddDate(0, 1, -1).Day()
	return view.Day{Year: first.Year(), Month: first.Month(), Day: min(d.Day, last)}
}

func clampDay(d, first, last view.Day) view.Day {
	switch {
	case before(d, first):
		return first
	case before(last, d):
		return last
	default:
		return d
	}
}

func monthName(m time.Month) string {
	return [...]string{
		"", lang.L("January"), lang.L("February"), lang.L("March"), lang.L("April"), lang.L("May"), lang.L("June"),
		lang.L("July"), lang.L("August"), lang.L("September"), lang.L("October"), lang.L("November"), lang.L("December"),
	}[m]
}

func weekdayShort(d time.Weekday) string {
	return [...]string{
		lang.L("Su"), lang.L("Mo"), lang.L("Tu"), lang.L("We"), lang.L("Th"), lang.L("Fr"), lang.L("Sa"),
	}[d]
}
