package enforce

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"bestbefore/connectors"
	"bestbefore/consent"
	"bestbefore/discovery"
)

// The cases of the engine's page of rules, by their numbers, each with its twin.

func TestT15WithoutPuttingBackTheRestIsLost(t *testing.T) {
	holdsAndFails(t, func(h *bench) string {
		p := h.peer("gw", fine)
		a := h.ended("c1", consent.Block)
		p.block = func(context.Context, connectors.BlockRequest) error {
			h.memory.mu.Lock()
			h.fail = errors.New("killed")
			h.memory.mu.Unlock()
			return nil
		}
		stop := h.serve()
		synctest.Wait()
		stop()
		h.fail, p.block = nil, nil
		defer h.serve()()
		synctest.Wait()
		return fault(h.action(a.ID).State != consent.Done || h.count(consent.NoteAction) != 1, "%s, told %d times", h.state(a.ID), h.count(consent.NoteAction))
	}, func(c *Config, h *bench) { c.Store = noRecovery{h} })
}

func TestT18NoCallWithoutADurableIntent(t *testing.T) {
	holdsAndFails(t, func(h *bench) string {
		p := h.peer("gw", fine)
		h.ended("c1", consent.Block)
		h.fail = errors.New("disk full")
		defer h.serve()()
		settle(10 * time.Second)
		return fault(p.asked() != 0, "asked %d times", p.asked())
	}, func(c *Config, h *bench) { c.Store = intentless{h} })
}

func TestT24AnAnswerOf200IsNoStop(t *testing.T) {
	holdsAndFails(t, func(h *bench) string {
		p := h.peer("gw", fine)
		if p.verify == nil {
			p.verify = func(connectors.Receipt) (connectors.Finding, error) {
				return connectors.Finding{Level: consent.Effective, Seen: consent.Flowing, Passed: 99}, nil
			}
		}
		h.ended("c1", consent.Block)
		defer h.serve()()
		settle(15 * time.Second)
		return fault(h.seen("c1") != consent.Flowing, "seen %s", h.seen("c1"))
	}, func(_ *Config, h *bench) { h.each = func(p *peer) { p.noVerify = true } })
}

func TestT25TheTwinOfRetryAfter(t *testing.T) {
	holdsAndFails(t, func(h *bench) string {
		p := h.peer("gw", fine)
		until := time.Now().Add(3 * time.Hour)
		p.block = func(context.Context, connectors.BlockRequest) error {
			return &connectors.Error{Kind: consent.KindTransient, Text: "busy", RetryAt: until}
		}
		h.ended("c1", consent.Block)
		defer h.serve()()
		settle(3*time.Hour - time.Second)
		return fault(p.asked() != 1, "asked %d times before it was allowed", p.asked())
	}, changing(func(e *connectors.Error) { e.RetryAt = time.Time{} }))
}

func TestT26ATokenTypeThatIsNotSupportedGoesToTheNextRemedyThenToAPerson(t *testing.T) {
	holdsAndFails(t, func(h *bench) string {
		p := h.watched("account", consent.Flowing, consent.Grant{ID: "other"})
		p.revoke = func(context.Context, connectors.RevokeRequest) error {
			return &connectors.Error{Kind: consent.KindUnsupported, Text: "unsupported_token_type"}
		}
		g := consent.Grant{ID: "g1", Connection: "account"}
		both, only := h.ended("c1", consent.RevokeThenBlock, g), h.ended("c2", consent.Revoke, g)
		defer h.serve()()
		settle(time.Second)
		x, y := h.action(both.ID), h.action(only.ID)
		return fault(x.Kind != consent.ActBlock || x.State != consent.Done || y.Kind != consent.ActGuide || y.State != consent.NeedsPerson,
			"%s, %s", h.state(both.ID), h.state(only.ID))
	}, changing(func(e *connectors.Error) { e.Kind = consent.KindTransient }))
}

func TestT27ADeadTokenThatCannotBeRevokedIsDoneIfTheListAgrees(t *testing.T) {
	holdsAndFails(t, func(h *bench) string {
		p := h.watched("account", consent.NotChecked, consent.Grant{ID: "other"}, consent.Grant{ID: "alive"})
		p.revoke = func(context.Context, connectors.RevokeRequest) error {
			return &connectors.Error{Kind: consent.KindSignIn, Text: "401"}
		}
		dead := h.ended("c1", consent.Revoke, consent.Grant{ID: "dead", Connection: "account"})
		alive := h.ended("c2", consent.Revoke, consent.Grant{ID: "alive", Connection: "account"})
		defer h.serve()()
		settle(time.Second)
		return fault(h.action(dead.ID).State != consent.Done || h.action(alive.ID).State != consent.NeedsPerson, "%s, %s", h.state(dead.ID), h.state(alive.ID))
	}, func(_ *Config, h *bench) { h.each = func(p *peer) { p.grants = nil } })
}

