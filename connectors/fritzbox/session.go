package fritzbox

import (
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/icholy/digest"

	"bestbefore/assets/words"
	"bestbefore/connectors"
	"bestbefore/discovery"
)

var (
	_ connectors.Prober     = (*Session)(nil)
	_ connectors.Discoverer = (*Session)(nil)
	_ connectors.Coverer    = (*Session)(nil)
	_ connectors.Blocker    = (*Session)(nil)
	_ connectors.Holder     = (*Session)(nil)
	_ connectors.Verifier   = (*Session)(nil)
	_ connectors.Leaver     = (*Session)(nil)
	_ connectors.Narrower   = (*Session)(nil)
)

// Session is a live connection to one box.
type Session struct {
	base     *url.URL
	signed   *http.Client // signs in with digest
	plain    *http.Client // never does
	source   discovery.Source
	log      *slog.Logger
	now      func() time.Time
	interval time.Duration
	filter   bool // the box can switch a device's internet access
	opened   time.Time
	pause    connectors.Pause

	writing chan struct{} // holds a token while the box is being changed; capacity 1; guards book
	book    *book

	mu      sync.Mutex // guards the fields below
	refused error      // a refused password is never tried again
	closed  bool
	known   []host
	alive   time.Time
}

const maxDescription = 1 << 20

// Open looks whether a FRITZ!Box is there, signs in once, and reads our own
// list of what was blocked.
func (*Connector) Open(ctx context.Context, set connectors.Settings, h *connectors.Host) (connectors.Session, error) {
	if err := New().Spec().Check(set); err != nil {
		return nil, connectors.NeedsPerson(err.Error(), nil)
	}
	if h == nil || h.Now == nil || h.HTTP == nil || h.Secret == nil {
		return nil, connectors.Permanent(words.Text("the FRITZ!Box connector was given no clock, no way out or no way to read its password"), nil)
	}
	s := &Session{source: discovery.Source("connector:" + h.Connection), log: h.Log, now: h.Now, plain: h.HTTP, opened: h.Now().UTC(), writing: make(chan struct{}, 1)}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	var err error
	if s.base, err = baseOf(set.Values[optAddress]); err != nil {
		return nil, err
	}
	if s.interval, err = connectors.Seconds(set.Values[optInterval], 30*time.Second); err != nil {
		return nil, err
	}
	if err := s.describe(ctx); err != nil {
		return nil, err
	}
	password, err := h.Secret(ctx, set.Secrets[optPassword])
	if err != nil {
		return nil, connectors.NeedsPerson(words.Text("The FRITZ!Box's password cannot be read from the key store."), err)
	}
	username := set.Values[optUsername]
	if username == "" {
		if username, err = s.userOf(ctx, h.StateDir); err != nil {
			return nil, err
		}
	}
	signed := *h.HTTP
	// A challenge is used once: with a kept one a changed password would be sent twice.
	signed.Transport = &digest.Transport{Username: username, Password: password.Reveal(), Transport: h.HTTP.Transport, NoReuse: true}
	s.signed = &signed
	if _, err := s.counter(ctx); err != nil {
		return nil, err
	}
	if s.book, err = openBook(h.StateDir, h.Now); err != nil { // last: what never opened leaves no folder
		return nil, err
	}
	if set.Values[optUsername] == "" && s.book.User != username {
		s.book.User = username
		if err := s.book.save(); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// lock waits for the turn to change the box or our list; the other may be
// waiting for the box's slow answer.
func (s *Session) lock(ctx context.Context) (unlock func(), err error) {
	select {
	case s.writing <- struct{}{}:
		return func() { <-s.writing }, nil
	case <-ctx.Done():
		return nil, connectors.Transient(words.Text("There was no time left: the FRITZ!Box was busy with another change."), ctx.Err())
	}
}

// describe reads what the box says of itself to everybody.
func (s *Session) describe(ctx context.Context) error {
	body, err := s.get(ctx, s.plain, "/tr64desc.xml", maxDescription)
	if err != nil {
		return err
	}
	services, err := parseServices(body)
	if err != nil {
		return connectors.Transient(words.Text("What answers there does not describe itself as a FRITZ!Box."), err)
	}
	if !slices.Contains(services, serviceHosts) {
		return connectors.NeedsPerson(words.Text("What answers there does not tell which devices it knows; give the address of the FRITZ!Box that is your router."), nil)
	}
	s.filter = slices.Contains(services, serviceFilter)
	return nil
}

// parseServices are the types of the services in a UPnP description.
func parseServices(body []byte) ([]string, error) {
	if len(body) > maxDescription {
		return nil, errAnswer
	}
	var out []string
	root := ""
	err := leaves(body, func(path []string, text string) error {
		if root = path[0]; path[len(path)-1] == "serviceType" {
			if len(out) == maxFields*4 || len(text) > maxField {
				return errAnswer
			}
			out = append(out, text)
		}
		return nil
	})
	if err == nil && root != "root" {
		err = errAnswer
	}
	return out, err
}

// usable says why nothing may be asked any more.
func (s *Session) usable() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return connectors.Permanent(words.Text("The connection to the FRITZ!Box was closed."), nil)
	}
	return s.refused
}

// refuse remembers that the password was refused.
func (s *Session) refuse(err error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refused = err
	return err
}

// Capabilities leaves out blocking where the box has no filter.
func (s *Session) Capabilities() connectors.Capabilities {
	c := connectors.Capabilities{Prober: s, Discoverer: s, Coverer: s}
	if s.filter {
		c.Blocker, c.Holder, c.Verifier, c.Leaver, c.Traits = s, s, s, s, s.Traits()
	}
	return c
}

// Traits say what a block here is.
func (s *Session) Traits() connectors.Traits {
	note := words.Sprintf("The box blocks by address: %s; it keeps no names of blocks, so Best Before keeps the list of its own.", sixNote())
	if !s.book.kept() {
		note = words.Sprintf("The box blocks by address: %s; it keeps no names of blocks, and here is no place to keep a list of our own beyond this run.", sixNote())
	}
	return connectors.Traits{Grain: connectors.GrainDevice, IPv4: true, Note: note}
}

// Probe signs in and asks for the smallest thing.
func (s *Session) Probe(ctx context.Context) error {
	_, err := s.counter(ctx)
	return err
}

// Close ends the session. What is blocked stays blocked.
func (s *Session) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	return nil
}
