package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"bestbefore/app/internal/engine"
	"bestbefore/assets/words"
	"bestbefore/consent"
)

// how is what the diary says of decisions made here.
const how = "command line"

// flowsShown is how many rows are listed at most.
const flowsShown = 1000

func (c *call) flows(ctx context.Context, args []string) error {
	var asJSON bool
	var ask flowAsk
	pos, err := positional("flows", args, 0, 1, func(f *flag.FlagSet) {
		f.BoolVar(&asJSON, "json", false, "")
		f.StringVar(&ask.since, "since", "", "")
		ask.flags(f)
	})
	if err != nil {
		return err
	}
	if ask.since != "" && ask.from != "" {
		return misused(words.Sprintf("--since and --from say the same; usage: %s", commands()["flows"].usage))
	}
	if len(pos) == 1 {
		ask.device = pos[0]
	}
	ask.since = cmp.Or(ask.since, ask.from, "7d")
	return c.with(ctx, partsNone, func(ctx context.Context, e engine.Engine) error { return c.listFlows(ctx, e, ask, asJSON) })
}

func (c *call) listFlows(ctx context.Context, e engine.Engine, ask flowAsk, asJSON bool) error {
	q, err := ask.query(ctx, e)
	if err != nil {
		return err
	}
	q.Limit = flowsShown + 1
	fs, err := e.Flows(ctx, q)
	if err != nil {
		return err
	}
	if len(fs) > flowsShown {
		fs = fs[:flowsShown]
		fmt.Fprintln(c.errs, words.Sprintf("Only the %d largest are listed. A device, --to or a shorter time narrows it; \"export\" writes more.", flowsShown))
	}
	if asJSON {
		return writeJSON(c.out, convert(fs, flowOut))
	}
	c.none(len(fs), words.Text("No traffic was seen in that time. \"connectors\" says what can see where devices send."))
	info, err := e.Connectors(ctx)
	if err != nil {
		return err
	}
	return c.printFlows(fs, info.Connections)
}

func (c *call) printFlows(fs []engine.FlowInfo, by []engine.ConnectionInfo) error {
	names := map[string]string{}
	for _, x := range by {
		names["connector:"+x.ID] = x.Name
	}
	w := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
	for _, f := range fs {
		to := f.Destination
		if name := cmp.Or(f.Recipient, f.Receiver.Company); name != "" && name != to {
			to = name + " (" + to + ")"
		}
		fmt.Fprintf(w, "%s\t%s\t%s/%d\t%s\t%s\t%s\t%s\t%s\n", f.DeviceName, to, f.Protocol, f.Port, words.Sprintf("sent %d bytes", f.BytesUp), words.Sprintf("received %d bytes", f.BytesDown),
			words.Sprintf("last %s", words.Date(f.Last.Local(), "2 Jan 15:04:05")), cmp.Or(names[f.Source], f.Source), kinds(f.Categories))
	}
	return w.Flush()
}

// kinds are the kinds of data that were seen.
func kinds(cs []consent.Category) string {
	out := make([]string, len(cs))
	for i, c := range cs {
		out[i] = string(c)
	}
	return strings.Join(out, ", ")
}

func (c *call) allow(ctx context.Context, args []string) error {
	var to, data, end, then string
	var whole bool
	pos, err := positional("allow", args, 1, 1, func(f *flag.FlagSet) {
		f.BoolVar(&whole, "whole", false, "")
		f.StringVar(&to, "to", "", "")
		f.StringVar(&data, "data", "any", "")
		f.StringVar(&end, "until", "", "")
		f.StringVar(&then, "then", "", "")
	})
	if err != nil {
		return err
	}
	if to == "" || end == "" {
		return misused(words.Sprintf("--to and --until are needed; usage: %s", commands()["allow"].usage))
	}
	if err := until("--until", end); err != nil {
		return err
	}
	rem, err := remedy(then)
	if err != nil {
		return err
	}
	return c.with(ctx, partsEnforce, func(ctx context.Context, e engine.Engine) error {
		d, err := e.Device(ctx, pos[0])
		if err != nil {
			return err
		}
		known, err := recipients(ctx, e)
		if err != nil {
			return err
		}
		r := engine.AllowRequest{Device: d.ID, Data: categories(data), Until: end, Then: rem, Coarse: whole, How: how}
		if r.Recipient, err = recipient(to, known); err != nil {
			return err
		}
		info, err := e.Allow(ctx, r)
		if err != nil {
			return err
		}
		return c.settled(ctx, e, info.ID)
	})
}

