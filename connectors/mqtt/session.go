package mqtt

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"bestbefore/assets/words"
	"bestbefore/connectors"
	"bestbefore/discovery"
)

var (
	_ connectors.Prober      = (*Session)(nil)
	_ connectors.Discoverer  = (*Session)(nil)
	_ connectors.Observer    = (*Session)(nil)
	_ connectors.Coverer     = (*Session)(nil)
	_ connectors.GrantLister = (*Session)(nil)
	_ connectors.Revoker     = (*Session)(nil)
	_ connectors.Blocker     = (*Session)(nil)
	_ connectors.Holder      = (*Session)(nil)
	_ connectors.Verifier    = (*Session)(nil)
	_ connectors.Traiter     = (*Session)(nil)
	_ connectors.Leaver      = (*Session)(nil)
	_ connectors.Narrower    = (*Session)(nil)
	_ connectors.Accounter   = (*Session)(nil)
)

// Session is a live connection to one broker.
type Session struct {
	set        settings
	connection string
	source     discovery.Source
	log        *slog.Logger
	now        func() time.Time
	dial       dialer
	id         string // our client id
	opened     time.Time
	oversized  atomic.Uint64
	book       *book
	clients    *clients
	answers    *answers
	system     *systemCounters
	zigbee     *zigbee

	writing sync.Mutex // one change to the broker's accounts at a time

	connecting chan struct{} // holds a token while somebody connects; capacity 1

	mu       sync.Mutex // guards the fields below
	link     *link
	refused  error // a refused login is never tried again
	closed   bool
	mayAdmin bool   // the broker answered a control command
	note     string // what to know about blocks here
}

// Open signs in once and finds out whether our account may manage others.
func (*Connector) Open(ctx context.Context, s connectors.Settings, h *connectors.Host) (connectors.Session, error) {
	if err := New().Spec().Check(s); err != nil {
		return nil, connectors.NeedsPerson(err.Error(), nil)
	}
	if h == nil || h.Now == nil || h.Dial == nil {
		return nil, connectors.Permanent(words.Text("the MQTT connector was given no clock or no way to dial"), nil)
	}
	set, err := readSettings(ctx, s, h)
	if err != nil {
		return nil, err
	}
	var tail [6]byte
	if _, err := rand.Read(tail[:]); err != nil {
		return nil, connectors.Transient(words.Text("no random name could be made"), err)
	}
	ses := &Session{
		set: set, connection: h.Connection, source: discovery.Source("connector:" + h.Connection), log: h.Log, now: h.Now, dial: h.Dial,
		id: "best-before-" + hex.EncodeToString(tail[:]), opened: h.Now().UTC(), answers: newAnswers(), system: &systemCounters{}, zigbee: newZigbee(),
		connecting: make(chan struct{}, 1),
	}
	if ses.log == nil {
		ses.log = slog.New(slog.DiscardHandler)
	}
	ses.clients = newClients(set.port)
	ses.book = newBook(h.Connection)
	l, err := ses.connected(ctx)
	if err != nil {
		return nil, err
	}
	if set.control != controlNo {
		if err := ses.askRights(ctx, l); err != nil {
			_ = ses.Close()
			return nil, err
		}
		if err := ses.meetZigbee(ctx, l); err != nil {
			_ = ses.Close()
			return nil, err
		}
	}
	return ses, nil
}

// connected is the link to the broker, made anew where it was lost.
func (s *Session) connected(ctx context.Context) (*link, error) {
	select {
	case s.connecting <- struct{}{}:
		defer func() { <-s.connecting }()
	case <-ctx.Done():
		return nil, connectors.Transient(words.Text("There was no time left to reach the broker."), ctx.Err())
	}
	old, err := s.current()
	if err != nil || old != nil && old.alive() {
		return old, err
	}
	if err := ctx.Err(); err != nil {
		return nil, connectors.Transient(words.Text("There was no time left to reach the broker."), err)
	}
	if old != nil {
		old.close()
	}
	l, err := login(ctx, s.set, s.dial, s.id, s.now, &s.oversized, s.take)
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil {
		if isSignIn(err) {
			s.refused = err
		}
		return nil, err
	}
	if s.closed {
		l.close()
		return nil, errClosed()
	}
	s.link = l
	return l, nil
}

