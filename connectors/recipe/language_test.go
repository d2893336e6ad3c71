package recipe

import (
	"strings"
	"testing"

	"bestbefore/assets"
	"bestbefore/assets/words/wordstest"
)

// told are the texts for people of a recipe, as its connector gives them.
func told(r *Recipe) []string {
	s := r.Spec()
	out := append([]string{s.Sees, s.Stops, s.Stays.What}, append(s.Needs, s.Stays.Steps...)...)
	for _, o := range s.Options {
		out = append(out, o.Label, o.Help)
	}
	session := &session{r: r}
	if r.Block != nil {
		out = append(out, session.Capabilities().Traits.Note)
	}
	for _, e := range r.Errors {
		out = append(out, session.say(reply{}, e))
	}
	for _, p := range r.Probe {
		for _, e := range p.Errors {
			out = append(out, session.say(reply{}, e))
		}
	}
	return append(out, strings.Split(s.Access, ", ")...)
}

// TestRecipesSpeakTheLanguageOfTheFile: what a recipe that is part of the program
// says to a person comes out of the language file. The twin is English; and a file
// from outside says what it says.
func TestRecipesSpeakTheLanguageOfTheFile(t *testing.T) {
	all, err := Shipped()
	if err != nil {
		t.Fatal(err)
	}
	for _, spoken := range []bool{false, true} {
		if spoken {
			wordstest.Speak(t, assets.Translations)
		}
		for _, c := range all {
			r := c.(*Connector).r
			for _, text := range told(r) {
				if text != "" && (wordstest.Spoken(text) != spoken || spoken && wordstest.Outside(text) != "") {
					t.Errorf("spoken %t: %s says %q", spoken, r.Kind, text)
				}
			}
		}
	}
	outside := (&Recipe{Kind: "mine", Sees: "What my plug draws.", Options: []Option{{Key: "a", Label: "Where my plug is", Type: typeText}}}).Spec()
	if outside.Sees != "What my plug draws." || outside.Options[0].Label != "Where my plug is" {
		t.Errorf("%+v", outside)
	}
}
