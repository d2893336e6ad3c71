//go:build lab && linux

package main_test

import "testing"

// TestLabWindowTimes holds the real window's figures against their goals, on a
// machine that has nothing else to do.
func TestLabWindowTimes(t *testing.T) {
	took := secondStarts(t)
	t.Logf("figure: a second start ended after %v", took)
	if took[1] > secondEnds {
		t.Errorf("the median is over the goal of %v", secondEnds)
	}
	ours, empty := firstFrames(t, 9)
	t.Logf("figure: first frame %.0f ms with a full house, %.0f ms of an empty window: %.1f times, the goal is %.1f", ours, empty, ours/empty, frameGoal)
}
