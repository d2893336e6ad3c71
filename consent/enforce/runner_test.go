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

func TestAnEndedPermissionIsBlockedAndProved(t *testing.T) {
	inHome(t, func(t *testing.T, h *bench) {
		p := h.peer("gw", fine)
		a := h.ended("c1", consent.Block)
		defer h.serve()()
		synctest.Wait()
		got := h.action(a.ID)
		if got.State != consent.Done || got.Level != consent.Effective || !p.holds(consent.MarkFor("c1")) {
			t.Fatalf("state %s, level %s, reason %q", got.State, got.Level, got.Reason)
		}
		if h.seen("c1") != consent.Stopped {
			t.Errorf("seen %s, want stopped", h.seen("c1"))
		}
		if n := h.count(consent.NoteVerified); n != 1 {
			t.Errorf("%d verified notes, want 1", n)
		}
		want := []string{"save running", "gw block consent-c1", "save done", "save done"}
		if !slices.Equal(h.log, want) {
			t.Errorf("order %q, want the intent before the call: %q", h.log, want)
		}
	})
}

func TestWithoutAVerifierNothingIsSaidToHaveStopped(t *testing.T) {
	inHome(t, func(t *testing.T, h *bench) {
		h.peer("gw", fine).noVerify = true
		a := h.ended("c1", consent.Block)
		defer h.serve()()
		synctest.Wait()
		got := h.action(a.ID)
		if got.State != consent.Done || got.Level != consent.Accepted || h.seen("c1") != consent.CannotTell {
			t.Errorf("state %s, level %s, seen %s", got.State, got.Level, h.seen("c1"))
		}
	})
}

func TestT24DoneButStillFlowingIsNeverStopped(t *testing.T) {
	inHome(t, func(t *testing.T, h *bench) {
		h.peer("gw", fine).verify = func(connectors.Receipt) (connectors.Finding, error) {
			return connectors.Finding{Level: consent.Effective, Seen: consent.Flowing, Passed: 99}, nil
		}
		a := h.ended("c1", consent.Block)
		defer h.serve()()
		time.Sleep(15 * time.Second)
		got := h.action(a.ID)
		if h.seen("c1") != consent.Flowing || got.Level == consent.Effective {
			t.Errorf("seen %s at level %s", h.seen("c1"), got.Level)
		}
		if got.Verified != soonLooks {
			t.Errorf("%d looks in 15 s, want %d", got.Verified, soonLooks)
		}
		if n := len(h.all()); n != 1 {
			t.Errorf("%d actions: a flow that never stopped is no relapse", n)
		}
	})
}

func TestRetriesFollowTheTableThenAreStuckAndNeverDropped(t *testing.T) {
	inHome(t, func(t *testing.T, h *bench) {
		p := h.peer("gw", fine)
		var down atomic.Bool
		down.Store(true)
		p.block = func(context.Context, connectors.BlockRequest) error {
			if down.Load() {
				return &connectors.Error{Kind: consent.KindTransient, Text: "unreachable"}
			}
			return nil
		}
		a := h.ended("c1", consent.Block)
		defer h.serve()()
		start := time.Now()
		for i, wait := range append(slices.Clone(retryTable), 6*time.Hour, 6*time.Hour) {
			synctest.Wait()
			got := h.action(a.ID)
			if p.asked() != i+1 || got.Attempt != i+1 {
				t.Fatalf("after %s: %d calls, attempt %d, want %d", time.Since(start), p.asked(), got.Attempt, i+1)
			}
			want := consent.Waiting
			if i >= len(retryTable) {
				want = consent.Stuck
			}
			if got.State != want {
				t.Fatalf("try %d: %s, want %s", i+1, got.State, want)
			}
			time.Sleep(wait - time.Millisecond)
			synctest.Wait()
			if p.asked() != i+1 {
				t.Fatalf("asked again before %s", wait)
			}
			time.Sleep(time.Millisecond)
		}
		if n := h.count(consent.NoteStuck); n != 1 {
			t.Errorf("stuck was noted %d times, want once", n)
		}
		down.Store(false)
		time.Sleep(6*time.Hour + time.Second)
		synctest.Wait()
		if got := h.action(a.ID); got.State != consent.Done {
			t.Errorf("still %s after the peer came back", got.State)
		}
	})
}

