package main

import (
	"context"
	"errors"
	"testing"

	"bestbefore/app/internal/engine"
	"bestbefore/consent"
)

// agreed is an engine with one permission.
type agreed struct {
	engine.Engine
	remedy consent.Remedy
	ended  bool
}

func (a *agreed) Consent(context.Context, consent.ID) (engine.ConsentInfo, error) {
	i := engine.ConsentInfo{}
	i.Remedy = a.remedy
	return i, nil
}

func (a *agreed) End(context.Context, consent.ID, string) (engine.ConsentInfo, error) {
	a.ended = true
	return engine.ConsentInfo{}, nil
}

// What deletes an access for good is ended only with a second word; a block, which
// can be lifted, needs none.
func TestEndingForGoodNeedsASecondWord(t *testing.T) {
	for _, c := range []struct {
		remedy consent.Remedy
		sure   bool
		ends   bool
	}{{consent.Revoke, false, false}, {consent.RevokeThenBlock, false, false}, {consent.Revoke, true, true}, {consent.Block, false, true}} {
		e := &agreed{remedy: c.remedy}
		_, err := endNow(t.Context(), e, "c1", c.sure)
		if e.ended != c.ends || errors.Is(err, consent.ErrIrreversible) == c.ends {
			t.Errorf("%s, sure %v: ended %v, %v", c.remedy, c.sure, e.ended, err)
		}
	}
}
