//go:build lab && linux

package lab

import (
	"strings"
	"testing"
	"time"
)

// TestAPauseIsEndedByTheKernel: a disconnect for a while is given back at its end
// with no program of ours running. The twin: one without an end is not.
func TestAPauseIsEndedByTheKernel(t *testing.T) {
	const span, early, late = 20 * time.Second, time.Second, 5 * time.Second
	h := up(t, "smoke")
	agent := h.serve()
	h.must("connect", "gateway")
	bell, tv := h.device(bellMAC), h.device(tvMAC)
	h.flowTo(tv.ID, "203.0.113.30")
	h.must("disconnect", tv.ID)
	asked := time.Now()
	out := h.must("disconnect", bell.ID, "--for", "20s")
	answered := time.Now()
	if !strings.Contains(out, "by itself") {
		t.Errorf("it does not say who gives it back: %s", out)
	}
	kill(agent)

	eventually(t, span+late+10*time.Second, "the doorbell is back", func() bool {
		return h.arrived("bell-maker", bell4, bell6).Last.After(answered.Add(3 * time.Second))
	})
	back := time.Now()
	t.Logf("asked for %s; seen back %s after the click, with the agent killed", span, back.Sub(asked).Round(100*time.Millisecond))
	if back.Before(asked.Add(span - early)) {
		t.Errorf("it came back %s after the click, before its end", back.Sub(asked))
	}
	if got := h.arrived("ads", tv4, tv6); got.Last.After(answered.Add(time.Second)) {
		t.Error("what was disconnected without an end came back too")
	}
}
