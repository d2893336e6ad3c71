package homeassistant

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"bestbefore/connectors"
	"bestbefore/discovery/flow"
)

// TestThePastIsCountedOnce: what was reported while nobody listened, an hour at a
// time, and in the same parts again after a stop in the middle.
func TestThePastIsCountedOnce(t *testing.T) {
	f := newFake(t)
	now := time.Now()
	f.with(func() {
		f.still = true
		for h := range 30 { // thirty hours, once an hour each, and one of them twice
			f.home.past = append(f.home.past, fakePast{"sensor.kettle_power", now.Add(-time.Duration(h) * time.Hour).Add(-time.Minute)})
		}
		f.home.past = append(f.home.past, fakePast{"sensor.kettle_power", now.Add(-50 * time.Minute)}, fakePast{"sensor.unknown", now.Add(-time.Hour)})
	})
	s := told(t, f)
	var got uint64
	var cursors []connectors.Cursor
	take := func(recs []flow.Record, c connectors.Cursor) {
		for _, r := range recs {
			if r.Local.Remote != "k1/d-kettle" || r.Categories != "energy" || r.Last.After(now) || r.First.Before(now.Add(-31*time.Hour)) || r.Last.Sub(r.First) > time.Hour {
				t.Errorf("%+v", r)
			}
			got += r.Count
		}
		cursors = append(cursors, c)
	}
	if err := s.catchUp(t.Context(), place{At: now.Add(-40 * time.Hour)}, now, take); err != nil || got != 31 {
		t.Fatalf("%d reports, want 31; %v", got, err)
	}
	for i, c := range cursors {
		p, ok := readPlace(c)
		if !ok {
			t.Fatalf("%s is no place", c)
		}
		got = 0
		rest := func(recs []flow.Record, _ connectors.Cursor) {
			for _, r := range recs {
				got += r.Count
			}
		}
		if err := s.catchUp(t.Context(), p, now, rest); err != nil {
			t.Fatal(err)
		}
		if want := uint64(len(cursors) - 1 - i); got < want || got > want+1 { // one hour has two
			t.Errorf("from %s on: %d reports, want %d or one more", c, got, want)
		}
	}
}

// TestWithoutAHistoryThatIsSaid: and so is a gap that is longer than it remembers.
func TestWithoutAHistoryThatIsSaid(t *testing.T) {
	f := newFake(t)
	s := told(t, f)
	none := func([]flow.Record, connectors.Cursor) {}
	if err := s.catchUp(t.Context(), place{At: time.Now().Add(-30 * 24 * time.Hour)}, time.Now(), none); err != nil {
		t.Fatal(err)
	}
	if c, err := s.Coverage(t.Context()); err != nil || !strings.Contains(c.Text, "more than 7 days") {
		t.Errorf("%q, %v", c.Text, err)
	}
	f.with(func() { f.forgets = true })
	if err := s.catchUp(t.Context(), place{At: time.Now().Add(-time.Hour)}, time.Now(), none); err != nil {
		t.Fatal(err)
	}
	if c, err := s.Coverage(t.Context()); err != nil || !strings.Contains(c.Text, "no history that we may read") {
		t.Errorf("%q, %v", c.Text, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	s.settle = time.Hour
	if err := s.late(ctx, time.Now()); err == nil {
		t.Error("it waits past the end of its context")
	}
}

// FuzzHistory: what it wrote down is bounded by what was asked for, and a cursor
// is ours or none.
func FuzzHistory(f *testing.F) {
	for _, s := range []string{
		`{"sensor.real":[{"s":"1","lu":1800000000.5}]}`, `{"sensor.real":[{"s":"unavailable","lu":1800000000.5},{"s":null,"lc":1800000000}]}`, `{"sensor.other":[{"s":"1","lu":1800000000}]}`,
		`{"sensor.real":null}`, `[]`, `{"sensor.real":[{"lu":1e300}]}`, `{"sensor.real":[{"lu":"x"}]}`, `{"at":"2026-01-01T00:00:00Z","part":3}`, `{"at":"2026-01-01T00:00:00Z","part":-3}`,
	} {
		f.Add([]byte(s))
	}
	from := time.Unix(1_800_000_000, 0).UTC()
	f.Fuzz(func(t *testing.T, b []byte) {
		sums := map[tallyKey]tally{}
		k := tallyKey{"d1", "energy"}
		if addPast(sums, json.RawMessage(b), map[string]tallyKey{"sensor.real": k}, from, from.Add(time.Hour), 0) == nil {
			for got, x := range sums {
				if got != k || x.count == 0 || !x.first.After(from) || x.last.After(from.Add(time.Hour)) || x.last.Before(x.first) {
					t.Fatalf("%+v %+v", got, x)
				}
			}
		}
		if p, ok := readPlace(b); ok && (p.At.IsZero() || p.Part < 0) {
			t.Fatalf("%+v", p)
		}
	})
}
