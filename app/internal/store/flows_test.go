package store

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/google/go-cmp/cmp"

	"bestbefore/discovery"
	"bestbefore/discovery/flow"
)

func record(device discovery.DeviceID, minute int, bytes uint64) flow.Record {
	at := noon.Add(time.Duration(minute) * time.Minute)
	return flow.Record{
		Key: flow.Key{Device: device, Destination: flow.Destination{Domain: "cloud.example.net", Address: netip.MustParseAddr("203.0.113.7")}, Protocol: "tcp", Port: 443},
		Up:  bytes, Down: 10 * bytes, Count: 1, First: at.Add(-30 * time.Second), Last: at, Source: "connector:gw",
	}
}

var sameAddr = cmpopts.EquateComparable(netip.Addr{})

func TestFlowsAreAddedUpByKey(t *testing.T) {
	ctx := t.Context()
	s := open(t, testConfig(t.TempDir()))
	dns := record("d1", -5, 1)
	dns.Protocol, dns.Port = "dns", 53
	other := record("d2", -5, 7)
	refused := record("d1", -1, 0)
	refused.Refused, refused.Count = true, 9
	must(t, s.AddFlows(ctx, "gw", []flow.Record{record("d1", -10, 100), record("d1", -5, 50), dns, other, refused}, []byte("cursor 1")))
	must(t, s.AddFlows(ctx, "gw", nil, []byte("cursor 2"))) // a heartbeat

	want := record("d1", -5, 150)
	want.Count, want.First = 2, noon.Add(-10*time.Minute-30*time.Second)
	for _, since := range []time.Time{noon.Add(-time.Hour), {}} { // from records and from hours
		got := value(s.Flows(ctx, flow.Query{Device: "d1", Since: since}))(t)
		if len(got) != 3 || !cmp.Equal(got[0], want, sameAddr) || got[1].Port != 53 || !got[2].Refused || got[2].Count != 9 {
			t.Fatalf("since %v: %s\n%+v", since, cmp.Diff(want, got[0], sameAddr), got)
		}
	}
	if got := value(s.Flows(ctx, flow.Query{Limit: 1}))(t); len(got) != 1 {
		t.Fatalf("%v", got)
	}
	if got := value(s.Flows(ctx, flow.Query{Device: "d9"}))(t); len(got) != 0 {
		t.Fatalf("%v", got)
	}
	totals := value(s.Totals(ctx, flow.Query{Device: "d1"}))(t)
	if len(totals) != 1 || totals[0].Up != 151 || totals[0].Count != 3 {
		t.Fatalf("%+v", totals)
	}
	last := value(s.LastFlows(ctx))(t)
	if !last["d1"].Equal(noon.Add(-time.Minute)) || !last["d2"].Equal(noon.Add(-5*time.Minute)) {
		t.Fatalf("%v", last)
	}
	if c := value(s.Cursor(ctx, "gw"))(t); string(c) != "cursor 2" {
		t.Fatalf("%q", c)
	}
	if c := value(s.Cursor(ctx, "?"))(t); c != nil {
		t.Fatalf("%q", c)
	}
}

// A batch is stored whole or not at all: what was called off before it began is not.
func TestABatchThatWasCalledOffIsNotStored(t *testing.T) {
	s := open(t, testConfig(t.TempDir()))
	off, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.AddFlows(off, "gw", []flow.Record{record("d1", -5, 50)}, []byte("cursor")); !errors.Is(err, context.Canceled) {
		t.Errorf("it says %v", err)
	}
	if c, got := value(s.Cursor(t.Context(), "gw"))(t), value(s.Flows(t.Context(), flow.Query{}))(t); c != nil || len(got) != 0 {
		t.Errorf("%q, %+v", c, got)
	}
}

func TestFlowsFollowMergedDevices(t *testing.T) {
	ctx := t.Context()
	s := open(t, testConfig(t.TempDir()))
	must(t, s.AddFlows(ctx, "gw", []flow.Record{record("d1", -10, 100), record("d2", -5, 50)}, nil))
	must(t, s.SaveInventory(ctx, discovery.Saved{Aliases: map[discovery.DeviceID]discovery.DeviceID{"d2": "d1"}}))
	got := value(s.Flows(ctx, flow.Query{Device: "d1"}))(t)
	if len(got) != 1 || got[0].Device != "d1" || got[0].Up != 150 {
		t.Fatalf("%+v", got)
	}
	if last := value(s.LastFlows(ctx))(t); len(last) != 1 || !last["d1"].Equal(noon.Add(-5*time.Minute)) {
		t.Fatalf("%v", last)
	}
}

