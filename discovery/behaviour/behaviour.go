// Package behaviour tells when a device behaves as no device of a home should:
// sudden volume, many strangers, searching other computers, sending at hours at
// which it never sends; and which devices ask name servers of their own. It is
// pure: it holds hourly sums of one day against what the same device did in the
// five weeks before and gives findings with their evidence. A finding is a
// question to a person and never a decision.
package behaviour

import (
	"time"

	"bestbefore/discovery/flow"
)

// Row is one hour of a device with one destination, and who that is.
type Row struct {
	flow.HourRow
	// Who is by what a recipient is known again: a company, a name, a network.
	// Name is what to call it on screen.
	Who, Name string
	// Home says that the destination is at home.
	Home bool
}

// Kind is one way to behave out of the ordinary.
type Kind string

// The kinds.
const (
	Volume    Kind = "volume"    // far more was sent than on any day before
	Strangers Kind = "strangers" // it talked to many whom it never talked to before
	Search    Kind = "search"    // it tried many computers on the same port, and hardly anybody answered
	Doors     Kind = "doors"     // it tried many ports of one computer
	OddHours  Kind = "odd_hours" // it sent at hours at which it never sends
)

// Finding is one thing out of the ordinary on one local day, with its evidence.
type Finding struct {
	Kind Kind   `json:"kind"`
	Day  string `json:"day"` // the local day, YYYY-MM-DD
	// From and To are between which hours most of it happened; zero where it was
	// spread over the day or finer times are not kept.
	From time.Time `json:"from,omitzero"`
	To   time.Time `json:"to,omitzero"`
	// Bytes were sent, beyond a conversation (Row.Sent); UsualBytes is the most on
	// one of the days before, or at those hours for OddHours.
	Bytes      uint64 `json:"bytes,omitempty"`
	UsualBytes uint64 `json:"usual_bytes,omitempty"`
	// Hosts were talked to or tried; UsualHosts is the most on one day before.
	Hosts      int    `json:"hosts,omitempty"`
	UsualHosts int    `json:"usual_hosts,omitempty"`
	Ports      int    `json:"ports,omitempty"` // of one computer that were tried
	Port       uint16 `json:"port,omitempty"`  // on which computers were tried
	Protocol   string `json:"protocol,omitempty"`
	MostlyTo   string `json:"mostly_to,omitempty"` // to whom most of it went; "" where it is spread
	New        bool   `json:"new,omitempty"`       // most of it went to somebody new to the device
	AtHome     bool   `json:"at_home,omitempty"`   // the computers that were tried are at home
	Days       int    `json:"days"`                // of history that it was held against
}

// Akin reports whether one thing that happened can be found as k or as o: more
// of it makes the one the other, and it is told once.
func (k Kind) Akin(o Kind) bool {
	pair := func(a, b Kind) bool { return k == a && o == b || k == b && o == a }
	return k == o || pair(Volume, OddHours) || pair(Search, Strangers)
}

// Size is how large a finding is among those of its kind.
func (f Finding) Size() uint64 {
	switch f.Kind {
	case Volume, OddHours:
		return f.Bytes
	case Doors:
		return uint64(f.Ports)
	default:
		return uint64(f.Hosts)
	}
}

// Subject is what is known of the device beside its traffic.
type Subject struct {
	// Coarse says that the device stands for a person, so that rows have no time
	// finer than a day: only what no person does is looked for.
	Coarse bool
	// Stores says that holding and moving much data is what the device is for.
	Stores bool
}

// Limits are the bounds between ordinary and out of the ordinary.
type Limits struct {
	LearnDays    int // observed days before Volume and Strangers are judged
	LearnOddDays int // and before OddHours is

	VolumeBytes   uint64 // sent in a day, at least
	VolumeTimes   uint64 // as much as on the highest day before
	NewBytes      uint64 // the same for what goes to somebody new
	NewTimes      uint64
	StoreBytes    uint64 // instead of NewBytes for what stores much
	StrangerHosts int    // new ones in a day, at least
	StrangerTimes int    // as many as hosts on the busiest day before
	SearchHour    int    // hosts tried on one TCP port in an hour
	SearchDay     int    // and in a day; for what stands for a person only on a well-known port
	SearchUDP     int    // hosts tried on one UDP port in an hour
	SearchCoarse  int    // hosts tried in a day by what stands for a person
	DoorsHour     int    // ports of one computer tried in an hour
	OddBytes      uint64
	OddTimes      uint64 // as much in those hours as on the highest whole day, to somebody known
	OddShare      uint64 // those hours before had at most one part in so many
	OddQuiet      uint64 // and one part in so many of its busiest hour
}

// Usual are the limits in use. They were set by the simulated homes of this
// package's tests: false alarms there stay well under one a month.
func Usual() Limits {
	return Limits{
		LearnDays: 7, LearnOddDays: 14,
		VolumeBytes: 100 << 20, VolumeTimes: 20, NewBytes: 50 << 20, NewTimes: 5, StoreBytes: 1 << 30,
		StrangerHosts: 100, StrangerTimes: 3,
		SearchHour: 40, SearchDay: 120, SearchUDP: 200, SearchCoarse: 300, DoorsHour: 60,
		OddBytes: 10 << 20, OddTimes: 3, OddShare: 20, OddQuiet: 4,
	}
}

// perAnswer is how much of what came is taken off what was sent: who fetches
// much acknowledges it, and who is answered at length is in a conversation, such
// as a call. What is left was carried out of the home.
const perAnswer = 1

// Sent is what r carried out beyond a conversation.
func (r Row) Sent() uint64 {
	if both := r.Down / perAnswer; r.Up > both {
		return r.Up - both
	}
	return 0
}
