package demo

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"time"

	"bestbefore/connectors"
	"bestbefore/discovery/flow"
)

// relay is the demo's router: the devices reach the outside through it, byte by
// byte over real connections. It counts, and it cuts what its rules say.
// A device says one line, "KEY HOST PORT", and hears "ok" or "refused".
type relay struct {
	now      func() time.Time
	listener net.Listener
	outside  map[string]string // host name -> where that company listens

	mu    sync.Mutex // guards all below
	off   bool
	rules map[string]*rule
	open  map[*passing]bool
	log   journal
}

// rule is one block with what it turned away.
type rule struct {
	req     connectors.BlockRequest
	devices map[string]bool
	refused uint64
	last    time.Time
}

// passing is one open connection through the relay.
type passing struct {
	device, host string
	port         uint16
	in, out      net.Conn
	begun        time.Time
	up, down     uint64 // since the last record
}

const (
	helloTime  = 5 * time.Second
	sweepEvery = 500 * time.Millisecond // between two records of an open connection
	said       = "ok\n"
	refusal    = "refused\n"
)

// newRelay listens on the loopback interface and accepts nothing yet.
func newRelay(now func() time.Time, outside map[string]string) (*relay, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("opening the demo's relay: %w", err)
	}
	return &relay{now: now, listener: l, outside: outside, rules: map[string]*rule{}, open: map[*passing]bool{}, log: newJournal()}, nil
}

func (r *relay) addr() string { return r.listener.Addr().String() }

// Serve relays until ctx ends; then it is off and holds nothing open.
func (r *relay) Serve(ctx context.Context) error {
	var all sync.WaitGroup
	defer all.Wait()
	stop := context.AfterFunc(ctx, r.close)
	defer stop()
	all.Go(func() { r.sweep(ctx) })
	for {
		c, err := r.listener.Accept()
		if err != nil {
			if ctx.Err() != nil || errors.Is(err, net.ErrClosed) {
				return nil
			}
			return fmt.Errorf("the demo's relay: %w", err)
		}
		all.Go(func() { r.relay(c) })
	}
}

// close turns the relay off for good.
func (r *relay) close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.off = true
	_ = r.listener.Close()
	for p := range r.open {
		p.hangUp()
	}
}

func (p *passing) hangUp() {
	_ = p.in.Close()
	if p.out != nil {
		_ = p.out.Close()
	}
}

// relay carries one connection of a device.
func (r *relay) relay(c net.Conn) {
	defer c.Close()
	_ = c.SetReadDeadline(r.now().Add(helloTime))
	in := bufio.NewReaderSize(c, 32<<10)
	p, err := hello(in)
	to := r.outside[p.host]
	if err != nil || to == "" {
		return
	}
	p.in, p.begun = c, r.now()
	if !r.enter(&p) {
		_, _ = io.WriteString(c, refusal)
		return
	}
	defer r.leave(&p)
	out, err := net.Dial("tcp", to)
	if err != nil {
		return
	}
	defer out.Close()
	if !r.joined(&p, out) {
		return
	}
	_ = c.SetReadDeadline(time.Time{})
	if _, err := io.WriteString(c, said); err != nil {
		return
	}
	var back sync.WaitGroup
	back.Go(func() { r.answers(&p) })
	r.carry(&p, in)
	p.hangUp()
	back.Wait()
}

// hello reads the line by which a device says who it is and where it wants to go.
func hello(in *bufio.Reader) (passing, error) {
	line, err := in.ReadSlice('\n')
	if err != nil || len(line) > 300 {
		return passing{}, errors.Join(errors.New("no greeting"), err)
	}
	words := strings.Fields(string(line))
	if len(words) != 3 {
		return passing{}, errors.New("a greeting has three words")
	}
	port, err := strconv.ParseUint(words[2], 10, 16)
	return passing{device: words[0], host: words[1], port: uint16(port)}, err
}

// enter notes a new connection, unless a rule refuses it.
func (r *relay) enter(p *passing) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.off || r.refuse(p) {
		return false
	}
	r.open[p] = true
	return true
}

func (r *relay) joined(p *passing, out net.Conn) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	p.out = out
	return !r.off
}

// leave writes the last record of a connection.
func (r *relay) leave(p *passing) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.open, p)
	r.note(p)
}

// carry hands on what the device sends until it stops or is cut.
func (r *relay) carry(p *passing, in io.Reader) {
	buf := make([]byte, 32<<10)
	for {
		n, err := in.Read(buf)
		if n > 0 && !r.hand(p, buf[:n]) || err != nil {
			return
		}
	}
}

// hand gives one piece to the company, unless a rule is set by now.
func (r *relay) hand(p *passing, b []byte) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.off || r.refuse(p) {
		return false
	}
	_ = p.out.SetWriteDeadline(r.now().Add(helloTime))
	n, err := p.out.Write(b) // under the lock: once a rule is set, not a byte follows
	p.up += uint64(n)
	return err == nil
}

// answers carries what comes back.
func (r *relay) answers(p *passing) {
	buf := make([]byte, 4<<10)
	for {
		n, err := p.out.Read(buf)
		if n > 0 {
			if _, werr := p.in.Write(buf[:n]); werr != nil {
				return
			}
			r.mu.Lock()
			p.down += uint64(n)
			r.mu.Unlock()
		}
		if err != nil {
			return
		}
	}
}

// refuse counts p at every rule that hits it, and says whether there is one.
func (r *relay) refuse(p *passing) bool {
	now, hit := r.now(), false
	for _, x := range r.rules {
		if x.hits(p) {
			x.refused++
			x.last, hit = now, true
		}
	}
	if hit {
		r.log.add(p.device, flow.Record{
			Key: p.key(), Count: 1, First: now.Round(0), Last: now.Round(0), Refused: true,
		})
	}
	return hit
}

func (p *passing) key() flow.Key {
	return flow.Key{Destination: flow.Destination{Domain: p.host}, Protocol: "tcp", Port: p.port}
}

// sweep writes down what passed on the connections that stay open.
func (r *relay) sweep(ctx context.Context) {
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		r.mu.Lock()
		for p := range r.open {
			r.note(p)
		}
		r.mu.Unlock()
	}
}

// cut hangs up the open connections that a rule hits.
func (r *relay) cut() {
	for p := range r.open {
		for _, x := range r.rules {
			if x.hits(p) {
				p.hangUp()
			}
		}
	}
}

// note writes what passed on p since the last record.
func (r *relay) note(p *passing) {
	if p.up+p.down == 0 {
		return
	}
	now := r.now().Round(0)
	rec := flow.Record{Key: p.key(), Up: p.up, Down: p.down, Count: 1, First: p.begun.Round(0), Last: now}
	p.up, p.down, p.begun = 0, 0, now
	r.log.add(p.device, rec)
}
