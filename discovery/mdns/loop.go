package mdns

import (
	"context"
	"errors"
	"fmt"
	"time"
)

const (
	watchEvery = 5 * time.Second
	wokenAfter = 15 * time.Second // a longer pause between two looks means that the machine slept
	drainMost  = 256              // packets taken before the clock is looked at again
)

// packet is one packet as it came in.
type packet struct {
	data   []byte
	from   origin
	direct bool // the answer to a one-shot question
}

// sort is how a question is asked.
type sort int

// The sorts of questions.
const (
	ordinary sort = iota // answered to all
	oneShot              // answered to us alone
)

// network is what the loop needs of the sockets.
type network interface {
	watch() (up, down []string) // looks for interfaces that came, changed or went
	send(iface string, as sort, packets [][]byte)
	packets() <-chan packet
	close() // ends all readers and waits for them
}

// run opens the network and browses until ctx ends.
func (e *Engine) run(ctx context.Context, out func(batch)) error {
	return e.loop(ctx, newSockets(e.cfg), out)
}

// loop owns the browser: everything but reading happens in this goroutine.
func (e *Engine) loop(ctx context.Context, n network, out func(batch)) error {
	defer n.close()
	l := &looper{e: e, n: n, b: newBrowser(e.types, e.cfg.OnlyTypes, e.cfg.Known), out: out}
	l.look(e.cfg.Now())
	watch := time.NewTicker(watchEvery)
	defer watch.Stop()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
			return nil
		case p := <-n.packets():
			l.drain(p)
		case <-watch.C:
			l.look(e.cfg.Now())
		case <-timer.C:
		}
		timer.Reset(l.step())
	}
	return nil
}

// looper is the state of one loop.
type looper struct {
	e     *Engine
	n     network
	b     *browser
	out   func(batch)
	wall  time.Time // wall clock at the last look
	alone bool      // no interface at all
}

// look follows the interfaces and notices when the machine has slept.
func (l *looper) look(now time.Time) {
	up, down := l.n.watch()
	for _, iface := range down {
		l.b.asker.linkDown(iface)
	}
	for _, iface := range up {
		l.e.cfg.Logger.Debug("interface in use", "interface", iface)
		l.b.asker.linkUp(iface, now)
	}
	if wall := now.Round(0); !l.wall.IsZero() && wall.Sub(l.wall) > wokenAfter {
		l.b.asker.restart(now)
	}
	l.wall = now.Round(0)
	if alone := len(l.b.asker.links) == 0; alone != l.alone {
		l.alone = alone
		t := Trouble{Code: NoInterface}
		if alone {
			t.Err = errors.New("no network interface can be used")
		}
		l.e.cfg.Report(t)
	}
	if n, due := l.b.limits.notice(now); due {
		l.e.cfg.Report(Trouble{Code: Flood, Err: fmt.Errorf("%d new names, types or records were over a limit and ignored", n)})
	}
}

// drain takes in p and what waits behind it.
func (l *looper) drain(p packet) {
	for range drainMost {
		l.packet(p)
		select {
		case p = <-l.n.packets():
		default:
			return
		}
	}
}

// packet takes in one packet.
func (l *looper) packet(p packet) {
	m, err := guard(parse, p.data, l.e.cfg.Report)
	if err != nil {
		return
	}
	if m = zone(l.e.cfg.Zone).inward(m); p.direct {
		m = l.b.direct(m)
	}
	l.b.take(m, p.from, l.e.cfg.Now())
}

// guard calls parse, which runs foreign code on hostile bytes: should that ever
// panic, it costs one packet.
func guard(parse func([]byte) (message, error), b []byte, report func(Trouble)) (m message, err error) {
	defer func() {
		if r := recover(); r != nil {
			m, err = message{}, fmt.Errorf("parsing a packet: %v", r)
			report(Trouble{Code: BadPacket, Err: err})
		}
	}()
	return parse(b)
}

// step does what is due, sends what is to be asked, and returns how long to wait.
func (l *looper) step() time.Duration {
	now := l.e.cfg.Now()
	if got := l.b.work(now); len(got.events)+len(got.sightings) > 0 {
		l.out(got)
	}
	for iface, qs := range l.b.asker.collect(l.b.types, l.b.only, now) {
		l.n.send(iface, ordinary, l.packed(l.b.pack(qs, iface, now)))
	}
	for _, iface := range l.b.asker.shots(now) {
		l.n.send(iface, oneShot, l.packed(l.b.shot(now)))
	}
	due := l.b.due()
	if due.IsZero() {
		return watchEvery
	}
	return max(due.Sub(l.e.cfg.Now()), 0)
}

// packed moves packed questions to the zone; one that cannot be is left out.
func (l *looper) packed(raw [][]byte, err error) [][]byte {
	if err != nil {
		l.e.cfg.Logger.Debug("packing questions", "error", err)
	}
	out := raw[:0]
	for _, p := range raw {
		if p, err := zone(l.e.cfg.Zone).outward(p); err == nil {
			out = append(out, p)
		}
	}
	return out
}
