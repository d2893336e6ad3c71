package store

import (
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bestbefore/discovery"
	"bestbefore/discovery/flow"
)

func TestEachHour(t *testing.T) {
	s := open(t, testConfig(t.TempDir()))
	at := noon.Add(-3 * time.Hour)
	add := func(id discovery.DeviceID, hour int, dst string, up uint64, refused bool) {
		t.Helper()
		r := record(id, 60*(hour-3)+1, up)
		r.Destination = flow.Destination{Address: netip.MustParseAddr(dst)}
		r.Refused = refused
		must(t, s.AddFlows(t.Context(), "x", []flow.Record{r}, nil))
	}
	add("d1", 0, "203.0.113.1", 10, false)
	add("d1", 0, "203.0.113.1", 5, false)
	add("d1", 1, "203.0.113.1", 7, true)
	add("d1", 2, "203.0.113.2", 9, false)
	add("d2", 1, "203.0.113.3", 99, false)
	got := map[string]uint64{}
	read := func(q flow.Query) map[string]uint64 {
		t.Helper()
		clear(got)
		if err := s.EachHour(t.Context(), q, func(r flow.HourRow) error {
			key := r.Destination.String() + r.Hour.Format(" 15")
			if r.Refused {
				key += " refused"
			}
			if r.Device != q.Device || r.Count == 0 {
				t.Errorf("%+v", r)
			}
			got[key] += r.Up
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		return got
	}
	hour := func(n int) string { return at.Add(time.Duration(n) * time.Hour).Format(" 15") }
	want := map[string]uint64{"203.0.113.1" + hour(0): 15, "203.0.113.1" + hour(1) + " refused": 7, "203.0.113.2" + hour(2): 9}
	if diff := cmp.Diff(want, read(flow.Query{Device: "d1", Since: at})); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string]uint64{"203.0.113.1" + hour(1) + " refused": 7}, read(flow.Query{Device: "d1", Since: at.Add(time.Hour), Until: at.Add(2 * time.Hour)})); diff != "" {
		t.Error(diff)
	}
	if n := len(read(flow.Query{Device: "nobody", Since: at})); n != 0 {
		t.Errorf("%d rows of nobody", n)
	}
}
