package pihole

import (
	"encoding/json"
	"slices"
	"time"

	"bestbefore/connectors"
	"bestbefore/connectors/dnsblock"
)

// place is where an observer has come to. Rows have numbers that rise; the log is
// read from the newest down, so a look is a descent from Top to Mark, and a pause
// in its middle is remembered in Down.
type place struct {
	Log  int       `json:"log,omitempty"` // how often the log was begun anew
	Mark int64     `json:"mark"`          // all up to here was given
	At   time.Time `json:"at,omitzero"`   // the time of the newest row up to Mark
	Top  int64     `json:"top,omitempty"`
	// TopAt is the time of Top; it becomes At.
	TopAt time.Time `json:"top_at,omitzero"`
	Down  int64     `json:"down,omitempty"` // all of the descent from here up was given
}

// readPlace reads a cursor; false for none and for what is not ours.
func readPlace(c connectors.Cursor) (place, bool) {
	var p place
	if len(c) == 0 || json.Unmarshal(c, &p) != nil || p.Log < 0 || p.Mark < 0 || p.Down < 0 || p.Down > p.Top || p.Down > 0 && p.Down <= p.Mark || p.Top > 0 && p.Top <= p.Mark {
		return place{}, false
	}
	return p, true
}

func (p place) cursor() connectors.Cursor { return connectors.CursorOf(p) }

// done ends a descent.
func (p *place) done() {
	p.Mark, p.At = max(p.Mark, p.Top), dnsblock.Later(p.At, p.TopAt)
	p.Top, p.TopAt, p.Down = 0, time.Time{}, 0
}

// anew begins another log, in which numbers start from the beginning.
func (p *place) anew() {
	*p = place{Log: p.Log + 1, At: dnsblock.Later(p.At, p.TopAt)}
}

// renumbered reports that rows stand at numbers that were given already, but are
// younger: what Pi-hole has not yet put on its disk is lost in a power cut, and
// its numbers are used again. Without a log on disk every restart is like that.
func (p *place) renumbered(pg page) bool {
	return p.Mark > 0 && !p.At.IsZero() && slices.ContainsFunc(pg.rows, func(r row) bool { return r.id <= p.Mark && r.at.After(p.At.Add(ripe)) })
}

// again goes on with the descent in a log whose numbers are used again: all that
// is younger than what was given before is new, down to the beginning.
func (p *place) again() { p.Log, p.Mark = p.Log+1, 0 }

// since is from when on rows are asked for: in a log that was begun anew, what
// is older was given.
func (p *place) since() time.Time {
	if p.Log > 0 && p.Mark == 0 {
		return p.At
	}
	return time.Time{}
}