func TestT28TheCountOfFailuresSurvivesARestart(t *testing.T) {
	holdsAndFails(t, func(h *bench) string {
		p := h.peer("gw", fine)
		p.block = func(context.Context, connectors.BlockRequest) error { return transient("slow down") }
		a := h.ended("c1", consent.Block)
		stop := h.serve()
		settle(7 * time.Minute) // tries at 0, 1 and 6 minutes
		stop()
		before := p.asked()
		for range 5 { // restarts are never faster
			stop = h.serve()
			settle(time.Minute)
			stop()
		}
		return fault(before != 3 || p.asked() != 3 || h.action(a.ID).Attempt != 3, "asked %d, then %d times; attempt %d", before, p.asked(), h.action(a.ID).Attempt)
	}, func(c *Config, h *bench) { c.Store = forgetful{h} })
}

func TestT29StuckIsVisibleTriedAndNeverDropped(t *testing.T) {
	holdsAndFails(t, func(h *bench) string {
		p := h.peer("gw", fine)
		up := time.Now().Add(40 * time.Hour)
		p.block = func(context.Context, connectors.BlockRequest) error {
			if time.Now().Before(up) {
				return transient("no route")
			}
			return nil
		}
		a := h.ended("c1", consent.Block)
		defer h.serve()()
		settle(39 * time.Hour)
		if h.action(a.ID).State != consent.Stuck || h.count(consent.NoteStuck) != 1 {
			return "not stuck: " + h.state(a.ID)
		}
		settle(8 * time.Hour)
		return fault(h.action(a.ID).State != consent.Done, "given up: %s", h.state(a.ID))
	}, func(c *Config, _ *bench) { c.StuckEvery = 10000 * time.Hour })
}

func TestT30AProviderThatShutGoesToAPersonForAllAtOnce(t *testing.T) {
	holdsAndFails(t, func(h *bench) string {
		p := h.watched("account", consent.NotChecked, consent.Grant{ID: "g1"}, consent.Grant{ID: "g2"}, consent.Grant{ID: "g3"})
		gone := false
		p.revoke = func(context.Context, connectors.RevokeRequest) error {
			if gone {
				return &connectors.Error{Kind: consent.KindPermanent, Text: "410: this service has ended", Dead: true}
			}
			return &connectors.Error{Kind: consent.KindTransient, Text: "busy", RetryAt: time.Now().Add(5 * time.Hour)}
		}
		var as []consent.Action
		for _, id := range []string{"1", "2"} {
			as = append(as, h.ended(consent.ID("c"+id), consent.Revoke, consent.Grant{ID: "g" + id, Connection: "account"}))
		}
		defer h.serve()()
		settle(time.Minute)
		gone = true
		as = append(as, h.ended("c3", consent.Revoke, consent.Grant{ID: "g3", Connection: "account"}))
		h.r.Poke()
		settle(time.Second)
		for _, a := range as {
			if x := h.action(a.ID); x.Kind != consent.ActGuide || x.State != consent.NeedsPerson {
				return h.state(a.ID)
			}
		}
		return fault(p.asked() != 3, "a service that has ended was asked %d times", p.asked())
	}, changing(func(e *connectors.Error) { e.Dead = false }))
}

func TestT34GrantedAgainElsewhereIsARelapseAndAQuestion(t *testing.T) {
	holdsAndFails(t, func(h *bench) string {
		p := h.watched("account", consent.Stopped, consent.Grant{ID: "g1"})
		again := h.now().Add(30 * time.Second)
		p.verify = func(connectors.Receipt) (connectors.Finding, error) {
			if h.now().Before(again) {
				return connectors.Finding{Level: consent.Configured, Seen: consent.Stopped}, nil
			}
			return connectors.Finding{Level: consent.Configured, Seen: consent.Flowing, Text: "The token is in the list again."}, nil
		}
		h.ended("c1", consent.Revoke, consent.Grant{ID: "g1", Connection: "account"})
		defer h.serve()()
		settle(2 * 24 * time.Hour)
		all := h.all()
		last := all[len(all)-1]
		return fault(len(all) != 2 || last.Kind != consent.ActGuide || last.Origin != consent.FromRelapse || last.State != consent.NeedsPerson || h.count(consent.NoteRelapse) != 1,
			"%d actions, the last %s; told %d times", len(all), h.state(last.ID), h.count(consent.NoteRelapse))
	}, func(_ *Config, h *bench) { h.each = func(p *peer) { p.noVerify = true } })
}