// TestLastSentFindsWhatIsBeneathTheThousandLargest: a name that was asked for, of which
// no bytes are known, stands behind all the others in a list by bytes.
func TestLastSentFindsWhatIsBeneathTheThousandLargest(t *testing.T) {
	ctx := t.Context()
	s := open(t, testConfig(t.TempDir()))
	var recs []flow.Record
	for i := range 1500 {
		r := record("d1", -60, 1000)
		r.Destination = flow.Destination{Domain: fmt.Sprintf("big%d.example", i)}
		recs = append(recs, r)
	}
	asked := record("d1", -7, 0)
	asked.Destination, asked.Protocol = flow.Destination{Domain: "small.example"}, "dns"
	tried := record("d1", -3, 0)
	tried.Destination, tried.Refused = asked.Destination, true
	old := record("d1", -60*24*40, 5)
	old.Destination = flow.Destination{Domain: "old.example"}
	must(t, s.AddFlows(ctx, "gw", append(recs, asked, tried, old), nil))
	must(t, s.Purge(ctx, noon))
	got := value(s.LastSent(ctx, "d1"))(t)
	for name, want := range map[string]time.Time{"small.example": asked.Last, "old.example": old.Last, "big7.example": noon.Add(-time.Hour)} {
		if !got[flow.Destination{Domain: name}].Equal(want) {
			t.Errorf("%s: %s, want %s", name, got[flow.Destination{Domain: name}], want)
		}
	}
	some := value(s.Flows(ctx, flow.Query{Since: noon.Add(-7 * 24 * time.Hour), Limit: 1000}))(t)
	for _, r := range some {
		if r.Destination == asked.Destination {
			t.Error("the twin: the thousand largest hold it too, so this test shows nothing")
		}
	}
}

func TestSentSinceABlock(t *testing.T) {
	ctx := t.Context()
	s := open(t, testConfig(t.TempDir()))
	from := func(r flow.Record, source discovery.Source) flow.Record { r.Source = source; return r }
	tried := record("d1", 5, 0)
	tried.Refused, tried.Count = true, 4
	elsewhere := record("d1", 5, 1000)
	elsewhere.Destination = flow.Destination{Domain: "other.example"}
	answer := from(record("d1", 7, 0), "connector:k3") // only came in
	answer.Down = 60
	// 0 straddles the block at noon; 2 began after it.
	must(t, s.AddFlows(ctx, "gw", []flow.Record{
		record("d1", -5, 100), record("d1", 0, 3), record("d1", 2, 5), tried, elsewhere, answer, from(record("d1", 3, 7), "connector:k2"),
	}, nil))
	got := value(s.SentSince(ctx, "d1", noon, func(d flow.Destination) bool { return d.Domain == "cloud.example.net" }))(t)
	if len(got) != 2 {
		t.Fatalf("%+v", got)
	}
	if a, b := got[0], got[1]; a.Up != 5 || a.Down != 50 || a.Count != 1 || !a.Last.Equal(noon.Add(2*time.Minute)) || b.Source != "connector:k2" || b.Up != 7 {
		t.Errorf("%+v", got)
	}
}

func TestHostileRecordsAreBounded(t *testing.T) {
	ctx := t.Context()
	s := open(t, testConfig(t.TempDir()))
	long := make([]byte, 100_000)
	var recs []flow.Record
	for i := range 20 {
		r := record("d1", 0, 0)
		r.Up, r.Down, r.Count = math.MaxUint64, math.MaxUint64-uint64(i), math.MaxUint64
		r.Destination.Domain, r.Protocol, r.Source = string(long), flow.Protocol(long), "\xff\xfe"
		r.First, r.Last = time.Unix(-1<<40, 0), time.Unix(1<<40, 0)
		recs = append(recs, r)
	}
	for range 20 {
		must(t, s.AddFlows(ctx, "gw", recs, nil))
	}
	got := value(s.Flows(ctx, flow.Query{}))(t)
	if len(got) != 1 || got[0].Up != maxRowSum || got[0].Last != noon || len(got[0].Destination.Domain) > maxDomain {
		t.Fatalf("%+v", got)
	}
}