func TestT25RetryAfterIsNeverUndercut(t *testing.T) {
	inHome(t, func(t *testing.T, h *bench) {
		p := h.peer("gw", fine)
		until := time.Now().Add(3 * time.Hour)
		p.block = func(context.Context, connectors.BlockRequest) error {
			if time.Now().Before(until) {
				return &connectors.Error{Kind: consent.KindTransient, Text: "busy", RetryAt: until}
			}
			return nil
		}
		a := h.ended("c1", consent.Block)
		defer h.serve()()
		time.Sleep(3*time.Hour - time.Second)
		if p.asked() != 1 {
			t.Fatalf("asked %d times before it was allowed", p.asked())
		}
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if got := h.action(a.ID); got.State != consent.Done {
			t.Errorf("%s, want done", got.State)
		}
	})
}

func TestErrorKindsDecide(t *testing.T) {
	cases := map[string]struct {
		kind consent.ErrorKind
		want consent.ActionState
	}{
		"a refused password is never tried again": {consent.KindSignIn, consent.NeedsPerson},
		"a person must go on":                     {consent.KindNeedsPerson, consent.NeedsPerson},
		"failed for good without another remedy":  {consent.KindPermanent, consent.NeedsPerson},
		"not possible anywhere":                   {consent.KindUnsupported, consent.NeedsPerson},
		"passing":                                 {consent.KindTransient, consent.Stuck},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			inHome(t, func(t *testing.T, h *bench) {
				p := h.peer("gw", fine)
				p.block = func(context.Context, connectors.BlockRequest) error {
					return &connectors.Error{Kind: c.kind, Text: "no"}
				}
				a := h.ended("c1", consent.Block)
				defer h.serve()()
				time.Sleep(10 * time.Hour)
				synctest.Wait()
				got := h.action(a.ID)
				if got.State != c.want {
					t.Errorf("%s, want %s", got.State, c.want)
				}
				if once := c.want == consent.NeedsPerson; once != (p.asked() == 1) {
					t.Errorf("asked %d times", p.asked())
				}
			})
		})
	}
}

func TestRevokeFallsToBlockOnlyWhenTheRemedySaysSo(t *testing.T) {
	for remedy, wantKind := range map[consent.Remedy]consent.ActionKind{
		consent.RevokeThenBlock: consent.ActBlock, consent.Revoke: consent.ActGuide,
	} {
		inHome(t, func(t *testing.T, h *bench) {
			p := h.peer("gw", fine)
			p.revoke = func(context.Context, connectors.RevokeRequest) error {
				return &connectors.Error{Kind: consent.KindPermanent, Text: "the issuer shut it"}
			}
			a := h.ended("c1", remedy, consent.Grant{ID: "token", Connection: "gw"})
			defer h.serve()()
			synctest.Wait()
			got := h.action(a.ID)
			if got.Kind != wantKind || p.holds(a.Mark) != (remedy == consent.RevokeThenBlock) {
				t.Errorf("%s became %s (%s), blocked %v", remedy, got.Kind, got.State, p.holds(a.Mark))
			}
		})
	}
}

func TestOurOwnAccessIsNeverRevoked(t *testing.T) {
	inHome(t, func(t *testing.T, h *bench) {
		p := h.peer("hub", fine)
		p.grants = []consent.Grant{{ID: "token", Own: true}}
		a := h.ended("c1", consent.Revoke, consent.Grant{ID: "token", Connection: "hub"})
		defer h.serve()()
		synctest.Wait()
		if p.asked() != 0 || h.action(a.ID).State != consent.NeedsPerson {
			t.Errorf("asked %d times, %s", p.asked(), h.action(a.ID).State)
		}
	})
}

func TestT41TheClockNeverCutsWhatIsEssentialAndNobodyTheRouter(t *testing.T) {
	cases := []struct {
		d    discovery.Device
		a    consent.Action
		want consent.ActionState
	}{
		{discovery.Device{Essential: discovery.EssentialMedical}, consent.Action{Origin: consent.FromExpiry}, consent.NeedsPerson},
		{discovery.Device{Essential: discovery.EssentialMedical}, consent.Action{Origin: consent.FromPerson}, consent.NeedsPerson},
		{discovery.Device{Essential: discovery.EssentialMedical}, consent.Action{Origin: consent.FromPerson, Confirmed: true}, consent.Done},
		{discovery.Device{Role: discovery.RoleRouter}, consent.Action{Origin: consent.FromPerson, Confirmed: true}, consent.NeedsPerson},
		{discovery.Device{Role: discovery.RoleThisComputer}, consent.Action{Origin: consent.FromPerson, Confirmed: true}, consent.NeedsPerson},
		{discovery.Device{}, consent.Action{Origin: consent.FromPerson}, consent.Done},
	}
	for _, c := range cases {
		inHome(t, func(t *testing.T, h *bench) {
			p := h.peer("gw", fine)
			c.d.ID = "d1"
			h.devices["d1"] = c.d
			a := h.plain(c.a)
			defer h.serve()()
			synctest.Wait()
			if got := h.action(a.ID); got.State != c.want || (p.asked() > 0) != (c.want == consent.Done) {
				t.Errorf("%+v by %s: %s (%s), asked %d", c.d, c.a.Origin, got.State, got.Reason, p.asked())
			}
		})
	}
}

