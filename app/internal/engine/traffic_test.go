package engine_test

import (
	"encoding/csv"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"bestbefore/app/internal/engine"
	"bestbefore/discovery"
	"bestbefore/discovery/flow"
	"bestbefore/discovery/recipient"
)

// sent makes a record of n bytes to a host name or an address.
func (h *home) sent(id discovery.DeviceID, to string, n uint64, at time.Time) flow.Record {
	r := flow.Record{Up: n, Count: 1, First: at, Last: at, Source: "connector:k1"}
	r.Device, r.Protocol, r.Port = id, "tcp", 443
	if a, err := netip.ParseAddr(to); err == nil {
		r.Destination.Address = a
	} else {
		r.Destination.Domain = to
	}
	return r
}

func (h *home) add(rs ...flow.Record) {
	h.t.Helper()
	if err := h.AddFlows(h.t.Context(), "k1", rs, nil); err != nil {
		h.t.Fatal(err)
	}
}

// book knows one company, by two of its domains.
func (h *home) book() {
	h.Recipients = func(d flow.Destination) recipient.Result {
		if strings.HasSuffix(d.Domain, "maker.example") {
			return recipient.Result{Company: "Maker", CompanyCountry: "DE", Purpose: recipient.Maker, Basis: recipient.BasisCurated}
		}
		return recipient.Result{Basis: recipient.BasisUnknown}
	}
	h.Coarse = func(d flow.Destination) string {
		if strings.HasSuffix(d.Domain, "maker.example") {
			return "maker.example"
		}
		return ""
	}
}

// TestOfAPersonOnlyTheCompanyIsKept: not the host name, even where there is no
// address; the twin, a camera, keeps its domains.
func TestOfAPersonOnlyTheCompanyIsKept(t *testing.T) {
	for kind, want := range map[discovery.Kind][]string{
		discovery.KindPhone:  {"maker.example", ""},
		discovery.KindCamera: {"my-secret-page.maker.example", "clinic.example"},
	} {
		h := newHome(t)
		h.book()
		h.kind = kind
		id := h.see(bell)
		h.add(h.sent(id, "my-secret-page.maker.example", 10, h.now), h.sent(id, "clinic.example", 5, h.now))
		got, err := h.Flows(t.Context(), engine.FlowQuery{Device: id})
		if err != nil || len(got) != 2 || got[0].Destination != want[0] || got[1].Destination != want[1] || got[0].Receiver.Company != "Maker" {
			t.Errorf("%s: %+v, %v", kind, got, err)
		}
	}
}

func TestFlowsAreNarrowedByWhoReceives(t *testing.T) {
	h := newHome(t)
	h.book()
	h.kind = discovery.KindCamera
	id := h.see(bell)
	if err := h.Label(t.Context(), id, "Front door"); err != nil {
		t.Fatal(err)
	}
	h.add(h.sent(id, "a.maker.example", 1, h.now.Add(-time.Hour)), h.sent(id, "b.maker.example", 2, h.now), h.sent(id, "ads.example", 3, h.now))
	for _, c := range []struct {
		q    engine.FlowQuery
		want string
	}{
		{engine.FlowQuery{}, "ads.example b.maker.example a.maker.example"},
		{engine.FlowQuery{To: "Maker"}, "b.maker.example a.maker.example"},
		{engine.FlowQuery{To: "ads.example"}, "ads.example"},
		{engine.FlowQuery{Country: "DE"}, "b.maker.example a.maker.example"},
		{engine.FlowQuery{Country: engine.Unknown}, "ads.example"},
		{engine.FlowQuery{Purpose: "maker", Limit: 1}, "b.maker.example"},
		{engine.FlowQuery{Text: "front ADS"}, "ads.example"},
		{engine.FlowQuery{Text: "nobody"}, ""},
		{engine.FlowQuery{Since: h.now.Add(-2 * time.Hour), Until: h.now.Add(-time.Minute)}, "a.maker.example"},
	} {
		fs, err := h.Flows(t.Context(), c.q)
		var got []string
		for _, f := range fs {
			got = append(got, f.Destination)
		}
		if err != nil || strings.Join(got, " ") != c.want {
			t.Errorf("%+v: %v, %v, want %s", c.q, got, err, c.want)
		}
	}
	dir := filepath.Join(t.TempDir(), "out")
	files, err := h.ExportFlows(t.Context(), engine.FlowQuery{To: "Maker"}, dir)
	if err != nil || len(files) != 2 {
		t.Fatalf("ExportFlows() = %v, %v", files, err)
	}
	b, err := os.ReadFile(filepath.Join(dir, "flows.csv"))
	if err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(strings.NewReader(string(b))).ReadAll()
	if err != nil || len(rows) != 3 || strings.Contains(string(b), "ads.example") {
		t.Errorf("%s, %v", b, err)
	}
}

