package engine

import (
	"cmp"
	"context"
	"slices"

	"bestbefore/consent"
	"bestbefore/consent/category"
	"bestbefore/discovery/flow"
)

// sinceAgreed fills in what else changed: kinds of data that were seen and not
// agreed to, countries that came, and support that has ended.
func (e *Core) sinceAgreed(ctx context.Context, r *ReviewInfo, hours []flow.HourTotal) error {
	r.NewCountries = e.newCountries(*r, hours)
	_, zone := e.Zone()
	if s := r.Consent.Support; s != nil {
		r.SupportEnded = s.Ended(e.Now(), zone)
	}
	if slices.Contains(r.Consent.Data, category.Any) {
		return nil
	}
	recs, err := e.Store.Flows(ctx, flow.Query{Device: r.Consent.Device, Since: r.Since, Limit: narrowMax})
	if err != nil {
		return err
	}
	agreed := map[consent.Category]bool{}
	for _, c := range r.Consent.Data {
		agreed[category.Normal(string(c))] = true
	}
	for _, rec := range recs {
		if rec.Refused || !e.receives(r.Consent.Recipient, rec.Destination) {
			continue
		}
		for _, c := range categories(rec.Categories) {
			if c = category.Normal(string(c)); !agreed[c] {
				agreed[c] = true // named once
				r.NewData = append(r.NewData, c)
			}
		}
	}
	slices.Sort(r.NewData)
	return nil
}

// newCountries are those to which the device sends since the first week and did
// not before: the company's home where it is known, else the address's.
func (e *Core) newCountries(r ReviewInfo, hours []flow.HourTotal) []string {
	before, since := map[string]bool{}, map[string]bool{}
	for _, h := range hours {
		who := e.receiver(h.Destination, "", 0)
		country := cmp.Or(who.Country, who.AddressCountry)
		switch {
		case country == "":
		case h.Hour.Before(r.Since.Add(week)):
			before[country] = true
		default:
			since[country] = true
		}
	}
	var out []string
	for c := range since {
		if !before[c] {
			out = append(out, c)
		}
	}
	slices.Sort(out)
	return out
}
