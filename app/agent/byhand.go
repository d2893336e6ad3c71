package main

import (
	"context"
	"errors"
	"fmt"

	"bestbefore/app/internal/engine"
	"bestbefore/consent"
)

// confirm takes the word that what only a person can do was done. It reads the
// name of a permission or of the action that waits.
func (c *call) confirm(ctx context.Context, args []string) error {
	pos, err := words("confirm", args, 1, 1, nil)
	if err != nil {
		return err
	}
	return c.with(ctx, partsNone, func(ctx context.Context, e engine.Engine) error {
		id := consent.ActionID(pos[0])
		if i, err := e.Consent(ctx, consent.ID(pos[0])); err == nil {
			a, ok := guideOf(i.Actions)
			if !ok {
				return fmt.Errorf("nothing of %s waits to be done by hand", i.ID)
			}
			id = a.ID
		}
		a, err := e.Confirm(ctx, id, how)
		if errors.Is(err, consent.ErrNotFound) {
			return fmt.Errorf("there is no permission and no action %q; \"consents\" lists the permissions", pos[0])
		}
		if err != nil {
			return err
		}
		fmt.Fprintf(c.out, "%s: you said that it is done. Whether %s still gets anything is watched from now on.\n", a.ID, a.Recipient.Name)
		return nil
	})
}

// guideOf is the newest action that asks for steps by hand.
func guideOf(as []consent.Action) (consent.Action, bool) {
	for _, a := range as {
		if a.Kind == consent.ActGuide && a.State != consent.Cancelled {
			return a, true
		}
	}
	return consent.Action{}, false
}
