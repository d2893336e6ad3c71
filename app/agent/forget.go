package main

import (
	"context"
	"flag"
	"fmt"
	"strings"

	"bestbefore/app/internal/engine"
	"bestbefore/assets/words"
	"bestbefore/discovery"
	"bestbefore/discovery/flow"
)

// forget deletes for good what was seen of a device, in a period, or at all.
func (c *call) forget(ctx context.Context, args []string) error {
	r := engine.ForgetRequest{How: how}
	var show bool
	pos, err := positional("forget", args, 0, 1, func(f *flag.FlagSet) {
		f.StringVar(&r.From, "from", "", "")
		f.StringVar(&r.To, "to", "", "")
		f.BoolVar(&r.All, "all", false, "")
		f.BoolVar(&r.Texts, "texts", false, "")
		f.BoolVar(&show, "show", false, "")
	})
	if err != nil {
		return err
	}
	if period := r.From != "" || r.To != ""; len(pos) == 0 && !r.All && !period || len(pos) == 1 && (r.All || period) || r.All && period {
		return misused(words.Sprintf("say one of a device, --from and --to, or --all; usage: %s", commands()["forget"].usage))
	}
	if r.From != "" || r.To != "" {
		for _, day := range []string{r.From, r.To} {
			if err := civil(day); err != nil {
				return err
			}
		}
	}
	return c.with(ctx, partsNone, func(ctx context.Context, e engine.Engine) error {
		if len(pos) == 1 {
			r.Device = discovery.DeviceID(pos[0])
			if r.Device != flow.Somebody {
				d, err := e.Device(ctx, pos[0])
				if err != nil {
					return err
				}
				r.Device = d.ID
			}
		}
		p, err := e.PreviewForget(ctx, r)
		if err != nil {
			return err
		}
		for _, l := range p.Goes {
			fmt.Fprintln(c.out, words.Sprintf("goes:  %s", l))
		}
		for _, l := range p.Stays {
			fmt.Fprintln(c.out, words.Sprintf("stays: %s", l))
		}
		if show {
			return nil
		}
		done, err := e.Forget(ctx, r)
		if err != nil {
			return err
		}
		fmt.Fprintln(c.out, words.Sprintf("Deleted: %d records and sums of traffic, %d texts of the diary.", done.Rows, done.Texts))
		return nil
	})
}

// test makes a connection's peer answer now.
func (c *call) test(ctx context.Context, args []string) error {
	pos, err := positional("test", args, 1, 1, nil)
	if err != nil {
		return err
	}
	return c.with(ctx, partsConnect, func(ctx context.Context, e engine.Engine) error {
		x, err := e.TestConnection(ctx, pos[0])
		if err != nil {
			return err
		}
		c.printConnection(x)
		if no := x.Cannot(); len(no) > 0 {
			fmt.Fprintln(c.out, "  "+words.Sprintf("cannot: %s", strings.Join(no, ", ")))
		}
		if x.Coverage.Text != "" {
			fmt.Fprintln(c.out, "  "+words.Sprintf("sees: %s", x.Coverage.Text))
		}
		return nil
	})
}
