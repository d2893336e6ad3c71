package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"bestbefore/discovery"
	"bestbefore/discovery/flow"
)

// rawFor is how far back questions are answered to the millisecond, from single
// records at both ends; older ones are answered to the hour.
const rawFor = 48 * time.Hour

// youngestDay is the least age of hours that are added up to days for good.
const youngestDay = 7 * 24 * time.Hour

// Flows adds up traffic by device, destination, protocol, port and source,
// most bytes first, with the first and last moment of each.
func (s *Store) Flows(ctx context.Context, q flow.Query) ([]flow.Record, error) {
	limit := q.Limit
	if limit <= 0 {
		limit = most
	}
	devices, err := s.numbered(ctx, q.Device)
	if err != nil {
		return nil, err
	}
	// Device by device, as sums are.
	var recs []flow.Record
	for _, d := range devices {
		parts, err := s.stretches(ctx, q, d.n)
		if err != nil {
			return nil, classify(s.flows.path, err)
		}
		one, err := s.flowsOf(ctx, d.n, parts, limit, q)
		if err != nil {
			return nil, classify(s.flows.path, fmt.Errorf("reading flows: %w", err))
		}
		recs = append(recs, one...)
	}
	slices.SortStableFunc(recs, func(a, b flow.Record) int {
		return cmp.Or(cmp.Compare(b.Up+b.Down, a.Up+a.Down), cmp.Compare(b.Count, a.Count))
	})
	if len(recs) > limit {
		recs = slices.Clone(recs[:limit]) // the others are not kept
	}
	return mergeRecords(recs), nil
}

// errEnough ends the reading of rows early.
var errEnough = errors.New("enough")

// flowsOf are the largest limit records of one device that q wants.
func (s *Store) flowsOf(ctx context.Context, device int64, parts []stretch, limit int, q flow.Query) ([]flow.Record, error) {
	read := limit
	if q.Keep != nil {
		read = -1 // what is wanted may be among the smallest: names asked for have no bytes at all
	}
	inner, args := selection(parts, device)
	if q.Carrying {
		inner = "SELECT * FROM (" + inner + ") WHERE route IN (SELECT n FROM route WHERE categories <> '')"
	}
	var out []flow.Record
	err := each(ctx, s.flows, func(sc scanner) error {
		r, err := s.scanRecord(sc)
		if err == nil && (q.Keep == nil || q.Keep(r)) {
			if out = append(out, r); len(out) >= limit {
				return errEnough
			}
		}
		return err
	}, `SELECT d.id, r.domain, r.address, r.protocol, r.port, r.source, r.refused, r.categories, x.up, x.down, x.n, x.first, x.last
		FROM (SELECT route, sum(up) AS up, sum(down) AS down, sum(n) AS n, min(first) AS first, max(last) AS last
			FROM (`+inner+`) GROUP BY route ORDER BY sum(up) + sum(down) DESC, sum(n) DESC, route LIMIT ?) x
		JOIN route r ON r.n = x.route JOIN device d ON d.n = ?1 ORDER BY x.up + x.down DESC, x.n DESC, x.route`, append(args, read)...)
	if errors.Is(err, errEnough) {
		err = nil
	}
	return out, err
}

// deviceNumbers are the rows that stand for a device, merged entries included.
func (s *Store) deviceNumbers(ctx context.Context, id discovery.DeviceID) ([]any, error) {
	in, args := placeholders(s.group(id))
	ns, err := all(ctx, s.flows.read, func(sc scanner) (any, error) {
		var n int64
		err := sc.Scan(&n)
		return n, err
	}, "SELECT n FROM device WHERE id IN ("+in+")", args...)
	return ns, classify(s.flows.path, err)
}

func (s *Store) scanRecord(sc scanner) (flow.Record, error) {
	var r flow.Record
	var id, domain, address string
	var first, last sql.NullInt64
	err := sc.Scan(&id, &domain, &address, &r.Protocol, &r.Port, &r.Source, &r.Refused, &r.Categories, counted(&r.Up), counted(&r.Down), counted(&r.Count), &first, &last)
	r.Device, r.Destination = s.resolve(discovery.DeviceID(id)), destination(domain, address)
	r.First, r.Last = fromMS(first), fromMS(last)
	return r, err
}

// mergeRecords joins what merged devices have in common, in the order given.
func mergeRecords(recs []flow.Record) []flow.Record {
	type key struct {
		flow.Key
		source  discovery.Source
		refused bool
	}
	at := map[key]int{}
	out := recs[:0]
	for _, r := range recs {
		k := key{r.Key, r.Source, r.Refused}
		i, ok := at[k]
		if !ok {
			at[k] = len(out)
			out = append(out, r)
			continue
		}
		o := &out[i]
		o.Categories = allKinds(o.Categories, r.Categories)
		o.Up, o.Down, o.Count = o.Up+r.Up, o.Down+r.Down, o.Count+r.Count
		if r.First.Before(o.First) {
			o.First = r.First
		}
		if r.Last.After(o.Last) {
			o.Last = r.Last
		}
	}
	return out
}

