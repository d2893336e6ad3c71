package engine_test

import (
	"context"
	"errors"
	"testing"

	"bestbefore/app/internal/engine"
	"bestbefore/connectors"
	"bestbefore/consent"
)

var errRefused = errors.New("wrong password")

// locked is a kind that asks for a password.
type locked struct{ kind }

func (locked) Spec() connectors.Spec {
	return connectors.Spec{Kind: "locked", Name: "Locked", Options: []connectors.Option{{Key: "password", Label: "Password", Secret: true, Required: true}}}
}

// refusing is a peer that lets nobody in.
type refusing struct{ *peers }

func (refusing) Try(context.Context, connectors.Connection) (connectors.Capabilities, error) {
	return connectors.Capabilities{}, errRefused
}

// A connection that was refused leaves no sealed password behind; its twin, which
// is let in, keeps it.
func TestARefusedConnectionLeavesNoSecret(t *testing.T) {
	for name, refuse := range map[string]bool{"refused": true, "let in": false} {
		t.Run(name, func(t *testing.T) {
			h := newHome(t)
			var err error
			if h.Registry, err = connectors.NewRegistry(locked{}); err != nil {
				t.Fatal(err)
			}
			if refuse {
				h.Sessions = refusing{h.peers}
			}
			var kept []consent.SecretRef
			h.PutSecret = func(ctx context.Context, label string, v connectors.Secret) (consent.SecretRef, error) {
				ref := consent.SecretRef(label)
				kept = append(kept, ref)
				return ref, h.st.PutSecret(ctx, ref, []byte("sealed"))
			}
			_, err = h.Connect(t.Context(), engine.ConnectRequest{Kind: "locked", Secrets: map[string]string{"password": "hunter2"}})
			if refuse != errors.Is(err, errRefused) || len(kept) != 1 {
				t.Fatalf("%v, %d sealed", err, len(kept))
			}
			if _, err := h.st.GetSecret(t.Context(), kept[0]); refuse != errors.Is(err, consent.ErrNotFound) {
				t.Errorf("its secret: %v", err)
			}
		})
	}
}
