package main

import (
	"context"
	"errors"
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
	h, err := demo.Open(ctx, demo.Config{Fast: fast, Bare: true})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	served := make(chan error, 1)
	go func() {
		served <- h.Serve(ctx)
		cancel() // without the home there is no story
	}()
	err = h.Story(ctx, demo.Teller{Say: func(s string) { fmt.Fprintln(c.out, s) }})
	cancel()
	return errors.Join(err, <-served, h.Close())
}
