package clock

import (
	"time"

	"golang.org/x/sys/unix"
)

// sinceBoot reads CLOCK_MONOTONIC_RAW, which on this system goes on while it sleeps.
func sinceBoot() (time.Duration, string) {
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC_RAW, &ts); err != nil {
		return 0, ""
	}
	id, err := unix.Sysctl("kern.bootsessionuuid")
	if err != nil {
		return 0, ""
	}
	return time.Duration(ts.Nano()), id
}
