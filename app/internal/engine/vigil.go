package engine

import (
	"sync"
	"time"

	"bestbefore/connectors"
)

// vigils remember since when each connection has watched without a break. They
// are not kept over a restart: while this program was off nobody watched.
type vigils struct {
	mu   sync.Mutex // guards all below
	last time.Time  // the last round
	of   map[string]vigil
}

type vigil struct {
	since time.Time // the beginning of the unbroken watch; zero while it does not watch
	alive time.Time // its newest sign of life
	lost  uint64
	claim bool
	depth connectors.Depth
}

// vigilGap is how far two rounds may lie apart: with more, this computer slept or
// its clock was set, and what happened meanwhile nobody of us saw. handAlive is
// how old the last sign of life of a source may be.
const (
	vigilGap  = 2 * time.Minute
	handAlive = 10 * time.Minute
)

// round begins a round of looks, and ends every watch if the last one is too long ago.
func (v *vigils) round(now time.Time) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.of == nil {
		v.of = map[string]vigil{}
	}
	if gap := now.Sub(v.last); gap > vigilGap || gap < 0 {
		for id, x := range v.of {
			x.since = time.Time{}
			v.of[id] = x
		}
	}
	v.last = now
}

// take notes what a source says of itself.
func (v *vigils) take(id string, c connectors.Coverage, now time.Time) {
	v.mu.Lock()
	defer v.mu.Unlock()
	x, known := v.of[id]
	if !c.Depth().Sends() || c.Alive.IsZero() || now.Sub(c.Alive) >= handAlive || x.since.After(now) {
		x.since = time.Time{}
	} else if x.since.IsZero() || known && (c.Lost > x.lost || c.Alive.Sub(x.alive) >= handAlive) {
		x.since = now
	}
	if !x.since.IsZero() && c.Since.After(x.since) { // it was opened anew meanwhile
		x.since = c.Since
	}
	x.alive, x.lost, x.claim, x.depth = c.Alive, c.Lost, c.Claim, c.Depth()
	v.of[id] = x
}

// away notes that a source is not there to be asked.
func (v *vigils) away(id string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if x, known := v.of[id]; known {
		x.since = time.Time{}
		v.of[id] = x
	}
}

// known is what was last noted of a source, also of one that is closed now.
func (v *vigils) known(id string) (vigil, bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	x, ok := v.of[id]
	return x, ok
}

// watching is since when a source has watched without a break until now; false
// where it does not watch, or only claims to.
func (v *vigils) watching(id string, now time.Time) (time.Time, bool) {
	x, ok := v.known(id)
	ok = ok && !x.claim && !x.since.IsZero() && now.Sub(x.alive) < handAlive
	return x.since, ok
}
