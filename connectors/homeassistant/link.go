package homeassistant

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"bestbefore/assets/words"
	"bestbefore/connectors"
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

// signIn sends the token once.
func (l *link) signIn(token connectors.Secret) error {
	m, err := l.next()
	if err != nil {
		return err
	}
	if m.Type != "auth_required" {
		return connectors.NeedsPerson(words.Text("What answers there is not Home Assistant; check the address and the port."), nil)
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
		return connectors.Fault(consent.KindSignIn, words.Text("Home Assistant refused the token. It was tried once and is not tried again until you say so; make a new one in your profile there."), nil)
	}
	return connectors.Transient(words.Text("Home Assistant answers a token with something else."), errMessage)
}

func (l *link) next() (message, error) {
	_, b, err := l.conn.ReadMessage()
	if err != nil {
		return message{}, fmt.Errorf("reading: %w", err)
	}
	m, err := parseMessage(b)
	if err != nil {
		return m, connectors.Transient(words.Text("What answers there does not answer as Home Assistant does."), err)
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
		return connectors.Transient(words.Text("Home Assistant gives an answer that is too large to be right; it was not read further."), l.why)
	}
	var said *connectors.Error
	if l.why == nil || errors.As(l.why, &said) {
		return connectors.Unreached(ctx, peer, errors.Join(errLost, l.why))
	}
	return connectors.Transient(words.Text("The connection to Home Assistant was lost."), l.why)
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
		return nil, connectors.Transient(words.Text("Home Assistant did not answer in time."), ctx.Err())
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
		return nil, 0, connectors.Transient(words.Text("Home Assistant is asked too much at once."), nil)
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
