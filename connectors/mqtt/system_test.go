package mqtt

import (
	"testing"
	"time"
)

// TestDropsBetweenTwoLinksAreTold: what the broker counted while the link was
// lost and made anew is no past of ours, also when the broker began from nought.
func TestDropsBetweenTwoLinksAreTold(t *testing.T) {
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	var c systemCounters
	for _, step := range []struct {
		what     string
		retained bool
		payload  string
		want     uint64
	}{
		{"what stood there before we came", true, "5", 0},
		{"two more", false, "7", 2},
		{"a new link finds three more", true, "10", 5},
		{"and then nothing new", true, "10", 5},
		{"the broker began anew and dropped four since", true, "4", 9},
		{"a word that is no number", false, "many", 9},
	} {
		if step.retained {
			c.past([]byte(step.payload), now)
		} else {
			c.drops([]byte(step.payload), now)
		}
		if got, _ := c.lost(); got != step.want {
			t.Errorf("%s: %d told as lost, want %d", step.what, got, step.want)
		}
	}
}
