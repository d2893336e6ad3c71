package homeassistant

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"bestbefore/connectors"
	"bestbefore/connectors/dnsblock"
	"bestbefore/consent"
)

const (
	messageMax   = 16 << 20 // the states of a very large home
	openTimeout  = 10 * time.Second
	askTimeout   = 10 * time.Second
	writeTimeout = 5 * time.Second
	silenceMax   = 150 * time.Second // it pings every 55 s
	maxPending   = 64
)

// link is one websocket, signed in, until it is lost. It never signs in again by
// itself.
type link struct {
	conn    *websocket.Conn
	version string
	lost    chan struct{} // closed when it is over
	ended   chan struct{} // closed when nothing is read any more
	once    sync.Once

	writing sync.Mutex // one message at a time, and their numbers rise

	watching sync.Mutex // held while subscribing; guards watched
	watched  bool       // it tells of states

	mu      sync.Mutex // guards all below
	last    int64
	why     error
	pending map[int64]chan message
	events  map[int64]func(json.RawMessage)
}

// way is how Home Assistant is reached: through the guarded way out alone.
type way struct {
	base *url.URL
	web  *dnsblock.Web
	host *connectors.Host
}

// login looks whether a Home Assistant is there, connects and signs in once.
func (w *way) login(ctx context.Context, token connectors.Secret) (*link, error) {
	ctx, cancel := context.WithTimeout(ctx, openTimeout)
	defer cancel()
	if err := w.greet(ctx); err != nil {
		return nil, err
	}
	d := websocket.Dialer{
		NetDialContext: w.host.Dial, NetDialTLSContext: w.dialTLS, HandshakeTimeout: openTimeout, ReadBufferSize: 16 << 10, WriteBufferSize: 4 << 10,
	}
	to := url.URL{Scheme: map[string]string{"http": "ws", "https": "wss"}[w.base.Scheme], Host: w.base.Host, Path: "/api/websocket"}
	conn, resp, err := d.DialContext(ctx, to.String(), nil)
	if err != nil {
		return nil, w.unopened(ctx, resp, err)
	}
	l := &link{conn: conn, lost: make(chan struct{}), ended: make(chan struct{}), pending: map[int64]chan message{}, events: map[int64]func(json.RawMessage){}}
	conn.SetReadLimit(messageMax)
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	err = l.signIn(token)
	if !stop() && err == nil {
		err = ctx.Err()
	}
	if err != nil {
		_ = conn.Close()
		if connectors.KindOf(err) == consent.KindSignIn {
			return nil, err
		}
		return nil, connectors.Unreached(ctx, peer, err)
	}
	go l.read()
	return l, nil
}

// greet asks what Home Assistant tells everybody, so that the token is sent to
// nothing else.
func (w *way) greet(ctx context.Context) error {
	r, err := w.web.Do(ctx, dnsblock.Request{Method: http.MethodGet, Path: "/auth/providers"})
	if err != nil {
		return err
	}
	var setUp struct {
		Code string `json:"code"`
	}
	switch {
	case r.Status == http.StatusForbidden:
		return needsPerson("Home Assistant turns this computer away; look into its file ip_bans.yaml, where it keeps those who came with a wrong password too often.", nil)
	case r.Status == http.StatusBadRequest && json.Unmarshal(r.Body, &setUp) == nil && setUp.Code == "onboarding_required":
		return needsPerson("This Home Assistant is not set up yet; sign in on its own page first.", nil)
	case r.Status == http.StatusBadRequest:
		return needsPerson("Home Assistant does not take what is sent that way; check the address, and write https:// in front if its own page has that.", w.web.Refusal(r))
	case r.Status == http.StatusNotFound:
		return needsPerson("What answers there is not Home Assistant; check the address and the port.", nil)
	case !r.OK():
		return w.web.Refusal(r)
	}
	var anything json.RawMessage
	return w.web.Decode(r, &anything)
}

// dialTLS checks the certificate before a byte is sent.
func (w *way) dialTLS(ctx context.Context, network, address string) (net.Conn, error) {
	if w.host.TLS == nil {
		return nil, permanent("the Home Assistant connector was given no check of certificates", nil)
	}
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("reading the address %q: %w", address, err)
	}
	raw, err := w.host.Dial(ctx, network, address)
	if err != nil {
		return nil, err
	}
	conn := tls.Client(raw, w.host.TLS(host))
	if err := conn.HandshakeContext(ctx); err != nil {
		_ = raw.Close() // the handshake's error says more
		return nil, err
	}
	return conn, nil
}

// unopened sorts why there is no websocket though a Home Assistant answers.
func (w *way) unopened(ctx context.Context, resp *http.Response, err error) error {
	if resp == nil || !errors.Is(err, websocket.ErrBadHandshake) {
		return connectors.Unreached(ctx, peer, err)
	}
	switch {
	case resp.StatusCode >= http.StatusInternalServerError, resp.StatusCode == http.StatusTooManyRequests:
		return transient(fmt.Sprintf("Home Assistant has a fault of its own (%d).", resp.StatusCode), err)
	case resp.StatusCode == http.StatusForbidden:
		return needsPerson("Home Assistant turns this computer away; look into its file ip_bans.yaml, where it keeps those who came with a wrong password too often.", err)
	}
	return needsPerson(fmt.Sprintf("Home Assistant answers, but opens no line for programs (%d); if a server stands in front of it, allow websockets there.", resp.StatusCode), err)
}