// plain writes a disconnect like a, of device d1.
func (h *bench) plain(a consent.Action) consent.Action {
	if a.Kind == "" {
		a.Kind = consent.ActBlock
	}
	a.Device, a.Recipient, a.Mark, a.State = "d1", consent.Recipient{Any: true}, consent.MarkDisconnect("d1"), consent.Pending
	a.Created, a.DueAt = h.now(), h.now()
	out, _ := h.AddActions(context.Background(), []consent.Action{a})
	return out[0]
}

func TestACoarseBlockIsTheHouseholdsChoice(t *testing.T) {
	coarse := connectors.Traits{Grain: connectors.GrainDevice}
	inHome(t, func(t *testing.T, h *bench) {
		p := h.peer("router", coarse)
		a := h.ended("c1", consent.Block)
		defer h.serve()()
		synctest.Wait()
		got := h.action(a.ID)
		if got.State != consent.NeedsPerson || p.asked() != 0 || !strings.Contains(got.Reason, "whole device") {
			t.Fatalf("%s: %q, asked %d", got.State, got.Reason, p.asked())
		}
		got.Coarse = true // the household chose
		if err := h.SaveAction(t.Context(), got); err != nil {
			t.Fatal(err)
		}
		if err := h.r.Retry(t.Context(), a.ID); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if got := h.action(a.ID); got.State != consent.Done {
			t.Errorf("%s after the choice", got.State)
		}
	})
	inHome(t, func(t *testing.T, h *bench) { // the twin: a finer one is taken without a question
		p, q := h.peer("a-router", coarse), h.peer("gw", fine)
		a := h.ended("c1", consent.Block)
		defer h.serve()()
		synctest.Wait()
		if h.action(a.ID).Connection != "gw" || p.asked() != 0 || q.asked() != 1 {
			t.Errorf("went to %q", h.action(a.ID).Connection)
		}
	})
}

func TestUnsupportedGoesToTheNextConnection(t *testing.T) {
	inHome(t, func(t *testing.T, h *bench) {
		h.peer("a", fine).block = func(context.Context, connectors.BlockRequest) error {
			return &connectors.Error{Kind: consent.KindUnsupported, Text: "that device is not behind me"}
		}
		q := h.peer("b", fine)
		a := h.ended("c1", consent.Block)
		defer h.serve()()
		synctest.Wait()
		if got := h.action(a.ID); got.State != consent.Done || got.Connection != "b" || q.asked() != 1 {
			t.Errorf("%s through %q: %s", got.State, got.Connection, got.Reason)
		}
	})
}

func TestT44UnreachableAtTheDeadlineIsQueuedAndDoneOnOpening(t *testing.T) {
	inHome(t, func(t *testing.T, h *bench) {
		h.peer("gw", fine)
		h.setClosed("gw", &connectors.Error{Kind: consent.KindTransient, Text: "no route"})
		a := h.ended("c1", consent.Block)
		defer h.serve()()
		time.Sleep(30 * time.Second)
		if got := h.action(a.ID); got.State != consent.Waiting || !strings.Contains(got.Reason, "no route") {
			t.Fatalf("%s: %q", got.State, got.Reason)
		}
		h.setClosed("gw", nil)
		h.r.Opened()
		synctest.Wait()
		if got := h.action(a.ID); got.State != consent.Done {
			t.Errorf("%s at once after it opened", got.State)
		}
	})
}

func TestAwaitGivesTheLevelReached(t *testing.T) {
	inHome(t, func(t *testing.T, h *bench) {
		h.peer("gw", fine).block = func(context.Context, connectors.BlockRequest) error { time.Sleep(3 * time.Second); return nil }
		defer h.serve()()
		a := h.plain(consent.Action{Origin: consent.FromPerson})
		h.r.Poke()
		got, err := h.r.Await(t.Context(), a.ID, func(a consent.Action) bool { return a.State == consent.Done })
		if err != nil || got.State != consent.Done {
			t.Fatalf("%+v, %v", got.State, err)
		}
		got, err = h.r.Await(t.Context(), a.ID, func(a consent.Action) bool { return a.Level == consent.Effective })
		if err != nil || got.Level != consent.Effective {
			t.Fatalf("%+v, %v", got.Level, err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := h.r.Await(ctx, "nobody", func(consent.Action) bool { return true }); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("waiting for an unknown action: %v", err)
		}
	})
}