func TestT36AHangIsBoundedInTime(t *testing.T) {
	holdsAndFails(t, func(h *bench) string {
		p := h.peer("hangs", fine)
		p.block = func(ctx context.Context, _ connectors.BlockRequest) error { <-ctx.Done(); return ctx.Err() }
		a := h.plainOn("hangs", "m1")
		defer h.serve()()
		settle(time.Minute)
		return fault(h.action(a.ID).Attempt == 0 || h.action(a.ID).State == consent.Running, "%s", h.state(a.ID))
	}, func(c *Config, _ *bench) { c.CallTimeout = 1000 * time.Hour })
}

func TestT37DoneForAnotherDeviceIsLiftedAndAsked(t *testing.T) {
	holdsAndFails(t, func(h *bench) string {
		p := h.peer("gw", fine)
		if p.answer == nil {
			p.answer = func(r *connectors.Receipt) { r.Target.Device = "d9" }
		}
		a := h.ended("c1", consent.Block)
		defer h.serve()()
		settle(time.Second)
		return fault(h.action(a.ID).State != consent.NeedsPerson || p.holds(a.Mark), "%s, held %v", h.state(a.ID), p.holds(a.Mark))
	}, func(_ *Config, h *bench) { // a peer that does not say whom it cut
		h.each = func(p *peer) { p.answer = func(r *connectors.Receipt) { r.Target = connectors.Target{} } }
	})
}

func TestT38TheTwinOfAnotherDevice(t *testing.T) {
	holdsAndFails(t, func(h *bench) string {
		p := h.peer("gw", fine)
		h.ended("c1", consent.Block)
		c := h.consents["c1"]
		c.Identity = []discovery.Identifier{{Type: discovery.MAC, Value: "02:00:00:00:00:99"}}
		h.consents["c1"] = c
		defer h.serve()()
		settle(time.Second)
		return fault(p.asked() > 0, "another device was hit")
	}, func(c *Config, h *bench) { c.Store = anonymous{h} })
}

func TestT39TheTwinOfARouterThatForgets(t *testing.T) {
	holdsAndFails(t, func(h *bench) string {
		p := h.peer("gw", fine)
		a := h.ended("c1", consent.Block)
		defer h.serve()()
		settle(30 * time.Second)
		p.forget()
		settle(2 * time.Minute)
		return fault(!p.holds(a.Mark) || len(h.all()) != 2, "held %v, %d actions", p.holds(a.Mark), len(h.all()))
	}, func(_ *Config, h *bench) { h.each = func(p *peer) { p.noVerify = true } })
}

func TestT40ANameThatIsBlockedWhileAddressesAreUsedIsStillFlowing(t *testing.T) {
	holdsAndFails(t, func(h *bench) string {
		p := h.peer("dns", connectors.Traits{Grain: connectors.GrainRecipient, Note: "It blocks names."})
		p.verify = func(connectors.Receipt) (connectors.Finding, error) { // the name is refused, and yet it sends
			return connectors.Finding{Level: consent.Configured, Seen: consent.Flowing, Passed: 4000, Text: "It uses an address without asking for the name."}, nil
		}
		a := h.ended("c1", consent.Block)
		defer h.serve()()
		settle(15 * time.Second)
		c, x := h.consents["c1"], h.action(a.ID)
		return fault(consent.HeadlineOf(c, []consent.Action{x}, h.now()) != consent.EndedStill || h.count(consent.NoteVerified) == 0, "seen %s, %s", c.Seen, h.state(a.ID))
	}, func(_ *Config, h *bench) { h.each = func(p *peer) { p.noVerify = true } })
}