// signIn sends the token once.
func (l *link) signIn(token connectors.Secret) error {
	m, err := l.next()
	if err != nil {
		return err
	}
	if m.Type != "auth_required" {
		return needsPerson("What answers there is not Home Assistant; check the address and the port.", nil)
	}
	l.version = clean(m.Version)
	if err := l.conn.WriteJSON(map[string]string{"type": "auth", "access_token": token.Reveal()}); err != nil {
		return fmt.Errorf("signing in: %w", err)
	}
	if m, err = l.next(); err != nil {
		return err
	}
	switch m.Type {
	case "auth_ok":
		return nil
	case "auth_invalid":
		return fault(consent.KindSignIn, "Home Assistant refused the token. It was tried once and is not tried again until you say so; make a new one in your profile there.", nil)
	}
	return transient("Home Assistant answers a token with something else.", errMessage)
}

func (l *link) next() (message, error) {
	_, b, err := l.conn.ReadMessage()
	if err != nil {
		return message{}, fmt.Errorf("reading: %w", err)
	}
	m, err := parseMessage(b)
	if err != nil {
		return m, transient("What answers there does not answer as Home Assistant does.", err)
	}
	return m, nil
}

// read sorts what comes in until the line ends. Events are taken one after the
// other, before the answers that come behind them.
func (l *link) read() {
	defer close(l.ended)
	quiet := time.AfterFunc(silenceMax, func() { _ = l.conn.Close() })
	defer quiet.Stop()
	pong := l.conn.PingHandler()
	l.conn.SetPingHandler(func(data string) error {
		quiet.Reset(silenceMax)
		return pong(data)
	})
	for {
		m, err := l.next()
		if err != nil {
			l.end(err)
			return
		}
		quiet.Reset(silenceMax)
		l.take(m)
	}
}

func (l *link) take(m message) {
	l.mu.Lock()
	answer, event := l.pending[m.ID], l.events[m.ID]
	if m.Type == "result" {
		delete(l.pending, m.ID)
	}
	l.mu.Unlock()
	switch {
	case m.Type == "result" && answer != nil:
		answer <- m // it has room for one, and one comes
	case m.Type == "event" && event != nil:
		event(m.Event)
	}
}

// end notes why the line is over; the first reason counts.
func (l *link) end(why error) {
	l.once.Do(func() {
		l.mu.Lock()
		l.why = why
		l.mu.Unlock()
		_ = l.conn.Close()
		close(l.lost)
	})
}

// alive reports whether the line still stands.
func (l *link) alive() bool {
	select {
	case <-l.lost:
		return false
	default:
		return true
	}
}

// gone is the error of a call on a lost line.
func (l *link) gone(ctx context.Context) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if errors.Is(l.why, websocket.ErrReadLimit) {
		return transient("Home Assistant gives an answer that is too large to be right; it was not read further.", l.why)
	}
	var said *connectors.Error
	if l.why == nil || errors.As(l.why, &said) {
		return connectors.Unreached(ctx, peer, errors.Join(errLost, l.why))
	}
	return transient("The connection to Home Assistant was lost.", l.why)
}

var errLost = errors.New("the line was lost")

// close ends the line and waits until nothing of it runs any more.
func (l *link) close() {
	l.end(net.ErrClosed)
	<-l.ended
}

// command is a question: its type and what belongs to it.
type command map[string]any

// ask sends one question and waits for its answer. An event handler is given
// what comes under the question's number from then on.
func (l *link) ask(ctx context.Context, c command, event func(json.RawMessage)) (json.RawMessage, error) {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	answer, id, err := l.send(c, event)
	if err != nil {
		return nil, err
	}
	defer func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		delete(l.pending, id)
	}()
	select {
	case m := <-answer:
		if m.Success {
			return m.Result, nil
		}
		if m.Error == nil {
			m.Error = &refusal{Code: codeFault}
		}
		return nil, m.Error
	case <-l.lost:
		return nil, errLost
	case <-ctx.Done():
		return nil, transient("Home Assistant did not answer in time.", ctx.Err())
	}
}

// send gives the question the next number and writes it.
func (l *link) send(c command, event func(json.RawMessage)) (<-chan message, int64, error) {
	l.writing.Lock()
	defer l.writing.Unlock()
	answer := make(chan message, 1)
	l.mu.Lock()
	if len(l.pending) >= maxPending {
		l.mu.Unlock()
		return nil, 0, transient("Home Assistant is asked too much at once.", nil)
	}
	l.last++
	id := l.last
	l.pending[id] = answer
	if event != nil {
		l.events[id] = event
	}
	l.mu.Unlock()
	full := command{"id": id}
	for k, v := range c {
		full[k] = v
	}
	stuck := time.AfterFunc(writeTimeout, func() { _ = l.conn.Close() })
	err := l.conn.WriteJSON(full)
	stuck.Stop()
	if err != nil {
		l.end(err)
		return nil, id, errLost
	}
	return answer, id, nil
}
