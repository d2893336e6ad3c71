package main

import (
	"context"
	"flag"
	"fmt"
	"strings"
	"time"

	"bestbefore/app/internal/engine"
)

// clock says what time the engine goes by, and takes the person's word that the
// computer's clock is right.
func (c *call) clock(ctx context.Context, args []string) error {
	var right bool
	if _, err := positional("clock", args, 0, 0, func(f *flag.FlagSet) { f.BoolVar(&right, "confirm", false, "") }); err != nil {
		return err
	}
	return c.with(ctx, partsNone, func(ctx context.Context, e engine.Engine) error {
		if right {
			if err := e.ConfirmClock(ctx, how); err != nil {
				return err
			}
		}
		o, err := e.Overview(ctx)
		if err != nil {
			return err
		}
		fmt.Fprintf(c.out, "%s (%s)\n", o.Now.Local().Format(time.DateTime), o.Zone)
		for _, p := range o.Problems {
			if p.ID == "clock" {
				fmt.Fprintf(c.out, "%s.\n%s\n", strings.TrimSuffix(p.Text, "."), p.Fix)
			}
		}
		return nil
	})
}
