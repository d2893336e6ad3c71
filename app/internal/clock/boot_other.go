//go:build !linux && !darwin && !windows

package clock

import "time"

// sinceBoot has nothing to read here.
func sinceBoot() (time.Duration, bool) { return 0, false }

func bootID() string { return "" }
