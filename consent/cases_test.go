package consent

import (
	"fmt"
	"testing"
	"time"
)

func agreed(t *testing.T, until string, zone *time.Location, now time.Time) Consent {
	t.Helper()
	term, err := ParseTerm(until, now, zone)
	if err != nil {
		t.Fatal(err)
	}
	c, err := New(Request{
		ID: "c1", Device: "d1", Recipient: Recipient{Name: "Acme", Destinations: []string{"203.0.113.7"}}, Data: []Category{"video"},
		Term: term, Remedy: Block, Decider: Decider{By: "you", How: "clicked", Now: now, Zone: zone},
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func zoned(t *testing.T, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

// T7: the household moves from Berlin to New York on the last day. The instant
// stays; counting the date anew in the new zone, the twin, would move it. What is
// shown there, and how it is explained, is tested with the presenter.
func TestT07AMoveOfZoneMovesNoInstant(t *testing.T) {
	berlin, york := zoned(t, "Europe/Berlin"), zoned(t, "America/New_York")
	c := agreed(t, "2027-05-31", berlin, time.Date(2027, 3, 1, 9, 0, 0, 0, time.UTC))
	end := time.Date(2027, 5, 31, 22, 0, 0, 0, time.UTC)
	if !c.Expires.Equal(end) || c.Zone != "Europe/Berlin" || c.ExpiresCivil != "2027-05-31" {
		t.Fatalf("%+v", c)
	}
	if c.Due(end.Add(-time.Second).In(york)) || !c.Due(end.In(york)) {
		t.Error("where one is decides when it ends")
	}
	anew, err := CivilEnd(c.ExpiresCivil, york)
	if err != nil || anew.Equal(c.Expires) {
		t.Errorf("the twin: counted anew it is %s, %v; this test shows nothing", anew, err)
	}
}

// T8: a time that the zone skips is the first instant after the gap, once.
func TestT08ASkippedTimeIsOneInstant(t *testing.T) {
	berlin := zoned(t, "Europe/Berlin")
	c := agreed(t, "2027-03-28T02:30", berlin, time.Date(2027, 3, 1, 9, 0, 0, 0, time.UTC))
	gap := time.Date(2027, 3, 28, 1, 0, 0, 0, time.UTC) // 02:00 becomes 03:00
	if !c.Expires.Equal(gap) {
		t.Fatalf("it ends at %s, want %s", c.Expires, gap)
	}
	ends := 0
	for at := gap.Add(-2 * time.Hour); at.Before(gap.Add(2 * time.Hour)); at = at.Add(time.Minute) {
		if next, _ := Expire(c, nil, at); next.Version != c.Version {
			c = next
			ends++
		}
	}
	if ends != 1 || !c.Ended.Equal(gap) {
		t.Errorf("it ended %d times, at %s", ends, c.Ended)
	}
	if naive := time.Date(2027, 3, 28, 2, 30, 0, 0, berlin); naive.Equal(gap) {
		t.Error("the twin: time.Date alone gives the same; this test shows nothing")
	}
}

// T32: the other side ended it first: a fact with its date, no fault, and no
// action; it does not come back by a renewal.
func TestT32TheOtherSideRevokedFirst(t *testing.T) {
	now := time.Date(2027, 3, 1, 9, 0, 0, 0, time.UTC)
	c := agreed(t, "6mo", time.UTC, now)
	at := now.AddDate(0, 1, 0)
	next := RevokedBy(c, "the other side", at)
	if err := next.Validate(); err != nil || next.Decided != Revoked || !next.Ended.Equal(at) || next.Version != 2 || next.PreviousHash != c.Checksum() {
		t.Fatalf("%+v, %v", next, err)
	}
	if HeadlineOf(next, nil, at) == Fresh || next.Due(at.AddDate(1, 0, 0)) {
		t.Error("it counts as in force")
	}
	if again := RevokedBy(next, "the other side", at); again.Version != 2 {
		t.Error("it was revoked twice")
	}
	if _, _, err := Renew(next, Term{Kind: ForPeriod, Rule: "P1M"}, Decider{By: "you", How: "clicked", Now: at, Zone: time.UTC}); err == nil {
		t.Error("what the other side revoked was renewed")
	}
	if c.Decided != Given { // the twin: without the look nothing moves
		t.Error("the record itself was changed")
	}
}

// T33: a token that ends sooner is shown and moves nothing.
func TestT33ATokenThatEndsSoonerIsNoFalseEnd(t *testing.T) {
	now := time.Date(2027, 3, 1, 9, 0, 0, 0, time.UTC)
	c := agreed(t, "6mo", time.UTC, now)
	sooner := now.AddDate(0, 2, 0)
	gs := []Grant{{ID: "late", Expires: now.AddDate(1, 0, 0)}, {ID: "own", Own: true, Expires: now}, {ID: "soon", Expires: sooner}, {ID: "never"}}
	if at, ok := EndsEarlier(c, gs); !ok || !at.Equal(sooner) {
		t.Errorf("%s, %v", at, ok)
	}
	if c.Due(sooner.Add(time.Hour)) {
		t.Error("the permission ended with the token")
	}
	if _, ok := EndsEarlier(c, gs[:2]); ok {
		t.Error("the twin: nothing ends sooner, yet it is shown")
	}
}

// T54: fifty in one month are at most one message a day, the most sensitive first.
func TestT54FiftyInAMonth(t *testing.T) {
	began := time.Date(2027, 1, 1, 8, 0, 0, 0, time.UTC)
	var all []Remindable
	for i := range 50 {
		c := agreed(t, "6mo", time.UTC, began)
		c.ID = ID(fmt.Sprintf("c%02d", i))
		c.Expires = began.AddDate(0, 6, i*30/50)
		c.Data = []Category{[]Category{"temperature", "energy", "video"}[i%3]}
		all = append(all, Remindable{Consent: c, Headline: Soon})
	}
	worth := func(r Reminder) int {
		for _, x := range all {
			if x.Consent.ID == r.Consent {
				return Sensitivity(x.Consent.Data)
			}
		}
		return -1
	}
	check := func(limit func(Reminded) Reminded) (perDay int, sorted bool) {
		told, days := Reminded{}, map[string]int{}
		sorted = true
		for at := began; at.Before(began.AddDate(0, 7, 0)); at = at.Add(3 * time.Hour) {
			lines := Remind(all, limit(told), at, time.UTC)
			if len(lines) == 0 {
				continue
			}
			days[at.Format(time.DateOnly)]++
			for i := 1; i < len(lines); i++ {
				sorted = sorted && worth(lines[i-1]) >= worth(lines[i])
			}
			told = told.With(lines[:1+len(lines)/2], all, at) // the rest is told later
		}
		for _, n := range days {
			perDay = max(perDay, n)
		}
		return perDay, sorted
	}
	if n, sorted := check(func(r Reminded) Reminded { return r }); n != 1 || !sorted {
		t.Errorf("%d messages on one day, sorted %v", n, sorted)
	}
	if n, _ := check(func(r Reminded) Reminded { r.Last = time.Time{}; return r }); n < 2 {
		t.Error("the twin: without the memory of the last message there is one a day too; this test shows nothing")
	}
}

// T57: every claim rests on a check: no mixture of the axes is called stopped
// unless it was seen to stop, and done without a look is never said to be verified.
func TestT57NoClaimWithoutACheckBehindIt(t *testing.T) {
	now := time.Date(2027, 3, 1, 9, 0, 0, 0, time.UTC)
	check := func(headline func(Consent, []Action, time.Time) Headline) (faults int) {
		for _, d := range []Decided{Expired, Withdrawn, Revoked} {
			for _, s := range []Seen{"", NotChecked, Stopped, Flowing, CannotTell} {
				for _, st := range []ActionState{Pending, Running, Done, Waiting, NeedsPerson, Stuck, Cancelled} {
					for _, l := range []Level{NoLevel, Accepted, Configured, Effective} {
						c := agreed(t, "6mo", time.UTC, now)
						c.Decided, c.Seen, c.Ended = d, s, now
						h := headline(c, []Action{{Kind: ActBlock, State: st, Level: l}}, now)
						if h == EndedStopped && (s != Stopped || st != Done) || s == Flowing && h != EndedStill || h == Fresh || h == Soon {
							faults++
						}
					}
				}
			}
		}
		return faults
	}
	if n := check(HeadlineOf); n != 0 {
		t.Errorf("%d claims without a check", n)
	}
	if check(func(c Consent, as []Action, now time.Time) Headline { // the twin: done is taken for stopped
		if as[0].State == Done {
			return EndedStopped
		}
		return HeadlineOf(c, as, now)
	}) == 0 {
		t.Error("the twin finds nothing; this test shows nothing")
	}
}

// T51: grace once; the twin forgets that it was used.
func TestT51TheTwinOfGrace(t *testing.T) {
	now := time.Date(2027, 3, 1, 9, 0, 0, 0, time.UTC)
	d := Decider{By: "you", How: "clicked", Now: now, Zone: time.UTC}
	first, _, err := Grace(agreed(t, "6mo", time.UTC, now), 24*time.Hour, d)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := Grace(first, 24*time.Hour, d); err == nil {
		t.Error("it was extended twice")
	}
	first.GraceUsed = false
	if _, _, err := Grace(first, 24*time.Hour, d); err != nil {
		t.Error("the twin: forgotten that it was used, it is refused too; this test shows nothing")
	}
}
