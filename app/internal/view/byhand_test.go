package view

import (
	"strings"
	"testing"

	"bestbefore/app/internal/engine"
	"bestbefore/consent"
	"bestbefore/discovery"
)

func TestStepsByHand(t *testing.T) {
	c := permission(t, "c1", "d1", "Front door bell", discovery.KindDoorbell, "Bell Maker", "2026-11-20", consent.EndedPerson)
	show := func(a consent.Action, seen consent.Seen) Review {
		c.Actions, c.Seen = []consent.Action{a}, seen
		return presenter(t).Review(ReviewInput{Info: engine.ReviewInfo{Consent: c}})
	}
	guide := consent.Action{ID: "a1", Kind: consent.ActGuide, State: consent.NeedsPerson}
	r := show(guide, consent.NotChecked)
	if len(r.Steps) != 4 || r.Confirm.ID != "a1" || !strings.Contains(r.Steps[1], "Bell Maker") {
		t.Errorf("steps %q, confirm %v", r.Steps, r.Confirm)
	}
	guide.State, guide.Level = consent.Done, consent.Accepted
	if r := show(guide, consent.NotChecked); len(r.Steps) != 0 || r.Confirm.ID != "" {
		t.Errorf("after the word: %q", r.Steps)
	}
	if r := show(guide, consent.Flowing); r.StepsFor != "It still sends. Once more, by hand" || r.Confirm.ID != "a1" {
		t.Errorf("it goes on: %q, %v", r.StepsFor, r.Confirm)
	}
	for _, state := range []consent.ActionState{consent.NeedsPerson, consent.Stuck} { // the last rung stands beside each that failed
		if r := show(consent.Action{ID: "a2", Kind: consent.ActBlock, State: state}, consent.NotChecked); len(r.Steps) != 4 || r.StepsFor != "Or end it by hand" || r.Confirm.ID != "a2" || r.Retry.ID != "a2" {
			t.Errorf("a block that is %s shows %q under %q", state, r.Steps, r.StepsFor)
		}
	}
	if r := show(consent.Action{ID: "a2", Kind: consent.ActBlock, State: consent.Waiting}, consent.NotChecked); len(r.Steps) != 0 { // the twin: it is only tried again soon
		t.Errorf("a block that waits shows %q", r.Steps)
	}
}