// TestT40WhatAnotherSourceSeesGoesOn: the DNS blocker itself says that it stopped, since
// it refused a name once; a router saw it go on. The twin asks nobody but the blocker.
func TestT40WhatAnotherSourceSeesGoesOn(t *testing.T) {
	holdsAndFails(t, func(h *bench) string {
		p := h.peer("dns", connectors.Traits{Grain: connectors.GrainRecipient, Note: "It blocks names."})
		p.verify = func(connectors.Receipt) (connectors.Finding, error) {
			return connectors.Finding{Level: consent.Effective, Seen: consent.Stopped, Refused: 1}, nil
		}
		if h.each == nil {
			h.r.c.Beside = func(_ context.Context, a consent.Action) (consent.Testimony, error) {
				w := consent.Testimony{Blind: true, Why: "It sees names only."}
				if h.now().Sub(a.Finished) >= time.Minute {
					w.Seen, w.Source, w.Text = consent.Flowing, "connector:gw", "The gw saw it send."
				}
				return w, nil
			}
		}
		a := h.ended("c1", consent.Block)
		defer h.serve()()
		settle(15 * time.Second)
		if seen := h.seen("c1"); seen != consent.CannotTell {
			return "a refused name alone is " + string(seen)
		}
		settle(3 * time.Hour)
		c, x := h.consents["c1"], h.action(a.ID)
		return fault(consent.HeadlineOf(c, []consent.Action{x}, h.now()) != consent.EndedStill || c.SeenBy != "connector:gw" || x.Level != consent.Effective || len(h.all()) != 1,
			"seen %s by %s, %s", c.Seen, c.SeenBy, h.state(a.ID))
	}, func(_ *Config, h *bench) { h.each = func(*peer) {} })
}

func TestT41TheTwinOfWhatIsEssential(t *testing.T) {
	holdsAndFails(t, func(h *bench) string {
		p := h.peer("gw", fine)
		d := h.devices["d1"]
		d.Essential = discovery.EssentialMedical
		h.devices["d1"] = d
		h.ended("c1", consent.Block)
		defer h.serve()()
		settle(time.Second)
		return fault(p.asked() > 0, "it was cut")
	}, func(c *Config, h *bench) { c.Store = unmarked{h} })
}

func TestT42ARenewalLiftsItsOwnRuleAndNoOther(t *testing.T) {
	holdsAndFails(t, func(h *bench) string {
		p := h.peer("gw", fine)
		mine, other := h.ended("c1", consent.Block), h.ended("c2", consent.Block)
		defer h.serve()()
		settle(20 * time.Second)
		next, as, err := consent.Renew(h.consents["c1"], consent.Term{Kind: consent.ForPeriod, Rule: "P7D"},
			consent.Decider{By: "somebody", How: "clicked", Now: h.now(), Zone: time.UTC})
		if err != nil {
			return err.Error()
		}
		h.decide(next, as...)
		h.r.Poke()
		settle(20 * time.Second)
		now := h.now()
		p.mu.Lock()
		held, still := p.rules[mine.Mark]
		p.mu.Unlock()
		if still && !held.From.After(now) { // what is handed over for the new date is no block now
			return "its own rule is still there"
		}
		return fault(!p.holds(other.Mark), "the other's rule went with it")
	}, func(_ *Config, h *bench) {
		h.each = func(p *peer) {
			p.unblock = func(context.Context, connectors.Receipt) error { p.forget(); return nil }
		}
	})
}

func TestT44TheTwinOfARouterThatComesBack(t *testing.T) {
	check := func(tell bool) func(h *bench) string {
		return func(h *bench) string {
			p := h.peer("gw", fine)
			h.setClosed("gw", transient("no route to host"))
			a := h.ended("c1", consent.Block)
			defer h.serve()()
			settle(20 * time.Second)
			if x := h.action(a.ID); x.State != consent.Waiting || !strings.Contains(x.Reason, "no route") || h.consents["c1"].Decided != consent.Expired {
				return "not queued: " + h.state(a.ID)
			}
			h.setClosed("gw", nil)
			if tell {
				h.r.Opened()
			}
			settle(time.Second)
			return fault(!p.holds(a.Mark), "not done on opening: %s", h.state(a.ID))
		}
	}
	inHome(t, func(t *testing.T, h *bench) {
		if f := check(true)(h); f != "" {
			t.Error(f)
		}
	})
	inHome(t, func(t *testing.T, h *bench) {
		if check(false)(h) == "" {
			t.Error("the twin: nobody tells that it opened, yet it is done; this test shows nothing")
		}
	})
}

