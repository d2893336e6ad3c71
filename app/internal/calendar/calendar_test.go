package calendar

import (
	"strings"
	"testing"
	"time"

	ical "github.com/arran4/golang-ical"

	"bestbefore/assets"
	"bestbefore/assets/words/wordstest"
	"bestbefore/consent"
)

var now = time.Date(2027, 3, 1, 9, 0, 0, 0, time.UTC)

func given(t *testing.T, id, until, name string) consent.Consent {
	t.Helper()
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	term, err := consent.ParseTerm(until, now, berlin)
	if err != nil {
		t.Fatal(err)
	}
	c, err := consent.New(consent.Request{
		ID: consent.ID(id), Device: "d1", Recipient: consent.Recipient{Name: name, Destinations: []string{"video.bell-maker.example", "203.0.113.7"}},
		Term: term, Remedy: consent.Block, Decider: consent.Decider{By: "you", How: "clicked", Now: now, Zone: berlin},
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// written is the file and what a reader makes of it.
func written(t *testing.T, es ...Entry) (string, map[string]*ical.VEvent) {
	t.Helper()
	var b strings.Builder
	if err := Write(&b, es, now); err != nil {
		t.Fatal(err)
	}
	cal, err := ical.ParseCalendar(strings.NewReader(b.String()))
	if err != nil {
		t.Fatalf("%v:\n%s", err, b.String())
	}
	out := map[string]*ical.VEvent{}
	for _, e := range cal.Events() {
		out[e.Id()] = e
	}
	return b.String(), out
}

func value(e *ical.VEvent, p ical.ComponentProperty) string {
	if x := e.GetProperty(p); x != nil {
		return x.Value
	}
	return ""
}

func TestADayIsADayAndAMomentAMoment(t *testing.T) {
	text, es := written(t, Entry{given(t, "c1", "2027-05-31", "Bell Maker"), "Front door bell"}, Entry{given(t, "c2", "2027-05-31T18:00", "Acme"), "TV"},
		Entry{given(t, "c3", "no-end", "Nobody"), "Fridge"})
	if len(es) != 2 {
		t.Fatalf("%d entries; what has no end has no day\n%s", len(es), text)
	}
	day, moment := es[UID("c1")], es[UID("c2")]
	if value(day, ical.ComponentPropertyDtStart) != "20270531" || value(day, ical.ComponentPropertyDtEnd) != "20270601" {
		t.Errorf("%s to %s", value(day, ical.ComponentPropertyDtStart), value(day, ical.ComponentPropertyDtEnd))
	}
	if got := value(moment, ical.ComponentPropertyDtStart); got != "20270531T160000Z" {
		t.Errorf("the moment is %s", got)
	}
	if n := len(day.Alarms()); n != 3 || !strings.Contains(text, "TRIGGER:-P30D") || !strings.Contains(text, "TRIGGER:-P7D") || !strings.Contains(text, "TRIGGER:-P1D") {
		t.Errorf("%d reminders\n%s", n, text)
	}
	if !strings.Contains(value(day, ical.ComponentPropertyDescription), "bestbefore --open consent/c1@1") {
		t.Errorf("no link: %s", value(day, ical.ComponentPropertyDescription))
	}
	for _, secret := range []string{"203.0.113.7", "video.bell-maker.example"} {
		if strings.Contains(text, secret) {
			t.Errorf("the file holds %s", secret)
		}
	}
}

// T50: after a renewal the same entry moves, and its link names the new version.
func TestT50ImportedAgainItStaysInStep(t *testing.T) {
	c := given(t, "c1", "2027-04-20", "Bell Maker")
	next, _, err := consent.Renew(c, consent.Term{Kind: consent.ForPeriod, Rule: "P3M"}, consent.Decider{By: "you", How: "clicked", Now: c.RenewableFrom().Add(time.Hour), Zone: time.UTC})
	if err != nil {
		t.Fatal(err)
	}
	_, before := written(t, Entry{c, "Bell"})
	_, after := written(t, Entry{next, "Bell"})
	x, y := before[UID("c1")], after[UID("c1")]
	if y == nil || value(x, ical.ComponentPropertySequence) != "0" || value(y, ical.ComponentPropertySequence) != "1" {
		t.Fatalf("%v, then %v", x, y)
	}
	if !strings.Contains(value(y, ical.ComponentPropertyDescription), "consent/c1@2") || value(x, ical.ComponentPropertyDtStart) == value(y, ical.ComponentPropertyDtStart) {
		t.Errorf("it did not move: %s", y.Serialize(&ical.SerializationConfiguration{}))
	}
	if UID(c.ID) == UID("c2") { // the twin: one name for all would put every date into one entry
		t.Error("two permissions have one name")
	}
	ended, _ := consent.Withdraw(next, nil, now.AddDate(0, 1, 25), "you", "clicked")
	_, gone := written(t, Entry{ended, "Bell"})
	if e := gone[UID("c1")]; value(e, ical.ComponentPropertyStatus) != "CANCELLED" || len(e.Alarms()) != 0 {
		t.Errorf("what was ended early still stands: %s", value(e, ical.ComponentPropertyStatus))
	}
}

// Names come from devices and people: none breaks out of its line.
func TestANameStaysInItsLine(t *testing.T) {
	for _, bad := range []string{"x\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\nUID:evil", "a;b,c\\n", "\u202egnp.exe", strings.Repeat("ä", 500), "\x00\x1b[31m"} {
		text, es := written(t, Entry{given(t, "c1", "2027-05-31", "Bell Maker"), bad})
		if len(es) != 1 || es[UID("c1")] == nil || strings.ContainsAny(text, "\x00\x1b\u202e") {
			t.Errorf("%q gives %d entries", bad, len(es))
		}
		for _, line := range strings.Split(text, "\r\n") {
			if len(line) > 75 {
				t.Errorf("a line of %d bytes", len(line))
			}
		}
	}
}

// TestTheFileSpeaksTheLanguage: what a calendar shows of an end comes out of the
// language file, the reminders too. The twin is the same file in English.
func TestTheFileSpeaksTheLanguage(t *testing.T) {
	for _, spoken := range []bool{false, true} {
		if spoken {
			wordstest.Speak(t, assets.Translations)
		}
		_, es := written(t, Entry{given(t, "c1", "2027-05-31", "Bell Maker"), "Front door bell"})
		e := es[UID("c1")]
		texts := []string{value(e, ical.ComponentPropertySummary), value(e, ical.ComponentPropertyDescription)}
		for _, a := range e.Alarms() {
			texts = append(texts, a.GetProperty(ical.ComponentPropertyDescription).Value)
		}
		if len(texts) != 2+len(reminders) {
			t.Fatalf("%q", texts)
		}
		for _, text := range texts {
			if wordstest.Spoken(text) != spoken || spoken && strings.Trim(wordstest.Outside(text), `\n`+"\n") != "" {
				t.Errorf("spoken %t: %q", spoken, text)
			}
		}
	}
}
