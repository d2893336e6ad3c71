package engine_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"bestbefore/app/internal/engine"
	"bestbefore/consent"
	"bestbefore/discovery"
	"bestbefore/discovery/flow"
	"bestbefore/discovery/recipient"
)

// carried stores traffic of a device at the home's clock.
func (h *home) carried(t *testing.T, id discovery.DeviceID, to, kinds string) {
	t.Helper()
	rec := flow.Record{
		Key: flow.Key{Device: id, Destination: flow.Destination{Address: netip.MustParseAddr(to)}, Protocol: "tcp", Port: 443},
		Up:  1000, Count: 1, First: h.now.Add(-time.Second), Last: h.now, Source: "gateway", Categories: kinds,
	}
	if err := h.st.AddFlows(t.Context(), "k1", []flow.Record{rec}, nil); err != nil {
		t.Fatal(err)
	}
}

// What changed since the household agreed: kinds of data, countries, support. The
// twin: where nothing of that changed, nothing is said.
func TestTheReviewSaysWhatElseChanged(t *testing.T) {
	for _, changed := range []bool{true, false} {
		h := newHome(t)
		h.Recipients = func(d flow.Destination) recipient.Result {
			return recipient.Result{CompanyCountry: map[string]string{"203.0.113.7": "DE", "198.51.100.9": "US"}[d.Address.String()]}
		}
		id := h.see(bell)
		info := h.allow(id, "Bell Maker", "203.0.113.7", "198.51.100.9")
		h.carried(t, id, "203.0.113.7", "video")
		h.now = h.now.AddDate(0, 1, 0)
		if changed {
			h.carried(t, id, "198.51.100.9", "audio,video")
			if err := h.SetSupport(t.Context(), id, "2026-11-30", "the maker's page", "test"); err != nil {
				t.Fatal(err)
			}
		} else {
			h.carried(t, id, "203.0.113.7", "camera")
			if err := h.SetSupport(t.Context(), id, "2028-11-30", "the maker's page", "test"); err != nil {
				t.Fatal(err)
			}
		}
		r, err := h.Review(t.Context(), info.ID)
		if err != nil || slices.Equal(r.NewData, []consent.Category{"audio"}) != changed || slices.Equal(r.NewCountries, []string{"US"}) != changed ||
			len(r.NewData)+len(r.NewCountries) > 0 != changed || r.SupportEnded != changed || r.Consent.Support == nil {
			t.Errorf("changed %v: data %v, countries %v, support ended %v (%+v), %v", changed, r.NewData, r.NewCountries, r.SupportEnded, r.Consent.Support, err)
		}
	}
}

