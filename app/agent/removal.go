package main

import (
	"context"
	"flag"
	"fmt"

	"bestbefore/app/internal/engine"
	"bestbefore/assets/words"
)

// remove gives a connection up: with ending, at its peer, what that gave to us,
// or only here.
func (c *call) remove(ctx context.Context, args []string) error {
	var end, forget, abandon bool
	pos, err := positional("remove", args, 1, 1, func(f *flag.FlagSet) {
		f.BoolVar(&end, "end", false, "")
		f.BoolVar(&forget, "forget", false, "")
		f.BoolVar(&abandon, "abandon", false, "")
	})
	if err != nil {
		return err
	}
	if end && forget || abandon && (end || forget) {
		return misused(words.Sprintf("only one of --end, --forget and --abandon can be meant; usage: %s", commands()["remove"].usage))
	}
	return c.with(ctx, partsConnect, func(ctx context.Context, e engine.Engine) error {
		p, err := e.PreviewRemove(ctx, pos[0])
		if err != nil {
			return err
		}
		c.printRemoval(p, end)
		switch {
		case abandon:
			if _, err := e.AbandonConnection(ctx, p.Connection, how); err != nil {
				return err
			}
		case p.Silent:
			return words.New("it does not answer, so nothing was removed: \"change\" gives it other answers, --abandon forgets it although what it holds stays there")
		case end:
			said, err := e.EndAndRemove(ctx, p.Connection, how)
			if err != nil {
				return err
			}
			fmt.Fprintln(c.out, said)
		case p.Ends && !forget:
			return words.New("nothing was removed yet: --end ends the access there first, --forget only forgets it here")
		default:
			if err := e.RemoveConnection(ctx, p.Connection); err != nil {
				return err
			}
		}
		fmt.Fprintln(c.out, words.Sprintf("%s was removed.", p.Name))
		return nil
	})
}

// printRemoval says what removing a connection means: with ending what it was
// given, or without.
func (c *call) printRemoval(p engine.RemovalInfo, end bool) {
	for _, l := range p.Lines {
		fmt.Fprintln(c.out, l)
	}
	if p.Ends {
		for _, l := range p.EndLines {
			fmt.Fprintln(c.out, "--end: "+l)
		}
		for _, r := range p.Rests {
			fmt.Fprintln(c.out, "  "+words.Sprintf("With it ends: %s", r))
		}
	}
	for _, s := range p.Standing {
		fmt.Fprintln(c.out, "  "+words.Sprintf("What may stay in force there: %s", s))
	}
	if p.Stays == "" || end {
		return
	}
	if p.CannotEnd != "" {
		fmt.Fprintln(c.out, p.CannotEnd)
	}
	fmt.Fprintln(c.out, map[bool]string{true: "--forget: ", false: ""}[p.Ends]+p.Stays)
	for _, s := range p.Steps {
		fmt.Fprintln(c.out, "  "+s)
	}
	if p.Page != "" {
		fmt.Fprintln(c.out, "  "+p.Page)
	}
}
