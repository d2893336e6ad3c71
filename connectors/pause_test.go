package connectors

import (
	"errors"
	"net/http"
	"testing"
	"time"

	"bestbefore/consent"
)

// A pause is kept to the second, both forms of it, and is over then.
func TestPause(t *testing.T) {
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		status int
		after  string
		want   time.Duration // zero: no pause
	}{
		{http.StatusTooManyRequests, "90", 90 * time.Second},
		{http.StatusTooManyRequests, now.Add(2 * time.Minute).Format(http.TimeFormat), 2 * time.Minute},
		{http.StatusTooManyRequests, "", usualPause},
		{http.StatusTooManyRequests, "soon", usualPause},
		{http.StatusTooManyRequests, "-5", usualPause},
		{http.StatusTooManyRequests, "0", time.Second},
		{http.StatusTooManyRequests, "99999999", mostPause},
		{http.StatusServiceUnavailable, "90", 90 * time.Second},
		{http.StatusServiceUnavailable, "", 0},
		{http.StatusInternalServerError, "90", 0},
		{http.StatusOK, "90", 0},
	} {
		var p Pause
		err := p.Note(c.status, http.Header{"Retry-After": {c.after}}, now, "The box")
		if c.want == 0 {
			if err != nil || p.Left(now, "The box") != nil {
				t.Errorf("%d %q: %v", c.status, c.after, err)
			}
			continue
		}
		var e *Error
		if !errors.As(err, &e) || e.Kind != consent.KindTransient || !e.RetryAt.Equal(now.Add(c.want)) {
			t.Errorf("%d %q: %v", c.status, c.after, err)
		}
		if p.Left(now.Add(c.want-time.Nanosecond), "The box") == nil || p.Left(now.Add(c.want), "The box") != nil {
			t.Errorf("%d %q: it ends at another moment", c.status, c.after)
		}
	}
}

// A shorter pause does not end a longer one.
func TestTheLongestPauseIsKept(t *testing.T) {
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	var p Pause
	for _, after := range []string{"900", "5"} {
		if p.Note(http.StatusTooManyRequests, http.Header{"Retry-After": {after}}, now, "The box") == nil {
			t.Fatal("no pause")
		}
	}
	if p.Left(now.Add(899*time.Second), "The box") == nil {
		t.Error("the longer pause is forgotten")
	}
}
