package main

import (
	"context"
	"fmt"
	"slices"

	"bestbefore/app/internal/engine"
	"bestbefore/assets/words"
	"bestbefore/connectors"
)

// setup says what a kind of connector needs before it can be connected: what the
// person has to see to on standard error, and the text to paste at the peer, if
// there is one, alone on standard output, so that it can be kept as a file.
func (c *call) setup(ctx context.Context, kind string) error {
	return c.with(ctx, partsNone, func(ctx context.Context, e engine.Engine) error {
		info, err := e.Connectors(ctx)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(info.Kinds, func(k connectors.Spec) bool { return k.Kind == kind })
		if i < 0 {
			return words.Errorf("there is no connector %q; \"connectors\" lists them", kind)
		}
		k := info.Kinds[i]
		fmt.Fprintln(c.errs, words.Sprintf("%s (%s) needs, before it can be connected:", k.Name, k.Kind))
		for _, n := range k.Needs {
			fmt.Fprintf(c.errs, "  %s\n", n)
		}
		switch {
		case k.Setup != "":
			fmt.Fprintln(c.errs, "  "+words.Text("what follows sets that up there, with no more rights than needed:"))
			fmt.Fprint(c.out, k.Setup)
		case len(k.Needs) == 0:
			fmt.Fprintln(c.errs, "  "+words.Text("nothing"))
		}
		return nil
	})
}
