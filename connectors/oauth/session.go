package oauth

import (
	"context"
	"errors"
	"time"

	"bestbefore/assets/words"
	"bestbefore/connectors"
	"bestbefore/consent"
	"bestbefore/discovery"
)

const (
	// lookEvery is how old an answer may be that still stands for now: providers
	// count what is asked of them.
	lookEvery = 5 * time.Minute
	// renewEvery is how often a renewal shows that the access still works, where
	// nothing cheaper does.
	renewEvery = 6 * time.Hour
	// describeEvery is how often the issuer's description is compared with the pins.
	describeEvery = 6 * time.Hour
	// grantID names the one grant of a connection.
	grantID = "one"
)

// Session is one account that is linked.
type Session struct {
	ask  *asker
	host *connectors.Host
	ref  consent.SecretRef

	k         kept
	looked    time.Time // when the provider was last asked, with success
	described time.Time // when its description was last as it was
}

func (s *Session) now() time.Time { return s.host.Now().Round(0) }

// Close implements connectors.Session.
func (*Session) Close() error { return nil }

// Traits implements connectors.Traiter.
func (s *Session) Traits() connectors.Traits {
	t := connectors.Traits{Grain: connectors.GrainToken}
	if !s.k.Ended.IsZero() {
		t.Note = words.Text("this access has ended; remove the connection, or connect it anew")
	}
	return t
}

// Probe implements connectors.Prober. An access that has ended is no fault: it
// is no longer listed.
func (s *Session) Probe(ctx context.Context) error { return s.look(ctx) }

// Grants implements connectors.GrantLister: the one grant, as long as it works.
func (s *Session) Grants(ctx context.Context) ([]consent.Grant, error) {
	if err := s.look(ctx); err != nil {
		return nil, err
	}
	if !s.k.Ended.IsZero() {
		return []consent.Grant{}, nil
	}
	return []consent.Grant{s.grant()}, nil
}

func (s *Session) grant() consent.Grant {
	g := consent.Grant{
		ID: grantID, Kind: "OAuth grant", Name: string(discovery.Clean(words.Sprintf("%s, client %s", s.ask.Name, s.ask.client))), Scopes: s.k.Scopes,
		Device: s.ask.device, Created: s.k.Since, LastUsed: s.k.Renewed, Expires: s.k.RefreshUntil, EndsAlso: words.Texts(s.ask.EndsAlso),
	}
	if s.k.Refresh == "" {
		g.Expires = s.k.AccessUntil
	}
	return g
}

// PeerTime implements connectors.PeerClock.
func (s *Session) PeerTime(ctx context.Context) (time.Time, error) {
	if _, shown := s.ask.peerTime(); !shown {
		s.looked = time.Time{}
		if err := s.look(ctx); err != nil {
			return time.Time{}, err
		}
	}
	at, shown := s.ask.peerTime()
	if !shown {
		return time.Time{}, connectors.Fault(consent.KindUnsupported, words.Sprintf("%s does not say what time it is.", s.ask.Name), nil)
	}
	return at, nil
}

// look finds out whether the access still works, as cheaply as the provider
// lets us, and notes when it does not.
func (s *Session) look(ctx context.Context) error {
	now := s.now()
	if !s.k.Ended.IsZero() || !s.looked.IsZero() && now.Sub(s.looked) < lookEvery && !now.Before(s.looked) {
		return nil
	}
	if err := s.compare(ctx); err != nil {
		return err
	}
	works, err := s.cheaply(ctx)
	if err != nil {
		return err
	}
	if !works && (now.Sub(s.k.Renewed) >= renewEvery || s.k.Sent || s.doubted()) {
		if err := s.renewed(ctx); err != nil {
			return err
		}
	}
	s.looked = now
	return nil
}

// doubted says that what can be asked cheaply said no, or that there is nothing
// to be asked cheaply and nothing was asked in this session.
func (s *Session) doubted() bool {
	return s.canAsk() || s.looked.IsZero() && s.ask.issuer == ""
}

func (s *Session) canAsk() bool { return s.ask.Introspect != "" && !s.k.Blind || s.ask.Check != "" }

