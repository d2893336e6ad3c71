package enforce

import (
	"testing"
	"testing/synctest"
	"time"

	"bestbefore/connectors"
	"bestbefore/consent"
)

// pause writes a disconnect for an hour, as the engine does.
func (h *bench) pause() (block, over consent.Action) {
	a := consent.Action{Origin: consent.FromPerson, Until: h.now().Add(time.Hour)}
	block = h.plain(a)
	as, _ := h.AddActions(h.t.Context(), []consent.Action{consent.PauseOver(block)})
	return block, as[0]
}

// A pause is over when its hour is, whether the peer keeps the end or we do;
// before that nothing lifts it, neither a new connection nor a person's retry.
// The twin: without consent.PauseOver a peer that keeps no end blocks for ever.
func TestAPauseEndsByItself(t *testing.T) {
	lazy := connectors.Traits{Grain: connectors.GrainDevice}
	for name, c := range map[string]struct {
		traits  connectors.Traits
		without bool
	}{"kept there": {fine, false}, "kept here": {lazy, false}, "twin": {lazy, true}} {
		t.Run(name, func(t *testing.T) {
			inHome(t, func(t *testing.T, h *bench) {
				p := h.peer("gw", c.traits)
				block, over := h.pause()
				if c.without {
					x := h.action(over.ID)
					x.State = consent.Cancelled
					h.mu.Lock()
					h.actions[len(h.actions)-1] = x
					h.mu.Unlock()
				}
				defer h.serve()()
				time.Sleep(30 * time.Minute)
				h.r.Opened()
				_ = h.r.Retry(t.Context(), over.ID)
				synctest.Wait()
				p.mu.Lock()
				rule, on := p.rules[block.Mark]
				p.mu.Unlock()
				if !on || rule.Until.IsZero() == c.traits.HoldsEnd {
					t.Fatalf("half way: blocked %v, told to end at %s", on, rule.Until)
				}
				time.Sleep(30*time.Minute + 2*time.Second)
				synctest.Wait()
				if on := p.holds(block.Mark); on != c.without {
					t.Errorf("when it is over: blocked %v", on)
				}
				if got := h.action(over.ID).State; !c.without && got != consent.Done {
					t.Errorf("the end is %s", got)
				}
			})
		})
	}
}

// A pause prefers who keeps its end, and one that could not be set in time is not
// set when it is over.
func TestAPauseGoesToWhoKeepsItsEnd(t *testing.T) {
	inHome(t, func(t *testing.T, h *bench) {
		h.peer("a", connectors.Traits{Grain: connectors.GrainRecipient, SurvivesRestart: true})
		h.peer("b", fine)
		block, _ := h.pause()
		defer h.serve()()
		synctest.Wait()
		if got := h.action(block.ID); got.Connection != "b" {
			t.Errorf("it went to %q", got.Connection)
		}
	})
	inHome(t, func(t *testing.T, h *bench) {
		p := h.peer("gw", fine)
		block, _ := h.pause()
		time.Sleep(2 * time.Hour)
		defer h.serve()()
		synctest.Wait()
		if got := h.action(block.ID); got.State != consent.Cancelled || p.asked() != 0 {
			t.Errorf("%s, asked %d", got.State, p.asked())
		}
	})
}
