package engine_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"bestbefore/app/internal/engine"
	"bestbefore/consent"
)

// T51 through the engine: two more days are given once, move the end and the date
// that the peer holds, and are refused the second time, also after they were
// taken back. The twin is the record that does not know of the first time.
func TestT51TwoMoreDaysAreGivenOnce(t *testing.T) {
	h := newHome(t)
	h.connect(true)
	info := h.allow(h.see(bell), "Bell Maker", "203.0.113.7")
	h.now = info.Expires.Add(-time.Hour)
	more, err := h.Extend(t.Context(), info.ID, "test")
	if err != nil || !more.DueAt().Equal(info.Expires.Add(48*time.Hour)) || more.Version != 2 || more.Decided != consent.Given {
		t.Fatalf("%+v, %v", more.Consent, err)
	}
	if a := more.Actions[0]; a.Kind != consent.ActHandOver || !a.From.Equal(more.DueAt()) {
		t.Errorf("the peer holds %+v", a)
	}
	if due, err := h.st.Due(t.Context(), info.Expires, 10); err != nil || len(due) != 0 {
		t.Errorf("due at its old end: %v, %v", due, err)
	}
	if due, err := h.st.Due(t.Context(), more.DueAt(), 10); err != nil || len(due) != 1 {
		t.Errorf("due at its new end: %v, %v", due, err)
	}
	lines, err := h.Diary(t.Context(), engine.DiaryQuery{Limit: 1})
	if err != nil || lines[0].Kind != consent.NoteGrace || !strings.Contains(lines[0].Text, "two more days, until 3 June 2027 00:00") {
		t.Errorf("%+v, %v", lines, err)
	}
	if _, err := h.Extend(t.Context(), info.ID, "test"); !errors.Is(err, consent.ErrGrace) {
		t.Errorf("the second time: %v", err)
	}
	if text, err := h.Undo(t.Context()); err != nil || !strings.Contains(text, "the two more days of") {
		t.Errorf("%q, %v", text, err)
	}
	back, err := h.Consent(t.Context(), info.ID)
	if err != nil || !back.DueAt().Equal(info.Expires) || !back.Decided.Live() {
		t.Errorf("taken back: %+v, %v", back.Consent, err)
	}
	if _, err := h.Extend(t.Context(), info.ID, "test"); !errors.Is(err, consent.ErrGrace) {
		t.Errorf("after it was taken back: %v", err)
	}
	forgot := back.Consent
	forgot.GraceUsed = false
	by := consent.Decider{By: "you", How: "test", Now: h.now, Zone: berlin(t)}
	if _, _, err := consent.Grace(forgot, consent.MaxGrace, by); err != nil {
		t.Errorf("the twin: %v; what refuses is not the record", err)
	}
}

// Nothing starts it by itself: at the end, without a person's act, it is due.
func TestT51WithoutAnActThereIsNoExtension(t *testing.T) {
	h := newHome(t)
	info := h.allow(h.see(bell), "Bell Maker", "203.0.113.7")
	h.now = info.Expires
	if due, err := h.st.Due(t.Context(), h.now, 10); err != nil || len(due) != 1 {
		t.Errorf("%v, %v", due, err)
	}
	if _, err := h.Extend(t.Context(), info.ID, "test"); !errors.Is(err, consent.ErrGrace) {
		t.Errorf("after its end: %v", err)
	}
}

// After a move of zone it is asked once whether the dates stay, and again after
// the next move; at home nothing is asked.
func TestAMoveOfZoneIsAskedAboutOnce(t *testing.T) {
	h := newHome(t)
	zone := "Europe/Berlin"
	h.Config.Zone = func() (string, *time.Location) {
		loc, err := time.LoadLocation(zone)
		if err != nil {
			t.Fatal(err)
		}
		return zone, loc
	}
	h.allow(h.see(bell), "Bell Maker", "203.0.113.7")
	asks := func() bool {
		o, err := h.Overview(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range o.Problems {
			if p.ID == "zone" {
				return strings.Contains(p.Text, zone) && strings.Contains(p.Text, "1 date was")
			}
		}
		return false
	}
	for _, step := range []struct {
		zone string
		keep bool
		want bool
	}{
		{"Europe/Berlin", false, false},
		{"Europe/Paris", false, false}, // the same clocks
		{"America/New_York", true, true},
		{"America/New_York", false, false},
		{"Europe/Berlin", false, false},
		{"Asia/Tokyo", false, true},
		{"Asia/Tokyo", false, true},
	} {
		zone = step.zone
		if got := asks(); got != step.want {
			t.Errorf("in %s it asks: %v, want %v", zone, got, step.want)
		}
		if step.keep {
			if err := h.KeepDates(t.Context(), "test"); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// What was agreed as a day elsewhere does not end when a day here is over.
func TestAReviewElsewhereSpeaksOfATime(t *testing.T) {
	h := newHome(t)
	h.connect(true)
	info := h.allow(h.see(bell), "Bell Maker", "203.0.113.7")
	for zone, want := range map[string]string{"Europe/Berlin": "When that day is over", "America/New_York": "At that time"} {
		h.Config.Zone = func() (string, *time.Location) {
			loc, err := time.LoadLocation(zone)
			if err != nil {
				t.Fatal(err)
			}
			return zone, loc
		}
		r, err := h.Review(t.Context(), info.ID)
		if err != nil || !strings.HasPrefix(r.IfLapses.Lines[0], want) {
			t.Errorf("%s: %v, %v", zone, r.IfLapses.Lines, err)
		}
	}
}
