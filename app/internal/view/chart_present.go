package view

import (
	"math"
	"time"

	"bestbefore/app/internal/engine"
)

// chartDays is how many days the chart of a week and of a year need.
var chartDays = map[string]int{SpanWeek: 7, SpanYear: 365}

// ChartDays is how many days must be asked for to draw a span.
func ChartDays(span string) int {
	if n := chartDays[span]; n > 0 {
		return n
	}
	return chartDays[SpanWeek]
}

// chart is when a device sent: by hour, by day or by month. Of what stands for a
// person there is nothing finer than a day.
func (p Presenter) chart(out *DevicePage, in DeviceInput) {
	span := in.Span
	personal := in.Device.Guess.Kind.Personal()
	if span != SpanYear && (span != SpanDay || personal) {
		span = SpanWeek
	}
	var bars []bar
	note := ""
	switch span {
	case SpanDay:
		bars, note = p.hourBars(in.Hours), p.T("The last 24 hours, at most %s an hour")
	case SpanYear:
		bars, note = p.monthBars(in.Days), p.T("The last 12 months, at most %s a month")
	default:
		bars, note = p.dayBars(in.Days), p.T("The last 7 days, at most %s a day")
	}
	out.Chart, out.ChartNote = p.columns(string(in.Device.ID), bars, note)
	if len(out.Chart) == 0 && len(out.Sends) == 0 && in.Span == "" {
		return // nothing was ever seen: no choice is offered either
	}
	spans := []Choice{{ID: SpanWeek, Label: p.T("week")}, {ID: SpanYear, Label: p.T("year")}}
	if !personal {
		spans = append([]Choice{{ID: SpanDay, Label: p.T("day")}}, spans...)
	}
	out.Spans = p.oneOf(span, spans...)
	if len(out.Chart) == 0 {
		out.ChartNote = p.T("Nothing was seen in this time.")
	}
}

// bar is one column before it is measured.
type bar struct {
	label       string
	from, until time.Time
	amount
}

// amount is how much was exchanged, and how often where nobody sees how much.
type amount struct{ bytes, count uint64 }

func (a amount) plus(b amount) amount { return amount{a.bytes + b.bytes, a.count + b.count} }

// of is what is drawn: bytes where some are known of all that is drawn together,
// else how often.
func (a amount) of(counted bool) uint64 {
	if counted {
		return a.count
	}
	return a.bytes
}

// amountWords are an amount with its unit.
func (p Presenter) amountWords(n uint64, counted bool) string {
	if counted {
		return p.N("%d time", "%d times", int(min(n, math.MaxInt32)))
	}
	return p.Size(n)
}

func (p Presenter) columns(device string, bars []bar, note string) ([]Column, string) {
	all := amount{}
	for _, b := range bars {
		all = all.plus(b.amount)
	}
	counted := all.bytes == 0
	var most uint64
	for _, b := range bars {
		most = max(most, b.of(counted))
	}
	if most == 0 {
		return nil, ""
	}
	var out []Column
	for _, b := range bars {
		out = append(out, Column{
			Label: b.label, Value: p.amountWords(b.of(counted), counted), Fraction: float64(b.of(counted)) / float64(most),
			Flows: FlowFilter{Device: device, From: b.from, Until: b.until}.Route(),
		})
	}
	note = p.T(note, p.amountWords(most, counted))
	if counted {
		note += "; " + p.T("how often it asked, since nobody sees how much it sends")
	}
	return out, note
}

func (p Presenter) hourBars(hours []engine.Hour) []bar {
	var out []bar
	for _, h := range hours {
		out = append(out, bar{p.clock(h.Start), h.Start, h.Start.Add(time.Hour), amount{h.Up + h.Down, h.Count}})
	}
	return out
}

// dayBars are the newest days.
func (p Presenter) dayBars(days []engine.Day) []bar {
	var out []bar
	for _, x := range days[max(len(days)-chartDays[SpanWeek], 0):] {
		d := ParseDay(x.Date)
		out = append(out, bar{p.dateShort(d), p.midnight(d), p.midnight(d.addDays(1)), amount{x.Up + x.Down, x.Count}})
	}
	return out
}

// monthBars add days up by month; the oldest month may be a part of one.
func (p Presenter) monthBars(days []engine.Day) []bar {
	var out []bar
	for _, x := range days {
		first := ParseDay(x.Date)
		first.Day = 1
		from := p.midnight(first)
		if n := len(out); n == 0 || !out[n-1].from.Equal(from) {
			out = append(out, bar{label: p.monthShort(first.Month), from: from, until: p.midnight(first.addMonths(1))})
		}
		out[len(out)-1].amount = out[len(out)-1].plus(amount{x.Up + x.Down, x.Count})
	}
	return out
}

// midnight is the start of a day here; where the clock skips it, the first moment after it.
func (p Presenter) midnight(d Day) time.Time {
	return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, p.zone())
}
