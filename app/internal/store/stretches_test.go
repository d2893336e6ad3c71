package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"bestbefore/discovery"
	"bestbefore/discovery/flow"
)

// plainFlows and plainTotals answer from single records and hours alone, as all
// questions were answered before there was a table of days.
func plainFlows(ctx context.Context, s *Store, q flow.Query) ([]flow.Record, error) {
	from, to, table := "hour", hourMS, fmt.Sprintf("(SELECT device, route, up, down, n, hour, hour * %[1]d + first AS first, hour * %[1]d + last AS last FROM (SELECT * FROM hourly UNION ALL SELECT * FROM daily))", hourMS)
	if !q.Since.IsZero() && s.cfg.Now().Sub(q.Since) <= rawFor {
		from, to, table = "last", 1, "(SELECT device, route, up, down, n, last - span AS first, last FROM flow)"
	}
	where, args := plainWhere(s, q, from, to)
	if q.Carrying {
		where += " AND r.categories <> ''"
	}
	recs, err := all(ctx, s.flows.read, s.scanRecord, `SELECT d.id, r.domain, r.address, r.protocol, r.port, r.source, r.refused, r.categories, sum(up), sum(down), sum(x.n), min(first), max(last)
		FROM `+table+` x JOIN route r ON r.n = x.route JOIN device d ON d.n = x.device`+where+` GROUP BY device, route ORDER BY sum(up) + sum(down) DESC`, args...)
	return mergeRecords(recs), err
}

func plainTotals(ctx context.Context, s *Store, q flow.Query) ([]flow.HourTotal, error) {
	where, args := plainWhere(s, q, "hour", hourMS)
	type key struct {
		id discovery.DeviceID
		to flow.Destination
	}
	sums := map[key]flow.HourTotal{}
	err := each(ctx, s.flows.read, func(sc scanner) error {
		var id, domain, address string
		var hour int64
		var t flow.HourTotal
		err := sc.Scan(&id, &domain, &address, &hour, &t.Up, &t.Down, &t.Count)
		t.Device, t.Destination, t.Hour = s.resolve(discovery.DeviceID(id)), destination(domain, address), time.UnixMilli(hour*hourMS).UTC()
		k := key{discovery.DeviceID(id), t.Destination}
		if o, ok := sums[k]; ok {
			t.Up, t.Down, t.Count = t.Up+o.Up, t.Down+o.Down, t.Count+o.Count
			t.Hour = time.UnixMilli(max(t.Hour.UnixMilli(), o.Hour.UnixMilli())).UTC()
		}
		sums[k] = t
		return err
	}, `SELECT d.id, r.domain, r.address, x.hour, x.up, x.down, x.n FROM (SELECT * FROM hourly UNION ALL SELECT * FROM daily) x
		JOIN route r ON r.n = x.route JOIN device d ON d.n = x.device`+where+" AND r.refused = 0", args...)
	var out []flow.HourTotal
	for _, t := range sums {
		out = append(out, t)
	}
	return out, err
}

func plainWhere(s *Store, q flow.Query, column string, unit int64) (where string, args []any) {
	in, args := placeholders(s.group(q.Device))
	where = " WHERE d.id IN (" + in + ")"
	if q.Device == "" {
		where, args = " WHERE 1=1", nil
	}
	if !q.Since.IsZero() {
		where, args = where+" AND "+column+" >= ?", append(args, q.Since.UnixMilli()/unit)
	}
	if !q.Until.IsZero() {
		where, args = where+" AND "+column+" < ?", append(args, (q.Until.UnixMilli()+unit-1)/unit)
	}
	return where, args
}

// sameAnswers compares every record and every sum.
func sameAnswers(ctx context.Context, s *Store, q flow.Query) (string, error) {
	byWords := func(a, b string) int { return strings.Compare(a, b) }
	want, err := plainFlows(ctx, s, q)
	got, err2 := s.Flows(ctx, q)
	sums, err3 := plainTotals(ctx, s, q)
	gotSums, err4 := s.Totals(ctx, q)
	for _, rs := range [][]flow.Record{want, got} {
		slices.SortFunc(rs, func(a, b flow.Record) int { return byWords(fmt.Sprintf("%+v", a), fmt.Sprintf("%+v", b)) })
	}
	for _, ts := range [][]flow.HourTotal{sums, gotSums} {
		slices.SortFunc(ts, func(a, b flow.HourTotal) int { return byWords(fmt.Sprintf("%+v", a), fmt.Sprintf("%+v", b)) })
	}
	return gocmp.Diff(want, got, sameAddr, cmpopts.EquateEmpty()) + gocmp.Diff(sums, gotSums, sameAddr, cmpopts.EquateEmpty()), cmp.Or(err, err2, err3, err4)
}

