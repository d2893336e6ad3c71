package flow

import (
	"time"

	"bestbefore/discovery"
)

// Acquaintance is a recipient that a device was seen sending to: once known, it
// is not a newcomer any more.
type Acquaintance struct {
	Device discovery.DeviceID
	Key    string    // company, host name, or network of a bare address
	Name   string    // what it is called
	At     time.Time // when it was first met
	Asked  bool      // no permission covered it, and the household was asked
	Told   bool      // a message named it
	Fine   bool      // the household said that this is fine
}
