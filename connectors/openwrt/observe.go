package openwrt

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"bestbefore/assets/words"
	"bestbefore/connectors"
	"bestbefore/discovery/flow"
)

const (
	maxBatch      = 500
	cursorVersion = 1
)

var errCursor = errors.New("this place in the flow source cannot be read")

// count is how far one connection has been counted.
type count struct{ up, down uint64 }

// place is an Observer's place: what has been counted of each connection that
// was open then.
type place struct {
	at    time.Time
	flows map[uint64]count
}

func (p place) encode() connectors.Cursor {
	b := binary.AppendVarint([]byte{cursorVersion}, p.at.UnixMilli())
	ids := make([]uint64, 0, len(p.flows))
	for id := range p.flows {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	ids = ids[:min(len(ids), maxRows)]
	b = binary.AppendUvarint(b, uint64(len(ids)))
	for _, id := range ids {
		b = binary.BigEndian.AppendUint64(b, id)
		b = binary.AppendUvarint(b, p.flows[id].up)
		b = binary.AppendUvarint(b, p.flows[id].down)
	}
	return b
}

// decodePlace reads what encode wrote. Anything else is an error, never a panic.
func decodePlace(b connectors.Cursor) (place, error) {
	r := bytes.NewReader(b)
	if v, err := r.ReadByte(); err != nil || v != cursorVersion {
		return place{}, errCursor
	}
	at, err := binary.ReadVarint(r)
	if err != nil {
		return place{}, errCursor
	}
	n, err := binary.ReadUvarint(r)
	if err != nil || n > maxRows {
		return place{}, errCursor
	}
	p := place{at: time.UnixMilli(at).UTC(), flows: map[uint64]count{}}
	for range n {
		var id [8]byte
		if k, err := r.Read(id[:]); err != nil || k != len(id) {
			return place{}, errCursor
		}
		var c count
		if c.up, err = binary.ReadUvarint(r); err != nil {
			return place{}, errCursor
		}
		if c.down, err = binary.ReadUvarint(r); err != nil {
			return place{}, errCursor
		}
		p.flows[binary.BigEndian.Uint64(id[:])] = c
	}
	if r.Len() > 0 {
		return place{}, errCursor
	}
	return p, nil
}

// advance gives what was moved since c. Counters that went back are those of
// another connection with the same ends, or were set to nothing by somebody.
func (c count) advance(next count) (up, down uint64, reset bool) {
	if next.up < c.up || next.down < c.down {
		return next.up, next.down, true
	}
	return next.up - c.up, next.down - c.down, false
}

// Observe reads the table of connections again and again and tells what each
// has moved since. What a connection moves after the last look before its end is
// not in the table any more and so not known; Coverage says so.
func (s *Session) Observe(ctx context.Context, from connectors.Cursor, emit func([]flow.Record, connectors.Cursor)) error {
	o := &observer{s: s, emit: emit, place: place{flows: map[uint64]count{}}, fresh: len(from) == 0}
	if len(from) > 0 {
		p, err := decodePlace(from)
		if err != nil {
			s.log.Warn("place in the flow source not readable, starting from now", "error", err)
			o.fresh = true
		} else {
			o.place = p
		}
	}
	return connectors.Rounds(ctx, s.interval, func() error {
		if err := o.step(ctx); err != nil {
			return err
		}
		s.cutDue(ctx)
		return nil
	})
}

// observer is one Observe call.
type observer struct {
	s     *Session
	emit  func([]flow.Record, connectors.Cursor)
	place place
	fresh bool // what is there now is the start, not news
}

// tally is one record in the making, with the places that it moves on.
type tally struct {
	rec   flow.Record
	flows map[uint64]count
}

// sorted sorts c: which end is a device of the home, and what it sent.
func (h *home) sorted(c conn) (local, dest netip.Addr, port uint16, moved count, ok bool) {
	switch {
	case h.local(c.src) && h.outside(c.dst):
		return c.src, c.dst, c.dport, count{c.up, c.down}, true
	case h.outside(c.src) && h.local(c.back): // opened from outside
		return c.back, c.src, 0, count{c.down, c.up}, true
	}
	return local, dest, 0, count{}, false
}

func (o *observer) step(ctx context.Context) error {
	h, err := o.s.around(ctx, homeAge)
	if err != nil {
		return err
	}
	rows, err := o.s.table(ctx)
	if err != nil {
		return err
	}
	now := o.s.now().UTC()
	since := o.place.at
	if since.IsZero() || since.After(now) {
		since = now
	}
	type key struct {
		flow.Key
		flow.Local
	}
	sums, open, resets := map[key]*tally{}, map[uint64]bool{}, 0
	var order []key
	for _, c := range rows {
		local, dest, port, next, ok := h.sorted(c)
		if !ok {
			continue
		}
		id := c.id()
		open[id] = true
		up, down, reset := o.place.flows[id].advance(next)
		if reset {
			resets++
		}
		if o.fresh || up == 0 && down == 0 {
			o.place.flows[id] = next
			continue
		}
		k := key{flow.Key{Destination: flow.Destination{Address: dest}, Protocol: protocol(c.proto), Port: port}, flow.Local{Address: local, MAC: h.macs[local]}}
		t := sums[k]
		if t == nil {
			t = &tally{rec: flow.Record{Key: k.Key, Local: k.Local, First: since, Last: now, Source: o.s.source}, flows: map[uint64]count{}}
			sums[k] = t
			order = append(order, k)
		}
		t.rec.Up += up
		t.rec.Down += down
		t.rec.Count++
		t.flows[id] = next
	}
	all := make([]*tally, 0, len(order))
	for _, k := range order {
		all = append(all, sums[k])
	}
	o.s.looked(now, resets)
	o.give(ctx, all, open, now)
	return nil
}

// give tells the records, each batch with the place that follows it.
func (o *observer) give(ctx context.Context, all []*tally, open map[uint64]bool, now time.Time) {
	o.fresh, o.place.at = false, now
	for id := range o.place.flows {
		if !open[id] {
			delete(o.place.flows, id)
		}
	}
	if len(all) == 0 {
		if ctx.Err() == nil {
			o.emit(nil, o.place.encode()) // alive, and nothing was sent
		}
		return
	}
	for part := range slices.Chunk(all, maxBatch) {
		var recs []flow.Record
		for _, t := range part {
			recs = append(recs, t.rec)
			for id, c := range t.flows {
				o.place.flows[id] = c
			}
		}
		if ctx.Err() != nil {
			return
		}
		o.emit(recs, o.place.encode())
	}
}

// protocol names a transport.
func protocol(n uint8) flow.Protocol {
	switch n {
	case 6:
		return "tcp"
	case 17:
		return "udp"
	case 1, 58:
		return "icmp"
	}
	return flow.Protocol(fmt.Sprintf("ip-%d", n))
}

// looked notes that the flows were read.
func (s *Session) looked(at time.Time, resets int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.seen.since.IsZero() {
		s.seen.since = at
	}
	s.seen.alive = at
	if resets >= 3 { // not one connection that took another's place
		s.seen.zeroed = true
	}
}

// Coverage says what is seen, and what is known to be missing.
func (s *Session) Coverage(ctx context.Context) (connectors.Coverage, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	v := s.seen
	out := connectors.Coverage{Since: v.since, Alive: v.alive, Sees: []string{"presence"}, Text: words.Text("Which devices have a lease or are in the router's neighbour table.")}
	if s.observes() {
		out.Sees, out.Whole = []string{"bytes", "destinations", "presence"}, !v.cut && !v.tooLarge && !v.parts
		out.Text = words.Sprintf("Every connection through the router that is open when it is looked at, every %s; what one moves between the last look and its end is not known.", s.interval)
	} else {
		out.Text += " " + words.Text("What they send is not seen: the account may not read the table of connections.")
	}
	for _, n := range []struct {
		is   bool
		text string
	}{
		{v.cut, words.Text("Only the beginning of the table can be read with the account's rights; paste the setup text on the router once more.")},
		{v.tooLarge, words.Text("The table is larger than the router gives out at once, so connections are missing.")},
		{v.parts, words.Text("The table is larger than the router gives out at once, so it is read in parts; what is neither TCP nor UDP is missing.")},
		{v.uncounted, words.Text("The router does not count bytes (net.netfilter.nf_conntrack_acct is 0), so amounts are missing.")},
		{s.nlbwmon || v.zeroed, words.Text("Another program on the router (nlbwmon) sets the counters back whenever it reads them, so the amounts are too low.")},
		{s.dates != "", words.Sprintf("No date is left with the router: %s.", s.dates)},
		{s.missing != "", words.Sprintf("It cannot block: the account lacks the right for %s.", s.missing)},
	} {
		if n.is {
			out.Text += " " + n.text
		}
	}
	return out, nil
}
