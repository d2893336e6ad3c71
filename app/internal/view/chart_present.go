package view

import (
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
	bytes       uint64
}

func (p Presenter) columns(device string, bars []bar, note string) ([]Column, string) {
	var most uint64
	for _, b := range bars {
		most = max(most, b.bytes)
	}
	if most == 0 {
		return nil, ""
	}
	var out []Column
	for _, b := range bars {
		out = append(out, Column{
			Label: b.label, Value: p.Size(b.bytes), Fraction: float64(b.bytes) / float64(most),
			Flows: FlowFilter{Device: device, From: b.from, Until: b.until}.Route(),
		})
	}
	return out, p.T(note, p.Size(most))
}

func (p Presenter) hourBars(hours []engine.Hour) []bar {
	var out []bar
	for _, h := range hours {
		out = append(out, bar{p.clock(h.Start), h.Start, h.Start.Add(time.Hour), h.Up + h.Down})
	}
	return out
}

// dayBars are the newest days.
func (p Presenter) dayBars(days []engine.Day) []bar {
	var out []bar
	for _, x := range days[max(len(days)-chartDays[SpanWeek], 0):] {
		d := ParseDay(x.Date)
		out = append(out, bar{p.dateShort(d), p.midnight(d), p.midnight(d.addDays(1)), x.Up + x.Down})
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
		out[len(out)-1].bytes += x.Up + x.Down
	}
	return out
}

// midnight is the start of a day here; where the clock skips it, the first moment after it.
func (p Presenter) midnight(d Day) time.Time {
	return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, p.zone())
}
