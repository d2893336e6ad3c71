package view

import (
	"slices"
	"strings"
	"testing"

	"bestbefore/app/internal/engine"
	"bestbefore/connectors"
)

// A test names what works, and what the account may not do with the reason that
// the kind gives; with the right nothing of that is said.
func TestATestNamesWhatTheAccountMayNotDo(t *testing.T) {
	p := presenter(t)
	weak := engine.ConnectionInfo{Open: true, Can: []string{engine.AbleToFind, engine.AbleToSee}, Coverage: connectors.Coverage{
		Text: "Every connection through the router. It cannot block: the account lacks the right for uci apply.",
	}}
	line := p.Tested(weak).Line
	for _, want := range []string{
		"It may only watch", "Works: find devices, see what devices send.", "Not through this connection: stop what a device sends, end an access for good",
		"the account lacks the right for uci apply.",
	} {
		if !strings.Contains(line, want) {
			t.Errorf("%q lacks %q", line, want)
		}
	}
	whole := engine.ConnectionInfo{Open: true, Can: engine.Abilities(), Traits: connectors.Traits{Grain: connectors.GrainDevice}}
	line = p.Tested(whole).Line
	if strings.Contains(line, "Not through") || !strings.Contains(line, "keep an end date with this computer off.") {
		t.Errorf("with every right: %q", line)
	}
}

// What is to know of a connection stands on its row, whether it was tested or not.
func TestWhatIsToKnowStandsOnTheRow(t *testing.T) {
	p := presenter(t)
	c := engine.ConnectionInfo{Open: true, Can: engine.Abilities(), Traits: connectors.Traits{Grain: connectors.GrainDevice, Note: "It blocks by address."}}
	rows := p.Connectors(ConnectorsInput{Info: engine.ConnectorsInfo{Connections: []engine.ConnectionInfo{c}}}).Rows
	if len(rows) != 1 || !slices.Contains(rows[0].Lines, "To know: It blocks by address.") {
		t.Errorf("rows %+v", rows)
	}
}
