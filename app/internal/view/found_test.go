package view

import (
	"strings"
	"testing"

	"bestbefore/app/internal/engine"
)

// What was found is told in one calm line; nothing is said where nothing was.
func TestHomeTellsWhatWasFound(t *testing.T) {
	for want, names := range map[string][]string{
		"": nil,
		"I also found: FRITZ!Box, Pi-hole, Home Assistant. Connect one to see where data goes and to switch things off.": {"FRITZ!Box", "Pi-hole", "Home Assistant"},
		"I also found: a, b, c, d and 2 more. Connect one to see where data goes and to switch things off.":              {"a", "b", "c", "d", "e", "f"},
	} {
		h := presenter(t).Home(HomeInput{Overview: engine.Overview{Devices: 3, Found: names}})
		if h.Found != want || (h.FoundLink.Label == "") != (want == "") || strings.Contains(h.Sentence, "found") {
			t.Errorf("%q, %+v", h.Found, h.FoundLink)
		}
	}
}