func TestSupportIsTypedWithItsSource(t *testing.T) {
	h := newHome(t)
	id := h.see(bell)
	for _, bad := range [][2]string{{"soon", "the box"}, {"2028-02-30", "the box"}, {"2028-05-31", " \u0007 "}} {
		if err := h.SetSupport(t.Context(), id, bad[0], bad[1], "test"); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
	if err := h.SetSupport(t.Context(), id, "2028-05-31", "the box\u202e", "test"); err != nil {
		t.Fatal(err)
	}
	d, err := h.Device(t.Context(), bell)
	if err != nil || d.Support == nil || *d.Support != (engine.Support{Until: "2028-05-31", Source: "the box", Set: h.now.UTC()}) {
		t.Errorf("%+v, %v", d.Support, err)
	}
	if !strings.Contains(h.diary(t), "until 2028-05-31") {
		t.Error(h.diary(t))
	}
	if err := h.SetSupport(t.Context(), id, "", "", "test"); err != nil {
		t.Fatal(err)
	}
	if d, err := h.Device(t.Context(), bell); err != nil || d.Support != nil {
		t.Errorf("%+v, %v", d.Support, err)
	}
	loc, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	s, end := engine.Support{Until: "2028-05-31"}, time.Date(2028, 5, 31, 22, 0, 0, 0, time.UTC)
	if s.Ended(end.Add(-time.Second), loc) || !s.Ended(end, loc) {
		t.Error("that day is included, and no more")
	}
}

// What a review adds up over whole spans is what the single hours give, to the
// hour at both ends of every week; days that were added up for good included.
func TestAReviewAddsUpAsItsHoursDo(t *testing.T) {
	const mine = "203.0.113.7"
	for seed := range uint64(20) {
		h := newHome(t)
		country := func(to string) string { return to[len(to)-1:] }
		h.Recipients = func(d flow.Destination) recipient.Result {
			return recipient.Result{CompanyCountry: country(d.Address.String())}
		}
		id := h.see(bell)
		info := h.allow(id, "Bell Maker", mine)
		given := h.now
		h.now = given.AddDate(0, 1, 0)
		r := rand.New(rand.NewPCG(seed, 1))
		edges := []time.Time{given.Add(-7 * 24 * time.Hour), given, given.Add(7 * 24 * time.Hour), h.now.Add(-7 * 24 * time.Hour)}
		for range 40 {
			at := edges[r.IntN(4)].Add(time.Duration(r.IntN(8*60)-4*60) * time.Minute)
			to := mine
			if r.IntN(2) == 0 {
				to = fmt.Sprintf("198.51.100.%d", r.IntN(30))
			}
			rec := flow.Record{
				Key: flow.Key{Device: id, Destination: flow.Destination{Address: netip.MustParseAddr(to)}, Protocol: "tcp", Port: 443},
				Up:  uint64(r.IntN(1000)), Count: 1, First: at, Last: at, Source: "gateway", Refused: r.IntN(6) == 0,
			}
			if err := h.st.AddFlows(t.Context(), "k1", []flow.Record{rec}, nil); err != nil {
				t.Fatal(err)
			}
		}
		if err := h.st.Purge(t.Context(), h.now); err != nil {
			t.Fatal(err)
		}
		got, err := h.Review(t.Context(), info.ID)
		if err != nil {
			t.Fatal(err)
		}
		hours, err := h.st.Hourly(t.Context(), flow.Query{Device: id, Since: given.Add(-7 * 24 * time.Hour)})
		if err != nil {
			t.Fatal(err)
		}
		want := byHours(hours, given, h.now, mine, country)
		if got.BytesThen != want.BytesThen || got.BytesNow != want.BytesNow || !slices.Equal(got.NewRecipients, want.NewRecipients) || !slices.Equal(got.NewCountries, want.NewCountries) {
			t.Fatalf("seed %d: %d then, %d now, new %v in %v; by the hour %d, %d, %v, %v", seed, got.BytesThen, got.BytesNow, got.NewRecipients, got.NewCountries,
				want.BytesThen, want.BytesNow, want.NewRecipients, want.NewCountries)
		}
	}
}

// byHours is the review of single hours.
func byHours(hours []flow.HourTotal, given, now time.Time, mine string, country func(string) string) (r engine.ReviewInfo) {
	const week = 7 * 24 * time.Hour
	before, since := map[string]bool{}, map[string]bool{}
	for _, h := range hours {
		to := h.Destination.String()
		if h.Hour.Before(given.Add(week)) {
			before[to], before[country(to)] = true, true
			if to == mine && !h.Hour.Before(given.Truncate(time.Hour)) {
				r.BytesThen += h.Up
			}
		} else {
			since[to] = true
		}
		if to == mine && now.Sub(h.Hour) <= week {
			r.BytesNow += h.Up
		}
	}
	for _, to := range slices.Sorted(maps.Keys(since)) {
		if to != mine && !before[to] {
			r.NewRecipients = append(r.NewRecipients, to)
		}
		if c := country(to); !before[c] {
			before[c] = true
			r.NewCountries = append(r.NewCountries, c)
		}
	}
	slices.Sort(r.NewCountries)
	return r
}
