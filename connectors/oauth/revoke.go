package oauth

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"bestbefore/assets/words"
	"bestbefore/connectors"
	"bestbefore/consent"
)

// proof is what a try with the token showed.
type proof int

const (
	unproven proof = iota
	refused
	works
)

// ticket is what a receipt keeps to look again.
type ticket struct {
	Asked time.Time `json:"asked,omitzero"`
}

// Revoke implements connectors.Revoker: it asks for the end, and tries to renew
// afterwards. A provider that says yes and goes on renewing has revoked nothing.
func (s *Session) Revoke(ctx context.Context, r connectors.RevokeRequest) (connectors.Receipt, error) {
	if r.Grant.ID != "" && r.Grant.ID != grantID {
		return connectors.Receipt{}, connectors.Fault(consent.KindPermanent, words.Text("That access is not of this connection."), nil)
	}
	if !s.k.Ended.IsZero() {
		return s.receipt(r.Mark, consent.Configured, words.Sprintf("The access had already ended; %s renews it no more.", s.ask.Name)), nil
	}
	if err := s.unchanged(ctx); err != nil {
		return connectors.Receipt{}, err
	}
	token, hint, err := s.what(ctx)
	if errors.Is(err, errRefused) {
		return s.receipt(r.Mark, consent.Configured, words.Sprintf("The access had already ended; %s renews it no more.", s.ask.Name)), s.end(ctx)
	}
	if err != nil {
		return connectors.Receipt{}, err
	}
	if s.ask.Introspect != "" && !s.k.Tells && !s.k.Blind { // only who knew it alive can call it dead
		st, err := s.ask.introspect(ctx, s.k.Access, "access_token", s.k.Access)
		s.k.Tells = err == nil && st.active
	}
	if err := s.askFor(ctx, token, hint); err != nil {
		return connectors.Receipt{}, err
	}
	s.k.Asked = s.now().UTC()
	return s.afterYes(ctx, r.Mark)
}

// unchanged compares the issuer's description with what was pinned: a token goes
// to no address that changed (T35). Where it cannot be read now, the pins hold.
func (s *Session) unchanged(ctx context.Context) error {
	if s.ask.issuer == "" {
		return nil
	}
	_, err := s.ask.describe(ctx, s.k.Pins)
	if connectors.KindOf(err) == consent.KindTransient {
		return nil
	}
	return err
}

// what is the token to be sent: the refresh token, since it ends the access
// tokens made of it too; or a fresh access token, where only that is taken.
func (s *Session) what(ctx context.Context) (token, hint string, err error) {
	onlyAccess := s.ask.Revoke != nil && s.ask.Revoke.Which == "access"
	if s.k.Refresh != "" && !onlyAccess {
		return s.k.Refresh, "refresh_token", nil
	}
	if s.k.Refresh != "" && (s.k.AccessUntil.IsZero() || !s.now().Add(time.Minute).Before(s.k.AccessUntil)) {
		inBetween := s.k.Sent
		if err := s.renew(ctx); err != nil {
			if inBetween {
				err = connectors.Fault(connectors.KindOf(err), err.Error(), nil)
			}
			return "", "", err
		}
	}
	return s.k.Access, "access_token", nil
}

// askFor asks for the end; a provider that does not revoke tokens of that type is
// asked with the other one (T26).
func (s *Session) askFor(ctx context.Context, token, hint string) error {
	err := s.ask.revoke(ctx, token, hint)
	if connectors.KindOf(err) == consent.KindUnsupported && s.ask.Revoke != nil && hint == "refresh_token" && s.k.Access != "" {
		err = s.ask.revoke(ctx, s.k.Access, "access_token")
	}
	if errors.Is(err, errRefused) {
		return nil // it takes the token no more: what is tried next tells
	}
	if connectors.KindOf(err) == consent.KindUnsupported {
		return connectors.Fault(consent.KindNeedsPerson, words.Sprintf("%s does not revoke what it gave from outside; end it on its own page.", s.ask.Name), err)
	}
	return err
}

