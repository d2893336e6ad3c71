package engine_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"bestbefore/app/internal/engine"
	"bestbefore/consent"
	"bestbefore/discovery"
)

// issuing is a broker whose list of accounts the test changes.
type issuing struct {
	*broker
	list  []consent.Grant
	asked int
	fails error
}

func (b *issuing) Grants(context.Context) ([]consent.Grant, error) {
	b.asked++
	return slices.Clone(b.list), b.fails
}

// withIssuer is a home with a broker that lists three accounts, one of them
// ours, and a camera that uses one.
func withIssuer(t *testing.T) (*home, *issuing, discovery.DeviceID) {
	t.Helper()
	h, cam, _ := withAccounts(t)
	b := &issuing{
		broker: h.peers.caps.Blocker.(*broker),
		list:   []consent.Grant{{ID: "cam", Name: "The cam", Kind: "account"}, {ID: "old", Name: "Old phone"}, {ID: "admin", Own: true}},
	}
	h.peers.caps.GrantLister = b
	return h, b, cam
}

func (h *home) list(t *testing.T) {
	t.Helper()
	if err := h.ListGrants(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// Issuers count what is asked of them: once at the opening, then a few times a day.
func TestAnIssuerIsAskedAtItsOpeningAndAFewTimesADay(t *testing.T) {
	h, b, _ := withIssuer(t)
	for range 24 * 60 { // Serve looks each minute
		h.list(t)
		h.now = h.now.Add(time.Minute)
	}
	if b.asked < 4 || b.asked > 6 {
		t.Errorf("asked %d times in a day", b.asked)
	}
	before := b.asked
	if _, err := h.Access(t.Context()); err != nil || b.asked > before+1 {
		t.Errorf("the list asked %d times, %v", b.asked-before, err)
	}
}

func TestAccessIsListedWithoutOurOwn(t *testing.T) {
	h, b, cam := withIssuer(t)
	b.list[0].Expires = h.now.Add(time.Hour)
	info, err := h.Allow(t.Context(), toPeer(cam, "192.168.77.5", consent.Block))
	if err != nil {
		t.Fatal(err)
	}
	as, err := h.Access(t.Context())
	if err != nil || len(as) != 2 {
		t.Fatalf("%+v, %v", as, err)
	}
	if x := as[1]; x.ID != "k1/cam" || x.DeviceName != "cam" || x.ConnectionName != "Broker" || !slices.Equal(x.Consents, []consent.ID{info.ID}) || !x.Revocable {
		t.Errorf("%+v", x)
	}
	if x := as[0]; x.Name != "Old phone" || x.Device != "" || len(x.Consents) != 0 {
		t.Errorf("%+v", x)
	}
}

// T32: the other side ended it first: noticed at the next look, with its date,
// and nothing is to be done. The twins: a list that fails, that lacks our own
// access too, or that lost somebody else's proves nothing.
func TestT32WhatTheOtherSideEndedIsNoticed(t *testing.T) {
	without := func(ids ...string) func(*issuing) {
		return func(b *issuing) {
			b.list = slices.DeleteFunc(b.list, func(g consent.Grant) bool { return slices.Contains(ids, g.ID) })
		}
	}
	for name, c := range map[string]struct {
		change func(*issuing)
		want   consent.Decided
	}{
		"its account is gone":         {without("cam"), consent.Revoked},
		"another's is":                {without("old"), consent.Given},
		"nothing is left of the list": {without("cam", "old", "admin"), consent.Given},
		"the list cannot be read":     {func(b *issuing) { without("cam")(b); b.fails = errors.New("busy") }, consent.Given},
	} {
		t.Run(name, func(t *testing.T) {
			h, b, cam := withIssuer(t)
			h.list(t)
			info, err := h.Allow(t.Context(), toPeer(cam, "192.168.77.5", consent.Block))
			if err != nil {
				t.Fatal(err)
			}
			other, err := h.Allow(t.Context(), toPeer(cam, "203.0.113.7", consent.Warn))
			if err != nil {
				t.Fatal(err)
			}
			c.change(b)
			h.now = h.now.Add(8 * time.Hour)
			if err := h.ListGrants(t.Context()); (err != nil) != (b.fails != nil) {
				t.Fatal(err)
			}
			got, err := h.Consent(t.Context(), info.ID)
			if err != nil || got.Decided != c.want || len(got.Actions) != 0 {
				t.Fatalf("%s with %d actions, %v; want %s", got.Decided, len(got.Actions), err, c.want)
			}
			if c.want == consent.Revoked && (!got.Ended.Equal(h.now) || got.DecidedBy != "Broker" || !strings.Contains(h.diary(t), "somebody ended it there")) {
				t.Errorf("ended %s by %s: %s", got.Ended, got.DecidedBy, h.diary(t))
			}
			if got, err := h.Consent(t.Context(), other.ID); err != nil || got.Decided != consent.Given {
				t.Errorf("what goes elsewhere is %s, %v", got.Decided, err)
			}
		})
	}
}

func (h *home) diary(t *testing.T) string {
	t.Helper()
	es, err := h.Diary(t.Context(), engine.DiaryQuery{})
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, e := range es {
		out = append(out, e.Text)
	}
	return strings.Join(out, "\n")
}

// T33: an access that runs out sooner is only shown. The twin: one that runs out later is not.
func TestT33AnAccessThatEndsEarlierIsShown(t *testing.T) {
	for days, shown := range map[int]bool{30: true, 400: false} {
		h, b, cam := withIssuer(t)
		at := h.now.AddDate(0, 0, days)
		b.list[0].Expires = at
		h.list(t)
		info, err := h.Allow(t.Context(), toPeer(cam, "192.168.77.5", consent.Block))
		if err != nil || info.EndsEarlier.Equal(at) != shown || info.Decided != consent.Given {
			t.Errorf("in %d days: %s, %s, %v", days, info.EndsEarlier, info.Decided, err)
		}
		all, err := h.Consents(t.Context())
		if err != nil || all[0].EndsEarlier.Equal(at) != shown {
			t.Errorf("in the list, in %d days: %s, %v", days, all[0].EndsEarlier, err)
		}
	}
}

// T31: what else would end is said before. The twin: an issuer that does not tell.
func TestT31WhatElseWouldEndIsSaidBefore(t *testing.T) {
	for _, also := range [][]string{{"the app\u0007 on the phone"}, nil} {
		h, b, cam := withIssuer(t)
		b.list[0].EndsAlso = also
		h.list(t)
		p, err := h.PreviewAllow(t.Context(), toPeer(cam, "192.168.77.5", consent.Revoke))
		q, errEnd := h.PreviewEndAccess(t.Context(), "cam")
		for _, lines := range [][]string{p.Lines, q.Lines} {
			if said := strings.Contains(strings.Join(lines, " "), "That also ends: the app on the phone."); said != (also != nil) {
				t.Errorf("%v: %q, %v, %v", also, lines, err, errEnd)
			}
		}
	}
}

func TestAnAccessIsEndedByAPersonWhoConfirms(t *testing.T) {
	h, _, cam := withIssuer(t)
	info, err := h.Allow(t.Context(), toPeer(cam, "192.168.77.5", consent.Block))
	if err != nil {
		t.Fatal(err)
	}
	p, err := h.PreviewEndAccess(t.Context(), "k1/cam")
	if err != nil || p.Refused != "" || !p.Confirm || strings.Join(p.AlsoStops, "") != "cam → Broker" {
		t.Errorf("%+v, %v", p, err)
	}
	if _, err := h.EndAccess(t.Context(), "cam", false, "test"); !errors.Is(err, consent.ErrIrreversible) {
		t.Errorf("unconfirmed: %v", err)
	}
	if _, err := h.EndAccess(t.Context(), "admin", true, "test"); err == nil {
		t.Error("our own access can be ended")
	}
	a, err := h.EndAccess(t.Context(), "cam", true, "test")
	if err != nil || a.Kind != consent.ActRevoke || a.Grant != "cam" || a.Connection != "k1" || a.Consent != "" {
		t.Fatalf("%+v, %v", a, err)
	}
	// Done, it is listed again soon, and the permission is found to have ended with it.
	a.State, a.Finished = consent.Done, h.now.Add(time.Minute)
	if err := h.st.SaveAction(t.Context(), a); err != nil {
		t.Fatal(err)
	}
	h.now = h.now.Add(2 * time.Minute)
	b := h.peers.caps.GrantLister.(*issuing)
	b.list = b.list[1:]
	h.list(t)
	if got, err := h.Consent(t.Context(), info.ID); err != nil || got.Decided != consent.Revoked || got.DecidedBy != "you" {
		t.Errorf("%s by %s, %v", got.Decided, got.DecidedBy, err)
	}
}

// A peer that keeps the date is told to forget it: a later permission must not be
// cut by the older date.
func TestAKeptDateIsTakenBackWhenTheOtherSideEndsIt(t *testing.T) {
	h, b, cam := withIssuer(t)
	h.list(t)
	info, err := h.Allow(t.Context(), toPeer(cam, "192.168.77.5", consent.Block))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.st.AddActions(t.Context(), consent.HandOver(info.Consent, h.now)); err != nil {
		t.Fatal(err)
	}
	b.list = b.list[1:]
	h.now = h.now.Add(8 * time.Hour)
	h.list(t)
	got, err := h.Consent(t.Context(), info.ID)
	if err != nil || len(got.Actions) != 2 || got.Actions[0].Kind != consent.ActUnblock || got.Actions[0].State != consent.Pending {
		t.Errorf("%+v, %v", got.Actions, err)
	}
}

// After a start nothing was seen of an account yet: it stays whose it was.
func TestWhoseAnAccountIsOutlivesAStart(t *testing.T) {
	h, b, cam := withIssuer(t)
	h.list(t)
	delete(b.of, "k1/cam")
	if err := h.RefreshGrants(t.Context()); err != nil {
		t.Fatal(err)
	}
	if as, err := h.Access(t.Context()); err != nil || as[1].Device != cam {
		t.Errorf("%+v, %v", as, err)
	}
	b.of["k1/cam"], b.of["k1/lamp"] = "cam", "cam" // now two use it
	if err := h.RefreshGrants(t.Context()); err != nil {
		t.Fatal(err)
	}
	if as, err := h.Access(t.Context()); err != nil || as[1].Device != "" {
		t.Errorf("shared: %+v, %v", as, err)
	}
}

// An issuer that names the device is believed; a name that no device has gives
// nobody, and without one it stays nobody's.
func TestAnIssuerSaysWhoseItIs(t *testing.T) {
	h, b, cam := withIssuer(t)
	d, err := h.Device(t.Context(), string(cam))
	if err != nil {
		t.Fatal(err)
	}
	remote := d.Identifiers[slices.IndexFunc(d.Identifiers, func(i discovery.Identifier) bool { return i.Type == discovery.Remote })]
	h.peers.caps.Accounter = nil
	b.list = []consent.Grant{
		{ID: "named", Holder: remote},
		{ID: "stranger", Holder: discovery.Identifier{Type: discovery.Remote, Value: "k1/nobody"}},
		{ID: "silent"},
	}
	h.list(t)
	gs, err := h.st.AllGrants(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, g := range gs {
		want := discovery.DeviceID("")
		if g.ID == "named" {
			want = cam
		}
		if g.Device != want {
			t.Errorf("%s is %q, want %q", g.ID, g.Device, want)
		}
	}
}

// TestAnUndoSaysWhatDoesNotComeBack: the permission is live again, its access is
// not. The twin takes the end back before anything was deleted.
func TestAnUndoSaysWhatDoesNotComeBack(t *testing.T) {
	for _, deleted := range []bool{true, false} {
		h, _, cam := withIssuer(t)
		h.list(t)
		info, err := h.Allow(t.Context(), toPeer(cam, "192.168.77.5", consent.Revoke))
		if err != nil {
			t.Fatal(err)
		}
		ended, err := h.End(t.Context(), info.ID, "test")
		if err != nil || len(ended.Actions) == 0 || ended.Actions[0].Kind != consent.ActRevoke {
			t.Fatalf("%+v, %v", ended.Actions, err)
		}
		if a := ended.Actions[0]; deleted {
			a.State, a.Finished = consent.Done, h.now
			if err := h.st.SaveAction(t.Context(), a); err != nil {
				t.Fatal(err)
			}
		}
		said, err := h.Undo(t.Context())
		if err != nil || strings.Contains(said, "cannot be given back") != deleted {
			t.Errorf("deleted %v: %q, %v", deleted, said, err)
		}
		if got, err := h.Consent(t.Context(), info.ID); err != nil || !got.Decided.Live() || strings.Contains(h.diary(t), "cannot be given back") != deleted {
			t.Errorf("deleted %v: %s, %v; the diary:\n%s", deleted, got.Decided, err, h.diary(t))
		}
	}
}
