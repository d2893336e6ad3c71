package main

import (
	"context"
	"flag"
	"fmt"

	"bestbefore/app/internal/engine"
	"bestbefore/assets/words"
)

// captures lists the capture files that were taken over, and forgets one.
func (c *call) captures(ctx context.Context, args []string) error {
	var asJSON bool
	pos, err := positional("captures", args, 0, 2, func(f *flag.FlagSet) { f.BoolVar(&asJSON, "json", false, "") })
	switch {
	case err != nil:
		return err
	case len(pos) == 2 && pos[0] == "forget":
		return c.with(ctx, partsNone, func(ctx context.Context, e engine.Engine) error {
			f, err := e.ForgetCapture(ctx, pos[1], how)
			if err != nil {
				return err
			}
			fmt.Fprintln(c.out, words.Sprintf("Forgotten: %d rows of traffic. The file itself was not touched.", f.Rows))
			return nil
		})
	case len(pos) != 0:
		return misuse("captures")
	}
	return c.with(ctx, partsNone, func(ctx context.Context, e engine.Engine) error {
		all, err := e.Captures(ctx)
		if err != nil {
			return err
		}
		if asJSON {
			return writeJSON(c.out, list(all))
		}
		c.none(len(all), words.Text("No capture was taken over."))
		for _, x := range all {
			fmt.Fprint(c.out, words.Sprintf("%s  taken over %s, %d records of %d devices", x.File, words.Date(x.Time.Local(), "2 January 2006 15:04"), x.Records, x.Devices))
			if x.Unfinished {
				fmt.Fprint(c.out, "; "+words.Text("interrupted: import it again and it goes on"))
			}
			fmt.Fprintln(c.out)
		}
		return nil
	})
}
