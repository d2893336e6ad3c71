package store

import (
	"context"
	"fmt"
	"strings"
	"time"

	"bestbefore/discovery/flow"
)

// EachHour calls fn for every hourly sum of one device, refused ones included.
// Hours that were added up to days are left out. Only the rows of
// that device and time are read, and each route of it once.
func (s *Store) EachHour(ctx context.Context, q flow.Query, fn func(flow.HourRow) error) error {
	ns, err := s.deviceNumbers(ctx, q.Device)
	if err != nil || len(ns) == 0 {
		return err
	}
	where := "device IN (" + strings.TrimSuffix(strings.Repeat("?,", len(ns)), ",") + ") AND hour >= ?"
	args := append(ns, max(q.Since.UnixMilli(), 0)/hourMS)
	if !q.Until.IsZero() {
		where, args = where+" AND hour < ?", append(args, (q.Until.UnixMilli()+hourMS-1)/hourMS)
	}
	routes := map[int64]flow.HourRow{}
	err = each(ctx, s.flows.read, func(sc scanner) error {
		var n int64
		var domain, address string
		r := flow.HourRow{Key: flow.Key{Device: s.resolve(q.Device)}}
		if err := sc.Scan(&n, &domain, &address, &r.Protocol, &r.Port, &r.Refused); err != nil {
			return err
		}
		r.Destination = destination(domain, address)
		routes[n] = r
		return nil
	}, "SELECT n, domain, address, protocol, port, refused FROM route WHERE n IN (SELECT DISTINCT route FROM hourly WHERE "+where+")", args...)
	if err != nil {
		return classify(s.flows.path, fmt.Errorf("reading the routes of a device: %w", err))
	}
	err = each(ctx, s.flows.read, func(sc scanner) error {
		var n, hour int64
		var up, down, count uint64
		if err := sc.Scan(&hour, &n, counted(&up), counted(&down), counted(&count)); err != nil {
			return err
		}
		r, ok := routes[n]
		if !ok {
			return nil // it came between the two questions; the next look has it
		}
		r.Hour, r.Up, r.Down, r.Count = time.UnixMilli(hour*hourMS).UTC(), up, down, count
		return fn(r)
	}, "SELECT hour, route, up, down, n FROM hourly WHERE "+where+"", args...)
	return classify(s.flows.path, err)
}
