package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"
)

// company is somebody outside: it takes what comes and remembers when the last byte came.
type company struct {
	now      func() time.Time
	listener net.Listener

	mu    sync.Mutex // guards all below
	bytes uint64
	last  time.Time
	open  map[net.Conn]bool
}

func newCompany(now func() time.Time) (*company, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("opening a company of the demo: %w", err)
	}
	return &company{now: now, listener: l, open: map[net.Conn]bool{}}, nil
}

// received is what has come so far, and when the last of it came.
func (c *company) received() (bytes uint64, last time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.bytes, c.last
}

// Serve takes what comes until ctx ends.
func (c *company) Serve(ctx context.Context) error {
	var all sync.WaitGroup
	defer all.Wait()
	stop := context.AfterFunc(ctx, c.close)
	defer stop()
	for {
		conn, err := c.listener.Accept()
		if err != nil {
			if ctx.Err() != nil || errors.Is(err, net.ErrClosed) {
				return nil
			}
			return fmt.Errorf("a company of the demo: %w", err)
		}
		all.Go(func() { c.take(ctx, conn) })
	}
}

func (c *company) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	_ = c.listener.Close()
	for conn := range c.open {
		_ = conn.Close()
	}
}

// take counts what comes on conn and says thanks for each piece.
func (c *company) take(ctx context.Context, conn net.Conn) {
	defer conn.Close()
	c.mu.Lock()
	c.open[conn] = true
	over := ctx.Err() != nil
	c.mu.Unlock()
	defer func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.open, conn)
	}()
	buf := make([]byte, 32<<10)
	for !over {
		n, err := conn.Read(buf)
		if n > 0 {
			c.mu.Lock()
			c.bytes += uint64(n)
			c.last = c.now()
			c.mu.Unlock()
			if _, err := io.WriteString(conn, "thanks\n"); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// again is how long a device waits before it tries once more.
const again = 400 * time.Millisecond

// send is a device's part: it sends to one host for ever, and tries again when it is cut.
func send(ctx context.Context, relay, device string, s stream) {
	for ctx.Err() == nil {
		_ = sendOnce(ctx, relay, device, s) // a device shrugs and tries again
		_ = pause(ctx, again)               // the loop asks for the context's end itself
	}
}

var errRefused = errors.New("the relay refused")

func sendOnce(ctx context.Context, relay, device string, s stream) error {
	c, err := dial(ctx, relay, device, s)
	if err != nil {
		return err
	}
	defer c.Close()
	stop := context.AfterFunc(ctx, func() { _ = c.Close() })
	defer stop()
	piece := make([]byte, s.bytes)
	for {
		if _, err := c.Write(piece); err != nil {
			return err
		}
		if err := thanked(c); err != nil {
			return err
		}
		if pause(ctx, s.every) != nil {
			return nil
		}
	}
}

// dial asks the relay for a way to s.
func dial(ctx context.Context, relay, device string, s stream) (net.Conn, error) {
	var d net.Dialer
	c, err := d.DialContext(ctx, "tcp", relay)
	if err != nil {
		return nil, err
	}
	if _, err := fmt.Fprintf(c, "%s %s %d\n", device, s.host, s.port); err != nil {
		_ = c.Close()
		return nil, err
	}
	answer := make([]byte, len(said))
	if _, err := io.ReadFull(c, answer); err != nil || string(answer) != said {
		_ = c.Close()
		return nil, errors.Join(errRefused, err)
	}
	return c, nil
}

// thanked waits for an answer. A piece that came in several parts is thanked for
// several times; what is left over is read with the next one.
func thanked(c net.Conn) error {
	_, err := c.Read(make([]byte, 256))
	return err
}

// pause waits, or gives the context's end.
func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
