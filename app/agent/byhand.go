package main

import (
	"context"
	"errors"
	"flag"
	"fmt"

	"bestbefore/app/internal/engine"
	"bestbefore/assets/words"
	"bestbefore/consent"
)

// confirm takes the word that what only a person can do was done. It reads the
// name of a permission or of the action that waits.
func (c *call) confirm(ctx context.Context, args []string) error {
	var steps bool
	pos, err := positional("confirm", args, 1, 1, func(f *flag.FlagSet) { f.BoolVar(&steps, "steps", false, "") })
	if err != nil {
		return err
	}
	if steps {
		return c.byHand(ctx, pos[0])
	}
	return c.with(ctx, partsNone, func(ctx context.Context, e engine.Engine) error {
		id := consent.ActionID(pos[0])
		if i, err := e.Consent(ctx, consent.ID(pos[0])); err == nil {
			a, ok := guideOf(i.Actions)
			if !ok {
				return words.Errorf("nothing of %s waits to be done by hand", i.ID)
			}
			id = a.ID
		}
		a, err := e.Confirm(ctx, id, how)
		if errors.Is(err, consent.ErrNotFound) {
			return words.Errorf("there is no permission and no action %q; \"consents\" lists the permissions", pos[0])
		}
		if err != nil {
			return err
		}
		fmt.Fprintln(c.out, words.Sprintf("%s: you said that it is done. Whether %s still gets anything is watched from now on.", a.ID, a.Recipient.Name))
		return nil
	})
}

// byHand prints the steps that end a permission by hand, and does nothing.
func (c *call) byHand(ctx context.Context, id string) error {
	return c.with(ctx, partsNone, func(ctx context.Context, e engine.Engine) error {
		i, err := e.Consent(ctx, consent.ID(id))
		if errors.Is(err, consent.ErrNotFound) {
			return words.Errorf("there is no permission %q; \"consents\" lists them", id)
		}
		if err != nil {
			return err
		}
		c.steps(i)
		return nil
	})
}

// steps prints the steps of a permission.
func (c *call) steps(i engine.ConsentInfo) {
	g := i.Guide
	if g == nil {
		fmt.Fprintln(c.out, words.Text("Nothing special is known for it: end it in the app or on the page with which the device was set up, or at your router."))
		return
	}
	c.printGuide(*g)
}

// guideOf is the newest action that asks for steps by hand, or failed so that they are offered.
func guideOf(as []consent.Action) (consent.Action, bool) {
	for _, a := range as {
		if a.Kind == consent.ActGuide && a.State != consent.Cancelled || a.Failed() {
			return a, true
		}
	}
	return consent.Action{}, false
}
