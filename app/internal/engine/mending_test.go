package engine_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"bestbefore/app/internal/engine"
	"bestbefore/connectors"
	"bestbefore/consent"
)

// box is a kind with an address and a password.
type box struct{ kind }

func (box) Spec() connectors.Spec {
	return connectors.Spec{Kind: "box", Name: "Box", Options: []connectors.Option{
		{Key: "host", Label: "Address", Required: true, Address: true},
		{Key: "user", Label: "Name"},
		{Key: "password", Label: "Password", Secret: true, Required: true},
		connectors.CertificateOption(),
	}}
}

// boxed is a home with one box connected, whose sealed passwords are in sealed.
func boxed(t *testing.T) (h *home, id string, sealed *[]consent.SecretRef) {
	t.Helper()
	h, sealed = newHome(t), &[]consent.SecretRef{}
	var err error
	if h.Registry, err = connectors.NewRegistry(box{}); err != nil {
		t.Fatal(err)
	}
	h.PutSecret = func(ctx context.Context, label string, _ connectors.Secret) (consent.SecretRef, error) {
		ref := consent.SecretRef(label)
		*sealed = append(*sealed, ref)
		return ref, h.st.PutSecret(ctx, ref, []byte("sealed"))
	}
	c, err := h.Connect(t.Context(), engine.ConnectRequest{
		Kind: "box", Values: map[string]string{"host": "192.0.2.1", "user": "mother"}, Secrets: map[string]string{"password": "old"},
	})
	if err != nil {
		t.Fatal(err)
	}
	return h, c.ID, sealed
}

func (h *home) has(ref consent.SecretRef) bool {
	_, err := h.st.GetSecret(h.t.Context(), ref)
	return err == nil
}

// A connection is changed in its place: same ID, new answers, the replaced
// password forgotten. Its twin, whom the peer refuses, is as it was before.
func TestAConnectionIsChangedInItsPlace(t *testing.T) {
	for _, refuse := range []bool{false, true} {
		h, id, sealed := boxed(t)
		if refuse {
			h.Sessions = refusing{h.peers}
		}
		_, err := h.ChangeConnection(t.Context(), engine.ChangeRequest{
			ID: id, Values: map[string]string{"host": "192.0.2.2", "user": ""}, Secrets: map[string]string{"password": "new"},
		})
		if refuse != errors.Is(err, errRefused) || len(*sealed) != 2 {
			t.Fatalf("refused %v: %v, sealed %v", refuse, err, *sealed)
		}
		cs, err := h.st.Connections(t.Context())
		if err != nil || len(cs) != 1 || cs[0].ID != id {
			t.Fatalf("%+v, %v", cs, err)
		}
		values, old, fresh := cs[0].Settings.Values, (*sealed)[0], (*sealed)[1]
		if (values["host"] == "192.0.2.2") == refuse || (values["user"] == "") == refuse || (cs[0].Settings.Secrets["password"] == fresh) == refuse {
			t.Errorf("refused %v: %+v", refuse, cs[0].Settings)
		}
		if h.has(old) != refuse || h.has(fresh) == refuse {
			t.Errorf("refused %v: the old password is kept %v, the new one %v", refuse, h.has(old), h.has(fresh))
		}
	}
}

// What is not named stays, the password too: so a yes to a certificate is enough.
func TestAYesToACertificateKeepsTheRest(t *testing.T) {
	h, id, sealed := boxed(t)
	c, err := h.ChangeConnection(t.Context(), engine.ChangeRequest{ID: id, Values: map[string]string{connectors.OptCertificate: "sha256:00"}})
	if err != nil || c.Settings.Values["host"] != "192.0.2.1" || c.Settings.Values[connectors.OptCertificate] != "sha256:00" {
		t.Fatalf("%+v, %v", c, err)
	}
	if c.Settings.Secrets["password"] != (*sealed)[0] || !h.has((*sealed)[0]) {
		t.Error("the password is gone")
	}
}

// A peer that is gone can be let go, and what may stand there is told and
// written down; one that answers cannot, since it can be removed cleanly.
func TestAPeerThatIsGoneCanBeLetGo(t *testing.T) {
	for _, answers := range []bool{false, true} {
		h, id, _ := boxed(t)
		if !answers {
			h.Sessions = silent{h.peers}
		}
		act := func(mark string, kind consent.ActionKind) {
			a := consent.Action{ID: consent.ActionID(h.NewID("a")), Kind: kind, Device: "d-gone", Recipient: consent.Recipient{Name: mark + " Maker"}, Mark: mark, State: consent.Done, Connection: id, Created: h.now, Finished: h.now.AddDate(-2, 0, 0)}
			if _, err := h.st.AddActions(t.Context(), []consent.Action{a}); err != nil {
				t.Fatal(err)
			}
		}
		act("Bell", consent.ActBlock)
		act("Bell", consent.ActRevoke) // an access that was ended there lifts no block
		act("Lamp", consent.ActBlock)
		act("Lamp", consent.ActUnblock) // lifted already
		p, err := h.PreviewRemove(t.Context(), id)
		if err != nil || p.Silent == answers || (len(p.Standing) == 1) == answers {
			t.Fatalf("answers %v: %+v, %v", answers, p, err)
		}
		standing, err := h.AbandonConnection(t.Context(), id, "test")
		cs, readErr := h.st.Connections(t.Context())
		if readErr != nil || (err != nil) != answers || (len(cs) == 1) != answers {
			t.Fatalf("answers %v: %v, %v, %d connections", answers, err, readErr, len(cs))
		}
		if answers {
			continue
		}
		if want := []string{"A device that is no longer known → Bell Maker"}; !slices.Equal(standing, want) {
			t.Errorf("standing %q, want %q", standing, want)
		}
		es, err := h.Diary(t.Context(), engine.DiaryQuery{})
		if err != nil || !slices.ContainsFunc(es, func(e engine.DiaryEntry) bool {
			return strings.Contains(e.Text, "nothing was lifted there") && strings.Contains(e.Text, "Bell Maker")
		}) {
			t.Errorf("the diary says nothing of it: %v", err)
		}
	}
}
