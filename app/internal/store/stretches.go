package store

import (
	"context"
	"fmt"

	"bestbefore/discovery/flow"
)

// What was exchanged is kept more than once: as single records, added up by the
// hour, and for days that are over by the day. A question is answered from the
// coarsest of them that gives the same answer: days for whole days, hours for
// the hours at both ends, single records for parts of an hour.

// stretch is what one table gives to an answer, in the unit of its times.
type stretch struct {
	table    string
	from, to int64
}

// stretches splits q up for the device numbered n.
func (s *Store) stretches(ctx context.Context, q flow.Query, n int64) ([]stretch, error) {
	from, to := int64(0), int64(forEver)
	if !q.Since.IsZero() {
		from = max(q.Since.UnixMilli(), 0)
	}
	if !q.Until.IsZero() {
		to = max(q.Until.UnixMilli(), 0)
	}
	if !q.Since.IsZero() && s.cfg.Now().Sub(q.Since) <= rawFor {
		first, last := up(from, hourMS), to-to%hourMS
		if first >= last {
			return []stretch{{"flow", from, to}}, nil
		}
		return whole([]stretch{{"flow", from, first}, {"hourly", first / hourMS, last / hourMS}, {"flow", last, to}}), nil
	}
	return s.sumStretches(ctx, q, n, span{from, to}.outward(hourMS))
}

// kept is where hours are kept: each by itself or added up to its day for good.
func (s *Store) kept(q flow.Query, hours span) []stretch {
	out := []stretch{{"hourly", hours.from, hours.until}}
	if q.Since.IsZero() || s.cfg.Now().Sub(q.Since) >= youngestDay {
		out = append(out, stretch{"daily", hours.from, hours.until})
	}
	return out
}

// sumStretches is kept, with overview for the whole days that are in it.
func (s *Store) sumStretches(ctx context.Context, q flow.Query, n int64, hours span) ([]stretch, error) {
	summed, err := summedUntil(ctx, s.flows, n)
	if err != nil {
		return nil, err
	}
	out := s.kept(q, hours)
	first, last := up(hours.from, 24), min(summed, hours.until-hours.until%24)
	if first < last {
		out[0].to = first
		out = append(out, stretch{"overview", first, last}, stretch{"hourly", last, hours.until})
	}
	return whole(out), nil
}

// up is t, or the next whole unit after it.
func up(t, unit int64) int64 { return (t + unit - 1) / unit * unit }

// whole leaves out what is empty.
func whole(in []stretch) []stretch {
	var out []stretch
	for _, p := range in {
		if p.from < p.to {
			out = append(out, p)
		}
	}
	return out
}

// selection is one question for all stretches of a device, so that nothing is
// counted twice or missed when they change meanwhile: route, up, down, n, first
// and last of each row, and the hour of its newest traffic.
func selection(parts []stretch, n int64) (query string, args []any) {
	args = []any{n}
	for _, p := range parts {
		column, first, last, hour := "hour", fmt.Sprintf("hour * %d + first", hourMS), fmt.Sprintf("hour * %d + last", hourMS), "hour"
		switch p.table {
		case "flow":
			column, first, last, hour = "last", "last - span", "last", fmt.Sprintf("last / %d", hourMS)
		case "overview":
			hour = fmt.Sprintf("hour + last / %d", hourMS)
		}
		if query != "" {
			query += " UNION ALL "
		}
		args = append(args, p.from, p.to)
		query += fmt.Sprintf("SELECT route, up, down, n, %s AS first, %s AS last, %s AS newest FROM %s WHERE device = ?1 AND %s >= ?%d AND %s < ?%d",
			first, last, hour, p.table, column, len(args)-1, column, len(args))
	}
	if query == "" {
		query = "SELECT route, up, down, n, first, last, hour AS newest FROM hourly WHERE device = ?1 AND 0"
	}
	return query, args
}