// T45: the twin does not hear, when it writes down that it is done, that it was
// cancelled meanwhile.
func TestT45TheTwinOfARenewalWhileItRuns(t *testing.T) {
	holdsAndFails(t, func(h *bench) string {
		p := h.peer("gw", fine)
		a := h.ended("c1", consent.Block)
		p.block = func(context.Context, connectors.BlockRequest) error { time.Sleep(5 * time.Second); return nil }
		defer h.serve()()
		settle(time.Second)
		next, as, err := consent.Renew(h.consents["c1"], consent.Term{Kind: consent.ForPeriod, Rule: "P7D"},
			consent.Decider{By: "somebody", How: "clicked", Now: h.now(), Zone: time.UTC})
		if err != nil {
			return err.Error()
		}
		if len(as) == 0 || as[0].Kind != consent.ActUnblock {
			return fmt.Sprintf("a renewal that comes while it runs asks for %+v first", as)
		}
		h.decide(next) // without it only the cancelled action itself knows that a block may be set
		settle(20 * time.Second)
		return fault(p.holds(a.Mark), "the permission is in force, and its block too: %s", h.state(a.ID))
	}, func(c *Config, h *bench) { c.Store = lying{h} })
}

func TestT46TheTwinOfReadingAgain(t *testing.T) {
	holdsAndFails(t, func(h *bench) string {
		p := h.peer("gw", fine)
		p.traits.HoldsStart = false
		a := h.ended("c1", consent.Block)
		if s, ok := h.r.c.Store.(stale); ok {
			s.first["c1"] = h.consents["c1"]
		}
		c := h.consents["c1"]
		h.memory.mu.Lock()
		c.Version, c.Decided, c.Ended = c.Version+1, consent.Renewed, time.Time{}
		c.Expires = c.Expires.AddDate(0, 1, 0)
		h.memory.consents["c1"] = c // renewed, one second before the pass
		h.memory.mu.Unlock()
		defer h.serve()()
		settle(time.Second)
		return fault(p.asked() > 0, "it was cut: %s", h.state(a.ID))
	}, func(c *Config, h *bench) { c.Store = stale{h, map[consent.ID]consent.Consent{}} })
}

func TestT61TheTwinOfACoarseBlockThatAnotherNeeds(t *testing.T) {
	holdsAndFails(t, func(h *bench) string {
		p := h.peer("router", connectors.Traits{Grain: connectors.GrainDevice})
		p.noHold = true // one switch per device
		a := h.plain(consent.Action{Origin: consent.FromPerson})
		if h.each == nil {
			h.r.c.Others = func(context.Context, discovery.DeviceID, string) ([]consent.Action, error) {
				return []consent.Action{{Mark: "consent-c9", Connection: "router", Recipient: consent.Recipient{Name: "Bolt"}}}, nil
			}
		}
		defer h.serve()()
		settle(time.Second)
		h.plain(consent.Action{Kind: consent.ActUnblock, Origin: consent.FromPerson})
		h.r.Poke()
		settle(time.Second)
		return fault(!p.holds(a.Mark), "another ended permission lost the block that it needs")
	}, func(_ *Config, h *bench) { h.each = func(*peer) {} }) // nobody tells of the others
}

func TestT03WhatCannotBeUndoneWaitsUntilTheDateIsSure(t *testing.T) {
	for _, sure := range []bool{false, true} { // the twin: a date that is sure waits for nothing
		inHome(t, func(t *testing.T, h *bench) {
			p := h.watched("account", consent.NotChecked, consent.Grant{ID: "g1"})
			a := h.ended("c1", consent.Revoke, consent.Grant{ID: "g1", Connection: "account"})
			defer h.serve()()
			settle(time.Hour)
			if (p.asked() > 0) != sure || (h.action(a.ID).State == consent.Done) != sure {
				t.Errorf("sure %v: asked %d, %s", sure, p.asked(), h.state(a.ID))
			}
			if !sure && h.count(consent.NoteAction) != 1 {
				t.Errorf("told %d times", h.count(consent.NoteAction))
			}
			click := h.action(a.ID) // what a person decides does not hang on the clock
			click.ID, click.Origin, click.State, click.RetryAt = "", consent.FromPerson, consent.Pending, time.Time{}
			out, _ := h.AddActions(context.Background(), []consent.Action{click})
			h.r.Poke()
			settle(time.Second)
			if h.action(out[0].ID).State != consent.Done {
				t.Errorf("a person's word waited too: %s", h.state(out[0].ID))
			}
		}, func(c *Config) { c.Sure = func() bool { return sure } })
	}
}
