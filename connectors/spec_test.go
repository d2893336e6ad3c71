package connectors_test

import (
	"strings"
	"testing"

	"bestbefore/connectors"
)

// TestOnlyOneOfTheChoicesIsTaken: an answer beside them names what there is.
func TestOnlyOneOfTheChoicesIsTaken(t *testing.T) {
	s := connectors.Spec{Kind: "box", Options: []connectors.Option{{
		Key: "way", Choices: []connectors.Answer{{Value: "browser"}, {Value: "device"}, {Label: "neither"}},
	}}}
	check := func(v string) error { return s.Check(connectors.Settings{Values: map[string]string{"way": v}}) }
	for _, v := range []string{"", "device", " Browser "} {
		if err := check(v); err != nil {
			t.Errorf("%q: %v", v, err)
		}
	}
	if err := check("pigeon"); err == nil || !strings.Contains(err.Error(), "browser, device") || !strings.Contains(err.Error(), "pigeon") {
		t.Errorf("a pigeon gave %v", err)
	}
	s.Options[0].Choices = nil
	if err := check("pigeon"); err != nil {
		t.Errorf("without choices anything will do, but: %v", err)
	}
}
