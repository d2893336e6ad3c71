package flow

import (
	"time"

	"bestbefore/discovery"
)

// Query selects stored records; zero fields select everything.
type Query struct {
	Device discovery.DeviceID
	Since  time.Time
	Until  time.Time
	Limit  int
	// Keep chooses among the records, largest first, until Limit of them are kept;
	// nil keeps all. It must not ask the store.
	Keep func(Record) bool
	// Carrying selects, where records are asked for, those that say what kinds of data they carried.
	Carrying bool
}

// HourTotal is what one device exchanged with one destination in one hour.
type HourTotal struct {
	Device      discovery.DeviceID
	Destination Destination
	Hour        time.Time // start, UTC
	Up, Down    uint64
	Count       uint64
}

// HourRow is what one device exchanged with one destination on one port in one
// hour, as one kind of source told it.
type HourRow struct {
	Key
	Hour     time.Time // start, UTC
	Up, Down uint64
	Count    uint64
	Refused  bool
}

// Sent is what one source saw going from a device to certain destinations.
type Sent struct {
	Source          discovery.Source
	Protocol        Protocol
	Up, Down, Count uint64
	First, Last     time.Time
}

// LookUp reports whether only names were asked for: nothing is known of what was
// sent after that.
func (s Sent) LookUp() bool { return s.Protocol == "dns" && s.Up+s.Down == 0 }
