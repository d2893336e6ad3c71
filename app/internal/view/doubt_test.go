package view

import (
	"strings"
	"testing"

	"bestbefore/app/internal/engine"
	"bestbefore/consent"
	"bestbefore/discovery"
)

// What is blocked provisionally is not shown as fresh, and nothing claims that it ended.
func TestABlockInDoubtIsNoFreshPermission(t *testing.T) {
	p := presenter(t)
	c := permission(t, "c1", "d1", "Bell", discovery.KindDoorbell, "Bell Maker", "2027-05-31", consent.Fresh)
	c.Actions = []consent.Action{{Kind: consent.ActBlock, Origin: consent.FromDoubt, State: consent.Done, Level: consent.Configured, Connection: "k1"}}
	card := p.Card(c, c.Given)
	if card.Severity != Soon || card.StateWord == "fresh" || !strings.Contains(card.StatusLine, "clock is in doubt") || card.Struck || !strings.Contains(card.Truths.Done, "blocked for now") {
		t.Errorf("%+v", card)
	}
	r := p.Review(ReviewInput{Info: engine.ReviewInfo{Consent: c}})
	if !strings.Contains(r.Subline, "not known") {
		t.Errorf("%q", r.Subline)
	}
	// The twins: what was given back, and what was blocked for another reason.
	c.Actions = append([]consent.Action{{Kind: consent.ActUnblock, Origin: consent.FromDoubt, State: consent.Done}}, c.Actions...)
	if card = p.Card(c, c.Given); card.Severity != Fresh || card.StateWord != "fresh" {
		t.Errorf("given back: %+v", card)
	}
	c.Actions = []consent.Action{{Kind: consent.ActBlock, Origin: consent.FromPerson, State: consent.Done}}
	if card = p.Card(c, c.Given); card.StateWord != "fresh" {
		t.Errorf("blocked by a person: %+v", card)
	}
}

func TestAClockInDoubtIsTheFirstSentence(t *testing.T) {
	p, in := presenter(t), home(t)
	before := p.Home(in).Sentence
	in.Overview.Problems = append(in.Overview.Problems, engine.Problem{ID: "clock", Text: "the clock went back"})
	if got := p.Home(in).Sentence; !strings.Contains(got, "clock is in doubt") || got == before {
		t.Errorf("%q, before %q", got, before)
	}
}

// One decision is written down in several places; damaged records are one line.
func TestDamagedRecordsAreOneProblem(t *testing.T) {
	p := presenter(t)
	got := p.problems([]engine.Problem{
		{ID: "connection/k2", Text: "Pi-hole: it did not answer."},
		{ID: "quarantine/consent/c1", Text: "x", Fix: "Everything else goes on."},
		{ID: "quarantine/action/a1", Text: "y", Fix: "Everything else goes on."},
	})
	if len(got) != 2 || got[1].Word != "Set aside:" || got[1].Text != "Two damaged records were set aside, and nothing rests on them. Everything else goes on." || got[1].Action.ID != string(PageSettings) {
		t.Errorf("%+v", got)
	}
	if got = p.problems([]engine.Problem{{ID: "connection/k2", Text: "x"}}); len(got) != 1 { // the twin
		t.Errorf("%+v", got)
	}
	s := p.Settings(SettingsInput{Backups: BackupsInput{Damaged: []engine.Quarantined{{What: "consent", Key: "c1", Reason: "its checksum is wrong"}}}})
	if s.Groups[0].Title != "Backups" || s.Groups[len(s.Groups)-1].Title != "Leaving" {
		t.Errorf("the settings begin with %q and end with %q", s.Groups[0].Title, s.Groups[len(s.Groups)-1].Title)
	}
	if s = p.Settings(SettingsInput{}); s.Groups[0].Title == "Backups" {
		t.Error("backups come first though nothing is damaged")
	}
}
