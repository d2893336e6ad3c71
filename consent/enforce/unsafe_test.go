package enforce

import (
	"context"
	"errors"
	"testing"
	"time"

	"bestbefore/connectors"
	"bestbefore/consent"
)

// dim gives a permission once, and fails when it is read for the safety check.
type dim struct {
	*bench
	reads *int
	heals *bool
}

func (d dim) Consent(ctx context.Context, id consent.ID) (consent.Consent, error) {
	d.memory.mu.Lock()
	*d.reads++
	fails := *d.reads%2 == 0 && !*d.heals
	d.memory.mu.Unlock()
	if fails {
		return consent.Consent{}, errors.New("the disk does not answer")
	}
	return d.bench.Consent(ctx, id)
}

// T38: while the store cannot say by what the device was known, nobody is asked
// to cut anything. The twin: as soon as it can, it is cut.
func TestT38WithoutItsIdentityNothingIsCut(t *testing.T) {
	var reads int
	var heals bool
	inHome(t, func(t *testing.T, h *bench) {
		p := h.peer("gw", fine)
		a := h.ended("c1", consent.Block)
		defer h.serve()()
		settle(10 * time.Minute)
		if got := h.action(a.ID); p.asked() != 0 || got.State == consent.Done {
			t.Errorf("asked %d times, %s", p.asked(), got.State)
		}
		h.memory.mu.Lock()
		heals = true
		h.memory.mu.Unlock()
		settle(10 * time.Minute)
		if got := h.action(a.ID); got.State != consent.Done {
			t.Errorf("after it answers again: %s (%s)", got.State, got.Reason)
		}
	}, func(c *Config) { c.Store = dim{c.Store.(*bench), &reads, &heals} })
}

// What a peer cannot keep is told to whoever asks for it, so that it is not
// handed over once more; what a later decision cancelled carries no such answer.
func TestAHandOverThatIsNotPossibleSaysWhy(t *testing.T) {
	inHome(t, func(t *testing.T, h *bench) {
		h.peer("gw", fine).block = func(context.Context, connectors.BlockRequest) error {
			return &connectors.Error{Kind: consent.KindUnsupported, Text: "no dates here"}
		}
		c := given("c1", consent.Block)
		a := h.decide(c, consent.HandOver(c, h.now())...)[0]
		defer h.serve()()
		settle(time.Minute)
		if got := h.action(a.ID); got.State != consent.Cancelled || got.Error != consent.KindUnsupported {
			t.Errorf("%s, error %q", got.State, got.Error)
		}
	})
}
