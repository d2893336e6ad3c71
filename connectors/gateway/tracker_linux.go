package gateway

import (
	"fmt"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/ti-mo/conntrack"
	"golang.org/x/sys/unix"

	"bestbefore/connectors"
)

// Bounds of the tracker's memory.
const (
	maxOpenInReceipt = 256
	maxEnded         = 4096
	maxKnownMACs     = 4096
)

// Status bits of a connection that our rules alone do not end: one whose
// addresses are translated is ended cleanly by forgetting it (the outside gets
// a reset), one on the fast path does not pass our rules until it is forgotten.
const (
	statusNAT     = conntrack.StatusSrcNAT | conntrack.StatusDstNAT
	statusOffload = 1<<14 | 1<<15
)

// seenFlow is one tracked connection between the home and the outside.
type seenFlow struct {
	id       uint32
	start    time.Time
	stop     time.Time // zero while open
	local    netip.Addr
	dest     netip.Addr
	proto    uint8
	port     uint16
	up, down uint64
}

func (f seenFlow) count() count {
	c := count{up: f.up, down: f.down}
	if !f.start.IsZero() {
		c.start = f.start.UnixMilli()
	}
	return c
}

// tracker reads connection tracking for Observe and Verify.
type tracker struct {
	s *Session

	mu    sync.Mutex                   // guards the fields below
	ended []seenFlow                   // the last flows that ended, oldest first
	macs  map[netip.Addr]mac           // who last answered to an address
	base  map[string]map[uint32]uint64 // per mark: bytes sent on flows that were open at a start kept by the kernel
	told  map[string]uint64            // per mark: passed bytes that an earlier look has told already

	since, aliveAt time.Time // when observing began, and its last sign of life
	overruns       uint64
}

func newTracker(s *Session) *tracker {
	return &tracker{s: s, macs: map[netip.Addr]mac{}, base: map[string]map[uint32]uint64{}, told: map[string]uint64{}}
}

// dump lists the flows between the home and the outside that are open now.
func dump(h home) ([]seenFlow, error) {
	flows, err := dumpAll()
	if err != nil {
		return nil, err
	}
	var out []seenFlow
	for i := range flows {
		if f, ok := classify(&flows[i], h); ok {
			out = append(out, f)
		}
	}
	return out, nil
}

func dumpAll() ([]conntrack.Flow, error) {
	c, err := conntrack.Dial(nil)
	if err != nil {
		return nil, fmt.Errorf("opening connection tracking: %w", err)
	}
	defer c.Close() //nolint:errcheck // read only
	flows, err := c.Dump(nil)
	if err != nil {
		return nil, fmt.Errorf("reading connection tracking: %w", err)
	}
	return flows, nil
}

// classify sorts f: which end is a device of ours, and what it sent.
func classify(f *conntrack.Flow, h home) (seenFlow, bool) {
	src, dst := f.TupleOrig.IP.SourceAddress.Unmap(), f.TupleOrig.IP.DestinationAddress.Unmap()
	out := seenFlow{id: f.ID, start: f.Timestamp.Start, stop: f.Timestamp.Stop, proto: f.TupleOrig.Proto.Protocol}
	switch real := f.TupleReply.IP.SourceAddress.Unmap(); {
	case h.inside(src) && !slices.Contains(h.own, src) && h.outside(dst):
		out.local, out.dest, out.port = src, dst, f.TupleOrig.Proto.DestinationPort
		out.up, out.down = f.CountersOrig.Bytes, f.CountersReply.Bytes
	case h.outside(src) && h.inside(real) && !slices.Contains(h.own, real): // opened from outside
		out.local, out.dest = real, src
		out.up, out.down = f.CountersReply.Bytes, f.CountersOrig.Bytes
	default:
		return seenFlow{}, false
	}
	if out.proto == unix.IPPROTO_ICMP || out.proto == unix.IPPROTO_ICMPV6 {
		out.port = 0
	}
	return out, true
}

// learn keeps h's neighbours, so that a flow still has its device when the
// device has fallen silent.
func (t *tracker) learn(h home) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.macs) > maxKnownMACs {
		clear(t.macs)
	}
	for _, n := range h.neighbors {
		t.macs[n.addr] = n.mac
	}
}

func (t *tracker) macOf(a netip.Addr) (mac, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	m, ok := t.macs[a]
	return m, ok
}

// under reports whether f is traffic that p stops.
func (t *tracker) under(p plan, f seenFlow) bool {
	m, ok := t.macOf(f.local)
	return ok && slices.Contains(p.macs, m) && p.hits(f.dest)
}

