package netflow

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"strconv"
	"time"

	"bestbefore/assets/words"
	"bestbefore/connectors"
	"bestbefore/discovery/flow"
)

const (
	maxBatch     = 500
	maxPacket    = 9216 // a jumbo frame; exporters fill at most one frame
	queue        = 1024 // messages that wait while a batch is being stored
	socketBuffer = 4 << 20
	heartbeat    = 10 * time.Second
	maxTallies   = 8192 // records in the making
)

// message is one datagram.
type message struct {
	from netip.AddrPort
	at   time.Time
	data []byte
}

// Observe gives on what the exporter sends. It cannot go back: what was exported
// while nobody listened is gone.
func (s *Session) Observe(ctx context.Context, _ connectors.Cursor, emit func([]flow.Record, connectors.Cursor)) error {
	in := make(chan message, queue)
	failed := make(chan error, 1)
	if err := s.conn.SetReadDeadline(time.Time{}); err != nil { // set by the end of the run before
		return connectors.Transient(words.Text("the port on this computer is no longer open"), err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := s.receive(ctx, in); err != nil {
			failed <- err
		}
	}()
	defer func() {
		_ = s.conn.SetReadDeadline(time.Unix(1, 0)) // wakes the reader; a closed socket has woken it already
		<-done
	}()
	return s.collect(ctx, in, failed, emit)
}

// receive reads until ctx ends. It never waits for the store: what does not fit
// the queue is dropped and counted.
func (s *Session) receive(ctx context.Context, in chan<- message) error {
	buf := make([]byte, maxPacket+1)
	for {
		n, addr, err := s.conn.ReadFrom(buf)
		if ctx.Err() != nil || errors.Is(err, os.ErrDeadlineExceeded) {
			return nil
		}
		if errors.Is(err, net.ErrClosed) {
			return connectors.Transient(words.Text("the port on this computer was closed"), err)
		}
		if err != nil { // what the system says about an earlier packet is no reason to stop
			s.log.Debug("reading a flow export", "error", err)
			continue
		}
		from, ok := addrOf(addr)
		switch {
		case !ok || from.Addr() != s.exporter:
			s.watch.note(func(w *watch) { w.foreign++; w.other = from.Addr() })
			continue
		case n > maxPacket:
			s.watch.note(func(w *watch) { w.bad++ })
			continue
		}
		select {
		case in <- message{from, s.now(), append([]byte(nil), buf[:n]...)}:
		default:
			s.watch.note(func(w *watch) { w.dropped++ })
		}
	}
}

func (s *Session) collect(ctx context.Context, in <-chan message, failed <-chan error, emit func([]flow.Record, connectors.Cursor)) error {
	tick := time.NewTicker(s.interval)
	defer tick.Stop()
	sums := newTallies(s.homes)
	var told, beat time.Time // of the exporter's last message, and when we passed that on
	give := func() {
		for _, batch := range sums.take() {
			emit(batch, cursor(s.now()))
			beat = told
		}
		if told.Sub(beat) >= heartbeat { // it is alive and says nothing of the home
			emit(nil, cursor(s.now()))
			beat = told
		}
	}
	for {
		select {
		case <-ctx.Done():
			return nil
		case err := <-failed:
			give()
			return err
		case m := <-in:
			told = m.at
			s.watch.note(func(w *watch) { w.alive = m.at.UTC() })
			for _, f := range s.heard.read(m) {
				if !sums.add(f) {
					s.watch.note(func(w *watch) { w.outside++ })
				}
			}
			if len(sums.of) >= maxTallies {
				give()
			}
		case <-tick.C:
			give()
		}
	}
}

// cursor says until when was listened. There is no going back to it.
func cursor(at time.Time) connectors.Cursor {
	return connectors.Cursor("1 " + strconv.FormatInt(at.UnixMilli(), 10))
}
