package gateway

import (
	"context"
	"fmt"
	"hash/fnv"
	"net/netip"
	"slices"
	"time"

	"github.com/ti-mo/conntrack"

	"bestbefore/connectors"
	"bestbefore/discovery/flow"
)

// observer is one Observe call.
type observer struct {
	s     *Session
	emit  func([]flow.Record, connectors.Cursor)
	place place
	fresh bool                 // what is there now is the start, not news
	ended map[uint32]seenFlow  // ended since the last step
	away  map[uint32]time.Time // since when counted flows are listed no more
}

// endWait is how long what was counted of a flow is kept after the kernel lists
// it no more. Its end is told only when the kernel tidies up, up to a minute later,
// and counted from nothing then it would be counted twice.
const endWait = 3 * time.Minute

func (o *observer) run(ctx context.Context, events <-chan conntrack.Event) error {
	tick := time.NewTicker(o.s.interval)
	defer tick.Stop()
	h, err := o.s.home()
	if err == nil {
		err = o.step(h)
	}
	for err == nil {
		select {
		case <-ctx.Done():
			return nil
		case e := <-events:
			if f, ok := classify(e.Flow, h); ok {
				if f.stop.IsZero() {
					f.stop = o.s.now()
				}
				o.ended[f.id] = f
				o.s.tracker.remember(f)
			}
			if len(o.ended) >= eventQueue {
				err = o.step(h)
			}
		case <-tick.C:
			if h, err = o.s.home(); err == nil {
				err = o.step(h)
			}
		}
	}
	if ctx.Err() != nil {
		return nil
	}
	return refusal("reading the flows", err)
}

// tally is one record in the making, with the places that it moves on.
type tally struct {
	rec     flow.Record
	flows   map[uint32]count
	refused map[uint64]count
}

// recordKey is what makes two flows one record.
type recordKey struct {
	flow.Key
	flow.Local
	refused bool
}

// step counts what has moved since the last one and gives it on.
func (o *observer) step(h home) error {
	now := o.s.now().UTC()
	o.s.tracker.learn(h)
	flows, err := dump(h)
	if err != nil {
		return err
	}
	since := o.place.at
	if since.IsZero() || since.After(now) {
		since = now
	}
	sums := map[recordKey]*tally{}
	open := map[uint32]bool{}
	for _, f := range flows {
		if e, over := o.ended[f.id]; over && e.start.Equal(f.start) {
			continue // still listed, though its end has been told
		}
		open[f.id] = true
		o.add(sums, f, since, now)
	}
	o.askForUnknown(h, flows)
	for id, f := range o.ended {
		o.add(sums, f, since, now)
		if !open[id] {
			o.leave(id, now.Add(-endWait)) // nothing more comes of it
		}
	}
	o.ended = map[uint32]seenFlow{}
	refused, err := o.s.refusedNow(h, now)
	if err != nil {
		return err
	}
	o.addRefused(sums, refused, h, since)
	o.give(sums, open, now)
	return nil
}

// askForUnknown finds out whose the flows are that nobody known has opened, a
// few at a time.
func (o *observer) askForUnknown(h home, flows []seenFlow) {
	asked := map[netip.Addr]bool{}
	for _, f := range flows {
		if _, known := o.s.tracker.macOf(f.local); known || asked[f.local] {
			continue
		}
		if len(asked) == maxAsked {
			return
		}
		asked[f.local] = true
		if err := h.askWho(f.local); err != nil {
			o.s.log.Debug("device of a flow not asked for", "error", err)
		}
	}
}

// add counts one flow.
func (o *observer) add(sums map[recordKey]*tally, f seenFlow, since, now time.Time) {
	next := f.count()
	up, down := o.place.flows[f.id].advance(next)
	if o.fresh && f.stop.IsZero() {
		up, down = 0, 0
	}
	if up == 0 && down == 0 {
		o.place.flows[f.id] = next
		return
	}
	local := flow.Local{Address: f.local}
	if m, ok := o.s.tracker.macOf(f.local); ok {
		local.MAC = m.String()
	}
	key := flow.Key{Destination: flow.Destination{Address: f.dest}, Protocol: protocolName(f.proto), Port: f.port}
	first, last := since, now
	if f.start.After(first) && f.start.Before(now) {
		first = f.start.UTC()
	}
	if !f.stop.IsZero() && f.stop.Before(now) && f.stop.After(first) {
		last = f.stop.UTC()
	}
	t := o.tally(sums, recordKey{Key: key, Local: local}, first, last)
	t.rec.Up += up
	t.rec.Down += down
	t.rec.Count++
	t.flows[f.id] = next
}

