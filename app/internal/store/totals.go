package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"bestbefore/discovery"
	"bestbefore/discovery/flow"
)

// Sums are read device by device: the rows of one lie together, so that adding
// them up sorts a few thousand rows in memory instead of millions on the disk.
// What a route is about is read once, and not for each of its hours.

// Hourly lists what devices exchanged with destinations, hour by hour, oldest
// first. Refused traffic did not flow and is left out.
func (s *Store) Hourly(ctx context.Context, q flow.Query) ([]flow.HourTotal, error) {
	out, err := s.sums(ctx, q, true)
	older := func(a, b flow.HourTotal) int { return a.Hour.Compare(b.Hour) }
	if !slices.IsSortedFunc(out, older) { // one device's are read in that order
		slices.SortStableFunc(out, older)
	}
	return atMost(out, q.Limit), err
}

// Totals is Hourly without the hours: one sum for each device and destination,
// most bytes first. Hour is the one of the newest traffic.
func (s *Store) Totals(ctx context.Context, q flow.Query) ([]flow.HourTotal, error) {
	out, err := s.sums(ctx, q, false)
	slices.SortStableFunc(out, func(a, b flow.HourTotal) int { return cmp.Compare(b.Up+b.Down, a.Up+a.Down) })
	return atMost(out, q.Limit), err
}

func atMost(ts []flow.HourTotal, limit int) []flow.HourTotal {
	if limit > 0 && len(ts) > limit {
		return slices.Clone(ts[:limit]) // the others are not kept
	}
	return ts
}

// sums reads the tables that hold sums, for each device of q.
func (s *Store) sums(ctx context.Context, q flow.Query, byHour bool) ([]flow.HourTotal, error) {
	devices, err := s.numbered(ctx, q.Device)
	if err != nil {
		return nil, err
	}
	hours := span{0, forEver}
	if !q.Since.IsZero() {
		hours.from = max(q.Since.UnixMilli(), 0) / hourMS
	}
	if !q.Until.IsZero() {
		hours.until = (q.Until.UnixMilli() + hourMS - 1) / hourMS
	}
	var out []flow.HourTotal
	for _, d := range devices {
		one := deviceSums{device: s.resolve(discovery.DeviceID(d.id)), byHour: byHour, to: map[int64]int{}, index: map[flow.Destination]int{}, at: map[int]int{}, out: out}
		if err := one.read(ctx, s, q, d.n, hours); err != nil {
			return nil, classify(s.flows.path, fmt.Errorf("adding up flows: %w", err))
		}
		out = one.out
	}
	return out, nil
}

// numberedDevice is a device as the file of traffic knows it.
type numberedDevice struct {
	n  int64
	id string
}

// numbered lists them; those that stand for one device, or with "" all.
func (s *Store) numbered(ctx context.Context, id discovery.DeviceID) ([]numberedDevice, error) {
	where, args := "", []any(nil)
	if id != "" {
		var in string
		in, args = placeholders(s.group(id))
		where = " WHERE id IN (" + in + ")"
	}
	ds, err := all(ctx, s.flows, func(sc scanner) (d numberedDevice, err error) {
		return d, sc.Scan(&d.n, &d.id)
	}, "SELECT n, id FROM device"+where+" ORDER BY n", args...)
	return ds, classify(s.flows.path, err)
}

// deviceSums adds up one device: routes that differ in port or source only are
// one destination.
type deviceSums struct {
	device discovery.DeviceID
	byHour bool
	to     map[int64]int // which destination a route goes to
	dests  []flow.Destination
	index  map[flow.Destination]int
	at     map[int]int // where in out the sum of a destination is, with byHour that of one hour
	out    []flow.HourTotal
}

// sumRow is one row of a table of sums.
type sumRow struct {
	route, hour     int64
	up, down, count uint64
}

func (d *deviceSums) read(ctx context.Context, s *Store, q flow.Query, n int64, hours span) error {
	if !d.byHour {
		parts, err := s.sumStretches(ctx, q, n, hours)
		if err != nil {
			return err
		}
		inner, args := selection(parts, n)
		return d.ask(ctx, s.flows, "SELECT route, max(newest), sum(up), sum(down), sum(n) FROM ("+inner+") GROUP BY route", args...)
	}
	for _, p := range s.kept(q, hours) {
		if err := d.ask(ctx, s.flows, "SELECT route, hour, up, down, n FROM "+p.table+" WHERE device = ? AND hour >= ? AND hour < ? ORDER BY hour", n, p.from, p.to); err != nil {
			return err
		}
	}
	return nil
}

func (d *deviceSums) ask(ctx context.Context, f *file, query string, args ...any) error {
	rows, err := all(ctx, f, func(sc scanner) (r sumRow, err error) {
		return r, sc.Scan(&r.route, &r.hour, counted(&r.up), counted(&r.down), counted(&r.count))
	}, query, args...)
	if err != nil {
		return err
	}
	if err := d.learn(ctx, f, rows); err != nil {
		return err
	}
	d.out = slices.Grow(d.out, len(rows))
	for i, r := range rows {
		if d.byHour && (i == 0 || r.hour != rows[i-1].hour) {
			clear(d.at)
		}
		if dest := d.to[r.route]; dest != refusedRoute {
			d.add(dest, r)
		}
	}
	return nil
}

// refusedRoute marks what did not flow.
const refusedRoute = -1

// routesAtOnce is how many routes one question is about.
const routesAtOnce = 200

// learn reads where the routes of rows go that are not known yet.
func (d *deviceSums) learn(ctx context.Context, f *file, rows []sumRow) error {
	var unknown []any
	for _, r := range rows {
		if _, ok := d.to[r.route]; !ok {
			d.to[r.route] = refusedRoute // until its row says otherwise
			unknown = append(unknown, r.route)
		}
	}
	for some := range slices.Chunk(unknown, routesAtOnce) {
		err := each(ctx, f.read, func(sc scanner) error {
			var route int64
			var domain, address string
			if err := sc.Scan(&route, &domain, &address); err != nil {
				return err
			}
			x := destination(domain, address)
			i, ok := d.index[x]
			if !ok {
				i = len(d.dests)
				d.index[x], d.dests = i, append(d.dests, x)
			}
			d.to[route] = i
			return nil
		}, "SELECT n, domain, address FROM route WHERE refused = 0 AND n IN ("+strings.Repeat("?,", len(some)-1)+"?)", some...)
		if err != nil {
			return err
		}
	}
	return nil
}

func (d *deviceSums) add(dest int, r sumRow) {
	hour := time.UnixMilli(r.hour * hourMS).UTC()
	i, ok := d.at[dest]
	if !ok {
		d.at[dest] = len(d.out)
		d.out = append(d.out, flow.HourTotal{Device: d.device, Destination: d.dests[dest], Hour: hour, Up: r.up, Down: r.down, Count: r.count})
		return
	}
	o := &d.out[i]
	o.Up, o.Down, o.Count = o.Up+r.up, o.Down+r.down, o.Count+r.count
	if hour.After(o.Hour) {
		o.Hour = hour
	}
}
