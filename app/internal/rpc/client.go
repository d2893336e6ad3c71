package rpc

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"path/filepath"
	"sync"

	"bestbefore/app/internal/changes"
	"bestbefore/app/internal/engine"
	"bestbefore/consent"
	"bestbefore/consent/ledger"
	"bestbefore/discovery"
)

// Client is an engine.Engine whose work is done by another process. It is safe
// for concurrent use: each call that finds no idle connection opens one.
type Client struct {
	path string

	mu   sync.Mutex // guards idle
	idle []*conn
}

var _ engine.Engine = (*Client)(nil)

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

// Raise asks the window of the other process to show itself; false when it has none.
func (c *Client) Raise(ctx context.Context, target string) (bool, error) {
	return ask[bool](ctx, c, "raise", target)
}

// Watch streams changes; the channel is closed when ctx or the other process ends.
func (c *Client) Watch(ctx context.Context) <-chan changes.Change {
	out := make(chan changes.Change, 1)
	x, err := c.open(ctx)
	if err != nil {
		close(out)
		return out
	}
	stop := context.AfterFunc(ctx, func() { _ = x.Close() })
	go func() {
		defer close(out)
		defer c.Close() // the other side went: what is idle leads nowhere
		defer stop()
		defer x.Close()
		if json.NewEncoder(x).Encode(request{Method: "watch"}) != nil {
			return
		}
		for in := json.NewDecoder(x.in); ; {
			var ch changes.Change
			if in.Decode(&ch) != nil {
				return
			}
			changes.Offer(out, ch)
		}
	}()
	return out
}

// The rest is one line per method of the interface.

func (c *Client) Devices(ctx context.Context) ([]engine.DeviceInfo, error) {
	return ask[[]engine.DeviceInfo](ctx, c, "Devices", args{})
}

func (c *Client) Device(ctx context.Context, ref string) (engine.DeviceInfo, error) {
	return ask[engine.DeviceInfo](ctx, c, "Device", args{Ref: ref})
}

func (c *Client) Questions(ctx context.Context) ([]discovery.Question, error) {
	return ask[[]discovery.Question](ctx, c, "Questions", args{})
}

func (c *Client) Label(ctx context.Context, id discovery.DeviceID, text string) error {
	return do(ctx, c, "Label", args{Device: id, Text: text})
}

func (c *Client) Merge(ctx context.Context, keep, gone discovery.DeviceID) error {
	return do(ctx, c, "Merge", args{Device: keep, Other: gone})
}

func (c *Client) Split(ctx context.Context, id discovery.DeviceID) ([]discovery.DeviceID, error) {
	return ask[[]discovery.DeviceID](ctx, c, "Split", args{Device: id})
}

func (c *Client) SetEssential(ctx context.Context, id discovery.DeviceID, e discovery.Essential) error {
	return do(ctx, c, "SetEssential", args{Device: id, Text: string(e)})
}

func (c *Client) Answer(ctx context.Context, question string, same bool) error {
	return do(ctx, c, "Answer", args{Ref: question, Yes: same})
}

func (c *Client) Flows(ctx context.Context, q engine.FlowQuery) ([]engine.FlowInfo, error) {
	return ask[[]engine.FlowInfo](ctx, c, "Flows", args{Flows: &q})
}

func (c *Client) Totals(ctx context.Context, q engine.FlowQuery) ([]engine.Total, error) {
	return ask[[]engine.Total](ctx, c, "Totals", args{Flows: &q})
}

func (c *Client) Days(ctx context.Context, device discovery.DeviceID, days int) ([]engine.Day, error) {
	return ask[[]engine.Day](ctx, c, "Days", args{Device: device, Number: days})
}

func (c *Client) Hours(ctx context.Context, device discovery.DeviceID) ([]engine.Hour, error) {
	return ask[[]engine.Hour](ctx, c, "Hours", args{Device: device})
}

func (c *Client) ExportFlows(ctx context.Context, q engine.FlowQuery, dir string) ([]string, error) {
	return ask[[]string](ctx, c, "ExportFlows", args{Flows: &q, Text: dir})
}

func (c *Client) Consents(ctx context.Context) ([]engine.ConsentInfo, error) {
	return ask[[]engine.ConsentInfo](ctx, c, "Consents", args{})
}

func (c *Client) Consent(ctx context.Context, id consent.ID) (engine.ConsentInfo, error) {
	return ask[engine.ConsentInfo](ctx, c, "Consent", args{Consent: id})
}

func (c *Client) PreviewAllow(ctx context.Context, r engine.AllowRequest) (engine.Preview, error) {
	return ask[engine.Preview](ctx, c, "PreviewAllow", args{Allow: &r})
}

func (c *Client) Review(ctx context.Context, id consent.ID) (engine.ReviewInfo, error) {
	return ask[engine.ReviewInfo](ctx, c, "Review", args{Consent: id})
}

func (c *Client) Allow(ctx context.Context, r engine.AllowRequest) (engine.ConsentInfo, error) {
	return ask[engine.ConsentInfo](ctx, c, "Allow", args{Allow: &r})
}

func (c *Client) Renew(ctx context.Context, id consent.ID, until, how string) (engine.ConsentInfo, error) {
	return ask[engine.ConsentInfo](ctx, c, "Renew", args{Consent: id, Text: until, How: how})
}

func (c *Client) End(ctx context.Context, id consent.ID, how string) (engine.ConsentInfo, error) {
	return ask[engine.ConsentInfo](ctx, c, "End", args{Consent: id, How: how})
}