func recipients(ctx context.Context, e engine.Engine) ([]consent.Recipient, error) {
	cs, err := e.Consents(ctx)
	var out []consent.Recipient
	for _, x := range cs {
		out = append(out, x.Recipient)
	}
	return out, err
}

// settled waits until everything that a decision asked for was done or has to
// wait, and prints how the permission stands.
func (c *call) settled(ctx context.Context, e engine.Engine, id consent.ID) error {
	ctx, stop := context.WithTimeout(ctx, settleTime)
	defer stop()
	changed := e.Watch(ctx)
	for {
		info, err := e.Consent(context.WithoutCancel(ctx), id)
		if err != nil {
			return err
		}
		if !busy(info.Actions) || ctx.Err() != nil {
			c.printConsent(info)
			return nil
		}
		select {
		case <-ctx.Done():
		case <-changed:
		}
	}
}

// settleTime bounds how long a command waits for its actions.
const settleTime = 15 * time.Second

func busy(as []consent.Action) bool {
	for _, a := range as {
		if a.State == consent.Pending || a.State == consent.Running {
			return true
		}
	}
	return false
}

func (c *call) renew(ctx context.Context, args []string) error {
	var end string
	pos, err := positional("renew", args, 1, 1, func(f *flag.FlagSet) { f.StringVar(&end, "until", "", "") })
	if err != nil {
		return err
	}
	if end == "" {
		return misused(words.Sprintf("--until is needed; usage: %s", commands()["renew"].usage))
	}
	if err := until("--until", end); err != nil {
		return err
	}
	return c.with(ctx, partsEnforce, func(ctx context.Context, e engine.Engine) error {
		info, err := e.Renew(ctx, consent.ID(pos[0]), end, how)
		if err != nil {
			return err
		}
		return c.settled(ctx, e, info.ID)
	})
}

func (c *call) extend(ctx context.Context, args []string) error {
	pos, err := positional("extend", args, 1, 1, nil)
	if err != nil {
		return err
	}
	return c.with(ctx, partsEnforce, func(ctx context.Context, e engine.Engine) error {
		info, err := e.Extend(ctx, consent.ID(pos[0]), how)
		if err != nil {
			return err
		}
		return c.settled(ctx, e, info.ID)
	})
}

func (c *call) end(ctx context.Context, args []string) error {
	sure := false
	pos, err := positional("end", args, 1, 1, func(f *flag.FlagSet) { f.BoolVar(&sure, "confirm", false, "") })
	if err != nil {
		return err
	}
	return c.with(ctx, partsEnforce, func(ctx context.Context, e engine.Engine) error {
		info, err := endNow(ctx, e, consent.ID(pos[0]), sure)
		if err != nil {
			return err
		}
		return c.settled(ctx, e, info.ID)
	})
}

// endNow ends a permission, and one whose end deletes an access only when sure.
func endNow(ctx context.Context, e engine.Engine, id consent.ID, sure bool) (engine.ConsentInfo, error) {
	now, err := e.Consent(ctx, id)
	if err != nil {
		return now, err
	}
	if now.Remedy.Deletes() && !sure {
		return now, words.Errorf("%w: ending it deletes the access for good; add --confirm", consent.ErrIrreversible)
	}
	return e.End(ctx, id, how)
}

func (c *call) undo(ctx context.Context, args []string) error {
	if _, err := positional("undo", args, 0, 0, nil); err != nil {
		return err
	}
	return c.with(ctx, partsEnforce, func(ctx context.Context, e engine.Engine) error {
		what, err := e.Undo(ctx)
		if err != nil {
			return err
		}
		fmt.Fprintln(c.out, what)
		return nil
	})
}