func TestHoursAddUpTheLastDayAndNoPersons(t *testing.T) {
	h := newHome(t)
	h.kind = discovery.KindCamera
	id := h.see(bell)
	h.add(h.sent(id, "a.example", 1, h.now), h.sent(id, "a.example", 10, h.now.Add(-90*time.Minute)), h.sent(id, "a.example", 100, h.now.Add(-25*time.Hour)))
	hours, err := h.Hours(t.Context(), id)
	if err != nil || len(hours) != 24 || hours[23].Up != 1 || hours[22].Up+hours[21].Up != 10 {
		t.Fatalf("Hours() = %+v, %v", hours, err)
	}
	var sum uint64
	for _, x := range hours {
		sum += x.Up
	}
	if sum != 11 {
		t.Errorf("24 hours add up to %d, want 11", sum)
	}
	h.kind = discovery.KindPhone
	if hours, err := h.Hours(t.Context(), h.see("00:11:22:33:44:77")); err != nil || len(hours) != 0 {
		t.Errorf("of a phone: %v, %v", hours, err)
	}
}

// A search finds what has no bytes at all (a name that was only asked for) behind
// any number of larger rows, and an export that is cut says so in a file of its own.
func TestWhatIsSmallIsFoundAndACutIsSaid(t *testing.T) {
	h := newHome(t)
	h.book()
	h.kind = discovery.KindCamera
	bell := h.see("02:00:00:00:00:01")
	rs := []flow.Record{h.sent(bell, "quiet.maker.example", 0, h.now)}
	for i := range 300 {
		rs = append(rs, h.sent(bell, fmt.Sprintf("n%d.example", i), uint64(1000+i), h.now))
	}
	h.add(rs...)
	for what, q := range map[string]engine.FlowQuery{
		"company": {To: "maker", Limit: 5}, "destination": {To: "quiet.maker.example", Limit: 5}, "text": {Text: "quiet", Limit: 5}, "purpose": {Purpose: "maker", Limit: 5},
	} {
		if fs, err := h.Flows(t.Context(), q); err != nil || len(fs) != 1 || fs[0].Destination != "quiet.maker.example" {
			t.Errorf("by %s: %d rows, %v", what, len(fs), err)
		}
	}
	if fs, err := h.Flows(t.Context(), engine.FlowQuery{Limit: 5}); err != nil || len(fs) != 5 || fs[0].BytesUp != 1299 {
		t.Errorf("the largest five: %v, %v", fs, err)
	}
	dir := t.TempDir()
	for rows, cut := range map[int]bool{10: true, 301: false} {
		h.ExportRows = rows
		for what, export := range map[string]func() ([]string, error){
			"one list": func() ([]string, error) { return h.ExportFlows(t.Context(), engine.FlowQuery{}, dir) },
			"all":      func() ([]string, error) { return h.Export(t.Context(), dir) },
		} {
			files, err := export()
			_, there := os.Stat(filepath.Join(dir, engine.CutNote))
			if err != nil || slices.Contains(files, filepath.Join(dir, engine.CutNote)) != cut || (there == nil) != cut {
				t.Errorf("%s, %d rows: %q, %v", what, rows, files, err)
			}
		}
	}
}
