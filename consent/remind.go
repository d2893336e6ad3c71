package consent

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Remindable is a permission as the rule for reminders looks at it.
type Remindable struct {
	Consent  Consent
	Headline Headline
	// Lapsing says that the person already answered: it may lapse. Reminders
	// stop; the result at the end is still told.
	Lapsing bool
	// Back is set where what had ended is sent again; see Back.
	Back time.Time
}

// AtEnd is the stage of the message with the result, SentAgain that of one that
// says that the result no longer holds; the other stages are days before the end.
const (
	AtEnd     = 0
	SentAgain = 1000 // no permission is that many days long
)

// reminderDays are the stages before the end, the nearest first.
var reminderDays = []int{1, 7, 30}

// The message at the end waits for its result, but no longer than settleTime;
// what ended longer ago than staleAfter is no news.
const (
	settleTime = 10 * time.Minute
	staleAfter = 30 * 24 * time.Hour
	// reminderPause keeps the messages of two days apart around midnight.
	reminderPause = 12 * time.Hour
)

// Reminder is one line of a message that is due.
type Reminder struct {
	Consent ID
	Version int
	Stage   int // days before the end, AtEnd or SentAgain; -1, -2 ... is the yearly question about one without end
	// Back tells one return from another.
	Back time.Time
}

// key names what was told once and for all.
func (r Reminder) key() string {
	if r.Stage == SentAgain {
		return fmt.Sprintf("%s@%d/again %d", r.Consent, r.Version, r.Back.Unix())
	}
	return fmt.Sprintf("%s@%d/%d", r.Consent, r.Version, r.Stage)
}

// Reminded is what was told so far. Its zero value is: nothing.
type Reminded struct {
	Last time.Time       `json:"last,omitzero"` // the newest message that we started
	Told map[string]bool `json:"told,omitempty"`
}

// Remind says which lines today's one message has at now: nothing when there
// was a message today. Of the stages that were missed, with the computer off,
// only the nearest is told. What a person ended is the answer to a click and no
// news. A clock set back silences nothing.
func Remind(all []Remindable, told Reminded, now time.Time, zone *time.Location) []Reminder {
	if told.Quiet(now, zone) {
		return nil
	}
	var out []Reminder
	for _, r := range all {
		stage, ok := r.stage(now)
		line := Reminder{Consent: r.Consent.ID, Version: r.Consent.Version, Stage: stage}
		if ok && stage == SentAgain {
			line.Back = r.Back
		}
		if ok && !told.Told[line.key()] {
			out = append(out, line)
		}
	}
	worth := make(map[ID]int, len(all))
	for _, r := range all {
		worth[r.Consent.ID] = Sensitivity(r.Consent.Data)
	}
	slices.SortStableFunc(out, func(a, b Reminder) int { return worth[b.Consent] - worth[a.Consent] }) // T54
	return out
}

// Sensitivity says how near to a person the kinds of data come: 2 for what is
// special or heard and seen in a home, 1 for what tells of habits, 0 for the rest.
func Sensitivity(data []Category) int {
	most := 0
	for _, c := range data {
		switch c {
		case "health", "location", "audio", "voice", "video", "image", "any":
			return 2
		case "presence", "motion", "usage", "energy":
			most = 1
		}
	}
	return most
}

// Quiet reports whether there was a message today already; everything that we
// start waits for the next day then.
func (r Reminded) Quiet(now time.Time, zone *time.Location) bool {
	return !r.Last.After(now) && (sameDay(r.Last, now, zone) || now.Sub(r.Last) < reminderPause)
}

func sameDay(a, b time.Time, zone *time.Location) bool {
	if zone == nil {
		zone = time.UTC
	}
	return a.In(zone).Format(civilDay) == b.In(zone).Format(civilDay)
}

// stage is the one that r has reached, if it has reached any.
func (r Remindable) stage(now time.Time) (int, bool) {
	c := r.Consent
	if !c.Decided.Live() {
		if !r.Back.IsZero() && r.Headline == EndedStill { // also for what a person ended
			return SentAgain, true
		}
		since := now.Sub(c.Ended)
		settled := r.Headline != EndedPending || since >= settleTime
		return AtEnd, c.Decided == Expired && settled && since < staleAfter
	}
	end := c.DueAt()
	if c.Asked(now) {
		return -years(c.Given, now), true
	}
	if end.IsZero() || r.Lapsing || c.Due(now) {
		return 0, false
	}
	for _, days := range reminderDays {
		at := end.AddDate(0, 0, -days)
		// A permission of three days needs no reminder "seven days before".
		if !now.Before(at) && at.After(c.Given) {
			return days, true
		}
	}
	return 0, false
}

// years are the whole years from given to now.
func years(given, now time.Time) int {
	n := 0
	for !now.Before(period{years: n + 1}.addTo(given.UTC())) && n < maxYears {
		n++
	}
	return n
}

// maxYears bounds the count where a clock is far off.
const maxYears = 1000

// With is r after a message with lines was shown at now. What is about
// permissions or versions that are no longer there is forgotten. A stage that is
// told tells the farther ones too.
func (r Reminded) With(lines []Reminder, all []Remindable, now time.Time) Reminded {
	next := Reminded{Last: now.Round(0).UTC(), Told: map[string]bool{}}
	for _, x := range all {
		begin := fmt.Sprintf("%s@%d/", x.Consent.ID, x.Consent.Version)
		for k := range r.Told {
			if strings.HasPrefix(k, begin) {
				next.Told[k] = true
			}
		}
	}
	for _, l := range lines {
		next.Told[l.key()] = true
		if l.Stage == SentAgain { // it tells the result too
			next.Told[Reminder{Consent: l.Consent, Version: l.Version, Stage: AtEnd}.key()] = true
		}
		for _, days := range reminderDays {
			if l.Stage > AtEnd && days > l.Stage {
				next.Told[Reminder{Consent: l.Consent, Version: l.Version, Stage: days}.key()] = true
			}
		}
	}
	return next
}
