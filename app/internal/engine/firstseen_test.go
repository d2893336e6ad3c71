package engine

import (
	"testing"
	"time"

	"bestbefore/connectors"
	"bestbefore/consent"
)

// TestASourceIsSeenSinceItWasConnected: a start of the program does not make
// what was seen before it unseen.
func TestASourceIsSeenSinceItWasConnected(t *testing.T) {
	may := time.Date(2026, 5, 3, 10, 0, 0, 0, time.UTC)
	for _, x := range []struct {
		what                 string
		created, says, since time.Time
	}{
		{"the program was started again", may, may.AddDate(0, 1, 0), may},
		{"its log reaches back further", may, may.AddDate(0, -1, 0), may.AddDate(0, -1, 0)},
		{"it does not say", may, time.Time{}, may},
		{"nobody knows when it was connected", time.Time{}, may, may},
	} {
		if got := firstSeen(connectors.Connection{Created: x.created}, connectors.Coverage{Since: x.says}); !got.Equal(x.since) {
			t.Errorf("%s: since %s, want %s", x.what, got, x.since)
		}
	}
}

// TestTheDiarySaysDataAsTheScreenDoes: in plain words, a made-up one as it is.
func TestTheDiarySaysDataAsTheScreenDoes(t *testing.T) {
	if got := dataWords([]consent.Category{"presence", "video", "any", "moon_phase"}); got != "who comes and goes, video, anything and moon phase" {
		t.Errorf("%q", got)
	}
}
