package pihole

import (
	"encoding/json"
	"time"

	"bestbefore/connectors"
)

// place is where an observer has come to. Rows have numbers that rise; the log is
// read from the newest down, so a look is a descent from Top to Mark, and a pause
// in its middle is remembered in Down.
type place struct {
	Log  int       `json:"log,omitempty"` // how often the log was begun anew
	Mark int64     `json:"mark"`          // all up to here was given
	At   time.Time `json:"at,omitzero"`   // the time of the newest row that was given
	Top  int64     `json:"top,omitempty"`
	Down int64     `json:"down,omitempty"` // all of the descent from here up was given
}

// readPlace reads a cursor; false for none and for what is not ours.
func readPlace(c connectors.Cursor) (place, bool) {
	var p place
	if len(c) == 0 || json.Unmarshal(c, &p) != nil || p.Log < 0 || p.Mark < 0 || p.Down < 0 || p.Down > p.Top || p.Down > 0 && p.Down <= p.Mark || p.Top > 0 && p.Top <= p.Mark {
		return place{}, false
	}
	return p, true
}

func (p place) cursor() connectors.Cursor {
	b, err := json.Marshal(p)
	if err != nil {
		return nil
	}
	return b
}

// done ends a descent.
func (p *place) done() {
	p.Mark = max(p.Mark, p.Top)
	p.Top, p.Down = 0, 0
}

// anew begins another log, in which numbers start from the beginning.
func (p *place) anew() {
	*p = place{Log: p.Log + 1, At: p.At}
}
