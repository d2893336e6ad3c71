package connectors

import (
	"testing"
	"time"

	"bestbefore/consent"
)

func TestSeconds(t *testing.T) {
	for text, want := range map[string]time.Duration{"": time.Minute, "30": 30 * time.Second, "0.05": 50 * time.Millisecond, "3600": time.Hour} {
		if got, err := Seconds(text, time.Minute); err != nil || got != want {
			t.Errorf("%q: %s, %v", text, got, err)
		}
	}
	for _, text := range []string{"soon", "0", "-1", "3601", "NaN", "Inf", "1e9"} {
		if got, err := Seconds(text, time.Minute); err == nil || KindOf(err) != consent.KindNeedsPerson {
			t.Errorf("%q: %s, %v", text, got, err)
		}
	}
}
