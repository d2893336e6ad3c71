package main

import (
	"context"
	"errors"
	"fmt"

	"bestbefore/app/internal/engine"
	"bestbefore/assets/words"
	"bestbefore/consent"
)

// stepWords say what each way to go on is.
var stepWords = map[engine.Step]string{
	engine.StepBlock: words.Later("block what it sends"),
	engine.StepWhole: words.Later("cut all of it"),
	engine.StepGuide: words.Later("end it by hand; the steps are shown"),
}

// step shows how the end of a permission can go on where one way failed, or goes on so.
func (c *call) step(ctx context.Context, args []string) error {
	pos, err := positional("step", args, 1, 2, nil)
	if err != nil {
		return err
	}
	if len(pos) == 2 && stepWords[engine.Step(pos[1])] == "" {
		return misused(words.Sprintf("%q is no way to go on; usage: %s", pos[1], commands()["step"].usage))
	}
	return c.with(ctx, partsEnforce, func(ctx context.Context, e engine.Engine) error {
		i, err := e.Consent(ctx, consent.ID(pos[0]))
		if errors.Is(err, consent.ErrNotFound) {
			return words.Errorf("there is no permission %q; \"consents\" lists them", pos[0])
		}
		if err != nil {
			return err
		}
		if i.Next == nil {
			return words.Errorf("nothing of %s waits for you or is stuck", i.ID)
		}
		if len(pos) == 1 {
			c.offers(i)
			return nil
		}
		to := engine.Step(pos[1])
		if _, err := e.Step(ctx, i.Next.Action, to, how); err != nil {
			return err
		}
		if err := c.settled(ctx, e, i.ID); err != nil || to != engine.StepGuide {
			return err
		}
		if i, err = e.Consent(ctx, i.ID); err != nil {
			return err
		}
		c.steps(i)
		return nil
	})
}

// offers prints the ways to go on, and what else would stop.
func (c *call) offers(i engine.ConsentInfo) {
	for _, s := range i.Next.Steps {
		fmt.Fprintf(c.out, "step %s %-6s %s\n", i.ID, s, words.Text(stepWords[s]))
	}
	for _, l := range i.Next.Lines {
		fmt.Fprintf(c.out, "  %s\n", l)
	}
	for _, s := range i.Next.AlsoStops {
		fmt.Fprintln(c.out, "  "+words.Sprintf("also stops: %s", s))
	}
}
