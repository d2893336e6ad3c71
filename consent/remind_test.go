package consent

import (
	"fmt"
	"testing"
	"time"
)

func remindable(id string, given, end time.Time) Remindable {
	return Remindable{Consent: Consent{ID: ID(id), Version: 1, Decided: Given, Given: given, Expires: end}}
}

func lines(rs []Reminder) string {
	out := ""
	for _, r := range rs {
		out += fmt.Sprintf("%s:%d ", r.Consent, r.Stage)
	}
	return out
}

func TestReminders(t *testing.T) {
	now := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	day := 24 * time.Hour
	long := now.Add(-100 * day)
	ended := func(after time.Duration, d Decided, h Headline) Remindable {
		r := remindable("a", long, now.Add(-after))
		r.Consent.Decided, r.Consent.Ended, r.Headline = d, now.Add(-after), h
		return r
	}
	lapsing := remindable("a", long, now.Add(6*day))
	lapsing.Lapsing = true
	back := func(d Decided, h Headline, at time.Time) Remindable {
		r := ended(40*day, d, h)
		r.Back = at
		return r
	}
	stopped := now.Add(-3 * day)
	again := Reminder{Consent: "a", Version: 1, Stage: SentAgain, Back: stopped}
	toldAgain := Reminded{}.With([]Reminder{again}, []Remindable{back(Expired, EndedStill, stopped)}, now.Add(-2*day))
	for name, x := range map[string]struct {
		all  []Remindable
		told Reminded
		want string
	}{
		"who was told that it stopped hears that it is back":     {all: []Remindable{back(Expired, EndedStill, stopped)}, told: Reminded{Told: map[string]bool{"a@1/0": true}}, want: "a:1000 "},
		"also of what a person ended":                            {all: []Remindable{back(Withdrawn, EndedStill, stopped)}, want: "a:1000 "},
		"once, not at each look":                                 {all: []Remindable{back(Expired, EndedStill, stopped)}, told: toldAgain},
		"and the next return again":                              {all: []Remindable{back(Expired, EndedStill, now.Add(-day))}, told: toldAgain, want: "a:1000 "},
		"what stopped again is not back":                         {all: []Remindable{back(Expired, EndedStopped, stopped)}, told: toldAgain},
		"40 days before nothing is said":                         {all: []Remindable{remindable("a", long, now.Add(40*day))}},
		"30 days before it is said":                              {all: []Remindable{remindable("a", long, now.Add(30*day))}, want: "a:30 "},
		"8 days before, with nothing told, 30 is made good":      {all: []Remindable{remindable("a", long, now.Add(8*day))}, want: "a:30 "},
		"of several that were missed only the nearest is told":   {all: []Remindable{remindable("a", long, now.Add(20*time.Hour))}, want: "a:1 "},
		"what was told is not told again":                        {all: []Remindable{remindable("a", long, now.Add(6*day))}, told: Reminded{Told: map[string]bool{"a@1/7": true}}},
		"a renewed version is another one":                       {all: []Remindable{remindable("a", long, now.Add(6*day))}, told: Reminded{Told: map[string]bool{"a@0/7": true}}, want: "a:7 "},
		"two permissions make one message":                       {all: []Remindable{remindable("a", long, now.Add(6*day)), remindable("b", long, now.Add(1*day))}, want: "a:7 b:1 "},
		"one message a day":                                      {all: []Remindable{remindable("a", long, now.Add(6*day))}, told: Reminded{Last: now.Add(-8 * time.Hour)}},
		"the next day another one":                               {all: []Remindable{remindable("a", long, now.Add(6*day))}, told: Reminded{Last: now.Add(-13 * time.Hour)}, want: "a:7 "},
		"not two around midnight":                                {all: []Remindable{remindable("a", long, now.Add(6*day))}, told: Reminded{Last: now.Add(-10 * time.Hour)}},
		"a clock set back silences nothing":                      {all: []Remindable{remindable("a", long, now.Add(6*day))}, told: Reminded{Last: now.Add(400 * day)}, want: "a:7 "},
		"a permission of three days is not announced seven days": {all: []Remindable{remindable("a", now, now.Add(3*day))}},
		"one of 90 seconds is not announced at all":              {all: []Remindable{remindable("a", now, now.Add(90*time.Second))}},
		"no end, and no year has passed":                         {all: []Remindable{remindable("a", long, time.Time{})}},
		"no end, and a year has passed":                          {all: []Remindable{remindable("a", now.AddDate(-1, 0, 0), time.Time{})}, want: "a:-1 "},
		"a day less than a year":                                 {all: []Remindable{remindable("a", now.AddDate(-1, 0, 1), time.Time{})}},
		"that question is put once":                              {all: []Remindable{remindable("a", now.AddDate(-1, -3, 0), time.Time{})}, told: Reminded{Told: map[string]bool{"a@1/-1": true}}},
		"and again the year after":                               {all: []Remindable{remindable("a", now.AddDate(-2, 0, 0), time.Time{})}, told: Reminded{Told: map[string]bool{"a@1/-1": true}}, want: "a:-2 "},
		"who lets it lapse is not asked again":                   {all: []Remindable{lapsing}},
		"due but not yet ended waits for its result":             {all: []Remindable{remindable("a", long, now.Add(-time.Second))}},
		"the result at the end":                                  {all: []Remindable{ended(time.Minute, Expired, EndedStopped)}, want: "a:0 "},
		"the result is waited for":                               {all: []Remindable{ended(time.Minute, Expired, EndedPending)}},
		"but not for ever":                                       {all: []Remindable{ended(11*time.Minute, Expired, EndedPending)}, want: "a:0 "},
		"what a person ended is the answer to a click":           {all: []Remindable{ended(time.Minute, Withdrawn, EndedStopped)}},
		"what ended long ago is no news":                         {all: []Remindable{ended(31*day, Expired, EndedStopped)}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := lines(Remind(x.all, x.told, now, time.UTC)); got != x.want {
				t.Errorf("got %q, want %q", got, x.want)
			}
		})
	}
}

