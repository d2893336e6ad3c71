package connectortest

import (
	"context"
	"errors"
	"time"

	"bestbefore/connectors"
	"bestbefore/consent"
	"bestbefore/discovery"
	"bestbefore/discovery/flow"
)

// step is one call of a session.
type step struct {
	name   string
	stream bool // it goes on until its context ends
	call   func(context.Context) error
}

// steps are all calls of c, in an order in which a sound peer takes them.
func (s Setup) steps(c connectors.Capabilities, g consent.Grant) []step {
	var out []step
	add := func(has bool, name string, call func(context.Context) error) {
		if has {
			out = append(out, step{name: name, call: call})
		}
	}
	r := connectors.Receipt{Mark: markOne, Target: s.Target, Grain: c.Traits.Grain}
	add(c.Prober != nil, "Probe", func(ctx context.Context) error { return c.Prober.Probe(ctx) })
	add(c.PeerClock != nil, "PeerTime", func(ctx context.Context) error { _, err := c.PeerClock.PeerTime(ctx); return err })
	add(c.Blocker != nil, "Block", func(ctx context.Context) error {
		got, err := c.Blocker.Block(ctx, connectors.BlockRequest{Mark: markOne, Target: s.Target})
		if err == nil {
			r = got
		}
		return err
	})
	add(c.Holder != nil, "Held", func(ctx context.Context) error { _, err := c.Holder.Held(ctx); return err })
	add(c.Verifier != nil && c.Blocker != nil, "Verify", func(ctx context.Context) error { _, err := c.Verifier.Verify(ctx, r); return err })
	add(c.Blocker != nil, "Unblock", func(ctx context.Context) error { _, err := c.Blocker.Unblock(ctx, r); return err })
	add(c.GrantLister != nil, "Grants", func(ctx context.Context) error { _, err := c.GrantLister.Grants(ctx); return err })
	if c.Observer != nil {
		out = append(out, step{"Observe", true, func(ctx context.Context) error {
			return c.Observer.Observe(ctx, nil, func([]flow.Record, connectors.Cursor) {})
		}})
	}
	if c.Discoverer != nil {
		out = append(out, step{"Discover", true, func(ctx context.Context) error {
			return c.Discoverer.Discover(ctx, func(discovery.Sighting) {})
		}})
	}
	add(c.Revoker != nil && g.ID != "", "Revoke", func(ctx context.Context) error {
		_, err := c.Revoker.Revoke(ctx, connectors.RevokeRequest{Mark: markOne, Grant: g})
		return err
	})
	add(c.Leaver != nil, "Leave", func(ctx context.Context) error { return c.Leaver.Leave(ctx) })
	return out
}

// do makes one call; a stream that ends with its context has no error.
func (s Setup) do(t T, c step, within time.Duration) error {
	t.Helper()
	o := s.options()
	o.CallTimeout = within
	_, err := call(t, o, c.name, func(ctx context.Context) (struct{}, error) { return struct{}{}, c.call(ctx) })
	if e := (*connectors.Error)(nil); c.stream && !errors.As(err, &e) && (errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)) {
		return nil
	}
	return err
}

// streamTime is how long a stream of a sound peer is looked at.
const streamTime = 300 * time.Millisecond

// usual is how many requests each call makes of a sound peer. A call that it
// does not offer is left out.
func (s Setup) measure(t T) map[string]int {
	t.Helper()
	stand := s.Stand(t)
	at := newSite(t, s, stand.Handler, nil)
	ses := s.mustOpen(t, at, at.host(t, "", false, time.Now))
	out := map[string]int{}
	for _, c := range s.steps(connectors.CapabilitiesOf(ses), stand.Grant) {
		before, within := at.Asked(), patience
		if c.stream {
			within = streamTime
		}
		err := s.do(t, c, within)
		switch {
		case connectors.KindOf(err) == consent.KindUnsupported && err != nil:
		case err != nil:
			t.Fatalf("%s fails at a sound stand-in: %v", c.name, err)
		case c.stream:
			out[c.name] = 2 // settings and the log, say
			at.settle()
		default:
			out[c.name] = at.Asked() - before
		}
	}
	return out
}

