package oauth

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"bestbefore/connectors"
	"bestbefore/consent"
)

func revokeOne(t *testing.T, s *Session) (connectors.Receipt, error) {
	t.Helper()
	return s.Revoke(t.Context(), connectors.RevokeRequest{Mark: "m", Grant: consent.Grant{ID: grantID}})
}

// A yes is an acknowledgement. Only a renewal that is refused proves the end.
func TestAcknowledgedIsNotRevoked(t *testing.T) {
	g := newRig(t)
	id := g.hold()
	s := g.open()
	g.awry(func(f *fake) { f.lies = true })
	_, err := revokeOne(t, s)
	wantKind(t, err, consent.KindPermanent, "acknowledged, not revoked")
	if gs, err := s.Grants(t.Context()); err != nil || len(gs) != 1 {
		t.Errorf("what works is still listed: %v, %v", gs, err)
	}
	if k := g.sealed(); !g.works(k.Refresh) || k.Sent || !k.Ended.IsZero() {
		t.Errorf("what is kept is not the token that works: sent %v, ended %s", k.Sent, k.Ended)
	}
	g.awry(func(f *fake) { f.lies = false }) // the twin
	r, err := revokeOne(t, s)
	if err != nil || r.Level != consent.Configured || g.alive(id) {
		t.Errorf("%+v, %v", r, err)
	}
	if g.hints[len(g.hints)-1] != "refresh_token" {
		t.Errorf("hints %q", g.hints)
	}
	f, err := s.Verify(t.Context(), r)
	if err != nil || f.Level != consent.Effective || f.Seen != consent.Stopped || f.Refused == 0 {
		t.Errorf("%+v, %v", f, err)
	}
}

// What an issuer gave out before may live until its own end; that is said.
func TestAnAccessTokenThatLivesOnIsSaid(t *testing.T) {
	g := newRig(t)
	g.hold()
	g.awry(func(f *fake) { f.lingers = true })
	s := g.open()
	r, err := revokeOne(t, s)
	if err != nil || r.Level != consent.Configured {
		t.Fatalf("%+v, %v", r, err)
	}
	f, err := s.Verify(t.Context(), r)
	if err != nil || f.Level != consent.Configured || f.Seen != consent.CannotTell || !strings.Contains(f.Text, "may work until") {
		t.Errorf("%+v, %v", f, err)
	}
	g.pass(time.Hour + time.Minute)
	if f, err = s.Verify(t.Context(), r); err != nil || f.Level != consent.Effective || f.Seen != consent.Stopped {
		t.Errorf("after its end: %+v, %v", f, err)
	}
}

// T34: somebody at the provider made it live again.
func TestT34ARevokedAccessThatIsRenewedAgain(t *testing.T) {
	g := newRig(t)
	id := g.hold()
	s := g.open()
	r, err := revokeOne(t, s)
	if err != nil {
		t.Fatal(err)
	}
	g.awry(func(f *fake) { f.dead[id] = false })
	f, err := s.Verify(t.Context(), r)
	if err != nil || f.Seen != consent.Flowing || f.Level == consent.Effective {
		t.Errorf("%+v, %v", f, err)
	}
	if k := g.sealed(); !g.works(k.Refresh) {
		t.Error("what was renewed to find that out was not kept")
	}
}

// T26: the other token is tried; where that is not taken either, a person goes on.
func TestT26ATokenTypeThatIsNotRevoked(t *testing.T) {
	g := newRig(t)
	id := g.hold()
	g.awry(func(f *fake) { f.typed = true })
	r, err := revokeOne(t, g.open())
	if err != nil || r.Level != consent.Configured || g.alive(id) || len(g.hints) != 2 || g.hints[1] != "access_token" {
		t.Errorf("%+v, %v, hints %q", r, err, g.hints)
	}
	g = newRig(t)
	g.hold()
	g.awry(func(f *fake) { f.never = true })
	_, err = revokeOne(t, g.open())
	wantKind(t, err, consent.KindNeedsPerson, "end it on its own page")
}