// TestAYearOfReminders walks hour by hour: each stage is told once, and never
// two messages on one day.
func TestAYearOfReminders(t *testing.T) {
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	var all []Remindable
	for i := range 5 {
		all = append(all, remindable(fmt.Sprint("c", i), start, start.AddDate(0, 0, 60+40*i)))
	}
	var told Reminded
	days, said := map[string]int{}, map[string]int{}
	for now := start; now.Before(start.AddDate(1, 0, 0)); now = now.Add(time.Hour) {
		for i := range all {
			if all[i].Consent.Due(now) {
				all[i].Consent, _ = Expire(all[i].Consent, nil, now)
			}
		}
		due := Remind(all, told, now, time.UTC)
		if len(due) == 0 {
			continue
		}
		days[now.Format(time.DateOnly)]++
		for _, d := range due {
			said[fmt.Sprint(d.Consent, "/", d.Stage)]++
		}
		told = told.With(due, all, now)
	}
	for day, n := range days {
		if n > 1 {
			t.Errorf("%d messages on %s", n, day)
		}
	}
	if len(said) != 20 { // five permissions, four stages
		t.Errorf("%d lines told, want 20: %v", len(said), said)
	}
	for what, n := range said {
		if n != 1 {
			t.Errorf("%s was told %d times", what, n)
		}
	}
	if len(told.Told) > 20 {
		t.Errorf("%d things are remembered; what is over must be forgotten", len(told.Told))
	}
}

// A permission without end is asked about once in each year, and an answer, which
// is a new version with a new date, begins a new year. The question stays open in
// the window until it is answered.
func TestNoEndIsAskedAboutOnceAYear(t *testing.T) {
	start := time.Date(2024, 2, 29, 9, 0, 0, 0, time.UTC)
	all := []Remindable{{Consent: agreed(t, "no-end", time.UTC, start)}}
	c := &all[0].Consent
	var told Reminded
	var asked []string
	for now := start; now.Before(start.AddDate(3, 6, 0)); now = now.Add(24 * time.Hour) {
		if due := Remind(all, told, now, time.UTC); len(due) > 0 {
			if HeadlineOf(*c, nil, now) != Soon {
				t.Errorf("on %s it is told of and does not wait in the window", now)
			}
			asked, told = append(asked, now.Format(time.DateOnly)), told.With(due, all, now)
		}
		if now.Equal(time.Date(2026, 6, 1, 9, 0, 0, 0, time.UTC)) { // the answer: it goes on
			next, _, err := Renew(*c, Term{Kind: NoEnd}, Decider{By: "you", How: "clicked", Now: now, Zone: time.UTC})
			if err != nil {
				t.Fatal(err)
			}
			*c = next
			if HeadlineOf(*c, nil, now) != Fresh {
				t.Error("it still waits after the answer")
			}
		}
	}
	if got := fmt.Sprint(asked); got != "[2025-02-28 2026-02-28 2027-06-01]" {
		t.Errorf("asked on %s", got)
	}
}