// expiredAtOpening wants nothing to be sent before the certificate is known.
func (s Setup) expiredAtOpening(t T) {
	at := newSite(t, s, s.Stand(t).Handler, expired(t, s.Hosts))
	ses, err := s.open(t, at, at.host(t, "", false, time.Now))
	if err == nil {
		_ = ses.Close()
		t.Errorf("it opens")
		return
	}
	s.judge(t, "Open", err, []consent.ErrorKind{consent.KindNeedsPerson})
	if bad := (*connectors.CertificateError)(nil); len(s.Hosts) == 0 && !errors.As(err, &bad) {
		t.Errorf("the error does not carry the certificate, so that nobody can say yes to it: %v", err)
	}
	if n := at.Asked(); n > 0 {
		t.Errorf("%d requests were sent to a peer with an expired certificate", n)
	}
	checkSecrets(t, s.options(), "the log", at.logged())
}

// wrongAtOpening wants the password to be sent once.
func (s Setup) wrongAtOpening(t T) {
	need(t, len(s.Secrets) > 0, "be given a secret")
	stand := s.Stand(t)
	at := newSite(t, s, stand.Handler, nil)
	ses, err := s.open(t, at, at.host(t, "", true, time.Now))
	if err == nil {
		_ = ses.Close()
		t.Errorf("it opens with a wrong password")
		return
	}
	s.judge(t, "Open", err, []consent.ErrorKind{consent.KindSignIn})
	if stand.Refused != nil && stand.Refused() != 1 {
		t.Errorf("a wrong password was sent %d times", stand.Refused())
	}
	checkSecrets(t, s.options(), "the log", at.logged())
}

// wrongWhileOpen changes the password behind an open session: it is tried once
// with the old one, by whatever call, and never again.
func (s *sweep) wrongWhileOpen(t T) {
	stand := s.Stand(t)
	need(t, stand.Change != nil && stand.Refused != nil, "have its password changed")
	usual := s.usual(t)
	at := newSite(t, s.Setup, stand.Handler, nil)
	ses := s.mustOpen(t, at, at.host(t, "", false, time.Now))
	stand.Change()
	s.allRefuse(t, ses, usual)
	if n := stand.Refused(); n != 1 {
		t.Errorf("a refused password was sent %d times", n)
	}
	checkSecrets(t, s.options(), "the log", at.logged())
}

// allRefuse wants every call to say that a person must sign in, three times over.
func (s Setup) allRefuse(t T, ses connectors.Session, usual map[string]int) {
	t.Helper()
	for range 3 {
		for _, c := range s.steps(connectors.CapabilitiesOf(ses), consent.Grant{ID: "one"}) {
			if n, known := usual[c.name]; !known || n == 0 {
				continue
			}
			if err := s.do(t, c, patience); err == nil {
				t.Errorf("%s says that all is well", c.name)
			} else {
				s.judge(t, c.name, err, []consent.ErrorKind{consent.KindSignIn})
			}
		}
	}
}

// sessionEnded wants a session that ended over there, as a restart ends it, to
// be made anew by itself, with one log-in.
func (s *sweep) sessionEnded(t T) {
	stand := s.Stand(t)
	need(t, stand.Expire != nil && stand.SignedIn != nil, "have its session ended")
	at := newSite(t, s.Setup, stand.Handler, nil)
	ses := s.mustOpen(t, at, at.host(t, "", false, time.Now))
	before := stand.SignedIn()
	stand.Expire()
	s.works(t, ses, "after its session was ended it")
	if n := stand.SignedIn() - before; n != 1 {
		t.Errorf("a session that ended led to %d log-ins", n)
	}
}

