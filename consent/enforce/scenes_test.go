package enforce

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"bestbefore/connectors"
	"bestbefore/consent"
	"bestbefore/discovery"
)

// T15: killed between the call and the save.
func TestT15KilledAfterTheCallItIsRepeatedAndSaidOnce(t *testing.T) {
	inHome(t, func(t *testing.T, h *bench) {
		p := h.peer("gw", fine)
		a := h.ended("c1", consent.Block)
		p.block = func(context.Context, connectors.BlockRequest) error {
			h.memory.mu.Lock()
			h.fail = errors.New("killed") // nothing is written from here on
			h.memory.mu.Unlock()
			return nil
		}
		stop := h.serve()
		synctest.Wait()
		stop()
		if got := h.action(a.ID); got.State != consent.Running || !p.holds(a.Mark) {
			t.Fatalf("%s, blocked %v", got.State, p.holds(a.Mark))
		}
		h.fail, p.block = nil, nil
		defer h.serve()()
		synctest.Wait()
		if got := h.action(a.ID); got.State != consent.Done || p.asked() != 2 {
			t.Errorf("%s after %d calls", got.State, p.asked())
		}
		if n := h.count(consent.NoteAction); n != 1 {
			t.Errorf("success was told %d times", n)
		}
	})
}

func TestT18AFullDiskIsReportedAndNothingIsSaidToBeDone(t *testing.T) {
	var reported atomic.Bool
	inHome(t, func(t *testing.T, h *bench) {
		p := h.peer("gw", fine)
		a := h.ended("c1", consent.Block)
		h.fail = errors.New("disk full")
		defer h.serve()()
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if h.action(a.ID).State != consent.Pending || p.asked() != 0 {
			t.Errorf("%s, asked %d: no call without a durable intent", h.action(a.ID).State, p.asked())
		}
		if !reported.Load() {
			t.Error("not reported")
		}
		h.memory.mu.Lock()
		h.fail = nil
		h.memory.mu.Unlock()
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if h.action(a.ID).State != consent.Done {
			t.Errorf("%s after the disk had room again", h.action(a.ID).State)
		}
	}, func(c *Config) {
		c.Report = func(_ string, err error) {
			if err != nil {
				reported.Store(true)
			}
		}
	})
}

func renewed(c consent.Consent, t *testing.T, now time.Time) (consent.Consent, []consent.Action) {
	t.Helper()
	next, as, err := consent.Renew(c, consent.Term{Kind: consent.ForPeriod, Rule: "P30D"}, consent.Decider{By: "somebody", How: "clicked", Now: now, Zone: time.UTC})
	if err != nil {
		t.Fatal(err)
	}
	return next, as
}

// T46: renewed after the action was written and before it ran.
func TestT46ARenewedPermissionIsNotCut(t *testing.T) {
	inHome(t, func(t *testing.T, h *bench) {
		p := h.peer("gw", fine)
		a := h.ended("c1", consent.Block)
		next, _ := renewed(h.consents["c1"], t, h.now())
		h.consents["c1"] = next // the action is still pending
		defer h.serve()()
		synctest.Wait()
		if got := h.action(a.ID); got.State != consent.Cancelled || p.asked() != 0 {
			t.Errorf("%s, asked %d", got.State, p.asked())
		}
	})
}

// T45: renewed while the call runs, by a peer that can and one that cannot
// hold dates.
func TestT45RenewedWhileItRunsTheLastDecisionHolds(t *testing.T) {
	for _, traits := range []connectors.Traits{fine, {Grain: connectors.GrainRecipient}} {
		inHome(t, func(t *testing.T, h *bench) {
			p := h.peer("gw", traits)
			p.block = func(_ context.Context, r connectors.BlockRequest) error {
				if r.From.IsZero() {
					time.Sleep(10 * time.Second)
				}
				return nil
			}
			a := h.ended("c1", consent.Block)
			defer h.serve()()
			time.Sleep(5 * time.Second)
			next, as := renewed(h.consents["c1"], t, h.now())
			h.decide(next, as...)
			h.r.Poke()
			time.Sleep(30 * time.Second)
			synctest.Wait()
			p.mu.Lock()
			r, set := p.rules[a.Mark]
			p.mu.Unlock()
			if set && !r.From.Equal(next.Expires) {
				t.Errorf("it is blocked though it was renewed: %+v", r)
			}
			if set != traits.HoldsStart {
				t.Errorf("the new date is held: %v, want %v", set, traits.HoldsStart)
			}
			for _, x := range h.all() {
				if x.State.Open() {
					t.Errorf("left open: %s %s (%s)", x.Kind, x.State, x.Reason)
				}
			}
		})
	}
}

func TestRenewalAfterTheEndLiftsExactlyItsBlock(t *testing.T) {
	inHome(t, func(t *testing.T, h *bench) {
		p := h.peer("gw", connectors.Traits{Grain: connectors.GrainRecipient})
		one, two := h.ended("c1", consent.Block), h.ended("c2", consent.Block)
		defer h.serve()()
		synctest.Wait()
		next, as := renewed(h.consents["c1"], t, h.now())
		h.decide(next, as...)
		h.r.Poke()
		synctest.Wait()
		if p.holds(one.Mark) || !p.holds(two.Mark) {
			t.Errorf("held: %v, %v; want only the second", p.holds(one.Mark), p.holds(two.Mark))
		}
		if n := h.count(consent.NoteLifted); n != 1 {
			t.Errorf("lifting was told %d times", n)
		}
	})
}

