package homeassistant

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"sync"
	"time"

	"bestbefore/assets/words"
	"bestbefore/connectors"
	"bestbefore/connectors/web"
	"bestbefore/consent"
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
	_ connectors.PeerClock   = (*Session)(nil)
	_ connectors.Traiter     = (*Session)(nil)
	_ connectors.Leaver      = (*Session)(nil)
	_ connectors.Narrower    = (*Session)(nil)
	_ connectors.Accounter   = (*Session)(nil)
)

// Session is a live connection to one Home Assistant.
type Session struct {
	way        *way
	token      connectors.Secret
	connection string
	source     discovery.Source
	log        *slog.Logger
	now        func() time.Time
	watch      *watch
	settle     time.Duration // until what it took is in its history

	writing chan struct{} // holds a token while something there is changed; capacity 1

	connecting chan struct{} // holds a token while somebody connects; capacity 1

	mu      sync.Mutex // guards all below
	link    *link
	refused error // a refused token is never sent again
	closed  bool
	me      user
	keeps   bool // it keeps data for its users, so that our marks can lie there
}

// Open looks whether a Home Assistant is there, signs in once, and finds out
// what the token's user may do.
func (*Connector) Open(ctx context.Context, set connectors.Settings, h *connectors.Host) (connectors.Session, error) {
	if err := New().Spec().Check(set); err != nil {
		return nil, connectors.NeedsPerson(err.Error(), nil)
	}
	if h == nil || h.Now == nil || h.HTTP == nil || h.Dial == nil || h.Secret == nil {
		return nil, connectors.Permanent(words.Text("the Home Assistant connector was given no clock, no way out or no way to read its token"), nil)
	}
	base, err := baseOf(set.Values[optAddress])
	if err != nil {
		return nil, err
	}
	s := &Session{
		way:        &way{base: base, web: &web.Client{Base: base, HTTP: h.HTTP, Now: h.Now, Peer: peer}, host: h},
		connection: h.Connection, source: discovery.Source("connector:" + h.Connection), log: h.Log, now: h.Now,
		watch: newWatch(), settle: writesDown, writing: make(chan struct{}, 1), connecting: make(chan struct{}, 1),
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if s.token, err = h.Secret(ctx, set.Secrets[optToken]); err != nil {
		return nil, connectors.NeedsPerson(words.Text("The token for Home Assistant cannot be read from the key store; give it anew."), err)
	}
	if err := s.askRights(ctx); err != nil {
		_ = s.Close()
		return nil, err
	}
	return s, nil
}

// connected is the line to Home Assistant, made anew where it was lost.
func (s *Session) connected(ctx context.Context) (*link, error) {
	select {
	case s.connecting <- struct{}{}:
		defer func() { <-s.connecting }()
	case <-ctx.Done():
		return nil, connectors.Transient(words.Text("There was no time left to reach Home Assistant."), ctx.Err())
	}
	old, err := s.current()
	if err != nil || old != nil && old.alive() {
		return old, err
	}
	if err := ctx.Err(); err != nil {
		return nil, connectors.Transient(words.Text("There was no time left to reach Home Assistant."), err)
	}
	if old != nil {
		old.close()
	}
	l, err := s.way.login(ctx, s.token)
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil {
		if connectors.KindOf(err) == consent.KindSignIn {
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

// current is the line as it is, alive or not; nil before the first.
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
	return connectors.Permanent(words.Text("The connection to Home Assistant was closed."), nil)
}

// ask asks one question. A line that broke meanwhile is made anew once: all that
// is asked here may be asked twice.
func (s *Session) ask(ctx context.Context, c command) (json.RawMessage, error) {
	for again := true; ; again = false {
		l, err := s.connected(ctx)
		if err != nil {
			return nil, err
		}
		b, err := l.ask(ctx, c, nil)
		var no *refusal
		switch {
		case errors.As(err, &no):
			return nil, no
		case errors.Is(err, errLost) && again && ctx.Err() == nil:
			continue
		case errors.Is(err, errLost):
			return nil, l.gone(ctx)
		}
		return b, err
	}
}

// get asks and reads the answer into v; a refusal is said in words.
func (s *Session) get(ctx context.Context, c command, v any) error {
	b, err := s.ask(ctx, c)
	if err != nil {
		return said(err)
	}
	if v == nil {
		return nil
	}
	if err := json.Unmarshal(b, v); err != nil {
		return connectors.Transient(words.Text("Home Assistant gives an answer of another form than was asked for."), err)
	}
	return nil
}

// said turns Home Assistant's own no into an error for the person.
func said(err error) error {
	var no *refusal
	if errors.As(err, &no) {
		return no.fault()
	}
	return err
}

// Capabilities leaves out what the token's user has no right to.
func (s *Session) Capabilities() connectors.Capabilities {
	c := connectors.Capabilities{Prober: s, Discoverer: s, Observer: s, Coverer: s, GrantLister: s, Revoker: s, Verifier: s, PeerClock: s, Resigner: s}
	if _, may := s.whose(); may {
		c.Blocker, c.Holder, c.Leaver, c.Accounter, c.Traits = s, s, s, s, s.Traits()
	}
	return c
}

// Traits say what a block here is: of an integration, kept by Home Assistant
// across restarts, without a start or an end of its own.
func (*Session) Traits() connectors.Traits {
	return connectors.Traits{
		Grain: connectors.GrainAccount, SurvivesRestart: true, IPv4: true, IPv6: true,
		Note: words.Text("That ends Home Assistant's use of it. What the device sends by itself, to its maker for instance, goes on."),
	}
}

// Probe makes Home Assistant answer, and says when the token's user may not do
// what it could do when the connection was opened.
func (s *Session) Probe(ctx context.Context) error {
	before, _ := s.whose()
	if err := s.askRights(ctx); err != nil {
		return err
	}
	if me, _ := s.whose(); before.Admin && !me.Admin {
		return connectors.NeedsPerson(words.Text("The user of this token is no administrator of Home Assistant any more, so no integration can be disabled or enabled again; make it one, or use another token."), nil)
	}
	return nil
}

// PeerTime reads Home Assistant's own clock, from the date of what it tells
// everybody.
func (s *Session) PeerTime(ctx context.Context) (time.Time, error) {
	if err := s.get(ctx, command{"type": "auth/current_user"}, nil); err != nil {
		return time.Time{}, err // a clock that a stranger shows is none
	}
	if err := s.way.greet(ctx); err != nil {
		return time.Time{}, err
	}
	at, ok := s.way.web.PeerNow()
	if !ok {
		return time.Time{}, connectors.Unsupported(words.Text("Home Assistant does not say what time it is."), nil)
	}
	return at, nil
}

// Close signs off. What is disabled stays disabled.
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

// remote is Home Assistant's own id of a device, as the engine keeps it.
func (s *Session) remote(id string) string { return s.connection + "/" + id }
