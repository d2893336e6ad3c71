package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"bestbefore/app/internal/engine"
	"bestbefore/assets/words"
)

// recipe looks at, adds, lists and removes connectors that are written as data.
func (c *call) recipe(ctx context.Context, args []string) error {
	var asJSON, yes bool
	pos, err := positional("recipe", args, 1, 2, func(f *flag.FlagSet) {
		f.BoolVar(&asJSON, "json", false, "")
		f.BoolVar(&yes, "yes", false, "")
	})
	if err != nil {
		return err
	}
	switch {
	case pos[0] == "list" && len(pos) == 1:
		return c.with(ctx, partsNone, func(ctx context.Context, e engine.Engine) error { return c.recipes(ctx, e, asJSON) })
	case pos[0] == "check" && len(pos) == 2:
		return c.recipeFile(ctx, pos[1], func(_ context.Context, _ engine.Engine, _ string, i engine.RecipeInfo) error {
			if asJSON {
				return writeJSON(c.out, i)
			}
			return c.showRecipe(i)
		})
	case pos[0] == "add" && len(pos) == 2:
		return c.recipeFile(ctx, pos[1], func(ctx context.Context, e engine.Engine, text string, i engine.RecipeInfo) error {
			return c.addRecipe(ctx, e, text, i, yes)
		})
	case pos[0] == "remove" && len(pos) == 2:
		return c.with(ctx, partsNone, func(ctx context.Context, e engine.Engine) error { return e.RemoveRecipe(ctx, pos[1]) })
	}
	return misuse("recipe")
}

// recipeMost is more than any connector file may hold.
const recipeMost = 128 << 10

// recipeFile reads a file and what the engine says of it.
func (c *call) recipeFile(ctx context.Context, name string, f func(context.Context, engine.Engine, string, engine.RecipeInfo) error) error {
	in, err := os.Open(name)
	if err != nil {
		return fileFault(words.Text("reading the connector file"), err)
	}
	defer func() { _ = in.Close() }() // it was only read
	data, err := io.ReadAll(io.LimitReader(in, recipeMost))
	if err != nil {
		return words.Errorf("reading the connector file: %w", err)
	}
	return c.with(ctx, partsNone, func(ctx context.Context, e engine.Engine) error {
		i, err := e.LookAtRecipe(ctx, string(data))
		if err != nil {
			return err
		}
		return f(ctx, e, string(data), i)
	})
}

// showRecipe prints what a person has to know before saying yes; a broken file is a failure.
func (c *call) showRecipe(i engine.RecipeInfo) error {
	if len(i.Faults) > 0 {
		for _, f := range i.Faults {
			c.complain(f)
		}
		return errSaid
	}
	fmt.Fprintf(c.out, "%s (%s)", i.Spec.Name, i.Spec.Kind)
	if i.Author != "" {
		fmt.Fprint(c.out, ", "+words.Sprintf("by %s", i.Author))
	}
	fmt.Fprintln(c.out)
	fmt.Fprintln(c.out, "  "+words.Sprintf("sees:      %s", i.Spec.Sees))
	fmt.Fprintln(c.out, "  "+words.Sprintf("stops:     %s", i.Spec.Stops))
	for _, p := range i.Places {
		fmt.Fprintln(c.out, "  "+words.Sprintf("speaks to: %s", p))
	}
	for _, n := range i.Spec.Needs {
		fmt.Fprintln(c.out, "  "+words.Sprintf("needs:     %s", n))
	}
	for _, o := range i.Spec.Options {
		if o.Secret {
			fmt.Fprintln(c.out, "  "+words.Sprintf("asks for:  %s (kept sealed; the file never sees it)", o.Label))
		}
	}
	fmt.Fprintf(c.out, "  SHA-256:   %s\n", i.SHA256)
	fmt.Fprintln(c.out, "  "+words.Sprintf("state:     %s", i.State))
	return nil
}

func (c *call) addRecipe(ctx context.Context, e engine.Engine, text string, i engine.RecipeInfo, yes bool) error {
	if err := c.showRecipe(i); err != nil {
		return err
	}
	if !yes {
		fmt.Fprint(c.out, words.Text("Use it from now on? Type yes:")+" ")
		line, err := bufio.NewReader(io.LimitReader(c.stdin, 100)).ReadString('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return words.Errorf("reading your answer: %w", err)
		}
		if strings.TrimSpace(strings.ToLower(line)) != "yes" {
			return words.New("nothing was added")
		}
	}
	if _, err := e.AddRecipe(ctx, text, i.SHA256); err != nil {
		return err
	}
	fmt.Fprintln(c.out, words.Sprintf("Added. Connect it with: connect %s", i.Spec.Kind))
	return nil
}

func (c *call) recipes(ctx context.Context, e engine.Engine, asJSON bool) error {
	all, err := e.Recipes(ctx)
	if err != nil {
		return err
	}
	if asJSON {
		return writeJSON(c.out, append([]engine.RecipeInfo{}, all...))
	}
	for _, i := range all {
		fmt.Fprintf(c.out, "%s  %s (%s)  %s\n", i.File, i.Spec.Name, i.Spec.Kind, i.State)
		for _, f := range i.Faults {
			fmt.Fprintf(c.out, "  %s\n", f)
		}
	}
	c.none(len(all), words.Text("There are no connector files beside those that are part of the program."))
	return nil
}
