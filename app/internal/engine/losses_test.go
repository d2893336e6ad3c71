package engine_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"bestbefore/app/internal/engine"
	"bestbefore/connectors"
)

// deaf is a source that says how much it missed.
type deaf struct {
	lost   uint64
	lessen string
}

func (d *deaf) Coverage(context.Context) (connectors.Coverage, error) {
	return connectors.Coverage{Lost: d.lost, Text: "sees", Lessen: d.lessen}, nil
}

// told is how often the diary tells of losses, and the problem that stands now.
func (h *home) told() (n int, problem string) {
	h.t.Helper()
	es, err := h.Diary(h.t.Context(), engine.DiaryQuery{})
	if err != nil {
		h.t.Fatal(err)
	}
	for _, x := range es {
		if x.Kind == engine.NoteLost {
			n++
		}
	}
	o, err := h.Overview(h.t.Context())
	if err != nil {
		h.t.Fatal(err)
	}
	for _, p := range o.Problems {
		if strings.HasPrefix(p.ID, "lost/") {
			problem = p.Text
		}
	}
	return n, problem
}

func TestWhatWasMissedIsSaidAtOnceAndInTheDiaryOnce(t *testing.T) {
	h := newHome(t)
	d := &deaf{}
	h.connect(false)
	h.peers.caps.Coverer = d
	for i, c := range []struct {
		lost    uint64
		after   time.Duration
		diary   int
		problem string
	}{
		{0, 0, 0, ""}, // the twin: nothing missed, nothing said
		{3, 15 * time.Second, 1, "3 observations were lost"},
		{3, 15 * time.Second, 1, "3 observations"},
		{8, 15 * time.Second, 1, "8 observations"},
		{2, 15 * time.Second, 1, "10 observations"}, // a new session counts from nothing
		{2, 23 * time.Hour, 1, "10 observations"},
		{2, 2 * time.Hour, 1, ""}, // a day later it is over
		{5, 15 * time.Second, 2, "3 observations"},
	} {
		h.now = h.now.Add(c.after)
		d.lost = c.lost
		if err := h.WatchLosses(t.Context()); err != nil {
			t.Fatal(err)
		}
		if n, problem := h.told(); n != c.diary || (c.problem == "") != (problem == "") || !strings.Contains(problem, c.problem) {
			t.Errorf("step %d: %d lines in the diary and %q, want %d and %q", i, n, problem, c.diary, c.problem)
		}
	}
	info, err := h.Connectors(t.Context())
	if err != nil || info.Connections[0].Lost != 3 || info.Connections[0].LostSince.IsZero() {
		t.Errorf("the page of connectors: %+v, %v", info.Connections, err)
	}
}

// reader is a kind that reads topics.
type reader struct{ kind }

func (reader) Spec() connectors.Spec {
	return connectors.Spec{Kind: "fake", Options: []connectors.Option{{Key: "topics"}}}
}

// What can be done about losses is what the source itself says; only a source
// that reads topics is told to read fewer.
func TestTheAdviceFitsTheSource(t *testing.T) {
	const longer = "If it goes on, let it keep its log for longer."
	for lessen, want := range map[string]string{longer: longer, "": "If it goes on, give it less to do.", "topics": "read fewer topics or give it less to do."} {
		h := newHome(t)
		if lessen == "topics" {
			h.Registry.Put(reader{})
			lessen = ""
		}
		h.connect(false)
		h.peers.caps.Coverer = &deaf{lost: 3, lessen: lessen}
		if err := h.WatchLosses(t.Context()); err != nil {
			t.Fatal(err)
		}
		o, err := h.Overview(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		i := slices.IndexFunc(o.Problems, func(p engine.Problem) bool { return strings.HasPrefix(p.ID, "lost/") })
		if i < 0 || !strings.HasSuffix(o.Problems[i].Fix, want) || strings.Contains(o.Problems[i].Fix, "topics") != strings.Contains(want, "topics") {
			t.Errorf("%+v", o.Problems)
		}
	}
}
