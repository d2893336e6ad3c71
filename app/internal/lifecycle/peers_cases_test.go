package lifecycle

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"bestbefore/app/internal/clock"
	"bestbefore/app/internal/engine"
	"bestbefore/connectors"
	"bestbefore/connectors/connectortest"
	"bestbefore/connectors/oauth"
	"bestbefore/consent"
)

// slept is this computer's clocks, for which some time passed asleep.
type slept struct {
	reader clock.Reader
	asleep atomic.Int64
}

func (s *slept) read() clock.Reading {
	r, d := s.reader.Read(), time.Duration(s.asleep.Load())
	r.Wall, r.Boot = r.Wall.Add(d), r.Boot+d
	return r
}

func (l *linkedHome) consent(t *testing.T, id consent.ID) engine.ConsentInfo {
	t.Helper()
	c, err := l.e.Consent(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// T26: a real issuer that does not revoke tokens of that type is given the other
// one. The twin takes neither: a person goes on, and nothing is called done.
func TestT26AnIssuerThatTakesOnlyTheOtherToken(t *testing.T) {
	real := connectortest.StartIssuer(t, "fosite")
	for _, never := range []bool{false, true} {
		b := standBetween(t, real)
		l := linkedTo(t, b.Issuer, Config{})
		refresh, access := l.tokens(t)
		if never {
			b.answers(notThat("refresh_token", "access_token"))
		} else {
			b.answers(notThat("refresh_token"))
		}
		info, err := l.e.Allow(t.Context(), l.allow("2s"))
		if err != nil {
			t.Fatal(err)
		}
		until(t, "it was dealt with", func() bool {
			c := l.consent(t, info.ID)
			if never {
				if c.Headline == consent.EndedStopped || l.gone(t) {
					t.Fatalf("it is said to have stopped: %+v", c.Actions)
				}
				return c.Decided == consent.Expired && len(c.Actions) > 0 && c.Actions[0].State == consent.NeedsPerson && strings.Contains(c.Actions[0].Reason, "its own page")
			}
			return c.Headline == consent.EndedStopped && c.Actions[0].Level == consent.Effective
		})
		if l.active(t, refresh) != never || l.active(t, access) != never {
			t.Errorf("takes neither %v: the server says otherwise", never)
		}
	}
}

// T30: the provider shut its interface: all that rests on it goes to a person at
// once, with steps, and it is asked once. The twin is only busy: it is waited for.
func TestT30AProviderThatShutItsInterface(t *testing.T) {
	real := connectortest.StartIssuer(t, "fosite")
	for _, dead := range []bool{true, false} {
		b := standBetween(t, real)
		l := linkedTo(t, b.Issuer, Config{})
		var ids []consent.ID
		for _, to := range []string{"api.bell-maker.example", "photos.bell-maker.example"} {
			r := l.allow("1h")
			r.Recipient = consent.Recipient{Name: to, Destinations: []string{to}}
			info, err := l.e.Allow(t.Context(), r)
			if err != nil {
				t.Fatal(err)
			}
			ids = append(ids, info.ID)
		}
		var asked atomic.Int64
		b.answers(func(w http.ResponseWriter, r *http.Request) bool {
			asked.Add(1)
			if dead {
				return shut(w, r)
			}
			w.WriteHeader(http.StatusServiceUnavailable)
			return true
		})
		for _, id := range ids {
			if _, err := l.e.End(t.Context(), id, "test"); err != nil {
				t.Fatal(err)
			}
		}
		until(t, "both were dealt with", func() bool {
			return !slices.ContainsFunc(ids, func(id consent.ID) bool {
				c := l.consent(t, id)
				if len(c.Actions) == 0 {
					return true
				}
				if c.Headline == consent.EndedStopped || !dead && c.Actions[0].State == consent.NeedsPerson {
					t.Fatalf("shut %v: %+v", dead, c.Actions[0])
				}
				if dead {
					return c.Actions[0].State != consent.NeedsPerson || c.Actions[0].Kind != consent.ActGuide
				}
				return c.Actions[0].State != consent.Waiting
			})
		})
		if told := diaryKinds(t, l.e); strings.Contains(told, "shut this service down for good") != dead {
			t.Errorf("shut %v: %s", dead, told)
		}
		if n := asked.Load(); dead && n != 2 { // both places where it described itself, once
			t.Errorf("what shut for good was asked %d times for two permissions", n)
		}
		if p, err := l.e.PreviewRemove(t.Context(), l.conn.ID); err != nil || p.Stays == "" || len(p.Steps) == 0 {
			t.Errorf("what a person can do is not said: %+v, %v", p, err)
		}
		if err := l.e.RemoveConnection(t.Context(), l.conn.ID); err != nil {
			t.Errorf("what shut for good cannot even be forgotten: %v", err)
		}
	}
}

// wider is the connector for accounts at an issuer that ends more than one access.
type wider struct {
	connectors.Connector
	also []string
}

func (w wider) Link(ctx context.Context, s connectors.Settings, h *connectors.Host) (connectors.Link, error) {
	return w.Connector.(connectors.Linker).Link(ctx, s, h)
}

func (w wider) Open(ctx context.Context, s connectors.Settings, h *connectors.Host) (connectors.Session, error) {
	got, err := w.Connector.Open(ctx, s, h)
	if err != nil {
		return nil, err
	}
	return widerSession{got, w.also}, nil
}

type widerSession struct {
	connectors.Session
	also []string
}

func (s widerSession) Capabilities() connectors.Capabilities {
	c := connectors.CapabilitiesOf(s.Session)
	c.GrantLister = widerList{c.GrantLister, s.also}
	return c
}

type widerList struct {
	connectors.GrantLister
	also []string
}

func (l widerList) Grants(ctx context.Context) ([]consent.Grant, error) {
	gs, err := l.GrantLister.Grants(ctx)
	for i := range gs {
		gs[i].EndsAlso = l.also
	}
	return gs, err
}

// T31: what a provider ends besides is said before and written down after, with
// the revocation at a real server. The twin ends nothing else, and nothing is said.
func TestT31WhatElseEndsIsSaidAndWrittenDown(t *testing.T) {
	for _, also := range [][]string{{"the app on the phone"}, nil} {
		kind, err := oauth.New()
		if err != nil {
			t.Fatal(err)
		}
		reg, err := connectors.NewRegistry(wider{kind, also})
		if err != nil {
			t.Fatal(err)
		}
		l := linkedTo(t, connectortest.StartIssuer(t, "fosite"), Config{Registry: reg})
		p, err := l.e.PreviewAllow(t.Context(), l.allow("1h"))
		if said := strings.Contains(strings.Join(p.Lines, " "), "That also ends: the app on the phone."); err != nil || said != (also != nil) {
			t.Errorf("before: %+v, %v", p.Lines, err)
		}
		info, err := l.e.Allow(t.Context(), l.allow("2s"))
		if err != nil {
			t.Fatal(err)
		}
		until(t, "it is revoked", func() bool { return l.consent(t, info.ID).Headline == consent.EndedStopped })
		if told := diaryKinds(t, l.e); strings.Contains(told, "also ended: the app on the phone") != (also != nil) {
			t.Errorf("after: %s", told)
		}
	}
}

// T32: somebody ends it on the provider's own page: noticed at the next look, with
// its date, by whom, and without a fault. The twin, which nobody ended, stays.
func TestT32AnAccessThatIsEndedAtARealProvider(t *testing.T) {
	for _, ended := range []bool{true, false} {
		s := &slept{reader: clock.NewReader()}
		l := linkedTo(t, connectortest.StartIssuer(t, "fosite"), Config{Clocks: s.read})
		info, err := l.e.Allow(t.Context(), l.allow("30d"))
		if err != nil {
			t.Fatal(err)
		}
		if refresh, _ := l.tokens(t); ended {
			if status, text := l.ask(t, "/revoke", map[string][]string{"token": {refresh}}); status != http.StatusOK {
				t.Fatalf("%d %s", status, text)
			}
		}
		s.asleep.Store(int64(10 * time.Minute)) // an answer stands for five
		before := l.now()
		if err := l.core.RefreshGrants(t.Context()); err != nil {
			t.Fatal(err)
		}
		c := l.consent(t, info.ID)
		if !ended {
			if c.Decided != consent.Given || !l.lists(t) {
				t.Errorf("nobody ended it, but it is %s", c.Decided)
			}
			continue
		}
		if c.Decided != consent.Revoked || c.DecidedBy != "Bell account" || c.Ended.Before(before.Add(-time.Second)) || len(c.Actions) != 0 || l.lists(t) {
			t.Errorf("%s by %s at %s, %+v", c.Decided, c.DecidedBy, c.Ended, c.Actions)
		}
		if told := diaryKinds(t, l.e); !strings.Contains(told, "somebody ended it there") {
			t.Errorf("the diary: %s", told)
		}
		if h := l.pool.Health(l.conn.ID); h.Trouble != "" {
			t.Errorf("it is called a fault: %s", h.Trouble)
		}
	}
}

// An access that is ended there while a renewal of ours is cut short: a refusal
// proves nothing then, so nothing is called ended, but the diary says that we are
// shut out, once. The twin, whose renewal was cut short as well and which nobody
// ended, goes on and says nothing.
func TestAnAccessThatIsEndedInTheMiddleOfARenewal(t *testing.T) {
	for _, ended := range []bool{true, false} {
		s, b := &slept{reader: clock.NewReader()}, standBetween(t, connectortest.StartIssuer(t, "fosite"))
		l := linkedTo(t, b.Issuer, Config{Clocks: s.read})
		info, err := l.e.Allow(t.Context(), l.allow("30d"))
		if err != nil {
			t.Fatal(err)
		}
		if refresh, _ := l.tokens(t); ended {
			if status, text := l.ask(t, "/revoke", map[string][]string{"token": {refresh}}); status != http.StatusOK {
				t.Fatalf("%d %s", status, text)
			}
		}
		b.answers(cutShort)
		s.asleep.Store(int64(10 * time.Minute)) // an answer stands for five
		if err := l.core.RefreshGrants(t.Context()); connectors.KindOf(err) != consent.KindTransient {
			t.Fatalf("the renewal was not cut short: %v", err)
		}
		b.answers(func(http.ResponseWriter, *http.Request) bool { return false })
		for n := range 3 {
			s.asleep.Store(int64(time.Duration(n+2) * 10 * time.Minute))
			_ = l.core.RefreshGrants(t.Context()) // its fault is the connection's own, shown there
		}
		if c := l.consent(t, info.ID); c.Decided != consent.Given {
			t.Errorf("ended %v: it is called %s", ended, c.Decided)
		}
		if told := diaryKinds(t, l.e); strings.Count(told, string(engine.NoteShutOut)) != map[bool]int{true: 1}[ended] {
			t.Errorf("ended %v: the diary: %s", ended, told)
		}
		if !l.lists(t) {
			t.Errorf("ended %v: what is not known to be gone is no longer shown", ended)
		}
	}
}

// cutShort says that a token does not work, and hangs up when it is to be renewed.
func cutShort(w http.ResponseWriter, r *http.Request) bool {
	switch r.URL.Path {
	case "/introspect":
		say(w, http.StatusOK, map[string]any{"active": false})
		return true
	case "/token":
		panic(http.ErrAbortHandler)
	}
	return false
}

// lists reports whether the account's access is among those that are listed.
func (l *linkedHome) lists(t *testing.T) bool {
	t.Helper()
	as, err := l.e.Access(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return len(as) > 0
}

// T33: a token that its issuer says to end before the person's date is only shown.
// The twins: a date before that, and a real server that tells the end of the
// access token for the one that renews it.
func TestT33ATokenThatEndsEarlierIsShown(t *testing.T) {
	b := standBetween(t, connectortest.StartIssuer(t, "fosite"))
	end := time.Now().Add(30 * 24 * time.Hour).Truncate(time.Second)
	b.answers(func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path != "/introspect" {
			return false
		}
		say(w, http.StatusOK, map[string]any{"active": true, "exp": end.Unix()})
		return true
	})
	l := linkedTo(t, b.Issuer, Config{})
	info, err := l.e.Allow(t.Context(), l.allow("1y"))
	if err != nil || !info.EndsEarlier.Equal(end) || info.Decided != consent.Given || len(info.Actions) != 0 {
		t.Errorf("ends earlier %s, its token %s, %s, %v", info.EndsEarlier, end, info.Decided, err)
	}
	sooner := l.allow("1d")
	sooner.Recipient = consent.Recipient{Name: "Photos", Destinations: []string{"photos.bell-maker.example"}}
	if info, err = l.e.Allow(t.Context(), sooner); err != nil || !info.EndsEarlier.IsZero() {
		t.Errorf("a date before it: ends earlier %s, %v", info.EndsEarlier, err)
	}
	l = openLinked(t)
	if info, err = l.e.Allow(t.Context(), l.allow("1y")); err != nil || !info.EndsEarlier.IsZero() {
		t.Errorf("the access token's end is taken for that of the access: %s, %v", info.EndsEarlier, err)
	}
}
