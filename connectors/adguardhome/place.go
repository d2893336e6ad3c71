package adguardhome

import (
	"encoding/json"
	"slices"
	"time"

	"bestbefore/connectors"
)

// overlap is how far behind the newest row is read again: rows are stamped
// before they are put into the log, so a few come out of order.
const overlap = 3 * time.Second

// maxSeen bounds what is remembered of the overlap.
const maxSeen = 1024

// place is where an observer has come to. The log can only be read from the
// newest row down, so a look is a descent from Top to Mark; a pause in its middle
// is remembered in Down, and the descent is finished before another begins. All
// times are the peer's.
type place struct {
	Mark time.Time `json:"mark,omitzero"` // all up to here was given
	// Seen are the rows between Floor and Mark that were given; below Floor
	// nothing is expected any more.
	Seen  []uint32  `json:"seen,omitempty"`
	Floor time.Time `json:"floor,omitzero"`
	Top   time.Time `json:"top,omitzero"`
	// TopSeen are the rows of the overlap below Top; they become Seen, and TopFloor Floor.
	TopSeen  []uint32  `json:"top_seen,omitempty"`
	TopFloor time.Time `json:"top_floor,omitzero"`
	// Down is the time of the row down to which the descent has come, to its last
	// digit: the log finds only the very same moment again.
	Down string `json:"down,omitempty"`
	// Touched says that the descent has met rows that were there before.
	Touched bool `json:"touched,omitempty"`
}

// readPlace reads a cursor; false for none and for what is not ours.
func readPlace(c connectors.Cursor) (place, bool) {
	var p place
	if len(c) == 0 || json.Unmarshal(c, &p) != nil || len(p.Seen) > 2*maxSeen || len(p.TopSeen) > 2*maxSeen || len(p.Down) > 64 {
		return place{}, false
	}
	if p.Down != "" {
		if _, err := time.Parse(time.RFC3339Nano, p.Down); err != nil || p.Top.IsZero() {
			return place{}, false
		}
	}
	return p, true
}

func (p place) cursor() connectors.Cursor { return connectors.CursorOf(p) }

// begin starts a descent at the newest row.
func (p *place) begin(top time.Time) {
	p.Top, p.TopSeen, p.TopFloor, p.Touched = top, nil, top.Add(-overlap), false
}

// done ends a descent.
func (p *place) done() {
	p.Mark, p.Seen, p.Floor = p.Top, p.TopSeen, p.TopFloor
	p.Top, p.TopSeen, p.TopFloor, p.Down, p.Touched = time.Time{}, nil, time.Time{}, "", false
}

// meets reports whether a descent has arrived with a row of that time.
func (p *place) meets(at time.Time) bool { return !p.Mark.IsZero() && at.Before(p.Floor) }

// take decides about one row of a descent: whether it is new, and whether the
// descent has arrived.
func (p *place) take(r row) (isNew, arrived bool) {
	if p.meets(r.at) {
		p.Touched = true
		return false, true
	}
	if !r.at.Before(p.TopFloor) {
		if p.TopSeen = append(p.TopSeen, r.hash()); len(p.TopSeen) == maxSeen {
			p.TopFloor = r.at // in a flood fewer than all of the overlap can be kept
		}
	}
	if p.Mark.IsZero() || r.at.After(p.Mark) {
		return true, false
	}
	p.Touched = true
	return !slices.Contains(p.Seen, r.hash()), false
}
