package engine

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"bestbefore/consent"
	"bestbefore/discovery"
	"bestbefore/discovery/flow"
)

// Flows lists traffic, largest first.
func (e *Core) Flows(ctx context.Context, q FlowQuery) ([]FlowInfo, error) {
	limit := q.Limit
	if limit <= 0 {
		limit = 200
	}
	return e.flows(ctx, q, min(limit, flowsMax))
}

// flowsMax bounds one list; one more than a thousand tells that there are more.
const flowsMax = 1001

// narrowMax is how many records are read where all of one device's are wanted.
const narrowMax = 20_000

// flows is Flows with a limit of any size. Who receives is looked up, not stored,
// so that what is wanted is chosen while it is read.
func (e *Core) flows(ctx context.Context, q FlowQuery, limit int) ([]FlowInfo, error) {
	cs, err := e.Store.Consents(ctx)
	if err != nil {
		return nil, err
	}
	fq := flow.Query{Device: q.Device, Since: q.Since, Until: q.Until, Limit: limit}
	if q.narrow() {
		fq.Keep = func(r flow.Record) bool { return q.wants(e.flowInfo(r, cs)) }
	}
	recs, err := e.Store.Flows(ctx, fq)
	if err != nil {
		return nil, err
	}
	out := make([]FlowInfo, 0, len(recs))
	for _, r := range recs {
		out = append(out, e.flowInfo(r, cs))
	}
	slices.SortStableFunc(out, func(a, b FlowInfo) int { return cmp.Compare(b.BytesUp+b.BytesDown, a.BytesUp+a.BytesDown) })
	return out, nil
}

// flowInfo is a record with what is known around it.
func (e *Core) flowInfo(r flow.Record, cs []consent.Consent) FlowInfo {
	i := FlowInfo{
		Device: r.Device, DeviceName: e.deviceName(r.Device), Destination: r.Destination.String(),
		Protocol: string(r.Protocol), Port: r.Port, BytesUp: r.Up, BytesDown: r.Down, Count: r.Count,
		First: r.First, Last: r.Last, Source: string(r.Source), Refused: r.Refused, NameBy: nameBy(r), Secrecy: r.Secrecy(),
		Categories: categories(r.Categories),
		Receiver:   e.receiver(r.Destination, r.Protocol, r.Port),
	}
	if c, ok := e.covering(cs, r.Device, r.Destination); ok {
		i.Recipient, i.Consent = recipientName(c.Recipient, i.Destination), c.ID
	}
	return i
}

// narrow reports whether q wants only some of the records.
func (q FlowQuery) narrow() bool {
	return q.To != "" || q.Country != "" || q.Purpose != "" || q.Text != ""
}

// wants reports whether f is one of those.
func (q FlowQuery) wants(f FlowInfo) bool {
	switch {
	case q.To != "" && !strings.EqualFold(q.To, f.Recipient) && !strings.EqualFold(q.To, f.Receiver.Company) && !strings.EqualFold(q.To, f.Destination):
		return false
	case q.Country != "" && q.Country != f.Receiver.country():
		return false
	case q.Purpose != "" && q.Purpose != cmp.Or(f.Receiver.Purpose, Unknown):
		return false
	}
	all := strings.ToLower(f.DeviceName + " " + f.Recipient + " " + f.Receiver.Company + " " + f.Destination)
	for _, w := range strings.Fields(strings.ToLower(q.Text)) {
		if !strings.Contains(all, w) {
			return false
		}
	}
	return true
}

// Registered begins a country that is only known by where an address is registered:
// in whose company's hands it is, is not.
const Registered = "registered "

// country is that of the company, else that of the address, marked as such.
func (r Receiver) country() string {
	switch {
	case r.Country != "":
		return r.Country
	case r.AddressCountry != "":
		return Registered + r.AddressCountry
	default:
		return Unknown
	}
}

// Unknown selects what goes to where the country or the purpose is not known.
const Unknown = "??"

// categories reads a record's kinds of data.
func categories(list string) []consent.Category {
	if list == "" {
		return nil
	}
	var out []consent.Category
	for c := range strings.SplitSeq(list, ",") {
		out = append(out, consent.Category(c))
	}
	return out
}

