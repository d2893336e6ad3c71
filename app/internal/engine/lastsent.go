package engine

import (
	"context"
	"sync"
	"time"

	"bestbefore/discovery"
	"bestbefore/discovery/flow"
)

// lastSent remembers when each device last sent to each destination. It is read
// from storage once, kept up to date by what arrives, and read anew after a while,
// since devices are joined and old traffic is deleted.
type lastSent struct {
	mu sync.Mutex // guards of
	of map[discovery.DeviceID]sentTo
}

type sentTo struct {
	read time.Time
	at   map[flow.Destination]time.Time
}

const lastSentFor = 10 * time.Minute

// add notes what arrived for the devices that are remembered.
func (l *lastSent) add(recs []flow.Record) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, r := range recs {
		if to, known := l.of[r.Device]; known && !r.Refused && r.Last.After(to.at[r.Destination]) {
			to.at[r.Destination] = r.Last
		}
	}
}

// clear forgets all, because something was deleted.
func (l *lastSent) clear() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.of = nil
}

// markSent says of each when traffic under it was last seen. Where two permissions
// cover the same traffic it stands with the one that comes first, as everywhere.
func (e *Core) markSent(ctx context.Context, cs []ConsentInfo) error {
	if len(cs) == 0 {
		return nil
	}
	all, err := e.Store.Consents(ctx)
	if err != nil {
		return err
	}
	e.lastSent.mu.Lock()
	defer e.lastSent.mu.Unlock()
	for i := range cs {
		id := e.canonical(cs[i].Device)
		to, known := e.lastSent.of[id]
		if !known || e.Now().Sub(to.read).Abs() > lastSentFor {
			to = sentTo{read: e.Now()}
			if to.at, err = e.Store.LastSent(ctx, id); err != nil {
				return err
			}
			if e.lastSent.of == nil {
				e.lastSent.of = map[discovery.DeviceID]sentTo{}
			}
			e.lastSent.of[id] = to
		}
		for d, at := range to.at {
			if !at.After(cs[i].LastSent) || !e.receives(cs[i].Recipient, d) {
				continue
			}
			if c, ok := e.covering(all, id, d); ok && c.ID == cs[i].ID {
				cs[i].LastSent = at
			}
		}
	}
	return nil
}
