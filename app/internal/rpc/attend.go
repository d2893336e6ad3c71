package rpc

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"
)

// A window whose engine is elsewhere sits at the socket of that engine, so that
// the next start of the program finds it there and brings it to the front.

// raiseTime is how long a window that sits there may take to say that it heard.
const raiseTime = 2 * time.Second

// attendArgs are what a window says when it comes.
type attendArgs struct {
	Target string `json:"target,omitempty"` // the place that another window shall show
	Again  bool   `json:"again,omitempty"`  // the window is on the screen already, and takes its seat anew
}

// raiseCall asks a window to show itself.
type raiseCall struct {
	Target string `json:"raise"`
}

// seats are the windows that sit at the socket, in the order in which they came.
type seats struct {
	turn  sync.Mutex // held while one is raised or comes: of many starts only one becomes a window
	mu    sync.Mutex // guards taken
	taken []*seat
}

type seat struct {
	out   *json.Encoder
	close func() error
	heard chan struct{} // capacity 1: the window said so
	gone  chan struct{} // closed when it went
}

// raise brings a window to the front, ours first; false where there is none.
func (s *seats) raise(ctx context.Context, ours func(string), target string) bool {
	s.turn.Lock()
	defer s.turn.Unlock()
	return s.raiseOne(ctx, ours, target)
}

func (s *seats) raiseOne(ctx context.Context, ours func(string), target string) bool {
	if ours != nil {
		ours(target)
		return true
	}
	for _, x := range s.all() {
		if x.raise(ctx, target) {
			return true
		}
		_ = x.close() // it hangs or is going; when it answers again it takes a seat anew
	}
	return false
}

func (s *seats) all() []*seat {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.taken)
}

func (s *seats) add(x *seat) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.taken = append(s.taken, x)
}

func (s *seats) remove(x *seat) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.taken = slices.DeleteFunc(s.taken, func(o *seat) bool { return o == x })
}

// raise reports whether the window said that it heard.
func (x *seat) raise(ctx context.Context, target string) bool {
	select {
	case <-x.heard: // of an earlier call that was given up
	default:
	}
	if x.out.Encode(raiseCall{target}) != nil {
		return false
	}
	late := time.NewTimer(raiseTime)
	defer late.Stop()
	select {
	case <-x.heard:
		return true
	case <-x.gone:
	case <-late.C:
	case <-ctx.Done():
	}
	return false
}

// attend answers true when another window came to the front instead, or keeps
// the connection as the seat of this one until it ends.
func (s *Server) attend(ctx context.Context, conn io.Closer, r request, in *bufio.Scanner, out *json.Encoder) {
	var a attendArgs
	if err := json.Unmarshal(r.Args, &a); err != nil {
		return // not one of our windows: the connection ends, and it knows by that
	}
	x := &seat{out: out, close: conn.Close, heard: make(chan struct{}, 1), gone: make(chan struct{})}
	if s.sit(ctx, x, a) {
		_ = out.Encode(reply{Result: json.RawMessage("true")}) // a window that is gone needs no answer
		return
	}
	defer s.seats.remove(x)
	defer close(x.gone)
	for in.Scan() { // until it goes, however it went: the seat is free then
		select {
		case x.heard <- struct{}{}:
		default:
		}
	}
}

// sit gives x its seat, unless another window came to the front instead. The
// answer goes out before anybody can raise x.
func (s *Server) sit(ctx context.Context, x *seat, a attendArgs) (raised bool) {
	s.seats.turn.Lock()
	defer s.seats.turn.Unlock()
	if !a.Again && s.seats.raiseOne(ctx, s.Raise, a.Target) {
		return true
	}
	if x.out.Encode(reply{Result: json.RawMessage("false")}) == nil {
		s.seats.add(x)
	}
	return false
}

// Seat is a window's place at the socket of the engine that it shows.
type Seat struct{ conn *conn }

// Attend brings the window to the front that is there already, at target, or
// takes a seat for the one that is about to open. again takes a seat only.
func (c *Client) Attend(ctx context.Context, target string, again bool) (s *Seat, raised bool, err error) {
	x, err := c.open(ctx)
	if err != nil {
		return nil, false, c.away(ctx, err)
	}
	stop := context.AfterFunc(ctx, func() { _ = x.Close() })
	r, err := x.call("attend", attendArgs{Target: target, Again: again})
	if !stop() || err != nil {
		_ = x.Close()
		return nil, false, c.away(ctx, err)
	}
	if r.Error == "" {
		err = json.Unmarshal(r.Result, &raised)
	} else {
		err = remoteError{r.Error, sentinels[r.Code]}
	}
	if err != nil || raised {
		return nil, raised, closing(x, err)
	}
	return &Seat{x}, false, nil
}

func closing(x *conn, err error) error {
	_ = x.Close() // nothing was left to say
	return err
}

// Serve tells raise each place that the window shall show, until ctx or the
// other process ends.
func (s *Seat) Serve(ctx context.Context, raise func(target string)) error {
	stop := context.AfterFunc(ctx, func() { _ = s.conn.Close() }) // ends the read below, which tells why
	defer stop()
	defer s.conn.Close()
	out := json.NewEncoder(s.conn)
	for {
		line, err := s.conn.in.ReadBytes('\n')
		if err != nil {
			return fmt.Errorf("sitting at the local socket: %w", err)
		}
		var call raiseCall
		if err := json.Unmarshal(line, &call); err != nil {
			return fmt.Errorf("sitting at the local socket: %w", err)
		}
		raise(call.Target)
		if err := out.Encode(reply{}); err != nil {
			return fmt.Errorf("sitting at the local socket: %w", err)
		}
	}
}

// Close gives the seat up.
func (s *Seat) Close() error { return s.conn.Close() }
