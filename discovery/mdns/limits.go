package mdns

import (
	"net/netip"
	"time"
)

// What the engine holds at most. Known devices are never pushed out by new
// ones: what is over a limit is refused, and said once.
const (
	maxNames        = 20000 // owner names and types in the cache
	maxCached       = 20000 // records in the cache
	keptForKnown    = 4000  // records and names beyond these two, for hosts that the household knows
	maxPerName      = 16    // records of one name and type, other than PTR
	maxHosts        = 2000  // hosts that nobody has confirmed
	maxServices     = 256   // services of one host
	maxTypes        = 512   // service types, the built-in ones included
	maxTypesSource  = 64    // service types learned from one source
	maxSources      = 1024  // sources that are counted one by one
	newNamesBurst   = 512   // a NAS or a farm of bridges may say this much at once
	newNamesSecond  = 20    // and this much in every second after that
	maxTTL          = 2 * time.Hour
	minTTL          = 15 * time.Second // a shorter life would make us ask without end
	noticeEvery     = time.Hour
	sourceForgotten = 10 * time.Minute
)

// limiter counts the new names of each source.
type limiter struct {
	sources map[netip.Addr]*allowance
	others  allowance // shared by those who come when the table is full
	noticed time.Time
	refused int
}

// allowance is a token bucket and the types learned from one source.
type allowance struct {
	tokens float64
	at     time.Time
	types  int
}

func newLimiter() *limiter { return &limiter{sources: map[netip.Addr]*allowance{}} }

// of returns the allowance of src.
func (l *limiter) of(src netip.Addr, now time.Time) *allowance {
	if a := l.sources[src]; a != nil {
		return a
	}
	if len(l.sources) >= maxSources {
		for k, a := range l.sources {
			if now.Sub(a.at) > sourceForgotten {
				delete(l.sources, k)
			}
		}
	}
	if len(l.sources) >= maxSources {
		if l.others.at.IsZero() {
			l.others = allowance{tokens: newNamesBurst, at: now}
		}
		return &l.others
	}
	a := &allowance{tokens: newNamesBurst, at: now}
	l.sources[src] = a
	return a
}

// name reports whether src may bring one more new name.
func (l *limiter) name(src netip.Addr, now time.Time) bool {
	a := l.of(src, now)
	if d := now.Sub(a.at).Seconds(); d > 0 {
		a.tokens = min(newNamesBurst, a.tokens+d*newNamesSecond)
		a.at = now
	}
	if a.tokens < 1 {
		l.refused++
		return false
	}
	a.tokens--
	return true
}

// typ reports whether src may teach us one more service type.
func (l *limiter) typ(src netip.Addr, now time.Time) bool {
	a := l.of(src, now)
	if a.types >= maxTypesSource {
		l.refused++
		return false
	}
	a.types++
	return true
}

// notice says, at most once an hour, how much was refused.
func (l *limiter) notice(now time.Time) (refused int, due bool) {
	if l.refused == 0 || (!l.noticed.IsZero() && now.Sub(l.noticed) < noticeEvery) {
		return 0, false
	}
	refused, l.refused, l.noticed = l.refused, 0, now
	return refused, true
}