func (c *Client) Extend(ctx context.Context, id consent.ID, how string) (engine.ConsentInfo, error) {
	return ask[engine.ConsentInfo](ctx, c, "Extend", args{Consent: id, How: how})
}

func (c *Client) Lapse(ctx context.Context, id consent.ID, how string) error {
	return do(ctx, c, "Lapse", args{Consent: id, How: how})
}

func (c *Client) Undo(ctx context.Context) (string, error) {
	return ask[string](ctx, c, "Undo", args{})
}

func (c *Client) PreviewDisconnect(ctx context.Context, id discovery.DeviceID) (engine.Preview, error) {
	return ask[engine.Preview](ctx, c, "PreviewDisconnect", args{Device: id})
}

func (c *Client) Disconnect(ctx context.Context, id discovery.DeviceID, confirmed bool, how string) (consent.Action, error) {
	return ask[consent.Action](ctx, c, "Disconnect", args{Device: id, Yes: confirmed, How: how})
}

func (c *Client) Pause(ctx context.Context, id discovery.DeviceID, until string, confirmed bool, how string) (consent.Action, error) {
	return ask[consent.Action](ctx, c, "Pause", args{Device: id, Text: until, Yes: confirmed, How: how})
}

func (c *Client) Reconnect(ctx context.Context, id discovery.DeviceID, how string) (consent.Action, error) {
	return ask[consent.Action](ctx, c, "Reconnect", args{Device: id, How: how})
}

func (c *Client) Action(ctx context.Context, id consent.ActionID) (consent.Action, error) {
	return ask[consent.Action](ctx, c, "Action", args{Action: id})
}

func (c *Client) Confirm(ctx context.Context, id consent.ActionID, how string) (consent.Action, error) {
	return ask[consent.Action](ctx, c, "Confirm", args{Action: id, How: how})
}

// KeepDates implements engine.Moves.
func (c *Client) KeepDates(ctx context.Context, how string) error {
	return do(ctx, c, "KeepDates", args{How: how})
}

func (c *Client) ConfirmClock(ctx context.Context, how string) error {
	return do(ctx, c, "ConfirmClock", args{How: how})
}

func (c *Client) Preferences(ctx context.Context) (engine.Preferences, error) {
	return ask[engine.Preferences](ctx, c, "Preferences", args{})
}

func (c *Client) SetPreferences(ctx context.Context, p engine.Preferences) error {
	return do(ctx, c, "SetPreferences", args{Preferences: p})
}

func (c *Client) Step(ctx context.Context, id consent.ActionID, to engine.Step, how string) (consent.Action, error) {
	return ask[consent.Action](ctx, c, "Step", args{Action: id, Text: string(to), How: how})
}

func (c *Client) Retry(ctx context.Context, id consent.ActionID) error {
	return do(ctx, c, "Retry", args{Action: id})
}

func (c *Client) Connectors(ctx context.Context) (engine.ConnectorsInfo, error) {
	return ask[engine.ConnectorsInfo](ctx, c, "Connectors", args{})
}

func (c *Client) Connect(ctx context.Context, r engine.ConnectRequest) (engine.ConnectionInfo, error) {
	return ask[engine.ConnectionInfo](ctx, c, "Connect", args{Connect: &connectArgs{ConnectRequest: r, Secrets: r.Secrets}})
}

func (c *Client) ChangeConnection(ctx context.Context, r engine.ChangeRequest) (engine.ConnectionInfo, error) {
	return ask[engine.ConnectionInfo](ctx, c, "ChangeConnection", args{Change: &changeArgs{ChangeRequest: r, Secrets: r.Secrets}})
}

func (c *Client) AbandonConnection(ctx context.Context, id, how string) ([]string, error) {
	return ask[[]string](ctx, c, "AbandonConnection", args{Ref: id, How: how})
}

func (c *Client) RemoveConnection(ctx context.Context, id string) error {
	return do(ctx, c, "RemoveConnection", args{Ref: id})
}

func (c *Client) PreviewRemove(ctx context.Context, id string) (engine.RemovalInfo, error) {
	return ask[engine.RemovalInfo](ctx, c, "PreviewRemove", args{Ref: id})
}

func (c *Client) EndAndRemove(ctx context.Context, id, how string) (string, error) {
	return ask[string](ctx, c, "EndAndRemove", args{Ref: id, How: how})
}

func (c *Client) Held(ctx context.Context) ([]engine.HeldInfo, error) {
	return ask[[]engine.HeldInfo](ctx, c, "Held", args{})
}

func (c *Client) Lift(ctx context.Context, connection, mark string) (int, error) {
	n, err := ask[lifted](ctx, c, "Lift", args{Ref: connection, Text: mark})
	return n.N, err
}

func (c *Client) Diary(ctx context.Context, q engine.DiaryQuery) ([]engine.DiaryEntry, error) {
	return ask[[]engine.DiaryEntry](ctx, c, "Diary", args{Diary: &q})
}

func (c *Client) VerifyDiary(ctx context.Context) (ledger.Report, error) {
	return ask[ledger.Report](ctx, c, "VerifyDiary", args{})
}

func (c *Client) ExportConsent(ctx context.Context, id consent.ID, dir string) ([]string, error) {
	return ask[[]string](ctx, c, "ExportConsent", args{Consent: id, Text: dir})
}

func (c *Client) Export(ctx context.Context, dir string) ([]string, error) {
	return ask[[]string](ctx, c, "Export", args{Text: dir})
}

func (c *Client) Overview(ctx context.Context) (engine.Overview, error) {
	return ask[engine.Overview](ctx, c, "Overview", args{})
}