// RFC 7009 section 2.2.1: after a 503 the token is taken to work, and nobody is
// asked again before its time.
func TestBusyMeansStillValid(t *testing.T) {
	g := newRig(t)
	g.hold()
	s := g.open()
	until := time.Now().Add(90 * time.Second)
	g.awry(func(f *fake) { f.busy = until })
	before := len(g.asked)
	for range 3 {
		_, err := revokeOne(t, s)
		wantKind(t, err, consent.KindTransient, "left alone")
	}
	if n := len(g.asked) - before; n != 1 {
		t.Errorf("asked %d times, though it wants to be left alone", n)
	}
	if k := g.sealed(); !k.Ended.IsZero() || !k.Asked.IsZero() {
		t.Errorf("it is taken for ended: %s, %s", k.Ended, k.Asked)
	}
}

// T35: the address changed. The twin is every other test here.
func TestT35AChangedDescriptionIsAQuestion(t *testing.T) {
	for name, change := range map[string]func(*fake){
		"another path": func(f *fake) { f.moved = f.base + "/collect" },
		"another host": func(f *fake) { f.moved = "https://evil.example/revoke" },
		"another name": func(f *fake) { f.otherName = f.base + "/other" },
	} {
		g := newRig(t)
		g.hold()
		s := g.open()
		g.awry(change)
		if _, err := revokeOne(t, s); connectors.KindOf(err) != consent.KindNeedsPerson || !strings.Contains(err.Error(), "nothing was sent there") {
			t.Errorf("%s: %v", name, err)
		}
		if n := g.requests("/revoke") + g.requests("/collect"); n != 0 {
			t.Errorf("%s: the token was sent %d times", name, n)
		}
		if _, err := g.c.Open(t.Context(), g.set, g.host); connectors.KindOf(err) != consent.KindNeedsPerson {
			t.Errorf("%s, at opening: %v", name, err)
		}
	}
}

// A description that cannot be read does not keep an access alive: what is pinned holds.
func TestRevokedWithoutItsDescription(t *testing.T) {
	g := newRig(t)
	id := g.hold()
	s := g.open()
	g.awry(func(f *fake) { f.unreadable = true })
	if r, err := revokeOne(t, s); err != nil || r.Level != consent.Configured || g.alive(id) {
		t.Errorf("%+v, %v", r, err)
	}
}

// A token that was given to another client: a yes and a refusal prove nothing there.
func TestATokenOfAnotherClient(t *testing.T) {
	g := newRig(t)
	g.hold()
	g.set.Values[optClient] = "public"
	delete(g.set.Secrets, optSecret)
	_, err := g.c.Open(t.Context(), g.set, g.host)
	wantKind(t, err, consent.KindNeedsPerson, "another client")
	if len(g.asked) != 0 {
		t.Errorf("it was sent: %q", g.asked)
	}
}

// TestAWrongClient: one question, and then a person.
func TestAWrongClient(t *testing.T) {
	g := newRig(t)
	g.hold()
	g.secrets["k1/client_secret"] = "wrong"
	_, err := g.c.Open(t.Context(), g.set, g.host)
	wantKind(t, err, consent.KindSignIn, "does not take this client")
	if k := g.sealed(); k.Sent || !k.Ended.IsZero() {
		t.Errorf("a wrong secret cost the token: sent %v, ended %s", k.Sent, k.Ended)
	}
	g.secrets["k1/client_secret"] = fakeSecret // the twin
	g.open()
}

// T32: the provider ended it first; it is no longer listed, and that is no fault.
func TestT32EndedAtTheProvider(t *testing.T) {
	g := newRig(t)
	id := g.hold()
	s := g.open()
	g.awry(func(f *fake) { f.dead[id] = true })
	if gs, err := s.Grants(t.Context()); err != nil || len(gs) != 1 {
		t.Errorf("asked again at once: %v, %v", gs, err)
	}
	g.pass(lookEvery)
	if err := s.Probe(t.Context()); err != nil {
		t.Error(err)
	}
	if gs, err := s.Grants(t.Context()); err != nil || len(gs) != 0 {
		t.Errorf("%v, %v", gs, err)
	}
	n := len(g.asked)
	s = g.open() // after a restart it is known, and not asked
	if gs, err := s.Grants(t.Context()); err != nil || len(gs) != 0 || len(g.asked) != n || s.Traits().Note == "" {
		t.Errorf("%v, %v, %d questions", gs, err, len(g.asked)-n)
	}
}

