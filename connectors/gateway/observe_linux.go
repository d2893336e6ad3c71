package gateway

import (
	"context"
	"fmt"
	"hash/fnv"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ti-mo/conntrack"
	"github.com/ti-mo/netfilter"
	"golang.org/x/sys/unix"

	"bestbefore/assets/words"
	"bestbefore/connectors"
	"bestbefore/discovery/flow"
)

const (
	maxBatch    = 500
	eventQueue  = 8192
	maxAsked    = 16      // neighbours asked for in one look
	eventBuffer = 4 << 20 // bytes that the kernel keeps for us
)

// Observe reads every flow between the home and the outside: each interval what
// the open ones have moved since, and at once what the closing ones moved last,
// so that short flows are not lost. It resumes at from as long as the kernel is
// the same run; what ended while nobody looked is not known.
func (s *Session) Observe(ctx context.Context, from connectors.Cursor, emit func([]flow.Record, connectors.Cursor)) error {
	boot, err := bootID()
	if err != nil {
		return connectors.Transient(words.Text("reading which run of the kernel this is"), err)
	}
	o := &observer{s: s, emit: emit, place: newPlace(boot), fresh: len(from) == 0, ended: map[uint32]seenFlow{}}
	if len(from) > 0 {
		p, err := decodePlace(from)
		switch {
		case err != nil:
			s.log.Warn("place in the flow source not readable, starting from now", "error", err)
			o.fresh = true
		case p.boot == boot:
			o.place = p
		default: // counters began anew: all that is there now came since
			o.place.at = p.at
		}
	}
	events := make(chan conntrack.Event, eventQueue)
	listening := make(chan struct{})
	go func() {
		defer close(listening)
		s.listen(ctx, events)
	}()
	err = o.run(ctx, events)
	<-listening
	return err
}

// bootID names this run of the kernel and this network namespace.
func bootID() (string, error) {
	b, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return "", fmt.Errorf("reading boot id: %w", err)
	}
	ns, err := os.Readlink("/proc/thread-self/ns/net")
	if err != nil {
		return "", fmt.Errorf("reading network namespace: %w", err)
	}
	return strings.TrimSpace(string(b)) + " " + ns, nil
}

// listen passes on the end of every connection until ctx ends. When the kernel
// has to drop some because we are too slow, that is counted and said.
func (s *Session) listen(ctx context.Context, out chan<- conntrack.Event) {
	for ctx.Err() == nil {
		err := listenOnce(ctx, out)
		if ctx.Err() != nil {
			return
		}
		s.tracker.overrun()
		s.log.Warn("kernel's flow events interrupted", "error", err)
		pause := time.NewTimer(100 * time.Millisecond)
		select {
		case <-ctx.Done():
		case <-pause.C:
		}
		pause.Stop()
	}
}

func listenOnce(ctx context.Context, out chan<- conntrack.Event) error {
	c, err := conntrack.Dial(nil)
	if err != nil {
		return fmt.Errorf("opening connection tracking: %w", err)
	}
	in := make(chan conntrack.Event, 64)
	var errs chan error
	defer func() { // the library's worker may be waiting to hand something over
		closed := make(chan struct{})
		go func() { defer close(closed); _ = c.Close() }()
		for {
			select {
			case <-in:
			case err, ok := <-errs:
				if !ok || err != nil {
					errs = nil // it has ended, or it failed while it was being closed
				}
			case <-closed:
				return
			}
		}
	}()
	if err := c.SetReadBuffer(eventBuffer); err != nil {
		return fmt.Errorf("setting the event buffer: %w", err)
	}
	if errs, err = c.Listen(in, 1, []netfilter.NetlinkGroup{netfilter.GroupCTDestroy}); err != nil {
		return fmt.Errorf("listening for flow events: %w", err)
	}
	for {
		select {
		case <-ctx.Done():
			return nil
		case err := <-errs:
			return err
		case e := <-in:
			select {
			case out <- e:
			case <-ctx.Done():
				return nil
			}
		}
	}
}

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

// refusedNow reads what our rules refused and keeps our table in order: it makes
// the kernel go on tracking after somebody flushed everything, follows the
// home's interfaces, and takes away pauses that are over. It never sets a block
// anew; that the block is missing is for Verify to say.
func (s *Session) refusedNow(h home, now time.Time) ([]turnedAway, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	was := s.stood
	t, err := s.standing()
	if err == nil && !s.closed {
		t, err = s.prepared(h)
	}
	if err != nil {
		return nil, err
	}
	if t == was { // else its counters are fresh
		if err := s.kernel.recount(t); err != nil {
			return nil, err
		}
	}
	var out []turnedAway
	for _, k := range t.marks {
		if k.refused() != k.seen { // where nothing was refused since, nothing is new
			if err := s.kernel.fill(k, now); err != nil {
				return nil, err
			}
		}
		if len(k.tries) > 0 {
			out = append(out, turnedAway{k.mark, k.gen, k.tries})
		}
	}
	return out, s.sweep(t, now.Add(-10*time.Second)) // time for a last look
}

func protocolName(p uint8) flow.Protocol {
	switch p {
	case unix.IPPROTO_TCP:
		return "tcp"
	case unix.IPPROTO_UDP:
		return "udp"
	case unix.IPPROTO_ICMP, unix.IPPROTO_ICMPV6:
		return "icmp"
	}
	return flow.Protocol("ip-" + strconv.Itoa(int(p)))
}
