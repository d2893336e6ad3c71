package view

import (
	"strings"
	"testing"

	"bestbefore/app/internal/engine"
	"bestbefore/connectors"
	"bestbefore/consent"
	"bestbefore/discovery"
)

// The steps of a guide stand where the usual ones stand, with the page before
// them and what is not ended after them.
func TestStepsOfAGuide(t *testing.T) {
	c := permission(t, "c1", "d1", "Front door bell", discovery.KindDoorbell, "Bell Maker", "2026-11-20", consent.EndedPerson)
	c.Actions = []consent.Action{{ID: "a1", Kind: consent.ActGuide, State: consent.NeedsPerson}}
	c.Guide = &connectors.Guide{
		ID: "bell", Name: "Bell Maker", Page: "https://bell-maker.example/apps", Where: "App, Settings.",
		Steps: []string{"Open Apps.", "Remove it."}, Stops: "The app.", Keeps: "Updates.", Sign: "It is quiet.",
	}
	r := presenter(t).Review(ReviewInput{Info: engine.ReviewInfo{Consent: c}})
	all := strings.Join(r.Steps, "\n")
	for _, want := range []string{"Open https://bell-maker.example/apps", "Where it is: App, Settings.", "Open Apps.\nRemove it.", "What goes on: Updates.", "It is quiet."} {
		if !strings.Contains(all, want) {
			t.Errorf("the steps lack %q:\n%s", want, all)
		}
	}
	if len(r.Steps) != 8 || r.StepsFor != "How to end it by hand: Bell Maker" || r.Confirm.ID != "a1" {
		t.Errorf("%d steps under %q, confirm %v", len(r.Steps), r.StepsFor, r.Confirm)
	}
	c.Guide.Page = ""
	r = presenter(t).Review(ReviewInput{Info: engine.ReviewInfo{Consent: c}})
	if len(r.Steps) != 7 || strings.Contains(r.Steps[0], "http") {
		t.Errorf("without a page: %q", r.Steps)
	}
}
