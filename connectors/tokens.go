package connectors

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"time"

	"bestbefore/assets/words"
	"bestbefore/consent"
)

// Rotating is a sign-in whose issuer replaces the token at each use. The rules
// are those of T16: what is kept is durable before the issuer is asked and before
// the new token is used, so that a stop at any moment leaves the old one, the new
// one, or a question to the person, and never a sign-in that fails in silence.
type Rotating struct {
	// Load and Save keep it sealed; Save is durable when it returns.
	Load func(ctx context.Context) (Kept, error)
	Save func(ctx context.Context, k Kept) error
	// Exchange sends the token to its issuer, which answers with the next one. A
	// refused token is KindSignIn.
	Exchange func(ctx context.Context, token Secret) (next Secret, err error)
}

// Kept is what is kept of a rotating sign-in.
type Kept struct {
	Token Secret
	// Sent says that Token was sent to its issuer and that no answer was kept: it
	// may be spent.
	Sent bool
}

// saveAgain is the pause between two tries to keep a new token.
const saveAgain = 200 * time.Millisecond

// Next exchanges the kept token for the next one and gives that once it is kept.
func (r Rotating) Next(ctx context.Context) (Secret, error) {
	kept, err := r.Load(ctx)
	if err != nil {
		return Secret{}, err
	}
	if err := r.Save(ctx, Kept{Token: kept.Token, Sent: true}); err != nil {
		return Secret{}, fmt.Errorf("keeping that a sign-in is renewed: %w", err)
	}
	next, err := r.Exchange(ctx, kept.Token)
	if err != nil {
		if kept.Sent && KindOf(err) == consent.KindSignIn {
			return Secret{}, &Error{Kind: consent.KindSignIn, Text: words.Text("Renewing the sign-in was interrupted, and the old one is spent; sign in again."), Err: err}
		}
		return Secret{}, err
	}
	return next, r.keep(ctx, next)
}

// keep goes on trying until ctx ends: the issuer takes the old token no more.
func (r Rotating) keep(ctx context.Context, next Secret) error {
	for {
		err := r.Save(ctx, Kept{Token: next})
		if err == nil {
			return nil
		}
		pause := time.NewTimer(saveAgain)
		select {
		case <-ctx.Done():
			pause.Stop()
			return &Error{Kind: consent.KindNeedsPerson, Text: words.Text("The renewed sign-in could not be kept; you may have to sign in again after the next start."), Err: err}
		case <-pause.C:
		}
	}
}

// OwnAddress judges an address out of an issuer's metadata; which says in words
// what it is for. It must be https, at the issuer's own host or below it, and,
// once it was known, the same as then: who can change it would be sent the token (T35).
func OwnAddress(which, issuer, was, now string) (string, error) {
	refuse := func(why string) (string, error) {
		return "", &Error{Kind: consent.KindNeedsPerson, Text: words.Sprintf("The address %s %s; nothing was sent there. Revoke it on the provider's own page.", which, why)}
	}
	home, err := url.Parse(issuer)
	if err != nil || home.Hostname() == "" {
		return refuse("cannot be judged, because its issuer is not known")
	}
	u, err := url.Parse(now)
	switch {
	case err != nil || u.Hostname() == "" || u.User != nil || u.Fragment != "":
		return refuse("is not an address")
	case u.Scheme != "https":
		return refuse("is not protected (https)")
	case !below(u.Hostname(), home.Hostname()):
		return refuse("is not the issuer's own")
	case was != "" && was != now:
		return refuse("has changed")
	}
	return now, nil
}

// below reports whether host is parent or a name below it.
func below(host, parent string) bool {
	host, parent = strings.ToLower(strings.TrimSuffix(host, ".")), strings.ToLower(strings.TrimSuffix(parent, "."))
	return host == parent || strings.HasSuffix(host, "."+parent)
}
