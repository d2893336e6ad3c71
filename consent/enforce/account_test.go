package enforce

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"bestbefore/connectors"
	"bestbefore/consent"
	"bestbefore/discovery"
)

var byAccount = connectors.Traits{Grain: connectors.GrainAccount, SurvivesRestart: true}

func (p *peer) AccountOf(_ context.Context, t connectors.Target) (connectors.Account, error) {
	return p.account(t)
}

// broker is a peer that cuts by account and knows whose account is whose.
func (h *bench) broker(shares ...string) *peer {
	p := h.peer("broker", byAccount)
	p.account = func(t connectors.Target) (connectors.Account, error) {
		if !t.Recipient.Any && t.Recipient.Destinations[0] != "203.0.113.7" || t.Device != "d1" {
			return connectors.Account{}, &connectors.Error{Kind: consent.KindUnsupported, Text: "Not through here."}
		}
		a := connectors.Account{Name: "cam", Because: "it was seen"}
		for _, s := range shares {
			a.Shares = append(a.Shares, discovery.Identifier{Type: discovery.Remote, Value: s})
		}
		return a, nil
	}
	return p
}

func TestWhatIsSentToAPeerIsCutByItsAccount(t *testing.T) {
	inHome(t, func(t *testing.T, h *bench) {
		gw, p := h.peer("aaa", fine), h.broker()
		a := h.ended("c1", consent.Block)
		defer h.serve()()
		synctest.Wait()
		got := h.action(a.ID)
		if got.State != consent.Done || got.Connection != "broker" || p.rules[a.Mark].Target.Account != "cam" {
			t.Errorf("%s through %q for account %q", got.State, got.Connection, p.rules[a.Mark].Target.Account)
		}
		if gw.asked() != 0 {
			t.Error("a router between them was asked, but nothing passes it")
		}
	})
}

// The twin: an account that leads elsewhere is never touched.
func TestAnAccountThatLeadsElsewhereIsNotTouched(t *testing.T) {
	for name, alone := range map[string]bool{"alone": true, "beside a router": false} {
		t.Run(name, func(t *testing.T) {
			inHome(t, func(t *testing.T, h *bench) {
				p := h.broker()
				p.account = func(connectors.Target) (connectors.Account, error) {
					return connectors.Account{}, &connectors.Error{Kind: consent.KindUnsupported, Text: "Not through here."}
				}
				if !alone {
					h.peer("gw", fine)
				}
				a := h.ended("c1", consent.Block)
				defer h.serve()()
				synctest.Wait()
				got := h.action(a.ID)
				if p.asked() != 0 {
					t.Error("the account was cut")
				}
				if alone && (got.State != consent.NeedsPerson || !strings.Contains(got.Reason, "Nothing that is connected")) || !alone && got.Connection != "gw" {
					t.Errorf("%s through %q: %s", got.State, got.Connection, got.Reason)
				}
			})
		})
	}
}

func TestEverybodyOutsideIsCutByTheRouterBeforeAnAccount(t *testing.T) {
	inHome(t, func(t *testing.T, h *bench) {
		h.broker()
		h.peer("zz", connectors.Traits{Grain: connectors.GrainDevice})
		a := h.plain(consent.Action{Origin: consent.FromPerson})
		defer h.serve()()
		synctest.Wait()
		if got := h.action(a.ID); got.Connection != "zz" {
			t.Errorf("through %q", got.Connection)
		}
	})
}

func TestASharedAccountIsTheHouseholdsChoice(t *testing.T) {
	for name, coarse := range map[string]bool{"not chosen": false, "chosen": true} {
		t.Run(name, func(t *testing.T) {
			inHome(t, func(t *testing.T, h *bench) {
				p := h.broker("broker/lamp")
				c := given("c1", consent.Block)
				c.Coarse, c.Expires = coarse, h.now().Add(-time.Millisecond).UTC()
				next, as := consent.Expire(c, nil, h.now())
				a := h.decide(next, as...)[0]
				defer h.serve()()
				synctest.Wait()
				got := h.action(a.ID)
				if coarse && got.State != consent.Done {
					t.Errorf("%s: %s", got.State, got.Reason)
				}
				if !coarse && (got.State != consent.NeedsPerson || p.asked() != 0 || !strings.Contains(got.Reason, "same account")) {
					t.Errorf("%s after %d calls: %s", got.State, p.asked(), got.Reason)
				}
			})
		})
	}
}

// Whose an account is may change between the choice and the act.
func TestTheAccountIsAskedForAgainBeforeTheAct(t *testing.T) {
	inHome(t, func(t *testing.T, h *bench) {
		p := h.broker()
		asked, first := 0, p.account
		p.account = func(tg connectors.Target) (connectors.Account, error) {
			asked++
			acc, err := first(tg)
			if asked > 2 { // after the lane and the worker
				acc.Shares = []discovery.Identifier{{Type: discovery.Remote, Value: "broker/lamp"}}
			}
			return acc, err
		}
		a := h.ended("c1", consent.Block)
		defer h.serve()()
		synctest.Wait()
		if got := h.action(a.ID); got.State != consent.NeedsPerson || p.asked() != 0 {
			t.Errorf("%s after %d calls", got.State, p.asked())
		}
	})
}

func TestRevokingDeletesOnlyTheAccountThatLeadsThere(t *testing.T) {
	for name, c := range map[string]struct {
		grant string
		then  consent.Remedy
		want  consent.ActionKind
		calls int
	}{
		"its own":              {"cam", consent.Revoke, consent.ActRevoke, 1},
		"somebody else's":      {"plug", consent.Revoke, consent.ActGuide, 0},
		"else's, then blocked": {"plug", consent.RevokeThenBlock, consent.ActBlock, 1},
	} {
		t.Run(name, func(t *testing.T) {
			inHome(t, func(t *testing.T, h *bench) {
				p := h.broker()
				p.grants = []consent.Grant{{ID: c.grant, Connection: "broker"}}
				a := h.ended("c1", c.then, p.grants...)
				defer h.serve()()
				time.Sleep(time.Second)
				synctest.Wait()
				if got := h.action(a.ID); got.Kind != c.want || p.asked() != c.calls {
					t.Errorf("%s %s after %d calls: %s", got.Kind, got.State, p.asked(), got.Reason)
				}
			})
		})
	}
}

// A peer that keeps blocks apart by mark is told to lift ours although another
// permission needs the account off too: its own mark keeps it off, and ours
// would else stay for ever.
func TestOurMarkIsLiftedWhereMarksAreKeptApart(t *testing.T) {
	inHome(t, func(t *testing.T, h *bench) {
		p := h.broker()
		a := h.plain(consent.Action{Origin: consent.FromPerson})
		defer h.serve()()
		synctest.Wait()
		u := h.plain(consent.Action{Kind: consent.ActUnblock, Origin: consent.FromPerson})
		h.r.Poke()
		synctest.Wait()
		if got := h.action(u.ID); got.State != consent.Done || p.holds(a.Mark) || !strings.Contains(got.Reason, "Bolt") {
			t.Errorf("%s, held %v: %q", got.State, p.holds(a.Mark), got.Reason)
		}
	}, func(c *Config) {
		c.Others = func(context.Context, discovery.DeviceID, string) ([]consent.Action, error) {
			return []consent.Action{{Mark: "consent-c9", Connection: "broker", Recipient: consent.Recipient{Name: "Bolt"}}}, nil
		}
	})
}
