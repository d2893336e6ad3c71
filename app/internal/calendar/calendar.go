// Package calendar writes the ends of permissions as a calendar file (RFC 5545),
// which a household can import, or import again, into whatever calendar it uses.
// It holds no secret, no address and no traffic: names and dates only.
package calendar

import (
	"fmt"
	"io"
	"strings"
	"time"

	ical "github.com/arran4/golang-ical"

	"bestbefore/assets/words"
	"bestbefore/consent"
	"bestbefore/discovery"
)

// Entry is one permission with the name of its device.
type Entry struct {
	Consent consent.Consent
	Device  string
}

// reminders are how long before the day of the end a calendar speaks up.
var reminders = []string{"-P30D", "-P7D", "-P1D"}

// endedKept is how long an ended permission stays in the file, so that a copy
// that was imported earlier learns of it.
const endedKept = 400 * 24 * time.Hour

// Write writes all entries with an end to w. A permission keeps its UID for ever
// and its version is the sequence, so that importing the file again moves what
// was renewed and strikes out what was ended before its date.
func Write(w io.Writer, entries []Entry, now time.Time) error {
	cal := ical.NewCalendarFor("Best Before")
	cal.SetMethod(ical.MethodPublish)
	cal.SetXWRCalName("Best Before")
	for _, e := range entries {
		if e.Consent.DueAt().IsZero() || !e.Consent.Ended.IsZero() && now.Sub(e.Consent.Ended) > endedKept {
			continue
		}
		add(cal, e, now)
	}
	if err := cal.SerializeTo(w, ical.WithNewLineWindows); err != nil {
		return fmt.Errorf("writing the calendar: %w", err)
	}
	return nil
}

func add(cal *ical.Calendar, e Entry, now time.Time) {
	c := e.Consent
	ev := cal.AddEvent(UID(c.ID))
	ev.SetDtStampTime(now.UTC())
	ev.SetSequence(c.Version - 1)
	when(ev, c)
	who, device := string(discovery.Clean(c.Recipient.Name)), string(discovery.Clean(e.Device))
	ev.SetSummary(words.Sprintf("%s to %s: permission ends", device, who))
	ev.SetDescription(strings.Join([]string{
		words.Sprintf("From then on %s may no longer send to %s, unless you renew it.", device, who),
		words.Sprintf("Look at it: %s", Link(c)),
	}, "\n"))
	ev.SetTimeTransparency(ical.TransparencyTransparent)
	ev.SetClass(ical.ClassificationPrivate)
	if !c.Decided.Live() {
		if c.Decided != consent.Expired { // ended before its date
			ev.SetStatus(ical.ObjectStatusCancelled)
		}
		return
	}
	ev.SetStatus(ical.ObjectStatusConfirmed)
	for _, r := range reminders {
		a := ev.AddAlarm()
		a.SetAction(ical.ActionDisplay)
		a.SetTrigger(r)
		a.SetProperty(ical.ComponentPropertyDescription, words.Sprintf("%s to %s: permission ends", device, who))
	}
}

// when is the civil day as the person chose it, or else the moment in UTC.
func when(ev *ical.VEvent, c consent.Consent) {
	if day, err := time.Parse(time.DateOnly, c.ExpiresCivil); err == nil && c.DueAt().Equal(c.Expires) {
		ev.SetAllDayStartAt(day)
		ev.SetAllDayEndAt(day.AddDate(0, 0, 1))
		return
	}
	ev.SetStartAt(c.DueAt().UTC())
	ev.SetEndAt(c.DueAt().UTC())
}

// UID is the name of a permission in every calendar, the same for all its versions.
func UID(id consent.ID) string { return "consent-" + string(id) + "@bestbefore" }

// Link opens this version of the permission in the window.
func Link(c consent.Consent) string {
	return fmt.Sprintf("bestbefore --open consent/%s@%d", c.ID, c.Version)
}
