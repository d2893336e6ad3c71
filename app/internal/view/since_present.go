package view

import (
	"bestbefore/app/internal/engine"
	"bestbefore/consent"
)

// alsoChanged is what else is not as it was agreed: kinds of data, countries, support.
func (p Presenter) alsoChanged(r engine.ReviewInfo) []Change {
	var out []Change
	if len(r.NewData) > 0 {
		out = append(out, Change{Lead: p.T("Not agreed to."), Text: p.dataLine(r.NewData), Severity: Soon})
		out[0] = p.behind(r, "", out[0])
	}
	if n := len(r.NewCountries); n > 0 {
		var names []string
		for _, c := range r.NewCountries[:min(n, 4)] {
			if name := p.country(c); name != "" {
				names = append(names, name)
			}
		}
		if n > 4 {
			names = append(names, p.N("%d other", "%d others", n-4))
		}
		out = append(out, p.behind(r, "", Change{Lead: p.N("+%d country.", "+%d countries.", n), Text: p.List(names), Severity: Soon}))
	}
	if c, ok := p.support(r); ok {
		out = append(out, c)
	}
	return out
}

// support says until when the maker keeps the device safe, and who says so.
func (p Presenter) support(r engine.ReviewInfo) (Change, bool) {
	s := r.Consent.Support
	if s == nil {
		return Change{}, false
	}
	d := ParseDay(s.Until)
	if r.SupportEnded {
		return Change{Lead: p.T("No longer supported."), Text: p.T("Its maker's support ended on %[1]s (%[2]s)", p.dateYear(d), cleanText(s.Source)), Severity: Still}, true
	}
	return Change{Lead: p.T("Supported until %s.", p.dateYear(d)), Text: cleanText(s.Source)}, true
}

// supportMarks are the days on which support of the devices behind cs ends, each once.
func (p Presenter) supportMarks(cs []engine.ConsentInfo, on func(Day) (float64, bool)) []TimelineMark {
	var out []TimelineMark
	told := map[string]bool{}
	for _, c := range cs {
		if c.Support == nil || told[string(c.Device)] || c.Headline == consent.NotInForce {
			continue
		}
		told[string(c.Device)] = true
		d := ParseDay(c.Support.Until)
		if at, ok := on(d); ok {
			out = append(out, TimelineMark{
				ID: string(c.ID), Label: p.T("Support of %s", p.deviceName(c.DeviceName)), When: p.dateShort(d), Fraction: at, Severity: Soon,
			})
		}
	}
	return out
}
