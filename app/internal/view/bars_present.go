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
		s := share{label: p.company(t.Name), amount: amount{t.Up + t.Down, t.Count}, flows: FlowFilter{To: t.Name}.Route()}
		if c := clean(t.Receiver.Country); c != "" {
			s.label += " · " + c
		}
		if t.Ended { // a colour alone would be lost in grey
			s.label += " · " + p.T("ended, still sending")
			s.severity = Still
		}
		out = append(out, s)
	}
	return p.shares(out)
}

// countryBars are where the companies have their homes; where none is known, where
// the address is registered, and that is said.
func (p Presenter) countryBars(totals []engine.Total) []Bar {
	return p.grouped(totals, func(t engine.Total) (string, string, FlowFilter) {
		if name := p.country(t.Receiver.Country); name != "" {
			return name, name, FlowFilter{Country: t.Receiver.Country}
		}
		if name := p.country(t.Receiver.AddressCountry); name != "" {
			f := FlowFilter{Country: engine.Registered + t.Receiver.AddressCountry}
			return f.Country, p.T("address registered in %s", name), f
		}
		return engine.Unknown, p.T("not known"), FlowFilter{Country: engine.Unknown}
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
		out[i].amount = out[i].plus(amount{t.Up + t.Down, t.Count})
	}
	return p.shares(out)
}

// share is one bar before it is measured.
type share struct {
	label string
	amount
	severity Severity
	muted    bool
	flows    Route
}

// shares are the largest ones, the others together at the end.
func (p Presenter) shares(in []share) []Bar {
	counted := !slices.ContainsFunc(in, func(s share) bool { return s.bytes > 0 })
	all := slices.DeleteFunc(in, func(s share) bool { return s.of(counted) == 0 })
	slices.SortStableFunc(all, func(a, b share) int { return cmp.Compare(b.of(counted), a.of(counted)) })
	if len(all) > barCount+1 {
		rest := share{label: p.N("%d other", "%d others", len(all)-barCount), muted: true}
		for _, s := range all[barCount:] {
			rest.amount = rest.plus(s.amount)
		}
		all = append(all[:barCount:barCount], rest)
	}
	var longest uint64
	for _, s := range all {
		longest = max(longest, s.of(counted))
	}
	var out []Bar
	for _, s := range all {
		out = append(out, Bar{
			Label: s.label, Value: p.amountWords(s.of(counted), counted), Fraction: float64(s.of(counted)) / float64(longest), Severity: s.severity, Muted: s.muted, Flows: s.flows,
		})
	}
	return out
}
