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
	"bestbefore/discovery"
)

// account is a kind whose peer keeps what it gave.
type account struct{ kind }

func (account) Spec() connectors.Spec {
	return connectors.Spec{
		Kind: "account", Name: "Account", SetsNothing: true,
		Stays: connectors.Stays{What: "The access stays valid there.", Steps: []string{"Look for it."}, Page: "https://login.example/apps", Of: "Login"},
	}
}

// resigning is its session.
type resigning struct {
	*issuing
	fails error
	over  bool
	asked int
}

func (r *resigning) Given() (consent.Grant, bool) { return r.list[0], !r.over }

func (r *resigning) Resign(context.Context) (connectors.Receipt, error) {
	r.asked++
	return connectors.Receipt{Level: consent.Configured, Text: "A renewal was tried, and refused."}, r.fails
}

// withAccount is a home with an online account that a camera's permission rests on.
func withAccount(t *testing.T) (*home, *resigning, engine.ConsentInfo) {
	t.Helper()
	h := newHome(t)
	reg, err := connectors.NewRegistry(account{})
	if err != nil {
		t.Fatal(err)
	}
	h.Registry = reg
	cam := h.see("02:00:00:00:00:01")
	r := &resigning{issuing: &issuing{list: []consent.Grant{{ID: "one", Name: "The app", Device: cam, EndsAlso: []string{"the app on the phone"}}}}}
	h.peers.caps = connectors.Capabilities{Resigner: r, GrantLister: r, Revoker: noRevoker{}, Traits: connectors.Traits{Grain: connectors.GrainToken}}
	if err := h.st.SaveConnection(t.Context(), connectors.Connection{ID: "k1", Kind: "account", Name: "Login"}); err != nil {
		t.Fatal(err)
	}
	h.list(t)
	info, err := h.Allow(t.Context(), toPeer(cam, "api.login.example", consent.Revoke))
	if err != nil {
		t.Fatal(err)
	}
	return h, r, info
}

type noRevoker struct{}

func (noRevoker) Revoke(context.Context, connectors.RevokeRequest) (connectors.Receipt, error) {
	return connectors.Receipt{}, errors.New("the engine revokes nothing by itself")
}

// What removing means is said: what stays, how it is taken away by hand, what
// ending it there would end too, and whose permission goes by it.
func TestWhatRemovingMeansIsSaid(t *testing.T) {
	h, r, _ := withAccount(t)
	h.Guides = func(names []string, _ discovery.Device) (connectors.Guide, bool) {
		return connectors.Guide{Where: "Login, Apps.", Steps: []string{"Choose it."}}, slices.Equal(names, []string{"Login"})
	}
	p, err := h.PreviewRemove(t.Context(), "Login")
	if err != nil || !p.Ends || p.Stays == "" || p.Page == "" || !slices.Equal(p.Steps, []string{"Login, Apps.", "Choose it."}) || !strings.Contains(strings.Join(p.EndLines, " "), "That also ends: the app on the phone.") || len(p.Rests) != 1 {
		t.Errorf("%+v, %v", p, err)
	}
	r.over = true // it has ended already: there is nothing to choose
	if p, err = h.PreviewRemove(t.Context(), "k1"); err != nil || p.Ends || p.Stays != "" || len(p.Steps) != 0 {
		t.Errorf("over: %+v, %v", p, err)
	}
	h.peers.caps.Resigner = nil // its kind ends nothing: what stays is said all the same
	if p, err = h.PreviewRemove(t.Context(), "k1"); err != nil || p.Ends || p.CannotEnd != "" || p.Stays == "" {
		t.Errorf("without: %+v, %v", p, err)
	}
	h.Sessions = halfThere{h.peers, "k1"}
	if p, err = h.PreviewRemove(t.Context(), "k1"); err != nil || p.Ends || p.CannotEnd == "" {
		t.Errorf("away: %+v, %v", p, err)
	}
}

// Ended there first, the connection is gone, and so is the permission that went
// by it. The twin: where that fails, everything stays, and is told.
func TestEndingFirstAndRemovingThen(t *testing.T) {
	for _, fails := range []error{nil, connectors.NeedsPerson("End it on its own page.", errors.New("the cause"))} {
		h, r, info := withAccount(t)
		r.fails = fails
		said, err := h.EndAndRemove(t.Context(), "k1", "test")
		got, consentErr := h.Consent(t.Context(), info.ID)
		cs, connErr := h.Connectors(t.Context())
		if consentErr != nil || connErr != nil || r.asked != 1 {
			t.Fatal(consentErr, connErr, r.asked)
		}
		if fails != nil {
			if err == nil || !strings.Contains(err.Error(), "Login stays connected") || !strings.Contains(err.Error(), "its own page") || strings.Contains(err.Error(), "the cause") {
				t.Errorf("%q, %v", said, err)
			}
			if len(cs.Connections) != 1 || got.Decided != consent.Given || !strings.Contains(h.diary(t), "stays connected") {
				t.Errorf("%d connections, %s: %s", len(cs.Connections), got.Decided, h.diary(t))
			}
			continue
		}
		if err != nil || !strings.Contains(said, "refused") || len(cs.Connections) != 0 || got.Decided != consent.Revoked || got.DecidedBy != h.Person {
			t.Errorf("%q, %v, %d connections, %s by %s", said, err, len(cs.Connections), got.Decided, got.DecidedBy)
		}
		if d := h.diary(t); !strings.Contains(d, "was deleted at Login from here") || !strings.Contains(d, "Before that: A renewal") {
			t.Errorf("the diary: %s", d)
		}
	}
}