func TestLiftingIsReadBack(t *testing.T) {
	inHome(t, func(t *testing.T, h *bench) {
		p := h.peer("gw", connectors.Traits{Grain: connectors.GrainRecipient})
		a := h.plain(consent.Action{Origin: consent.FromPerson})
		defer h.serve()()
		synctest.Wait()
		if !p.holds(a.Mark) {
			t.Fatal("not blocked")
		}
		var keeps atomic.Bool
		keeps.Store(true)
		p.unblock = func(_ context.Context, r connectors.Receipt) error {
			if keeps.Load() { // says yes and keeps it
				p.mu.Lock()
				p.rules["again"] = connectors.BlockRequest{}
				p.mu.Unlock()
				return &connectors.Error{Kind: consent.KindTransient, Text: "busy"}
			}
			return nil
		}
		time.Sleep(time.Second)
		u := h.plain(consent.Action{Kind: consent.ActUnblock, Origin: consent.FromPerson})
		h.r.Poke()
		synctest.Wait()
		if got := h.action(u.ID); got.State != consent.Waiting {
			t.Errorf("%s: %s", got.State, got.Reason)
		}
		keeps.Store(false)
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		if got := h.action(u.ID); got.State != consent.Done || got.Level != consent.Configured || p.holds(a.Mark) {
			t.Errorf("%s at %s, held %v", got.State, got.Level, p.holds(a.Mark))
		}
	})
}

func TestNothingSetNothingLifted(t *testing.T) {
	inHome(t, func(t *testing.T, h *bench) {
		p := h.peer("gw", fine)
		u := h.plain(consent.Action{Kind: consent.ActUnblock, Origin: consent.FromPerson})
		defer h.serve()()
		synctest.Wait()
		if got := h.action(u.ID); got.State != consent.Done || slices.Contains(h.log, "gw unblock "+u.Mark) || p.asked() != 0 {
			t.Errorf("%s, log %q", got.State, h.log)
		}
	})
}

// T61 with a coarse block: another ended permission needs the same one.
func TestT61ACoarseBlockStaysWhileAnotherNeedsIt(t *testing.T) {
	var others atomic.Pointer[[]consent.Action]
	inHome(t, func(t *testing.T, h *bench) {
		p := h.peer("router", connectors.Traits{Grain: connectors.GrainDevice})
		p.noHold = true // one switch per device
		a := h.plain(consent.Action{Origin: consent.FromPerson})
		defer h.serve()()
		synctest.Wait()
		others.Store(&[]consent.Action{{Mark: "consent-c9", Connection: "router", Recipient: consent.Recipient{Name: "Bolt"}}})
		time.Sleep(time.Second)
		u := h.plain(consent.Action{Kind: consent.ActUnblock, Origin: consent.FromPerson})
		h.r.Poke()
		synctest.Wait()
		if got := h.action(u.ID); got.State != consent.Done || !p.holds(a.Mark) || !strings.Contains(got.Reason, "Bolt") {
			t.Errorf("%s, held %v: %q", got.State, p.holds(a.Mark), got.Reason)
		}
	}, func(c *Config) {
		c.Others = func(context.Context, discovery.DeviceID, string) ([]consent.Action, error) {
			if all := others.Load(); all != nil {
				return *all, nil
			}
			return nil, nil
		}
	})
}

