package dnsblock

import (
	"context"
	"net/http"
	"net/url"
	"sync"

	"bestbefore/assets/words"
	"bestbefore/connectors"
	"bestbefore/connectors/web"
	"bestbefore/consent"
)

// Seat is a session at one peer that is kept. A password is sent once; after it
// was refused nothing is asked any more. It is safe for concurrent use.
type Seat struct {
	Web *web.Client
	// Login asks for a session and gives what proves it, "" where the peer asks for
	// no proof. A KindSignIn is remembered.
	Login func(ctx context.Context) (proof string, err error)
	// Show is how a request shows the proof.
	Show func(proof string) http.Header

	signing sync.Mutex // one log-in at a time

	mu      sync.Mutex // guards all below
	proof   string
	in      bool  // signed in; without a password there is no proof
	refused error // a refused log-in is never tried again
}

// SignIn signs in once; stale is the proof that is no longer taken.
func (s *Seat) SignIn(ctx context.Context, stale string) error {
	s.signing.Lock()
	defer s.signing.Unlock()
	proof, in, refused := s.now()
	switch {
	case refused != nil:
		return refused
	case in && proof != stale: // somebody else signed in meanwhile
		return nil
	}
	proof, err := s.Login(ctx)
	if connectors.KindOf(err) == consent.KindSignIn && err != nil {
		return s.refuse(err)
	}
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.in, s.proof = true, proof
	return nil
}

// refuse remembers that a log-in was refused.
func (s *Seat) refuse(err error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refused = err
	return err
}

func (s *Seat) now() (proof string, in bool, refused error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.proof, s.in, s.refused
}

// Do asks and, where the session has ended over there, signs in anew once.
func (s *Seat) Do(ctx context.Context, r web.Request) (web.Reply, error) {
	for again := true; ; again = false {
		proof, _, refused := s.now()
		if refused != nil {
			return web.Reply{}, refused
		}
		if proof != "" {
			r.Header = s.Show(proof)
		}
		out, err := s.Web.Do(ctx, r)
		if err != nil || out.Status != http.StatusUnauthorized {
			return out, err
		}
		if !again {
			// The session that it just gave is not taken: asking on would be a storm of log-ins.
			return out, s.refuse(connectors.Fault(consent.KindSignIn, words.Sprintf("%s takes the password, but not the session that it gives for it. Sign in on its own page and test the connection then.", s.Web.Peer), nil))
		}
		if err := s.SignIn(ctx, proof); err != nil {
			return out, err
		}
	}
}

// Ask is Do for what must be a success.
func (s *Seat) Ask(ctx context.Context, r web.Request) (web.Reply, error) {
	out, err := s.Do(ctx, r)
	if err == nil && !out.OK() {
		err = s.Web.Refusal(out)
	}
	return out, err
}

// Get reads path into v.
func (s *Seat) Get(ctx context.Context, path string, q url.Values, v any) (web.Reply, error) {
	r, err := s.Ask(ctx, web.Request{Method: http.MethodGet, Path: path, Query: q})
	if err == nil {
		err = s.Web.Decode(r, v)
	}
	return r, err
}

// SignOut gives the session back by asking r. Whatever the peer says, it is over
// for us; what cannot be reached ends it after its idle time.
func (s *Seat) SignOut(ctx context.Context, r web.Request) {
	proof, _, refused := s.now()
	if proof == "" || refused != nil {
		return
	}
	r.Header = s.Show(proof)
	_, _ = s.Web.Do(ctx, r)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.proof, s.in = "", false
}
