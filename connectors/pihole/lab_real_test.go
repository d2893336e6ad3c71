//go:build lab && linux

package pihole

import (
	"testing"

	"bestbefore/connectors/connectortest"
)

// TestLabPihole: two devices ask; names are refused to one of them, first those
// of one company, then all, and then no more.
func TestLabPihole(t *testing.T) {
	lab(t, func(f *real) {
		t.Logf("figure: %s", f.version())
		connectortest.RefusesNames(t, f.open(t), maker(), f.answered)
	})
}