// "Inactive" to the wrong one proves nothing (zitadel): a renewal decides, and
// the introspection is not asked again.
func TestInactiveAloneProvesNothing(t *testing.T) {
	g := newRig(t)
	g.hold()
	g.awry(func(f *fake) { f.blindly = true })
	s := g.open()
	if gs, err := s.Grants(t.Context()); err != nil || len(gs) != 1 {
		t.Fatalf("%v, %v", gs, err)
	}
	asked := g.requests("/introspect")
	g.pass(2 * lookEvery)
	if err := s.Probe(t.Context()); err != nil || g.requests("/introspect") != asked || g.requests("/token") != 1 {
		t.Errorf("%v, asked %d times more, renewed %d times", err, g.requests("/introspect")-asked, g.requests("/token"))
	}
}

// T16 with an issuer that ends everything when a token is used twice: a stop at
// any moment leaves a token that works, or a question; never silence.
func TestT16AStopWhileATokenIsRenewed(t *testing.T) {
	t.Run("the answer is lost", func(t *testing.T) {
		g := newRig(t)
		g.hold()
		g.awry(func(f *fake) { f.closed = true }) // only a renewal can tell
		s := g.open()
		g.pass(renewEvery)
		g.awry(func(f *fake) { f.loses = true })
		wantKind(t, s.Probe(t.Context()), consent.KindTransient, "")
		g.awry(func(f *fake) { f.loses = false })
		if !g.sealed().Sent {
			t.Fatal("nothing says that it may be spent")
		}
		_, err := g.c.Open(t.Context(), g.set, g.host)
		wantKind(t, err, consent.KindSignIn, "interrupted")
		if !g.sealed().Ended.IsZero() {
			t.Error("it is taken for ended by somebody")
		}
	})
	t.Run("a full disk", func(t *testing.T) {
		g := newRig(t)
		g.hold()
		g.awry(func(f *fake) { f.closed = true })
		s := g.open()
		g.pass(renewEvery)
		g.full = true
		n := g.requests("/token")
		wantKind(t, s.Probe(t.Context()), consent.KindTransient, "kept")
		if g.requests("/token") != n {
			t.Error("it was spent, though nothing could be written")
		}
		g.full = false // the twin
		if err := s.Probe(t.Context()); err != nil || !g.works(g.sealed().Refresh) {
			t.Error(err)
		}
	})
	t.Run("the provider says no to the question", func(t *testing.T) {
		g := newRig(t)
		g.hold()
		g.awry(func(f *fake) { f.closed = true })
		s := g.open()
		g.pass(renewEvery)
		g.awry(func(f *fake) { f.busy = time.Now().Add(time.Hour) })
		wantKind(t, s.Probe(t.Context()), consent.KindTransient, "left alone")
		if g.sealed().Sent {
			t.Error("a token that was not taken is called spent")
		}
	})
}

// Whoever only has the address of one device's data names that device.
func TestTheGrantIsADevices(t *testing.T) {
	g := newRig(t)
	g.hold()
	g.set.Values[optDevice] = "d7"
	gs, err := g.open().Grants(t.Context())
	if err != nil || len(gs) != 1 || gs[0].Device != "d7" {
		t.Errorf("%+v, %v", gs, err)
	}
}

// A sign-in page of some network in between is no yes.
func TestAPageIsNoYes(t *testing.T) {
	g := newRig(t)
	g.hold()
	s := g.open()
	portal := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write([]byte("<html>Welcome to the hotel"))
	})
	s.ask.host.HTTP.Transport = handler{portal}
	if _, err := revokeOne(t, s); connectors.KindOf(err) != consent.KindTransient {
		t.Error(err)
	}
}
