package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
)

// The table overview holds the sums by the day of hours that are kept by
// themselves too. For each device it is complete up to its last day: whatever
// adds, folds or deletes hours before that keeps it so, in the same transaction.

// summedUntil is the hour up to which the hours of a device are in overview too;
// 0 when none are.
func summedUntil(ctx context.Context, q querier, n any) (hour int64, err error) {
	err = each(ctx, q, func(sc scanner) error { return sc.Scan(&hour) }, "SELECT coalesce(max(hour) + 24, 0) FROM overview WHERE device = ?", n)
	return hour, err
}

// sumDay adds up what is there of one day of a device.
var sumDay = fmt.Sprintf(`INSERT INTO overview(device, hour, route, up, down, n, first, last)
	SELECT device, ?2, route, min(sum(up), %[1]d), min(sum(down), %[1]d), min(sum(n), %[1]d),
		min(hour %% 24 * %[2]d + first), max(hour %% 24 * %[2]d + last)
	FROM hourly WHERE device = ?1 AND hour >= ?2 AND hour < ?2 + 24 GROUP BY route`, int64(maxRowSum), hourMS)

// sumDays adds up the hours of the days before today that are not in overview
// yet, a day of a device at a time.
func (s *Store) sumDays(ctx context.Context, devices []any, today int64) error {
	for _, d := range devices {
		for n := int64(1); n > 0; {
			var err error
			n, err = s.purgeStep(ctx, func(t *txn) (sql.Result, error) {
				day, err := summedUntil(ctx, t, d)
				if err != nil {
					return nil, err
				}
				err = t.QueryRowContext(ctx, "SELECT coalesce(min(hour), ?) FROM hourly WHERE device = ? AND hour >= ?", today, d, day).Scan(&day)
				if err != nil || day >= today {
					return driver.RowsAffected(0), err
				}
				return t.ExecContext(ctx, sumDay, d, day-day%24)
			})
			if err != nil {
				return fmt.Errorf("adding up days for overviews: %w", err)
			}
		}
	}
	return nil
}

// resum makes overview fit again after hours of a device are gone: the days
// that are gone with them go, those at both ends are added up anew.
func resum(ctx context.Context, t *txn, device any, gone span, summed int64) error {
	first := gone.from - gone.from%24
	if _, err := t.ExecContext(ctx, "DELETE FROM overview WHERE device = ? AND hour >= ? AND hour < ?", device, first, gone.until); err != nil {
		return err
	}
	last := gone.until - 1 - (gone.until-1)%24
	for _, day := range []int64{first, last} {
		if day >= summed {
			continue
		}
		if _, err := t.ExecContext(ctx, sumDay, device, day); err != nil {
			return err
		}
		if first == last {
			break
		}
	}
	return nil
}