// compare reads the issuer's description again from time to time. One that has
// changed is a question to the household; one that cannot be read leaves the pins.
func (s *Session) compare(ctx context.Context) error {
	if s.ask.issuer == "" || !s.described.IsZero() && s.canAsk() && s.now().Sub(s.described) < describeEvery {
		return nil
	}
	if _, err := s.ask.describe(ctx, s.k.Pins); err != nil {
		if connectors.KindOf(err) == consent.KindTransient && s.canAsk() {
			return nil
		}
		return err
	}
	s.described = s.now()
	return nil
}

// cheaply asks by introspection, or by the harmless check. False is a doubt, no proof.
func (s *Session) cheaply(ctx context.Context) (works bool, err error) {
	if s.ask.Introspect != "" && !s.k.Blind {
		token, hint := s.k.Refresh, "refresh_token"
		if token == "" || s.ask.AskAs == "bearer" {
			token, hint = s.k.Access, "access_token"
		}
		st, err := s.ask.introspect(ctx, token, hint, s.k.Access)
		switch {
		case err == nil && st.active:
			return true, s.told(ctx, st, hint)
		case err == nil:
			return false, nil
		case connectors.KindOf(err) != consent.KindUnsupported:
			return false, err
		}
	}
	if s.ask.Check != "" && s.k.Access != "" && (s.k.AccessUntil.IsZero() || s.now().Before(s.k.AccessUntil)) {
		return s.ask.opens(ctx, s.k.Access)
	}
	return false, nil
}

// told keeps what an introspection told of a token that works.
func (s *Session) told(ctx context.Context, st state, hint string) error {
	was := s.k
	s.k.Tells = true
	if hint == "refresh_token" && !st.until.IsZero() && st.until.Sub(s.k.AccessUntil).Abs() > time.Minute { // fosite tells the access token's end, whatever was asked
		s.k.RefreshUntil = st.until
	}
	if len(s.k.Scopes) == 0 {
		s.k.Scopes = st.scopes
	}
	if was.Tells && was.RefreshUntil.Equal(s.k.RefreshUntil) && len(was.Scopes) == len(s.k.Scopes) {
		return nil
	}
	return s.save(ctx)
}

// renewed renews, and notes an access that is refused as ended. Where an
// introspection called it dead and it is not, that is not asked again.
func (s *Session) renewed(ctx context.Context) error {
	if s.k.Refresh == "" {
		return s.withoutRenewal(ctx)
	}
	inBetween := s.k.Sent
	err := s.renew(ctx)
	switch {
	case err == nil && s.ask.Introspect != "" && !s.k.Blind:
		if st, err := s.ask.introspect(ctx, s.k.Access, "access_token", s.k.Access); err != nil || !st.active {
			s.k.Blind = true
			return s.save(ctx)
		}
		return nil
	case err == nil:
		return nil
	case errors.Is(err, errRefused) && !inBetween, s.shut(ctx, err):
		return s.end(ctx)
	}
	return err
}

// shut reports a provider that refuses a renewal in words of its own (Strava),
// and whose harmless question an access token no longer opens before its time.
func (s *Session) shut(ctx context.Context, err error) bool {
	if connectors.KindOf(err) != consent.KindPermanent || s.ask.Check == "" || s.k.AccessUntil.IsZero() || !s.now().Before(s.k.AccessUntil) {
		return false
	}
	opens, err := s.ask.opens(ctx, s.k.Access)
	return err == nil && !opens
}

// withoutRenewal judges an access that lives as long as its one token.
func (s *Session) withoutRenewal(ctx context.Context) error {
	if !s.k.AccessUntil.IsZero() && !s.now().Before(s.k.AccessUntil) || s.k.Tells {
		return s.end(ctx) // it ran out, or who knew it says that it is dead
	}
	if s.ask.Check == "" {
		return nil // nothing can tell; it runs out by itself
	}
	works, err := s.ask.opens(ctx, s.k.Access)
	if err != nil || works {
		return err
	}
	return s.end(ctx)
}

// end notes that the access is over.
func (s *Session) end(ctx context.Context) error {
	s.k.Ended = s.now().UTC()
	return s.save(ctx)
}
