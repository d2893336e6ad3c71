// Package clock is the only place that asks the system for the time: the wall
// clock, the clock that counts since the computer was switched on (sleep
// included), and the household's time zone. Guard says how far the wall clock
// can be believed; it is pure.
package clock

import "time"

// Wall is the wall clock now, without a monotonic reading, so that differences
// and comparisons are those of the calendar.
func Wall() time.Time { return time.Now().Round(0) }

// Read takes one reading of all clocks. A system without a clock that counts
// sleep gives an empty BootID, and then Guard cannot find steps.
func Read() Reading {
	boot, id := sinceBoot()
	return Reading{Wall: Wall(), Boot: boot, BootID: id}
}

// Reading is the wall clock beside the clock that counts sleep.
type Reading struct {
	Wall   time.Time
	Boot   time.Duration // since the computer was switched on, sleep included
	BootID string        // another one after each start of the computer
}