// baseline gives what was sent so far on those of flows that p stops; whole is
// false when there were too many to keep.
func (t *tracker) baseline(p plan, flows []seenFlow) (open map[uint32]uint64, whole bool) {
	open = map[uint32]uint64{}
	for _, f := range flows {
		if !t.under(p, f) {
			continue
		}
		if len(open) == maxOpenInReceipt {
			return open, false
		}
		open[f.id] = f.up
	}
	return open, true
}

// passedSince counts the bytes that left for p's recipient since the block of
// receipt data d was in force. What our rules refuse is not in here: they stand
// before connection tracking.
func (t *tracker) passedSince(p plan, d receiptData, r connectors.Receipt) (uint64, error) {
	h, err := t.s.home()
	if err != nil {
		return 0, err
	}
	t.learn(h)
	flows, err := dump(h)
	if err != nil {
		return 0, err
	}
	since, open, whole := d.Set, d.Open, d.Settled
	if since.IsZero() {
		since, whole = r.At, false
	}
	t.mu.Lock()
	ended := slices.Clone(t.ended)
	if p.from.After(since) { // what was sent before the start is not ours to judge
		since, whole = p.from, false
		open = t.base[p.mark]
		if open == nil {
			open = map[uint32]uint64{}
			for _, f := range flows {
				if p.hits(f.dest) {
					open[f.id] = f.up
				}
			}
			t.base[p.mark] = open
		}
	}
	t.mu.Unlock()
	var sum uint64
	for _, f := range append(flows, ended...) {
		if !f.stop.IsZero() && f.stop.Before(since) || !t.under(p, f) {
			continue
		}
		base, known := open[f.id]
		switch {
		case known && f.up >= base:
			sum += f.up - base
		case f.start.After(since), whole && !known && f.stop.IsZero():
			sum += f.up
		}
	}
	return sum, nil
}

// risen reports whether passed has grown since the last look at mark.
func (t *tracker) risen(mark string, passed uint64) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	before := t.told[mark]
	t.told[mark] = passed
	return passed > before
}

// forgetMark drops what is remembered about mark: it is set anew or lifted.
func (t *tracker) forgetMark(mark string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.told, mark)
	delete(t.base, mark)
}

// alive notes that the flows were read at now.
func (t *tracker) alive(now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.since.IsZero() {
		t.since = now
	}
	t.aliveAt = now
}

// overrun notes that the kernel dropped events.
func (t *tracker) overrun() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.overruns++
}

func (t *tracker) coverage() (since, alive time.Time, overruns uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.since, t.aliveAt, t.overruns
}

// remember keeps a flow that ended.
func (t *tracker) remember(f seenFlow) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.ended) >= maxEnded {
		t.ended = slices.Delete(t.ended, 0, maxEnded/4)
	}
	t.ended = append(t.ended, f)
}

// openFlows lists the flows that are open now, once the rules of p stand. Where
// p is in force, connection tracking is made to forget those that this ends
// better than dropping alone. That is a help, not the block: what goes wrong
// with it is logged.
func (s *Session) openFlows(p plan, h home) ([]seenFlow, error) {
	s.tracker.learn(h)
	flows, err := dumpAll() // once: the kernel looks through all of its tracking each time
	if err != nil {
		return nil, err
	}
	var out []seenFlow
	var cut []conntrack.Flow
	for i := range flows {
		f, ok := classify(&flows[i], h)
		switch {
		case !ok:
		case p.from.IsZero() && flows[i].Status&(statusNAT|statusOffload) != 0 && s.tracker.under(p, f):
			cut = append(cut, flows[i])
		default:
			out = append(out, f)
		}
	}
	if len(cut) == 0 {
		return out, nil
	}
	left, err := forget(cut)
	if err != nil {
		s.log.Warn("open flows not ended", "error", err)
	}
	for i := range left {
		if f, ok := classify(&left[i], h); ok {
			out = append(out, f)
		}
	}
	return out, nil
}

// forget makes connection tracking forget flows, and gives those that it keeps.
func forget(flows []conntrack.Flow) (left []conntrack.Flow, err error) {
	c, err := conntrack.Dial(nil)
	if err != nil {
		return flows, fmt.Errorf("opening connection tracking: %w", err)
	}
	defer c.Close() //nolint:errcheck // nothing is pending
	for _, f := range flows {
		if e := c.Delete(f); e != nil && !gone(e) {
			left, err = append(left, f), e
		}
	}
	return left, err
}