// sessionNotTaken wants no storm of log-ins where the password is right and the
// session that comes of it is not taken.
func (s *sweep) sessionNotTaken(t T) {
	stand := s.Stand(t)
	need(t, stand.Distrust != nil && stand.SignedIn != nil, "have its session not taken")
	usual := s.usual(t)
	at := newSite(t, s.Setup, stand.Handler, nil)
	ses := s.mustOpen(t, at, at.host(t, "", false, time.Now))
	before := stand.SignedIn()
	stand.Distrust()
	s.allRefuse(t, ses, usual)
	if n := stand.SignedIn() - before; n > 1 {
		t.Errorf("sessions that are not taken led to %d log-ins", n)
	}
}

// rightsMissing wants a person to be told which right is missing, and nobody to
// be locked out by log-ins.
func (s *sweep) rightsMissing(t T) {
	stand := s.Stand(t)
	need(t, stand.MayNot != nil, "lose a right")
	usual := s.usual(t)
	at := newSite(t, s.Setup, stand.Handler, nil)
	ses := s.mustOpen(t, at, at.host(t, "", false, time.Now))
	stand.MayNot()
	failed := 0
	for _, c := range s.steps(connectors.CapabilitiesOf(ses), stand.Grant) {
		n, known := usual[c.name]
		if !known {
			continue
		}
		within, before := patience, at.Asked()
		if c.stream {
			within = streamTime
		}
		err := s.do(t, c, within)
		if err == nil {
			continue
		}
		failed++
		s.judge(t, c.name, err, []consent.ErrorKind{consent.KindNeedsPerson, consent.KindUnsupported})
		if asked := at.Asked() - before; asked > n+2 {
			t.Errorf("%s makes %d requests without the right to, and %d with it", c.name, asked, n)
		}
	}
	if failed == 0 {
		t.Errorf("nothing fails, though the account may not")
	}
	if stand.Refused != nil && stand.Refused() > 0 {
		t.Errorf("a missing right led to %d refused log-ins", stand.Refused())
	}
	checkSecrets(t, s.options(), "the log", at.logged())
}

// clockOff lets this computer's clock be off against the peer's, which is the
// same as the peer's being off: everything still works, and the peer's time is
// the peer's.
func (s *sweep) clockOff(t T, by time.Duration) {
	usual := s.usual(t)
	stand := s.Stand(t)
	at := newSite(t, s.Setup, stand.Handler, nil)
	ses := s.mustOpen(t, at, at.host(t, "", false, func() time.Time { return time.Now().Add(by) }))
	c := connectors.CapabilitiesOf(ses)
	for _, st := range s.steps(c, stand.Grant) {
		if _, known := usual[st.name]; !known {
			continue
		}
		within := patience
		if st.stream {
			within = streamTime
		}
		if err := s.do(t, st, within); err != nil {
			t.Errorf("%s fails where the clocks differ: %v", st.name, err)
		}
	}
	if _, known := usual["PeerTime"]; c.PeerClock == nil || !known {
		return
	}
	var told time.Time
	err := s.do(t, step{name: "PeerTime", call: func(ctx context.Context) (err error) {
		told, err = c.PeerClock.PeerTime(ctx)
		return err
	}}, patience)
	if off := time.Until(told); err == nil && off.Abs() > time.Hour {
		t.Errorf("the peer's time is told as %s, %s away from what it shows", told, off)
	}
}

// givenBack wants closing to leave no session open there.
func (s *sweep) givenBack(t T) {
	stand := s.Stand(t)
	need(t, stand.Sessions != nil, "have its sessions counted")
	at := newSite(t, s.Setup, stand.Handler, nil)
	ses := s.mustOpen(t, at, at.host(t, "", false, time.Now))
	if n := stand.Sessions(); n != 1 {
		t.Errorf("%d sessions are open, want one", n)
	}
	for range 2 {
		if err := ses.Close(); err != nil || stand.Sessions() != 0 {
			t.Errorf("closing: %v, %d sessions are left", err, stand.Sessions())
		}
	}
}