// LastFlows is when each device was last seen sending or trying to.
func (s *Store) LastFlows(ctx context.Context) (map[discovery.DeviceID]time.Time, error) {
	out := map[discovery.DeviceID]time.Time{}
	err := each(ctx, s.flows.read, func(sc scanner) error {
		var id string
		var last, hour sql.NullInt64
		if err := sc.Scan(&id, &last, &hour); err != nil {
			return err
		}
		t := fromMS(last)
		if !last.Valid && hour.Valid { // its single records are purged
			t = time.UnixMilli(hour.Int64 * hourMS).UTC()
		}
		if d := s.resolve(discovery.DeviceID(id)); t.After(out[d]) {
			out[d] = t
		}
		return nil
	}, `SELECT id, (SELECT max(last) FROM flow WHERE device = d.n), coalesce((SELECT max(hour) FROM hourly WHERE device = d.n),
		(SELECT max(hour) FROM daily WHERE device = d.n)) FROM device d`)
	return out, classify(s.flows.path, err)
}

// LastSent is when a device was last seen sending to each destination, in all that
// is kept of it. What was turned away was not sent.
func (s *Store) LastSent(ctx context.Context, id discovery.DeviceID) (map[flow.Destination]time.Time, error) {
	devices, err := s.numbered(ctx, id)
	if err != nil {
		return nil, err
	}
	out := map[flow.Destination]time.Time{}
	for _, d := range devices {
		parts, err := s.stretches(ctx, flow.Query{}, d.n)
		if err != nil {
			return nil, classify(s.flows.path, err)
		}
		inner, args := selection(parts, d.n)
		err = each(ctx, s.flows.read, func(sc scanner) error {
			var domain, address string
			var last sql.NullInt64
			if err := sc.Scan(&domain, &address, &last); err != nil {
				return err
			}
			if to, at := destination(domain, address), fromMS(last); at.After(out[to]) {
				out[to] = at
			}
			return nil
		}, `SELECT r.domain, r.address, x.last FROM (SELECT route, max(last) AS last FROM (`+inner+`) GROUP BY route) x
			JOIN route r ON r.n = x.route WHERE r.refused = 0`, args...)
		if err != nil {
			return nil, classify(s.flows.path, fmt.Errorf("asking when it sent last: %w", err))
		}
	}
	return out, nil
}

// SentSince adds up, by source and protocol, the single records that began at
// since or later, for destinations that match accepts. What was turned away was
// not sent, and neither was what only came in; of a record that began earlier
// nobody knows what passed since. Records are kept for 14 days.
func (s *Store) SentSince(ctx context.Context, id discovery.DeviceID, since time.Time, match func(flow.Destination) bool) ([]flow.Sent, error) {
	ns, err := s.deviceNumbers(ctx, id)
	if err != nil || len(ns) == 0 {
		return nil, err
	}
	var out []flow.Sent
	err = each(ctx, s.flows.read, func(sc scanner) error {
		var domain, address string
		var x flow.Sent
		var first, last sql.NullInt64
		if err := sc.Scan(&domain, &address, &x.Source, &x.Protocol, counted(&x.Up), counted(&x.Down), counted(&x.Count), &first, &last); err != nil {
			return err
		}
		if !match(destination(domain, address)) {
			return nil
		}
		x.First, x.Last = fromMS(first), fromMS(last)
		i := slices.IndexFunc(out, func(o flow.Sent) bool { return o.Source == x.Source && o.Protocol == x.Protocol })
		if i < 0 {
			out = append(out, x)
			return nil
		}
		o := &out[i]
		o.Up, o.Down, o.Count = o.Up+x.Up, o.Down+x.Down, o.Count+x.Count
		if x.First.Before(o.First) {
			o.First = x.First
		}
		if x.Last.After(o.Last) {
			o.Last = x.Last
		}
		return nil
	}, `SELECT r.domain, r.address, r.source, r.protocol, x.up, x.down, x.n, x.first, x.last FROM (
		SELECT route, sum(up) AS up, sum(down) AS down, sum(n) AS n, min(last - span) AS first, max(last) AS last
		FROM flow WHERE last >= ?1 AND last - span >= ?1 AND (up > 0 OR down = 0) AND device IN (`+numbered(2, len(ns))+`) GROUP BY route) x
		JOIN route r ON r.n = x.route WHERE r.refused = 0`,
		append([]any{since.UnixMilli()}, ns...)...)
	if err != nil {
		return nil, classify(s.flows.path, fmt.Errorf("adding up what was sent: %w", err))
	}
	return out, nil
}

func numbered(from, n int) string {
	parts := make([]string, n)
	for i := range parts {
		parts[i] = fmt.Sprintf("?%d", from+i)
	}
	return strings.Join(parts, ",")
}