// Only forgotten here: nobody asks its peer for anything, and the diary says what
// stays there.
func TestOnlyForgottenEndsNothing(t *testing.T) {
	h, r, info := withAccount(t)
	if err := h.RemoveConnection(t.Context(), "k1"); err != nil {
		t.Fatal(err)
	}
	if got, err := h.Consent(t.Context(), info.ID); err != nil || got.Decided != consent.Given || r.asked != 0 {
		t.Errorf("%s, asked %d times, %v", got.Decided, r.asked, err)
	}
	if d := h.diary(t); !strings.Contains(d, "only forgotten here. The access stays valid there.") {
		t.Errorf("the diary: %s", d)
	}
	if _, err := h.EndAndRemove(t.Context(), "k1", "test"); err == nil {
		t.Error("what is gone was ended")
	}
}

// silent is a home whose connections never open.
type silent struct{ *peers }

func (silent) Capabilities(string) (connectors.Capabilities, bool) {
	return connectors.Capabilities{}, false
}

func (silent) Use(context.Context, string, func(context.Context, connectors.Capabilities) error) error {
	return errRefused
}

// What never sets anything may go although it does not answer; the twin, which
// may hold blocks, stays.
func TestWhatDoesNotAnswerMayGoOnlyWhereItHoldsNothing(t *testing.T) {
	for kindOf, goes := range map[string]bool{"account": true, "fake": false} {
		h := newHome(t)
		reg, err := connectors.NewRegistry(account{}, kind{})
		if err != nil {
			t.Fatal(err)
		}
		h.Registry, h.Sessions = reg, silent{h.peers}
		if err := h.st.SaveConnection(t.Context(), connectors.Connection{ID: "k1", Kind: kindOf, Name: "Away"}); err != nil {
			t.Fatal(err)
		}
		if err := h.RemoveConnection(t.Context(), "k1"); (err == nil) != goes {
			t.Errorf("%s: %v", kindOf, err)
		}
		if cs, err := h.st.Connections(t.Context()); err != nil || (len(cs) == 0) != goes {
			t.Errorf("%s: %d left, %v", kindOf, len(cs), err)
		}
	}
}

// lifting is a peer whose block can be lifted, and that may fail at the end.
type lifting struct {
	shelf
	lifted int
	fails  error
}

func (*lifting) Block(context.Context, connectors.BlockRequest) (connectors.Receipt, error) {
	return connectors.Receipt{}, errors.New("the engine blocks nothing by itself")
}

func (l *lifting) Unblock(_ context.Context, r connectors.Receipt) (connectors.Receipt, error) {
	l.lifted++
	return r, nil
}

func (l *lifting) Leave(context.Context) error { return l.fails }

// Where removing fails after what was held had been lifted, the connection stays,
// and so what has ended must not go on: all of it is looked at again, found missing
// and set anew by the runner. The twin is gone, and nothing is set there any more.
func TestWhatWasLiftedForNothingIsSetAgain(t *testing.T) {
	for _, way := range []string{"leaving fails", "ending fails", "goes"} {
		h, r, _ := withAccount(t)
		l := &lifting{}
		h.peers.caps.Blocker, h.peers.caps.Holder, h.peers.caps.Leaver = l, l, l
		var looked []consent.ActionID
		h.LookAgain = func(_ context.Context, id consent.ActionID) error { looked = append(looked, id); return nil }
		held := consent.Action{Kind: consent.ActBlock, Mark: "bb-1", Connection: "k1", State: consent.Done, Finished: h.now}
		elsewhere := held
		elsewhere.Mark, elsewhere.Connection = "bb-2", "k2"
		as, err := h.st.AddActions(t.Context(), []consent.Action{held, elsewhere})
		if err != nil {
			t.Fatal(err)
		}
		switch way {
		case "leaving fails":
			l.fails = errRefused
			err = h.RemoveConnection(t.Context(), "k1")
		case "ending fails":
			r.fails = errRefused
			_, err = h.EndAndRemove(t.Context(), "k1", "test")
		default:
			err = h.RemoveConnection(t.Context(), "k1")
		}
		if goes := way == "goes"; (err == nil) != goes || l.lifted != 1 || slices.Equal(looked, []consent.ActionID{as[0].ID}) == goes {
			t.Errorf("%s: %v, lifted %d, looked at %v", way, err, l.lifted, looked)
		}
	}
}
