package main

import (
	"context"
	"flag"
	"fmt"

	"bestbefore/app/internal/demo"
)

// demo tells the story of the demo home. It has a data folder of its own;
// --data plays no part.
func (c *call) demo(ctx context.Context, args []string) error {
	var fast bool
	if _, err := words("demo", args, 0, 0, func(f *flag.FlagSet) { f.BoolVar(&fast, "fast", false, "") }); err != nil {
		return err
	}
	t := demo.Teller{Say: func(s string) { fmt.Fprintln(c.out, s) }}
	return demo.Tell(ctx, demo.Config{Fast: fast}, func(ctx context.Context, h *demo.Home) error { return h.Story(ctx, t) })
}
