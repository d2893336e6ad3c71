package homeassistant

import (
	"context"
	"slices"

	"bestbefore/assets/words"
	"bestbefore/connectors"
	"bestbefore/consent"
)

var _ connectors.Resigner = (*Session)(nil)

// Given implements connectors.Resigner: the token that we came with.
func (s *Session) Given() (g consent.Grant, works bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return consent.Grant{Connection: s.connection, Kind: kindToken, Name: "Best Before's own token", Own: true}, s.refused == nil
}

// Resign implements connectors.Resigner. Home Assistant cuts the line of a token
// that it deletes, often before it says yes, so only a refusal of the token
// proves anything. Home Assistant shows its household that one refused sign-in.
func (s *Session) Resign(ctx context.Context) (connectors.Receipt, error) {
	out := connectors.Receipt{Level: consent.Configured, Grain: connectors.GrainToken, Text: words.Text("Home Assistant deleted our token: it was tried afterwards, and refused.")}
	unlock, err := s.lock(ctx)
	if err != nil {
		return out, err
	}
	defer unlock()
	all, err := s.tokens(ctx)
	if connectors.KindOf(err) == consent.KindSignIn {
		out.At, out.Text = s.now().UTC(), words.Text("Home Assistant had already ended our token.")
		return out, nil
	}
	if err != nil {
		return out, err
	}
	own := all[slices.IndexFunc(all, func(t token) bool { return t.Current })] // there is one: tokens gives none without it
	l, err := s.connected(ctx)
	if err != nil {
		return out, err
	}
	// What it answers proves nothing, and the line may be gone before that.
	_, _ = l.ask(ctx, command{"type": "auth/delete_refresh_token", "refresh_token_id": own.ID}, nil)
	l.close()
	_, err = s.connected(ctx) // nobody sends a refused token a second time
	out.At = s.now().UTC()
	switch {
	case err == nil:
		return out, connectors.Permanent(words.Text("Home Assistant was asked to delete our token, and still takes it. Delete it there: your profile, Security, Long-lived access tokens."), nil)
	case connectors.KindOf(err) != consent.KindSignIn:
		return out, err
	}
	return out, nil
}
