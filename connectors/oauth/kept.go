package oauth

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"time"

	"bestbefore/assets/words"
	"bestbefore/connectors"
	"bestbefore/consent"
)

// kept is what is sealed of one grant. It is all that is known of it.
type kept struct {
	Pins         pins      `json:"pins,omitzero"`
	Client       string    `json:"client"` // to which it was given; a refusal to another proves nothing
	Refresh      string    `json:"refresh,omitempty"`
	Sent         bool      `json:"sent,omitempty"` // Refresh was sent and no answer was kept (T16)
	Access       string    `json:"access,omitempty"`
	AccessUntil  time.Time `json:"access_until,omitzero"`  // zero: not known
	RefreshUntil time.Time `json:"refresh_until,omitzero"` // the provider's own end
	Since        time.Time `json:"since"`
	Renewed      time.Time `json:"renewed,omitzero"`
	Scopes       []string  `json:"scopes,omitempty"`
	// Tells says that this client has been told of a working token that it works:
	// only then does "it does not work" mean anything.
	Tells bool      `json:"tells,omitempty"`
	Blind bool      `json:"blind,omitempty"` // it was told that a working one does not: not asked again
	Asked time.Time `json:"asked,omitzero"`  // when the provider said yes to its end
	Ended time.Time `json:"ended,omitzero"`  // when a renewal was refused
}

func (k kept) seal() (connectors.Secret, error) {
	b, err := json.Marshal(k)
	if err != nil {
		return connectors.Secret{}, connectors.Fault(consent.KindPermanent, words.Text("What the provider gave cannot be written down."), nil)
	}
	return connectors.NewSecret(string(b)), nil
}

func unseal(v connectors.Secret) (kept, error) {
	var k kept
	if err := json.Unmarshal([]byte(v.Reveal()), &k); err != nil || k.Refresh == "" && k.Access == "" {
		return kept{}, connectors.Fault(consent.KindNeedsPerson, words.Text("What was kept of the access cannot be read; connect it anew."), nil)
	}
	return k, nil
}

// take keeps what the provider gave at now.
func (k *kept) take(g given, now time.Time) {
	k.Access, k.AccessUntil = g.access, time.Time{}
	if g.accessFor > 0 {
		k.AccessUntil = now.Add(g.accessFor).UTC()
	}
	if g.refresh != "" {
		k.Refresh = g.refresh
	}
	if g.refreshFor > 0 {
		k.RefreshUntil = now.Add(g.refreshFor).UTC()
	}
	if len(g.scopes) > 0 {
		k.Scopes = g.scopes
	}
	k.Sent, k.Renewed = false, now.UTC()
}

// load reads what is sealed.
func (s *Session) load(ctx context.Context) error {
	v, err := s.host.Secret(ctx, s.ref)
	if err != nil {
		return connectors.Fault(consent.KindNeedsPerson, words.Text("What was kept of the access cannot be read now."), err)
	}
	s.k, err = unseal(v)
	return err
}

// save seals k, durably.
func (s *Session) save(ctx context.Context) error {
	v, err := s.k.seal()
	if err != nil {
		return err
	}
	if err := s.host.Keep(ctx, s.ref, v); err != nil {
		return connectors.Fault(consent.KindTransient, words.Text("What is known of the access cannot be kept now."), err)
	}
	return nil
}

// saving is how long what a provider decided is tried to be kept, also when the
// caller has gone.
const saving = 10 * time.Second

// renew exchanges the refresh token for the next one, by the rules of T16. A
// token that was refused, and that was not in between, is errRefused.
func (s *Session) renew(ctx context.Context) error {
	inBetween, answered, before := s.k.Sent, false, s.k
	var fresh given
	r := connectors.Rotating{
		Load: func(context.Context) (connectors.Kept, error) {
			return connectors.Kept{Token: connectors.NewSecret(s.k.Refresh), Sent: s.k.Sent}, nil
		},
		Save: func(ctx context.Context, k connectors.Kept) error {
			if s.k.Sent = k.Sent; !k.Sent {
				s.k.take(fresh, s.now())
			}
			return s.save(ctx)
		},
		Exchange: func(ctx context.Context, t connectors.Secret) (next connectors.Secret, err error) {
			fresh, answered, err = s.ask.token(ctx, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {t.Reveal()}})
			if fresh.refresh == "" { // it stays the same
				fresh.refresh = t.Reveal()
			}
			return connectors.NewSecret(fresh.refresh), err
		},
	}
	_, err := r.Next(ctx)
	if err == nil || !answered || inBetween || fresh.access != "" {
		return err
	}
	// The provider said no to the question, so the token is not in between.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), saving)
	defer cancel()
	s.k = before
	return errors.Join(err, s.save(ctx))
}
