package engine

import (
	"context"
	"errors"
	"maps"
	"strings"

	"bestbefore/assets/words"
	"bestbefore/connectors"
	"bestbefore/consent"
)

// Mending changes a connection that is there, and lets go of one whose peer is gone.
type Mending interface {
	// ChangeConnection tries a connection with other answers, and keeps them where
	// the peer accepts them. Its ID stays, and with it all that it holds for us. On
	// an error nothing is changed.
	ChangeConnection(ctx context.Context, r ChangeRequest) (ConnectionInfo, error)
	// AbandonConnection forgets a connection that does not answer, without lifting
	// what it holds. It answers with what may stand there still, which the diary
	// keeps too. One that answers is refused: that one can be removed cleanly.
	AbandonConnection(ctx context.Context, id, how string) ([]string, error)
}

// ChangeRequest is what is to be different at a connection. What it does not
// name stays; an empty value goes back to the connector's own default.
type ChangeRequest struct {
	ID      string            `json:"id"` // or its name
	Values  map[string]string `json:"values,omitempty"`
	Secrets map[string]string `json:"-"` // in the clear, for this call only
}

// ChangeConnection implements Mending.
func (e *Core) ChangeConnection(ctx context.Context, r ChangeRequest) (ConnectionInfo, error) {
	old, err := e.connection(ctx, r.ID)
	if err != nil {
		return ConnectionInfo{}, err
	}
	kind, ok := e.Registry.Get(old.Kind)
	if !ok {
		return ConnectionInfo{}, words.Errorf("this program has no connector of kind %q any more; %s can only be removed", old.Kind, old.Name)
	}
	c := old
	if c.Settings.Values, err = e.answers(kind.Spec(), old.Settings.Values, r.Values); err != nil {
		return ConnectionInfo{}, err
	}
	fresh := c // what is sealed anew is kept apart, until the peer has accepted it
	fresh.Settings.Secrets = map[string]consent.SecretRef{}
	err = e.sealAs(ctx, fresh, "/"+e.NewID("s"), r.Secrets)
	if err == nil {
		c.Settings.Secrets = maps.Clone(old.Settings.Secrets)
		if c.Settings.Secrets == nil {
			c.Settings.Secrets = map[string]consent.SecretRef{}
		}
		maps.Copy(c.Settings.Secrets, fresh.Settings.Secrets)
		err = e.tryAndSave(ctx, kind.Spec(), c, words.Sprintf("Changed how %s is reached.", c.Name))
	}
	if err != nil {
		return ConnectionInfo{}, errors.Join(err, e.dropSecrets(ctx, fresh))
	}
	replaced := connectors.Connection{Settings: connectors.Settings{Secrets: map[string]consent.SecretRef{}}}
	for key := range fresh.Settings.Secrets {
		if ref, had := old.Settings.Secrets[key]; had {
			replaced.Settings.Secrets[key] = ref
		}
	}
	if err := e.dropSecrets(ctx, replaced); err != nil {
		e.Log.Warn("forgetting replaced secrets", "connection", c.ID, "error", err) // it is of no use any more
	}
	return e.settle(ctx, c)
}

// answers are the old ones of a connection with what is to be different.
func (e *Core) answers(spec connectors.Spec, old, change map[string]string) (map[string]string, error) {
	out := maps.Clone(old)
	if out == nil {
		out = map[string]string{}
	}
	change = maps.Clone(change)
	if err := e.nameDevices(spec, change); err != nil {
		return nil, err
	}
	maps.Copy(out, change)
	maps.DeleteFunc(out, func(_, v string) bool { return v == "" })
	return out, nil
}

// AbandonConnection implements Mending.
func (e *Core) AbandonConnection(ctx context.Context, id, how string) ([]string, error) {
	c, err := e.connection(ctx, id)
	if err != nil {
		return nil, err
	}
	if _, open := e.Sessions.Capabilities(c.ID); open {
		return nil, words.Errorf("%s answers; remove it, so that what it holds is lifted", c.Name)
	}
	standing, err := e.standingAt(ctx, c.ID)
	if err != nil {
		return nil, err
	}
	text := words.Sprintf("%s forgot the connection %s, which does not answer (%s); nothing was lifted there.", e.who(), c.Name, way(how))
	if len(standing) > 0 {
		text += " " + words.Sprintf("What may stand there still: %s.", strings.Join(standing, "; "))
	}
	return standing, e.forgetConnection(ctx, c, text)
}

// standingAt is what our own records say that a connection holds: by mark, the
// newest action was a block or a hand-over that it took.
func (e *Core) standingAt(ctx context.Context, connection string) (out []string, err error) {
	as, err := e.Store.Actions(ctx)
	if err != nil {
		return nil, err
	}
	seen := map[string]bool{}
	for _, a := range as { // newest first
		sets := a.Kind == consent.ActBlock || a.Kind == consent.ActHandOver
		if a.Connection != connection || a.State != consent.Done || seen[a.Mark] || !sets && a.Kind != consent.ActUnblock {
			continue // an access that was ended lifts no block
		}
		seen[a.Mark] = true
		if !sets {
			continue
		}
		line := e.deviceName(a.Device)
		if !a.Recipient.Any && a.Recipient.Name != "" {
			line += " → " + a.Recipient.Name
		}
		out = append(out, line)
	}
	return out, nil
}