func (o *observer) tally(sums map[recordKey]*tally, k recordKey, first, last time.Time) *tally {
	t := sums[k]
	if t == nil {
		t = &tally{
			rec:   flow.Record{Key: k.Key, Local: k.Local, First: first, Last: last, Source: o.s.source, Refused: k.refused},
			flows: map[uint32]count{}, refused: map[uint64]count{},
		}
		sums[k] = t
	}
	if first.Before(t.rec.First) {
		t.rec.First = first
	}
	if last.After(t.rec.Last) {
		t.rec.Last = last
	}
	return t
}

// addRefused counts what our rules turned away on its way out. What a blocked
// device asked this box itself, such as names of its DNS server, was turned away
// too, but this box is no recipient of the home's data.
func (o *observer) addRefused(sums map[recordKey]*tally, refused []turnedAway, h home, since time.Time) {
	for _, k := range refused {
		for _, t := range k.tries {
			sum64 := fnv.New64a()
			fmt.Fprintln(sum64, k.mark, k.gen, t.mac, t.dest)
			id, next := sum64.Sum64(), count{up: t.bytes, down: t.packets}
			bytes, packets := o.place.refused[id].advance(next)
			if packets == 0 || o.fresh || !h.outside(t.dest.addr) {
				o.place.refused[id] = next
				continue
			}
			key := recordKey{
				refused: true, Local: flow.Local{MAC: t.mac.String()},
				Key: flow.Key{Destination: flow.Destination{Address: t.dest.addr}, Protocol: protocolName(t.dest.proto), Port: t.dest.port},
			}
			first, last := since, t.last
			if last.Before(first) {
				last = first
			}
			sum := o.tally(sums, key, first, last)
			sum.rec.Up += bytes
			sum.rec.Count += packets
			sum.refused[id] = next
		}
	}
}

// give emits the records in batches; every cursor covers exactly what came with it and before.
func (o *observer) give(sums map[recordKey]*tally, open map[uint32]bool, now time.Time) {
	all := make([]*tally, 0, len(sums))
	for _, t := range sums {
		all = append(all, t)
	}
	slices.SortFunc(all, func(a, b *tally) int { return a.rec.First.Compare(b.rec.First) })
	o.fresh = false
	for {
		n := min(len(all), maxBatch)
		batch := make([]flow.Record, 0, n)
		for _, t := range all[:n] {
			batch = append(batch, t.rec)
			for id, c := range t.flows {
				o.place.flows[id] = c
			}
			for id, c := range t.refused {
				o.place.refused[id] = c
			}
		}
		if all = all[n:]; len(all) == 0 {
			o.forget(open, now)
			o.place.at = now
		}
		o.s.tracker.alive(now)
		o.emit(batch, o.place.encode())
		if len(all) == 0 {
			return
		}
	}
}

// leave notes since when a flow is listed no more.
func (o *observer) leave(id uint32, since time.Time) {
	if o.away == nil {
		o.away = map[uint32]time.Time{}
	}
	o.away[id] = since
}

// forget drops what is over from the place, so that it cannot grow for ever.
func (o *observer) forget(open map[uint32]bool, now time.Time) {
	for id := range o.place.flows {
		since, away := o.away[id]
		switch {
		case open[id]:
			delete(o.away, id)
		case !away:
			o.leave(id, now)
		case now.Sub(since) >= endWait:
			delete(o.place.flows, id)
			delete(o.away, id)
		}
	}
	if len(o.place.refused) > maxCursorFlows {
		clear(o.place.refused)
		o.fresh = true // count from now rather than twice
	}
}

// turnedAway is what one mark has refused.
type turnedAway struct {
	mark, gen string
	tries     []try
}
