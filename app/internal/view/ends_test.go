package view

import (
	"strings"
	"testing"
	"time"

	"bestbefore/app/internal/engine"
	"bestbefore/consent"
)

// agreedInBerlin is a permission as consent makes it, from its own words.
func agreedInBerlin(t *testing.T, until string) engine.ConsentInfo {
	t.Helper()
	now := at(t, "2027-03-01 09:00:00")
	term, err := consent.ParseTerm(until, now, berlin(t))
	if err != nil {
		t.Fatal(err)
	}
	c, err := consent.New(consent.Request{
		ID: "c1", Device: "d1", Recipient: consent.Recipient{Name: "Bell Maker", Destinations: []string{"bell.example"}},
		Term: term, Remedy: consent.Block, Decider: consent.Decider{By: "you", How: "clicked", Now: now, Zone: berlin(t)},
	})
	if err != nil {
		t.Fatal(err)
	}
	return engine.ConsentInfo{Consent: c, DeviceName: "Front door bell", Headline: consent.Soon}
}

// T7: the household moves from Berlin to New York on the last day. What is shown
// everywhere is the moment as the clocks there show it, and one line explains it.
func TestT07AMoveOfZoneIsExplained(t *testing.T) {
	york, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	for name, x := range map[string]struct {
		until, now       string // now is on the clocks of Berlin
		stamp, caption   string
		decided, subline string
		line             string
	}{
		"a time of day, on the other side of midnight": {
			"2027-05-31T02:00", "2027-05-30 15:00:00", "30 MAY 27", "BEST BEFORE · 20:00",
			"until 30 May, 20:00", "It ends today at 20:00.", "Agreed as 31 May, 02:00 (Berlin time)",
		},
		"a day is over in the afternoon": {
			"2027-05-31", "2027-05-31 15:00:00", "31 MAY 27", "BEST BEFORE · 18:00",
			"until 31 May, 18:00", "It ends today at 18:00.", "Agreed as 31 May (Berlin time)",
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := agreedInBerlin(t, x.until)
			p := Presenter{Zone: york, Now: at(t, x.now)}
			card, review := p.Card(c, time.Time{}), p.Review(ReviewInput{Info: engine.ReviewInfo{Consent: c}})
			if card.StampText != x.stamp || card.StampCaption != x.caption {
				t.Errorf("the stamp: %s, %s", card.StampCaption, card.StampText)
			}
			if !strings.HasPrefix(card.Truths.Decided, x.decided+",") {
				t.Errorf("decided: %s", card.Truths.Decided)
			}
			if card.StatusLine != x.line || !strings.Contains(review.Subline, x.line) || !strings.Contains(review.Subline, x.subline) {
				t.Errorf("explained: %q, %q", card.StatusLine, review.Subline)
			}
			if got := p.left(c.Consent); got != "today" {
				t.Errorf("left: %s", got)
			}
			if body := p.Notice([]consent.Reminder{{Consent: "c1"}}, []engine.ConsentInfo{c}, true).Body; !strings.Contains(body, x.subline) {
				t.Errorf("the reminder says %q", body)
			}
			// The twin: at home nothing is to be explained, and nothing is.
			p.Zone = berlin(t)
			if card := p.Card(c, time.Time{}); card.StatusLine != "" || strings.Contains(p.Review(ReviewInput{Info: engine.ReviewInfo{Consent: c}}).Subline, "time)") {
				t.Errorf("explained at home: %q", card.StatusLine)
			}
		})
	}
}

// Another name of a zone with the same clocks explains nothing, and an end
// without a zone or with a spoilt one is still shown.
func TestOnlyADifferenceIsExplained(t *testing.T) {
	c := agreedInBerlin(t, "2027-05-31")
	paris, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		t.Fatal(err)
	}
	p := Presenter{Zone: paris, Now: at(t, "2027-05-20 15:00:00")}
	if got := p.agreedElsewhere(c.Consent); got != "" {
		t.Errorf("%q", got)
	}
	if got := p.endsIn(c.Consent); got != "It ends in 11 days." {
		t.Errorf("%q", got)
	}
	p.Zone = time.UTC
	c.Zone = "\x1b[31m"
	if got := p.agreedElsewhere(c.Consent); !strings.HasPrefix(got, "Agreed as 31 May (") || strings.Contains(got, "\x1b") {
		t.Errorf("%q", got)
	}
	c.ExpiresCivil = "garbage"
	if got := p.Card(c, time.Time{}); got.StampText != "31 MAY 27" || got.StampCaption != "BEST BEFORE · 22:00" {
		t.Errorf("%+v", got)
	}
}

// Two more days are offered near the end with what they mean, once; what a
// renewal is counted from stays the date that was agreed.
func TestTwoMoreDaysAreOfferedOnce(t *testing.T) {
	c := agreedInBerlin(t, "2027-05-31")
	p := Presenter{Zone: berlin(t), Now: at(t, "2027-05-20 15:00:00")}
	show := func() Review {
		return p.Review(ReviewInput{Info: engine.ReviewInfo{Consent: c, Renewable: true}})
	}
	r := show()
	if r.Grace == "" || r.GraceLine != "Two more days can be given once: it then ends on 2 June." {
		t.Errorf("%q %q", r.Grace, r.GraceLine)
	}
	renewed := r.Presets[0].Until
	more, _, err := consent.Grace(c.Consent, consent.MaxGrace, consent.Decider{By: "you", How: "clicked", Now: p.Now, Zone: berlin(t)})
	if err != nil {
		t.Fatal(err)
	}
	c.Consent = more
	r = show()
	if r.Grace != "" || r.GraceLine != "It has its two more days already: the date was 31 May." || r.Card.StampText != "02 JUN 27" || r.Presets[0].Until != renewed {
		t.Errorf("%q %q %s %v", r.Grace, r.GraceLine, r.Card.StampText, r.Presets[0].Until)
	}
	c.GraceUntil = time.Time{} // taken back
	if r := show(); r.Grace != "" || !strings.Contains(r.GraceLine, "once") {
		t.Errorf("%q %q", r.Grace, r.GraceLine)
	}
	c.GraceUsed, c.Headline = false, consent.Fresh
	if r := show(); r.Grace != "" || r.GraceLine != "" {
		t.Errorf("long before its end: %q", r.Grace)
	}
}

// T50: the page that a message leads to says what was decided since it was shown.
func TestT50WhatWasDecidedSinceIsSaid(t *testing.T) {
	c := agreedInBerlin(t, "2027-05-31")
	c.Version, c.Decided = 3, consent.Renewed
	p := Presenter{Zone: berlin(t), Now: at(t, "2027-05-20 15:00:00")}
	show := func(opened int) string {
		return p.Review(ReviewInput{Info: engine.ReviewInfo{Consent: c}, Opened: opened}).Anew
	}
	if got := show(2); got != "You have decided anew since: renewed until 31 May, by you, on 1 March." {
		t.Errorf("%q", got)
	}
	for _, same := range []int{0, 3, 4} {
		if got := show(same); got != "" {
			t.Errorf("opened with version %d: %q", same, got)
		}
	}
	c.Decided, c.Headline, c.Ended = consent.Expired, consent.EndedStopped, c.Expires
	if got := show(2); got != "Since the message that led you here: its date passed on 31 May; agreed on 1 March." {
		t.Errorf("%q", got)
	}
}