// current is the link as it is, alive or not; nil before the first.
func (s *Session) current() (*link, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closed:
		return nil, errClosed()
	case s.refused != nil:
		return nil, s.refused
	}
	return s.link, nil
}

func errClosed() error {
	return connectors.Permanent(words.Text("The connection to the broker was closed."), nil)
}

// take sorts what comes in. It is called for one message at a time.
func (s *Session) take(topic string, payload []byte, retained bool) {
	switch {
	case topic == controlResponse:
		s.answers.take(payload)
	case len(topic) > 0 && topic[0] == '$':
		s.takeSystem(topic, payload, retained)
	default:
		if strings.HasPrefix(topic, zigbeeBridge) {
			s.zigbee.take(topic, payload, s.now())
		}
		s.book.take(topic, payload, retained, s.now())
	}
}

// askRights finds out whether the broker lets us manage accounts: it answers a
// harmless question or it does not. Without an answer this session only watches.
func (s *Session) askRights(ctx context.Context, l *link) error {
	res, err := s.ask(ctx, l, rightsTimeout, anyAccount(), command{Command: "getAnonymousGroup"})
	if err != nil {
		if l.alive() {
			return nil
		}
		return err
	}
	if res[0].Error != "" {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mayAdmin = true
	if g := res[1].Data.Group; g != nil && g.Groupname != "" {
		s.note = words.Text("This broker may also let in devices without an account; those no block of an account can stop.")
	}
	return nil
}

func (s *Session) admin() (bool, string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.mayAdmin, s.note
}

// Capabilities leaves out what the account has no right to.
func (s *Session) Capabilities() connectors.Capabilities {
	c := connectors.Capabilities{Prober: s, Discoverer: s, Observer: s, Coverer: s, Traits: s.Traits()}
	if s.manages() {
		c.GrantLister, c.Revoker, c.Blocker, c.Holder, c.Verifier, c.Leaver, c.Accounter = s, s, s, s, s, s, s
		return c
	}
	c.Traits = connectors.Traits{}
	if s.zigbee.there() {
		c.GrantLister, c.Revoker, c.Verifier = s, s, s
	}
	return c
}

// manages reports whether the broker's accounts are ours to manage.
func (s *Session) manages() bool {
	may, _ := s.admin()
	return may || s.set.control == controlYes
}

// Traits say what a block here is: of an account, kept by the broker across
// restarts, without a start or an end of its own.
func (s *Session) Traits() connectors.Traits {
	_, note := s.admin()
	return connectors.Traits{Grain: connectors.GrainAccount, SurvivesRestart: true, IPv4: true, IPv6: true, CutsOpenFlows: true, Note: note}
}

// Probe makes the broker answer, and says when our account may not do what the
// household wants of it.
func (s *Session) Probe(ctx context.Context) error {
	l, err := s.connected(ctx)
	if err != nil {
		return err
	}
	if s.manages() {
		_, err := s.ask(ctx, l, askTimeout, anyAccount())
		return err
	}
	if _, err := l.subscribe(ctx, topicVersion); err != nil {
		return err
	}
	return nil
}

// Close signs off. What is blocked stays blocked.
func (s *Session) Close() error {
	s.mu.Lock()
	l := s.link
	s.link, s.closed = nil, true
	s.mu.Unlock()
	if l != nil {
		l.close()
	}
	return nil
}

// remote is the peer's own id of something here, as the engine keeps it.
func (s *Session) remote(id string) string { return remoteID(s.connection, id) }

func remoteID(connection, id string) string { return fmt.Sprintf("%s/%s", connection, id) }

// destination is the broker, as a place where data goes.
func (s *Session) destination(l *link) (domain string, addr net.Addr) {
	if net.ParseIP(s.set.host) == nil {
		domain = s.set.host
	}
	if l == nil {
		return domain, nil
	}
	return domain, l.remote
}