// drawRecords are records of up to 12 days ago, some that began in the hour before.
func drawRecords(rt *rapid.T, now time.Time) []flow.Record {
	recs := make([]flow.Record, rapid.IntRange(1, 60).Draw(rt, "records"))
	for i := range recs {
		age := time.Duration(rapid.IntRange(-30, rapid.SampledFrom([]int{90, 3000, 12 * 24 * 60}).Draw(rt, "reach")).Draw(rt, "minutes")) * time.Minute
		at := now.Add(-age).Add(-time.Duration(rapid.IntRange(0, 59_999).Draw(rt, "ms")) * time.Millisecond)
		if rapid.IntRange(0, 9).Draw(rt, "edge") == 0 {
			at = at.Truncate(time.Hour).Add(-time.Duration(rapid.IntRange(0, 1).Draw(rt, "before")) * time.Millisecond)
		}
		recs[i] = flow.Record{
			Key: flow.Key{
				Device:      discovery.DeviceID(fmt.Sprint("d", rapid.IntRange(0, 2).Draw(rt, "device"))),
				Destination: flow.Destination{Domain: fmt.Sprint(rapid.IntRange(0, 2).Draw(rt, "destination"), ".example")},
				Protocol:    "tcp", Port: uint16(rapid.IntRange(442, 443).Draw(rt, "port")),
			},
			Up: uint64(rapid.IntRange(0, 1e6).Draw(rt, "up")), Down: uint64(rapid.IntRange(0, 1e6).Draw(rt, "down")), Count: uint64(rapid.IntRange(1, 9).Draw(rt, "n")),
			First: at.Add(-time.Duration(rapid.IntRange(0, 5000).Draw(rt, "span")) * time.Second), Last: at,
			Source: discovery.Source(rapid.SampledFrom([]string{"a", "b"}).Draw(rt, "source")), Refused: rapid.IntRange(0, 5).Draw(rt, "refused") == 0,
			Categories: rapid.SampledFrom([]string{"", "", "video", "audio,video"}).Draw(rt, "kinds"),
		}
	}
	return recs
}

// drawMoment is any moment of the last 14 days, or the start of a quarter, an
// hour or a day: the days of some zones begin at a quarter.
func drawMoment(rt *rapid.T, now time.Time, name string) time.Time {
	if rapid.IntRange(0, 3).Draw(rt, name+" given") == 0 {
		return time.Time{}
	}
	reach := rapid.SampledFrom([]int{1, 47, 49, 24 * 6, 24 * 14}).Draw(rt, name+" reach")
	at := now.Add(-time.Duration(rapid.IntRange(0, reach*3600_000).Draw(rt, name)) * time.Millisecond)
	return at.Truncate(rapid.SampledFrom([]time.Duration{1, 15 * time.Minute, time.Hour, 24 * time.Hour}).Draw(rt, name+" start of"))
}

// oneChange does one of the things that change what is kept.
func oneChange(rt *rapid.T, s *Store, now time.Time) error {
	ctx := context.Background()
	switch rapid.IntRange(0, 9).Draw(rt, "change") {
	case 0:
		from := drawMoment(rt, now, "from")
		_, err := s.DeleteFlowsBetween(ctx, from, from.Add(time.Duration(rapid.IntRange(1, 60*60).Draw(rt, "minutes long"))*time.Minute))
		return err
	case 1:
		_, err := s.DeleteFlowsFrom(ctx, "b")
		return err
	case 2:
		_, err := s.DeleteFlowsOf(ctx, "d1")
		return err
	case 3:
		return s.SaveInventory(ctx, discovery.Saved{Aliases: map[discovery.DeviceID]discovery.DeviceID{"d2": "d0"}})
	case 4, 5, 6:
		return s.Purge(ctx, now)
	default:
		return s.AddFlows(ctx, "x", drawRecords(rt, now), nil)
	}
}

