package view

import (
	"fmt"
	"strings"
	"testing"

	"bestbefore/app/internal/engine"
	"bestbefore/consent"
)

func TestAnEngineThatWentIsSaidPlainly(t *testing.T) {
	p := presenter(t)
	if got := p.Away(Absence{}); got.Text != "" || got.Word != "" {
		t.Errorf("while it answers: %+v", got)
	}
	gone := p.Away(Absence{Since: p.Now})
	if !strings.Contains(gone.Word, "nobody keeps the dates now") || gone.Action.ID != ActionTakeOver || !strings.Contains(gone.Text, "Start it again") {
		t.Errorf("gone: %+v", gone)
	}
	if silent := p.Away(Absence{Since: p.Now, Silent: true}); silent.Action.Label != "" || silent.Text == gone.Text {
		t.Errorf("one that hangs still holds the files, so nothing can be taken over: %+v", silent)
	}
	// A click meanwhile says the same, and not what a socket is.
	if got := p.Failure(fmt.Errorf("%w: dial unix engine.sock: connection refused", engine.ErrAway)); got != "Best Before does not answer: nobody keeps the dates now." {
		t.Errorf("a click: %q", got)
	}
}

// TestAnEndThatDeletesAnAccessIsAskedTwice: the sentence stands on the review of
// those remedies only.
func TestAnEndThatDeletesAnAccessIsAskedTwice(t *testing.T) {
	for _, r := range consent.Remedies() {
		c := home(t).Consents[0]
		c.Remedy, c.Decided = r, consent.Given
		got := presenter(t).Review(ReviewInput{Info: engine.ReviewInfo{Consent: c}}).Second
		if (got != "") != r.Deletes() {
			t.Errorf("%s: %q", r, got)
		}
	}
}