// covering is the permission that traffic of a device falls under: one that
// names the recipient before one for everybody, a live one before an ended one.
func (e *Core) covering(cs []consent.Consent, d discovery.DeviceID, dst flow.Destination) (consent.Consent, bool) {
	var best consent.Consent
	rank := 0
	for _, c := range cs {
		if !e.same(c.Device, d) || !e.receives(c.Recipient, dst) {
			continue
		}
		r := 1
		if c.Decided.Live() {
			r++
		}
		if !c.Recipient.Any {
			r += 2
		}
		if r > rank {
			best, rank = c, r
		}
	}
	return best, rank > 0
}

// same compares device ids, the ids of merged entries followed.
func (e *Core) same(a, b discovery.DeviceID) bool {
	return a == b || e.canonical(a) == e.canonical(b)
}

// canonical is the id that stands for a device now.
func (e *Core) canonical(id discovery.DeviceID) discovery.DeviceID {
	if c, ok := e.Inventory.Canonical(id); ok {
		return c
	}
	return id
}

// recipientName is the name that the household gave, or the destination where
// the permission is for everybody.
func recipientName(r consent.Recipient, destination string) string {
	if r.Any {
		return destination
	}
	return r.Name
}

// Totals adds up bytes by recipient.
func (e *Core) Totals(ctx context.Context, q FlowQuery) ([]Total, error) {
	sums, err := e.Store.Totals(ctx, flow.Query{Device: q.Device, Since: q.Since})
	if err != nil {
		return nil, err
	}
	cs, err := e.Store.Consents(ctx)
	if err != nil {
		return nil, err
	}
	out := e.total(sums, cs)
	if q.Limit > 0 && len(out) > q.Limit {
		out = out[:q.Limit]
	}
	return out, nil
}

// total adds up by recipient, largest first.
func (e *Core) total(parts []flow.HourTotal, cs []consent.Consent) []Total {
	sums := map[string]*Total{}
	for _, h := range parts {
		t := Total{Name: h.Destination.String(), Receiver: e.receiver(h.Destination, "", 0)}
		if c, found := e.covering(cs, h.Device, h.Destination); found {
			t.Name, t.Known = recipientName(c.Recipient, t.Name), !c.Recipient.Any
			t.Covered = true
			t.Ended = !c.Decided.Live() && c.Seen == consent.Flowing
		} else if t.Receiver.Company != "" {
			t.Name = t.Receiver.Company // all its addresses are one
		}
		s := sums[t.Name]
		if s == nil {
			c := t
			s = &c
			sums[t.Name] = s
		}
		s.Up, s.Down, s.Count = s.Up+h.Up, s.Down+h.Down, s.Count+h.Count
		s.Known, s.Covered, s.Ended = s.Known || t.Known, s.Covered || t.Covered, s.Ended || t.Ended
		if h.Hour.After(s.Last) {
			s.Last = h.Hour
		}
	}
	out := make([]Total, 0, len(sums))
	for _, s := range sums {
		out = append(out, *s)
	}
	slices.SortFunc(out, func(a, b Total) int {
		return cmp.Or(cmp.Compare(b.Up+b.Down, a.Up+a.Down), cmp.Compare(b.Count, a.Count), cmp.Compare(a.Name, b.Name))
	})
	return out
}

// Days adds up bytes by local day, oldest first.
func (e *Core) Days(ctx context.Context, device discovery.DeviceID, days int) ([]Day, error) {
	_, loc := e.Zone()
	days = min(max(days, 1), 400)
	today := e.Now().In(loc)
	at := map[string]int{}
	out := make([]Day, days)
	for i := range out {
		d := time.Date(today.Year(), today.Month(), today.Day()-days+1+i, 12, 0, 0, 0, loc).Format(time.DateOnly)
		out[i].Date, at[d] = d, i
	}
	hours, err := e.Store.Hourly(ctx, flow.Query{Device: device, Since: today.AddDate(0, 0, -days)})
	if err != nil {
		return nil, err
	}
	for _, h := range hours {
		if i, ok := at[h.Hour.In(loc).Format(time.DateOnly)]; ok {
			out[i].Up, out[i].Down, out[i].Count = out[i].Up+h.Up, out[i].Down+h.Down, out[i].Count+h.Count
		}
	}
	return out, nil
}
