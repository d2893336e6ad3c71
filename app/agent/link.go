package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"bestbefore/app/internal/engine"
	"bestbefore/assets/words"
	"bestbefore/connectors"
)

// connectTo sets a connector up: at once, or through the peer's own page.
func (c *call) connectTo(ctx context.Context, e engine.Engine, r engine.ConnectRequest) (engine.ConnectionInfo, error) {
	info, err := e.Connectors(ctx)
	if err != nil {
		return engine.ConnectionInfo{}, err
	}
	if slices.ContainsFunc(info.Kinds, func(s connectors.Spec) bool { return s.Kind == r.Kind && s.Links }) {
		return c.link(ctx, e, r)
	}
	x, err := e.Connect(ctx, r)
	if err != nil {
		err = cmp.Or(lacking(info.Kinds, r), err)
	}
	return x, err
}

// lacking says what a call left out that no default answers, and how it is given; nil for nothing.
func lacking(kinds []connectors.Spec, r engine.ConnectRequest) error {
	var out []string
	for _, k := range kinds {
		for _, o := range k.Options {
			switch {
			case k.Kind != r.Kind || !o.Required || o.Default != "" || r.Values[o.Key] != "" || r.Secrets[o.Key] != "":
			case o.Secret:
				out = append(out, words.Sprintf("%s=... on standard input (%s)", o.Key, o.Label))
			default:
				out = append(out, "--set "+o.Key+"=... ("+o.Label+")")
			}
		}
	}
	if len(out) == 0 {
		return nil
	}
	return misused(words.Sprintf("%s also needs %s", r.Kind, strings.Join(out, " "+words.Text("and")+" ")))
}

// link prints where the person says yes, and waits for it.
func (c *call) link(ctx context.Context, e engine.Engine, r engine.ConnectRequest) (engine.ConnectionInfo, error) {
	l, err := e.StartLink(ctx, r)
	if err != nil {
		return engine.ConnectionInfo{}, err
	}
	stop := context.AfterFunc(ctx, func() { // an engine elsewhere goes on waiting unless it is told
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		_ = e.CancelLink(ctx, l.ID)
	})
	defer stop()
	switch {
	case l.Code != "":
		fmt.Fprintln(c.out, words.Sprintf("Open this page on any device, and type the code %s there:", l.Code))
	case l.Here:
		fmt.Fprintln(c.out, words.Text("Open this page in the browser of the computer on which Best Before runs, and say yes there:"))
	default:
		fmt.Fprintln(c.out, words.Text("Open this page, and say yes there:"))
	}
	fmt.Fprintf(c.out, "  %s\n%s\n", l.URL, words.Sprintf("Waiting until %s; Ctrl-C gives up.", l.Until.Local().Format("15:04")))
	return e.WaitLink(ctx, l.ID)
}
