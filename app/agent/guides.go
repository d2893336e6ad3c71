package main

import (
	"context"
	"flag"
	"fmt"
	"slices"
	"strings"

	"bestbefore/app/internal/engine"
	"bestbefore/assets/words"
	"bestbefore/connectors"
)

// guideJSON is how a person ends by hand what nothing here can end.
type guideJSON struct {
	ID    string   `json:"id"`
	Name  string   `json:"name"`
	For   []string `json:"for"`
	Only  string   `json:"only"`
	Page  string   `json:"page"`
	Where string   `json:"where"`
	Steps []string `json:"steps"`
	Stops string   `json:"stops"`
	Keeps string   `json:"keeps"`
	Sign  string   `json:"sign"`
}

func guideOut(g connectors.Guide) guideJSON {
	return guideJSON{
		ID: g.ID, Name: g.Name, For: list(g.For), Only: g.Only, Page: g.Page, Where: g.Where, Steps: list(g.Steps), Stops: g.Stops, Keeps: g.Keeps, Sign: g.Sign,
	}
}

// guides lists the makers and accounts whose steps are known, or shows the steps of one.
func (c *call) guides(ctx context.Context, args []string) error {
	var asJSON bool
	pos, err := positional("guides", args, 0, 20, func(f *flag.FlagSet) { f.BoolVar(&asJSON, "json", false, "") })
	if err != nil {
		return err
	}
	return c.with(ctx, partsNone, func(ctx context.Context, e engine.Engine) error {
		all, err := e.GuideBook(ctx)
		if err != nil {
			return err
		}
		all = chosenGuides(all, strings.Join(pos, " "))
		switch {
		case asJSON:
			return writeJSON(c.out, convert(all, guideOut))
		case len(all) == 0:
			return words.Errorf("no steps are known for %q; \"guides\" lists those that are", strings.Join(pos, " "))
		case len(all) == 1:
			if all[0].Only != "" {
				fmt.Fprintln(c.out, all[0].Only)
			}
			c.printGuide(all[0])
			return nil
		}
		for _, g := range all {
			fmt.Fprintf(c.out, "%-18s %s\n", g.ID, g.Name)
		}
		return nil
	})
}

// chosenGuides are those with the ID, else those in whose name, makers or
// companies every word stands; all without words.
func chosenGuides(all []connectors.Guide, text string) []connectors.Guide {
	text = strings.ToLower(text)
	if i := slices.IndexFunc(all, func(g connectors.Guide) bool { return g.ID == text }); i >= 0 {
		return all[i : i+1]
	}
	var out []connectors.Guide
	for _, g := range all {
		in := strings.ToLower(g.Name + " " + strings.Join(g.For, " "))
		if !slices.ContainsFunc(strings.Fields(text), func(w string) bool { return !strings.Contains(in, w) }) {
			out = append(out, g)
		}
	}
	return out
}

// printGuide prints the steps of one guide.
func (c *call) printGuide(g connectors.Guide) {
	fmt.Fprintln(c.out, g.Name)
	fmt.Fprintln(c.out, "  "+words.Sprintf("where: %s", g.Where))
	if g.Page != "" {
		fmt.Fprintln(c.out, "  "+words.Sprintf("page:  %s", g.Page))
	}
	for n, s := range g.Steps {
		fmt.Fprintf(c.out, "  %d. %s\n", n+1, s)
	}
	fmt.Fprintln(c.out, "  "+words.Sprintf("ends:    %s", g.Stops))
	fmt.Fprintln(c.out, "  "+words.Sprintf("goes on: %s", g.Keeps))
	fmt.Fprintln(c.out, "  "+words.Sprintf("sign:    %s", g.Sign))
}
