package view

import (
	"slices"
	"strings"
	"testing"

	"bestbefore/connectors"
)

func book() []connectors.Guide {
	return []connectors.Guide{
		{ID: "amazon", Name: "Amazon and Alexa", Page: "https://amazon.example/apps", Where: "Account, apps.", Steps: []string{"Open it.", "Remove it."}, Stops: "The app.", Keeps: "Copies.", Sign: "It is quiet.", For: []string{"Amazon", "echo"}, Only: "Amazon documents no way."},
		{ID: "hue", Name: "Philips Hue", Page: "http://not-safe.example", Where: "Apps.", Steps: []string{"Delete the app."}, Stops: "The key.", Keeps: "Updates.", Sign: "It is gone.", For: []string{"signify"}},
	}
}

// The guides are reachable without any permission: listed, searched by maker
// too, and shown with their page and how it will be seen.
func TestGuidesAreListedAndShown(t *testing.T) {
	p := presenter(t)
	ids := func(text string) (out []string) {
		for _, r := range p.Guides(GuidesInput{Book: book()}, Query{Text: text}).Rows {
			out = append(out, r.ID)
		}
		return out
	}
	for text, want := range map[string][]string{"": {"amazon", "hue"}, "echo": {"amazon"}, "SIGNIFY": {"hue"}, "toaster": nil} {
		if got := ids(text); !slices.Equal(got, want) {
			t.Errorf("%q: %q", text, got)
		}
	}
	s := p.Guides(GuidesInput{Arg: "amazon", Book: book()}, Query{}).Sheet
	if s.Page.ID != "https://amazon.example/apps" || len(s.Steps) != 2 || s.Why == "" || !strings.Contains(s.Sign, "It is quiet.") || !strings.Contains(s.Stops, "The app.") {
		t.Errorf("%+v", s)
	}
	if s = p.Guides(GuidesInput{Arg: "hue", Book: book()}, Query{}).Sheet; s.Page.Label != "" {
		t.Errorf("a page that is not safe is offered: %+v", s.Page)
	}
	if g := p.Guides(GuidesInput{Arg: "access:k9/x", Book: book()}, Query{}); g.Sheet.Title != "" || g.Empty.Title == "" {
		t.Errorf("%+v", g)
	}
}

// What cannot be ended from here leads to its steps; what can, does not.
func TestAccessThatCannotBeEndedHereHasSteps(t *testing.T) {
	p, all := presenter(t), accesses(t)
	for _, r := range p.Access(AccessInput{All: all}, Query{}).Rows {
		if (r.Steps.Label == "") != (r.End.Label != "") || r.Steps.Label != "" && r.Steps.ID != "access:"+r.ID {
			t.Errorf("%+v", r)
		}
	}
	g := book()[1]
	all[2].Guide = &g
	s := p.Guides(GuidesInput{Arg: "access:k2/c", Access: &all[2]}, Query{}).Sheet
	if s.Title != "Philips Hue" || s.Steps[0] != "Delete the app." || !strings.Contains(s.Keeps, "leaves the list under Access") || s.Why != "Account lets nobody end it from outside" {
		t.Errorf("%+v", s)
	}
	all[2].Guide, all[2].Away = nil, true
	s = p.Guides(GuidesInput{Arg: "access:k2/c", Access: &all[2]}, Query{}).Sheet
	if s.Title != "Account" || len(s.Steps) != 3 || !strings.Contains(s.Steps[1], "Dashboard") || !strings.Contains(s.Why, "does not answer now") {
		t.Errorf("%+v", s)
	}
}
