package view

import (
	"slices"
	"testing"

	"bestbefore/app/internal/engine"
)

// TestSendsAreTogetherByCompany: the household's name first, then the company
// that a table knows, else the bare destination; a choice of a company holds
// every destination that was seen.
func TestSendsAreTogetherByCompany(t *testing.T) {
	known := engine.Receiver{Company: "Bell Maker"}
	got := gather([]engine.FlowInfo{
		{Destination: "a.bell.example", Receiver: known, BytesUp: 5},
		{Destination: "b.bell.example", Receiver: known, BytesUp: 5},
		{Destination: "c.bell.example", Receiver: known, Recipient: "My bell", BytesUp: 3},
		{Destination: "203.0.113.9", BytesUp: 1},
	})
	var names []string
	for _, s := range got {
		names = append(names, s.to)
	}
	if !slices.Equal(names, []string{"Bell Maker", "My bell", "203.0.113.9"}) || !slices.Equal(got[0].ids, []string{"a.bell.example", "b.bell.example"}) {
		t.Errorf("%+v", got)
	}
}
