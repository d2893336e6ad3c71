package view

import (
	"strings"
	"testing"

	"bestbefore/app/internal/engine"
	"bestbefore/consent"
)

// What changed since the household agreed is said; what did not is not.
func TestTheReviewNamesKindsOfDataCountriesAndSupport(t *testing.T) {
	in := home(t)
	p := presenter(t)
	said := func(r engine.ReviewInfo) string {
		var out []string
		for _, c := range p.Review(ReviewInput{Info: r, Device: in.Devices[0]}).Since {
			out = append(out, c.Lead+" "+c.Text)
		}
		return strings.Join(out, "; ")
	}
	r := engine.ReviewInfo{Consent: in.Consents[0], Since: in.Consents[0].Given, Observed: true}
	if got := said(r); got != "" {
		t.Errorf("nothing changed, but it says %q", got)
	}
	r.NewData, r.NewCountries = []consent.Category{"audio"}, []string{"US"}
	r.Consent.Support, r.SupportEnded = &engine.Support{Until: "2026-10-31", Source: "the maker's page"}, true
	for _, want := range []string{"Not agreed to.", "+1 country. United States", "No longer supported.", "31 October 2026 (the maker's page)"} {
		if got := said(r); !strings.Contains(got, want) {
			t.Errorf("%q is missing in %q", want, got)
		}
	}
	r.SupportEnded = false
	if got := said(r); !strings.Contains(got, "Supported until") {
		t.Errorf("%q", got)
	}
}

func TestTheYearAheadShowsTheEndOfSupportOnce(t *testing.T) {
	in := home(t)
	p := presenter(t)
	before := len(p.Timeline(in.Consents).Marks)
	for i := range in.Consents {
		in.Consents[i].Device, in.Consents[i].Support = "d1", &engine.Support{Until: "2027-02-15", Source: "the box"}
	}
	marks := p.Timeline(in.Consents).Marks
	n := 0
	for _, m := range marks {
		if strings.HasPrefix(m.Label, "Support of ") {
			n++
		}
	}
	if n != 1 || len(marks) != before+1 {
		t.Errorf("%d marks of support among %d, %d before", n, len(marks), before)
	}
	for i := range in.Consents {
		in.Consents[i].Support = &engine.Support{Until: "2029-02-15"} // beyond the year
	}
	if got := len(p.Timeline(in.Consents).Marks); got != before {
		t.Errorf("%d marks, want %d", got, before)
	}
}