// afterYes tries what was ended. What the provider decided is kept, also where
// whoever asked has gone.
func (s *Session) afterYes(ctx context.Context, mark string) (connectors.Receipt, error) {
	p, err := s.try(ctx)
	keeping, cancel := context.WithTimeout(context.WithoutCancel(ctx), saving)
	defer cancel()
	name := s.ask.Name
	switch p {
	case refused:
		return s.receipt(mark, consent.Configured, words.Sprintf("%s ended the access; a renewal was tried, and refused.", name)), s.end(keeping)
	case works:
		s.k.Asked = time.Time{}
		return connectors.Receipt{}, errors.Join(connectors.Fault(consent.KindPermanent,
			words.Sprintf("%s said that the access has ended, and still renews it: it was acknowledged, not revoked. End it on the provider's own page.", name), nil), s.save(keeping))
	}
	s.host.Log.Debug("a revoked access could not be tried", "error", err)
	return s.receipt(mark, consent.Accepted, words.Sprintf("%s said yes to the end of the access; whether that is so could not be tried yet.", name)), s.save(keeping)
}

func (s *Session) receipt(mark string, l consent.Level, text string) connectors.Receipt {
	data, _ := json.Marshal(ticket{s.k.Asked}) // a time can always be written
	return connectors.Receipt{Mark: mark, Level: l, At: s.now(), Grain: connectors.GrainToken, Text: text, Data: data}
}

// try uses the token as an app would. Only a refusal of the token itself proves
// anything, and an introspection only where it knew the token alive.
func (s *Session) try(ctx context.Context) (proof, error) {
	var last error
	if s.k.Refresh != "" {
		inBetween := s.k.Sent
		err := s.renew(ctx)
		switch {
		case err == nil:
			return works, nil
		case errors.Is(err, errRefused) && !inBetween:
			return refused, nil
		}
		last = err
	}
	if s.ask.Check != "" && s.k.Access != "" {
		ok, err := s.ask.opens(ctx, s.k.Access)
		switch {
		case err == nil && ok:
			return works, nil
		case err == nil:
			return refused, nil
		}
		last = err
	}
	if s.k.Refresh == "" && s.k.Tells {
		st, err := s.ask.introspect(ctx, s.k.Access, "access_token", s.k.Access)
		switch {
		case err == nil && st.active:
			return works, nil
		case err == nil:
			return refused, nil
		}
		last = err
	}
	return unproven, last
}

// Verify implements connectors.Verifier: it tries to renew again.
func (s *Session) Verify(ctx context.Context, _ connectors.Receipt) (connectors.Finding, error) {
	if s.k.Asked.IsZero() && s.k.Ended.IsZero() {
		if err := s.look(ctx); err != nil {
			return connectors.Finding{}, err
		}
		if s.k.Ended.IsZero() {
			return connectors.Finding{Level: consent.Accepted, Seen: consent.Flowing, At: s.now(), Text: words.Text("The access works.")}, nil
		}
	}
	p, err := s.try(ctx)
	now := s.now()
	switch p {
	case works:
		s.k.Ended = time.Time{}
		return connectors.Finding{Level: consent.Accepted, Seen: consent.Flowing, At: now, Text: words.Sprintf("%s renews the access again.", s.ask.Name)}, s.save(ctx)
	case refused:
		if s.k.Ended.IsZero() {
			if err := s.end(ctx); err != nil {
				return connectors.Finding{}, err
			}
		}
		return s.sinceThen(ctx, now), nil
	}
	if err == nil {
		err = connectors.Fault(consent.KindUnsupported, words.Sprintf("%s lets nobody find out whether the access has ended.", s.ask.Name), nil)
	}
	return connectors.Finding{}, err
}

// sinceThen says whether an access token that was given before may still work:
// they may live until their own end (RFC 7009 section 3).
func (s *Session) sinceThen(ctx context.Context, now time.Time) connectors.Finding {
	f := connectors.Finding{Level: consent.Effective, Seen: consent.Stopped, At: now, Refused: 1, LastTry: now, Text: words.Sprintf("A renewal was tried, and %s refused it.", s.ask.Name)}
	over := s.k.Access == "" || !s.k.AccessUntil.IsZero() && !now.Before(s.k.AccessUntil)
	if over || s.k.Refresh == "" {
		return f
	}
	if s.k.Tells {
		if st, err := s.ask.introspect(ctx, s.k.Access, "access_token", s.k.Access); err == nil && !st.active {
			return f
		}
	}
	if s.ask.Check != "" {
		if ok, err := s.ask.opens(ctx, s.k.Access); err == nil && !ok {
			return f
		}
	}
	f.Level, f.Seen = consent.Configured, consent.CannotTell
	f.Text = words.Text("New tokens are refused. What was given out before may work until it runs out by itself.")
	if !s.k.AccessUntil.IsZero() {
		f.Text = words.Sprintf("New tokens are refused. What was given out before may work until %s UTC.", words.Date(s.k.AccessUntil.UTC(), "2 January 15:04"))
	}
	return f
}