// Whatever is stored, late or not, purged, folded and deleted: an answer that
// takes days for whole days and hours for whole hours is the one that single
// records and hours give, and the days are those of the hours.
func TestAnswersAreThoseOfTheFinestRows(t *testing.T) {
	ctx := t.Context()
	rapid.Check(t, func(rt *rapid.T) {
		now := noon.Add(time.Duration(rapid.IntRange(0, 24*60).Draw(rt, "start")) * time.Minute)
		c := testConfig(t.TempDir())
		c.Now = func() time.Time { return now }
		if rapid.IntRange(0, 3).Draw(rt, "small") == 0 {
			c.MaxFlows = 1 // everything is folded that may be
		}
		s, err := Open(ctx, c)
		must(t, err)
		defer func() { must(t, s.Close()) }()
		must(t, s.AddFlows(ctx, "x", drawRecords(rt, now), nil))
		for range rapid.IntRange(1, 10).Draw(rt, "changes") {
			if err := oneChange(rt, s, now); err != nil {
				rt.Fatal(err)
			}
			now = now.Add(time.Duration(rapid.SampledFrom([]int{0, 20, 700, 3 * 24 * 60}).Draw(rt, "minutes later")) * time.Minute)
			q := flow.Query{Since: drawMoment(rt, now, "since"), Until: drawMoment(rt, now, "until"), Device: rapid.SampledFrom([]discovery.DeviceID{"", "d0", "d2"}).Draw(rt, "of"), Carrying: rapid.Bool().Draw(rt, "carrying")}
			if diff, err := sameAnswers(ctx, s, q); diff != "" || err != nil {
				rt.Fatalf("%+v: %v (-want +got):\n%s", q, err, diff)
			}
			if n := value(wrongDays(ctx, s))(t); n > 0 {
				rt.Fatalf("%d days are not those of their hours", n)
			}
		}
	})
}

// wrongDays counts what differs between overview and the hours up to its end.
func wrongDays(ctx context.Context, s *Store) (n int, err error) {
	const hours = `SELECT device, hour - hour % 24 AS day, route, sum(up), sum(down), sum(n), min(hour % 24 * 3600000 + first), max(hour % 24 * 3600000 + last)
		FROM hourly h WHERE hour < (SELECT max(hour) + 24 FROM overview WHERE device = h.device) GROUP BY 1, 2, 3`
	const days = "SELECT device, hour, route, up, down, n, first, last FROM overview"
	err = s.flows.read.QueryRowContext(ctx, "SELECT (SELECT count(*) FROM ("+hours+" EXCEPT "+days+")) + (SELECT count(*) FROM ("+days+" EXCEPT "+hours+"))").Scan(&n)
	return n, err
}

// A record of a day that is added up already is in every answer. The twins: one
// that is added to its hour only, and an hour that goes without its day.
func TestALateRecordIsInItsDay(t *testing.T) {
	for name, spoil := range map[string]func(s *Store){
		"": func(*Store) {},
		"hour only": func(s *Store) {
			_, err := s.flows.write.Exec("UPDATE hourly SET up = up + 1")
			must(t, err)
		},
		"day stays": func(s *Store) {
			_, err := s.flows.write.Exec("DELETE FROM hourly")
			must(t, err)
		},
		"mark forgotten": func(s *Store) {
			s.ingest.summed[1] = 0
			must(t, s.AddFlows(t.Context(), "x", []flow.Record{record("d1", -4*24*60, 3)}, nil))
		},
	} {
		now := noon
		c := testConfig(t.TempDir())
		c.Now = func() time.Time { return now }
		s := open(t, c)
		must(t, s.AddFlows(t.Context(), "x", []flow.Record{record("d1", -5*24*60, 1), record("d1", -3*24*60, 1), record("d1", -10, 1)}, nil))
		must(t, s.Purge(t.Context(), now))
		must(t, s.AddFlows(t.Context(), "x", []flow.Record{record("d1", -4*24*60, 2), record("d1", -5*24*60, 2)}, nil))
		spoil(s)
		diff := value(sameAnswers(t.Context(), s, flow.Query{}))(t)
		wrong := value(wrongDays(t.Context(), s))(t)
		if broken := name != ""; (diff != "") != broken || (wrong > 0) != broken {
			t.Errorf("%q: %d wrong days, %s", name, wrong, diff)
		}
	}
}
