package view

import (
	"strings"
	"testing"
	"time"

	"bestbefore/app/internal/engine"
	"bestbefore/consent"
	"bestbefore/discovery"
)

// "You are asked once a year" is true: a year after it was given a permission
// without end waits in the review, with its own words and every answer.
func TestNoEndIsAskedAboutInTheReview(t *testing.T) {
	c := permission(t, "c1", "d1", "Thermostat", discovery.KindThermostat, "Warm Home", "2026-11-30", consent.Fresh)
	c.Term, c.Expires, c.ExpiresCivil = consent.Term{Kind: consent.NoEnd}, time.Time{}, ""
	p := presenter(t)
	show := func() (Review, string, string) {
		c.Headline = consent.HeadlineOf(c.Consent, nil, p.Now)
		all := []engine.ConsentInfo{c}
		return p.Review(ReviewInput{Info: engine.ReviewInfo{Consent: c, Renewable: true}, Waiting: Waiting(all)}),
			p.Notice([]consent.Reminder{{Consent: "c1"}}, all, true).Body, p.endsSentence(all)
	}
	hasGoOn := func(r Review) bool { return r.Presets[len(r.Presets)-1].Term == "no-end" }

	early, _, sentence := show()
	if len(Waiting([]engine.ConsentInfo{c})) != 0 || hasGoOn(early) || early.NothingLine != "It has no end. You are asked once a year." || !strings.Contains(sentence, "Everything is fresh") {
		t.Errorf("before the year is over: %+v %q", early, sentence)
	}
	p.Now = c.Given.AddDate(1, 0, 0)
	due, notice, sentence := show()
	if got := Waiting([]engine.ConsentInfo{c}); len(got) != 1 {
		t.Errorf("it does not wait: %v", got)
	}
	if !due.CanRenew || !hasGoOn(due) || len(due.Presets) != 5 || due.CanLapse || !due.CanEnd || due.Card.StateWord != "asks you" || due.Card.Action != CardReview {
		t.Errorf("the answers: %+v", due)
	}
	for what, s := range map[string]string{"subline": due.Subline, "card": due.Card.StatusLine, "notice": notice} {
		if !strings.Contains(s, "shall it go on?") || strings.Contains(s, "lapse") {
			t.Errorf("%s: %q", what, s)
		}
	}
	if sentence != "1 permission without an end waits for its yearly answer." && sentence != "One permission without an end waits for its yearly answer." {
		t.Errorf("%q", sentence)
	}
	c.Given, c.Decided = p.Now, consent.Renewed // the answer
	if after, _, _ := show(); hasGoOn(after) || len(Waiting([]engine.ConsentInfo{c})) != 0 {
		t.Errorf("it asks again at once: %+v", after)
	}
}
