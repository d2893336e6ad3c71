package rpc

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"path/filepath"
	"sync"

	"bestbefore/app/internal/engine"
)

// Client is an engine.Engine whose work is done by another process. It is safe
// for concurrent use: each call that finds no idle connection opens one.
type Client struct {
	path string

	mu   sync.Mutex // guards idle
	idle []*conn
}

type conn struct {
	net.Conn
	in *bufio.Reader
}

// Dial finds the engine of a data folder; ErrNobody when none answers.
func Dial(ctx context.Context, dir string) (*Client, error) {
	c := &Client{path: filepath.Join(dir, SocketName)}
	first, err := c.open(ctx)
	if err != nil {
		return nil, fmt.Errorf("%w (%w)", ErrNobody, err)
	}
	c.put(first)
	return c, nil
}

// Close ends idle connections; what is asked after that opens new ones.
func (c *Client) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, x := range c.idle {
		_ = x.Close()
	}
	c.idle = nil
	return nil
}

func (c *Client) open(ctx context.Context) (*conn, error) {
	var d net.Dialer
	n, err := d.DialContext(ctx, "unix", c.path)
	if err != nil {
		return nil, err
	}
	if err := samePeer(n); err != nil { // the socket may belong to somebody else
		_ = n.Close()
		return nil, err
	}
	return &conn{n, bufio.NewReader(n)}, nil
}

func (c *Client) take(ctx context.Context) (*conn, error) {
	c.mu.Lock()
	if n := len(c.idle); n > 0 {
		x := c.idle[n-1]
		c.idle = c.idle[:n-1]
		c.mu.Unlock()
		return x, nil
	}
	c.mu.Unlock()
	return c.open(ctx)
}

func (c *Client) put(x *conn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.idle = append(c.idle, x)
}

// remoteError is a sentence from the other side that still is its sentinel.
type remoteError struct {
	text string
	is   error
}

func (e remoteError) Error() string { return e.text }
func (e remoteError) Unwrap() error { return e.is }

// ask makes one call.
func ask[R any](ctx context.Context, c *Client, name string, a any) (R, error) {
	var out R
	x, err := c.take(ctx)
	if err != nil {
		return out, c.away(ctx, err)
	}
	stop := context.AfterFunc(ctx, func() { _ = x.Close() })
	r, err := x.call(name, a)
	if !stop() || err != nil {
		_ = x.Close()
		return out, c.away(ctx, err)
	}
	c.put(x)
	if len(r.Result) > 0 {
		if err := json.Unmarshal(r.Result, &out); err != nil {
			return out, fmt.Errorf("reading the answer of the running Best Before: %w", err)
		}
	}
	if r.Error != "" {
		if r.Certificate != nil {
			return out, remoteError{r.Error, r.Certificate}
		}
		return out, remoteError{r.Error, sentinels[r.Code]}
	}
	return out, nil
}

// away is why there is no answer: the asker gave up, or the other process went.
// Then what is idle belongs to a process that is no more.
func (c *Client) away(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	_ = c.Close() // nothing is lost with it
	return fmt.Errorf("%w: %w", engine.ErrAway, err)
}

func (x *conn) call(name string, a any) (reply, error) {
	raw, err := json.Marshal(a)
	if err != nil {
		return reply{}, err
	}
	if err := json.NewEncoder(x).Encode(request{Method: name, Args: raw}); err != nil {
		return reply{}, err
	}
	line, err := x.in.ReadBytes('\n')
	if err != nil {
		return reply{}, err
	}
	var r reply
	return r, json.Unmarshal(line, &r)
}

// do is ask without a result.
func do(ctx context.Context, c *Client, name string, a args) error {
	_, err := ask[json.RawMessage](ctx, c, name, a)
	return err
}
