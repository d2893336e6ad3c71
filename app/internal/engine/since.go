package engine

import (
	"cmp"
	"context"
	"slices"
	"time"

	"bestbefore/consent"
	"bestbefore/consent/category"
	"bestbefore/discovery"
	"bestbefore/discovery/flow"
)

// sentSince is what one device sent, added up for whole spans and not hour by
// hour: a permission may be years old.
type sentSince struct {
	before []flow.HourTotal // from the week before it was given to the end of its first week
	first  []flow.HourTotal // of that its first week
	since  []flow.HourTotal // after that
	last   []flow.HourTotal // in the week that ends now
}

func (e *Core) sentSince(ctx context.Context, device discovery.DeviceID, given time.Time) (s sentSince, err error) {
	end := nextHour(given.Add(week))
	for _, span := range []struct {
		into        *[]flow.HourTotal
		from, until time.Time
	}{
		{&s.before, given.Add(-week), end},
		{&s.first, given, end},
		{&s.since, end, time.Time{}},
		{&s.last, nextHour(e.Now().Add(-week)), time.Time{}},
	} {
		if *span.into, err = e.Store.Totals(ctx, flow.Query{Device: device, Since: span.from, Until: span.until}); err != nil {
			return s, err
		}
	}
	return s, nil
}

// nextHour is t, or the beginning of the hour after it.
func nextHour(t time.Time) time.Time { return t.Add(time.Hour - 1).Truncate(time.Hour) }

// compare sets the first week beside the last one, and names who came since.
func (e *Core) compare(r *ReviewInfo, sent sentSince) {
	r.BytesThen, r.BytesNow = e.sentTo(r.Consent.Recipient, sent.first), e.sentTo(r.Consent.Recipient, sent.last)
	known := map[string]bool{}
	for _, t := range sent.before {
		known[t.Destination.String()] = true
	}
	for _, t := range sent.since {
		if name := t.Destination.String(); !known[name] && !e.receives(r.Consent.Recipient, t.Destination) {
			known[name] = true // named once
			r.NewRecipients = append(r.NewRecipients, name)
		}
	}
	slices.Sort(r.NewRecipients)
}

// sentTo adds up what who received.
func (e *Core) sentTo(who consent.Recipient, sent []flow.HourTotal) (bytes uint64) {
	for _, t := range sent {
		if e.receives(who, t.Destination) {
			bytes += t.Up + t.Down
		}
	}
	return bytes
}

// sinceAgreed fills in what else changed: kinds of data that were seen and not
// agreed to, countries that came, and support that has ended.
func (e *Core) sinceAgreed(ctx context.Context, r *ReviewInfo, sent sentSince) error {
	r.NewCountries = e.newCountries(sent)
	_, zone := e.Zone()
	if s := r.Consent.Support; s != nil {
		r.SupportEnded = s.Ended(e.Now(), zone)
	}
	if slices.Contains(r.Consent.Data, category.Any) {
		return nil
	}
	recs, err := e.Store.Flows(ctx, flow.Query{Device: r.Consent.Device, Since: r.Since, Limit: narrowMax, Carrying: true})
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
func (e *Core) newCountries(sent sentSince) []string {
	known := map[string]bool{"": true} // what is not known is not new
	country := func(t flow.HourTotal) string {
		who := e.receiver(t.Destination, "", 0)
		return cmp.Or(who.Country, who.AddressCountry)
	}
	for _, t := range sent.before {
		known[country(t)] = true
	}
	var out []string
	for _, t := range sent.since {
		if c := country(t); !known[c] {
			known[c] = true
			out = append(out, c)
		}
	}
	slices.Sort(out)
	return out
}
