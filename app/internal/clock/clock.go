// Package clock is the only place that asks the system for the time: the wall
// clock, the clock that counts since the computer was switched on (sleep
// included), and the household's time zone. Guard says how far the wall clock
// can be believed; it is pure.
package clock

import "time"

// Wall is the wall clock now, without a monotonic reading, so that differences
// and comparisons are those of the calendar.
func Wall() time.Time { return time.Now().Round(0) }

// Reader takes readings. It asks the system once which run of the computer this is.
type Reader struct{ id string }

// NewReader asks for the run of the computer.
func NewReader() Reader { return Reader{id: bootID()} }

// Read takes one reading of all clocks. A system without a clock that counts
// sleep gives an empty BootID, and then Guard cannot find steps.
func (r Reader) Read() Reading {
	if r.id == "" {
		return Reading{Wall: Wall()}
	}
	boot, ok := sinceBoot()
	if !ok {
		return Reading{Wall: Wall()}
	}
	return Reading{Wall: Wall(), Boot: boot, BootID: r.id}
}

// Read takes one reading; see Reader.
func Read() Reading { return NewReader().Read() }

// Reading is the wall clock beside the clock that counts sleep.
type Reading struct {
	Wall   time.Time
	Boot   time.Duration // since the computer was switched on, sleep included
	BootID string        // another one after each start of the computer
}