// T39: the router restarts and forgets.
func TestT39WhatWasForgottenIsAppliedAgain(t *testing.T) {
	inHome(t, func(t *testing.T, h *bench) {
		p := h.peer("gw", fine)
		a := h.ended("c1", consent.Block)
		defer h.serve()()
		time.Sleep(30 * time.Second)
		p.forget()
		if p.holds(a.Mark) {
			t.Fatal("it does not forget")
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		all := h.all()
		if len(all) != 2 || all[1].Origin != consent.FromReapply || all[1].State != consent.Done || !p.holds(a.Mark) {
			t.Fatalf("%d actions, held %v", len(all), p.holds(a.Mark))
		}
		if h.seen("c1") != consent.Stopped || !h.action(a.ID).VerifyAt.IsZero() {
			t.Errorf("seen %s; the old one is looked at again %s", h.seen("c1"), h.action(a.ID).VerifyAt)
		}
	})
}

func TestAPeerThatKeepsForgettingIsStuckNotFlooded(t *testing.T) {
	inHome(t, func(t *testing.T, h *bench) {
		p := h.peer("gw", fine)
		h.ended("c1", consent.Block)
		defer h.serve()()
		for range 600 {
			time.Sleep(7 * time.Second)
			if time.Since(h.all()[len(h.all())-1].Created) > 15*time.Second { // after the first looks
				p.forget()
			}
		}
		synctest.Wait()
		all := h.all()
		if len(all) > maxAgain+2 {
			t.Errorf("%d actions in an hour", len(all))
		}
		if last := all[len(all)-1]; last.State != consent.Stuck || !strings.Contains(last.Reason, "forgetting") {
			t.Errorf("%s: %s", last.State, last.Reason)
		}
	})
}

func TestALiarThatHoldsNothingIsNotDone(t *testing.T) {
	inHome(t, func(t *testing.T, h *bench) {
		p := h.peer("gw", fine)
		p.verify = func(connectors.Receipt) (connectors.Finding, error) { return connectors.Finding{Missing: true}, nil }
		a := h.ended("c1", consent.Block)
		defer h.serve()()
		synctest.Wait()
		if got := h.action(a.ID); got.State != consent.Waiting || !strings.Contains(got.Reason, "holds nothing") {
			t.Errorf("%s: %s", got.State, got.Reason)
		}
	})
}

func TestARelapseReopensEnforcement(t *testing.T) {
	inHome(t, func(t *testing.T, h *bench) {
		p := h.peer("gw", fine)
		a := h.ended("c1", consent.Block)
		var flowing atomic.Bool
		p.verify = func(connectors.Receipt) (connectors.Finding, error) {
			if flowing.Load() {
				return connectors.Finding{Level: consent.Configured, Seen: consent.Flowing}, nil
			}
			return connectors.Finding{Level: consent.Effective, Seen: consent.Stopped, Refused: 1}, nil
		}
		defer h.serve()()
		time.Sleep(30 * time.Second)
		flowing.Store(true)
		time.Sleep(40 * time.Second)
		synctest.Wait()
		all := h.all()
		if len(all) != 2 || all[1].Origin != consent.FromRelapse || all[1].Mark != a.Mark || p.asked() != 2 {
			t.Fatalf("%d actions, asked %d", len(all), p.asked())
		}
		if h.count(consent.NoteRelapse) != 1 || h.seen("c1") != consent.Flowing {
			t.Errorf("told %d times, seen %s", h.count(consent.NoteRelapse), h.seen("c1"))
		}
		time.Sleep(time.Hour)
		if n := len(h.all()); n != 2 {
			t.Errorf("%d actions: what goes on flowing is not a relapse each time", n)
		}
	})
}

func TestLooksGetRarerAndEndAfterAMonth(t *testing.T) {
	inHome(t, func(t *testing.T, h *bench) {
		p := h.peer("gw", fine)
		var looks atomic.Int64
		p.verify = func(connectors.Receipt) (connectors.Finding, error) {
			looks.Add(1)
			return connectors.Finding{Level: consent.Configured, Seen: consent.NotChecked}, nil
		}
		a := h.ended("c1", consent.Block)
		defer h.serve()()
		time.Sleep(40 * 24 * time.Hour)
		synctest.Wait()
		got := h.action(a.ID)
		if int(looks.Load()) != len(lookAt) || !got.VerifyAt.IsZero() {
			t.Errorf("%d looks in 40 days, want %d", looks.Load(), len(lookAt))
		}
		if got.Level != consent.Configured || h.seen("c1") != consent.NotChecked {
			t.Errorf("%s, %s: a device that tries nothing stays configured", got.Level, h.seen("c1"))
		}
		if n := len(got.Evidence); n > 3 {
			t.Errorf("%d pieces of evidence that say the same", n)
		}
	})
}

// T62: the source itself is dead, from the beginning or after it had seen it stop:
// cannot tell, and what it said before stands no longer. It is asked again, and what
// it says then counts. The twins are in .ci/mutants: silence that is taken for a
// stop, and a last word that stands.
func TestT62ADeadSourceCannotTell(t *testing.T) {
	for _, before := range []consent.Seen{consent.NotChecked, consent.Stopped} {
		inHome(t, func(t *testing.T, h *bench) {
			p := h.peer("gw", fine)
			var dead atomic.Bool
			dead.Store(before == consent.NotChecked)
			p.verify = func(connectors.Receipt) (connectors.Finding, error) {
				if dead.Load() {
					return connectors.Finding{}, transient("no answer")
				}
				return connectors.Finding{Level: consent.Configured, Seen: consent.Stopped}, nil
			}
			a := h.ended("c1", consent.Block)
			defer h.serve()()
			settle(30 * time.Second)
			if got := h.seen("c1"); before == consent.Stopped && got != consent.Stopped {
				t.Fatalf("while it lives: %s", got)
			}
			dead.Store(true)
			settle(2 * time.Hour)
			c := h.consents["c1"]
			if c.Seen != consent.CannotTell || h.action(a.ID).VerifyAt.IsZero() || consent.HeadlineOf(c, []consent.Action{h.action(a.ID)}, h.now()) == consent.EndedStopped {
				t.Errorf("it had seen %q before: now %s", before, c.Seen)
			}
			dead.Store(false) // restarted
			settle(24 * time.Hour)
			if got := h.seen("c1"); got != consent.Stopped {
				t.Errorf("it answers again: %s", got)
			}
		})
	}
}