func TestPurgeKeepsItsPromiseInSmallSteps(t *testing.T) {
	ctx := t.Context()
	now := noon.AddDate(0, 0, 9)
	c := testConfig(t.TempDir())
	c.Now = func() time.Time { return now }
	s := open(t, c)
	var old []flow.Record
	for i := range 12_000 { // more than two steps
		old = append(old, record("d1", i, 1))
	}
	must(t, s.AddFlows(ctx, "gw", old[:6000], nil))
	must(t, s.AddFlows(ctx, "gw", old[6000:], nil))
	now = noon.AddDate(0, 0, 25)
	fresh := record("d1", 0, 1)
	fresh.First, fresh.Last, fresh.Port = now.Add(-time.Hour), now.Add(-time.Hour), 80
	must(t, s.AddFlows(ctx, "gw", []flow.Record{fresh}, nil))
	must(t, s.Purge(ctx, now))
	count := func(query string) (n int) {
		must(t, s.flows.read.QueryRowContext(ctx, query).Scan(&n))
		return n
	}
	if n := count("SELECT count(*) FROM flow"); n != 1 {
		t.Fatalf("%d single records left", n)
	}
	if n := count("SELECT count(*) FROM hourly"); n != 201 {
		t.Fatalf("%d hours left", n)
	}
	if n := count("SELECT freelist_count FROM pragma_freelist_count"); n > 1 {
		t.Fatalf("%d pages were not given back", n)
	}
	if got := value(s.Totals(ctx, flow.Query{}))(t); got[0].Up != 12_001 {
		t.Fatalf("%+v", got)
	}
	now = noon.AddDate(0, 14, 0)
	must(t, s.Purge(ctx, now))
	if count("SELECT count(*) FROM hourly") != 0 {
		t.Fatal("an hour outlived 13 months")
	}
	if got := value(s.Totals(ctx, flow.Query{}))(t); got[0].Up != 12_001 {
		t.Fatalf("days: %+v", got)
	}
	if n := value(s.DeleteAllFlows(ctx))(t); n == 0 || count("SELECT count(*) FROM route") != 0 {
		t.Fatal("a day outlived its deletion")
	}
	fresh.First, fresh.Last = now, now
	must(t, s.AddFlows(ctx, "gw", []flow.Record{fresh}, nil)) // its route was forgotten with the rest
	if got := value(s.Flows(ctx, flow.Query{}))(t); len(got) != 1 {
		t.Fatalf("%+v", got)
	}
}

// F23: whatever is stored and purged, the hourly sums are those of a plain
// model, for every device, hour and destination, and so are the records.
func TestRollUpAgainstAModel(t *testing.T) {
	ctx := t.Context()
	rapid.Check(t, func(rt *rapid.T) {
		now := noon
		raw := map[time.Time]uint64{}
		c := testConfig(t.TempDir())
		c.Now = func() time.Time { return now }
		s, err := Open(ctx, c)
		must(t, err)
		defer func() { must(t, s.Close()) }()
		type key struct {
			device, destination string
			hour                time.Time
		}
		type sum struct{ up, down, n uint64 }
		want := map[key]sum{}
		for range rapid.IntRange(1, 8).Draw(rt, "batches") {
			var recs []flow.Record
			for range rapid.IntRange(0, 150).Draw(rt, "records") {
				at := now.Add(-time.Duration(rapid.IntRange(0, 20*24*3600).Draw(rt, "age")) * time.Second)
				r := flow.Record{
					Key: flow.Key{
						Device:      discovery.DeviceID(fmt.Sprint("d", rapid.IntRange(0, 2).Draw(rt, "device"))),
						Destination: flow.Destination{Domain: fmt.Sprint(rapid.IntRange(0, 3).Draw(rt, "destination"), ".example")},
						Protocol:    "tcp", Port: uint16(rapid.IntRange(442, 443).Draw(rt, "port")),
					},
					Up: uint64(rapid.IntRange(0, 1e6).Draw(rt, "up")), Down: uint64(rapid.IntRange(0, 1e6).Draw(rt, "down")),
					Count: uint64(rapid.IntRange(1, 9).Draw(rt, "n")), First: at, Last: at, Source: "connector:x",
				}
				recs = append(recs, r)
				k := key{string(r.Device), r.Destination.Domain, at.Truncate(time.Hour)}
				v := want[k]
				want[k] = sum{v.up + r.Up, v.down + r.Down, v.n + r.Count}
				raw[at] += r.Up
			}
			must(t, s.AddFlows(ctx, "x", recs, nil))
			if rapid.Bool().Draw(rt, "purge") {
				must(t, s.Purge(ctx, now))
			}
			now = now.Add(time.Duration(rapid.SampledFrom([]int{0, 1, 30, 200}).Draw(rt, "days")) * 24 * time.Hour)
		}
		must(t, s.Purge(ctx, now))
		// Hours older than 13 months are added up to their days, nothing else changes.
		oldest := now.AddDate(0, -keepMonths, 0).Truncate(time.Hour)
		model, got := map[key]sum{}, map[key]sum{}
		for k, v := range want {
			if k.hour.Before(oldest) {
				k.hour = k.hour.Truncate(24 * time.Hour)
			}
			old := model[k]
			model[k] = sum{old.up + v.up, old.down + v.down, old.n + v.n}
		}
		for _, h := range value(s.Hourly(ctx, flow.Query{}))(t) {
			k := key{string(h.Device), h.Destination.Domain, h.Hour}
			old := got[k]
			got[k] = sum{old.up + h.Up, old.down + h.Down, old.n + h.Count}
		}
		if d := cmp.Diff(model, got, cmp.AllowUnexported(sum{}, key{})); d != "" {
			rt.Fatalf("sums (-want +got):\n%s", d)
		}
		var single, wantRaw uint64
		for at, up := range raw {
			if !at.Before(now.Add(-keepRaw)) {
				wantRaw += up
			}
		}
		must(t, s.flows.read.QueryRowContext(ctx, "SELECT coalesce(sum(up), 0) FROM flow").Scan(&single))
		if single != wantRaw {
			rt.Fatalf("records add up to %d, want %d", single, wantRaw)
		}
	})
}
