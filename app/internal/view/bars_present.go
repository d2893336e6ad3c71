package view

import (
	"cmp"
	"slices"

	"bestbefore/app/internal/engine"
)

// barCount is how many companies, countries or purposes have a bar of their own.
const barCount = 5

// bars are the companies that received most, the others together at the end.
func (p Presenter) bars(totals []engine.Total) []Bar {
	var out []share
	for _, t := range totals {
		s := share{label: p.company(t.Name), bytes: t.Up + t.Down, flows: FlowFilter{To: t.Name}.Route()}
		if c := clean(t.Receiver.Country); c != "" {
			s.label += " · " + c
		}
		if t.Ended {
			s.severity = Still
		}
		out = append(out, s)
	}
	return p.shares(out)
}

// countryBars are where the companies have their homes.
func (p Presenter) countryBars(totals []engine.Total) []Bar {
	return p.grouped(totals, func(t engine.Total) (string, string, FlowFilter) {
		name := p.country(t.Receiver.Country)
		if name == "" {
			return engine.Unknown, p.T("not known"), FlowFilter{Country: engine.Unknown}
		}
		return name, name, FlowFilter{Country: t.Receiver.Country}
	})
}

// purposeBars are what the recipients are there for.
func (p Presenter) purposeBars(totals []engine.Total) []Bar {
	return p.grouped(totals, func(t engine.Total) (string, string, FlowFilter) {
		name := p.purpose(t.Receiver.Purpose)
		if name == "" {
			return engine.Unknown, p.T("not known"), FlowFilter{Purpose: engine.Unknown}
		}
		return name, capital(name), FlowFilter{Purpose: t.Receiver.Purpose}
	})
}

func (p Presenter) grouped(totals []engine.Total, by func(engine.Total) (key, label string, f FlowFilter)) []Bar {
	var out []share
	at := map[string]int{}
	for _, t := range totals {
		key, label, f := by(t)
		i, known := at[key]
		if !known {
			i = len(out)
			at[key] = i
			out = append(out, share{label: label, flows: f.Route(), muted: key == engine.Unknown})
		}
		out[i].bytes += t.Up + t.Down
	}
	return p.shares(out)
}

// share is one bar before it is measured.
type share struct {
	label    string
	bytes    uint64
	severity Severity
	muted    bool
	flows    Route
}

// shares are the largest ones, the others together at the end.
func (p Presenter) shares(in []share) []Bar {
	all := slices.DeleteFunc(in, func(s share) bool { return s.bytes == 0 })
	slices.SortStableFunc(all, func(a, b share) int { return cmp.Compare(b.bytes, a.bytes) })
	if len(all) > barCount+1 {
		rest := share{label: p.N("%d other", "%d others", len(all)-barCount), muted: true}
		for _, s := range all[barCount:] {
			rest.bytes += s.bytes
		}
		all = append(all[:barCount:barCount], rest)
	}
	var longest uint64
	for _, s := range all {
		longest = max(longest, s.bytes)
	}
	var out []Bar
	for _, s := range all {
		out = append(out, Bar{
			Label: s.label, Value: p.Size(s.bytes), Fraction: float64(s.bytes) / float64(longest), Severity: s.severity, Muted: s.muted, Flows: s.flows,
		})
	}
	return out
}
