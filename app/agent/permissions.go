package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"bestbefore/app/internal/engine"
	"bestbefore/assets/words"
	"bestbefore/consent"
	"bestbefore/discovery"
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

func (c *call) disconnect(ctx context.Context, args []string) error {
	var confirm bool
	var span, last string
	pos, err := positional("disconnect", args, 1, 1, func(f *flag.FlagSet) {
		f.BoolVar(&confirm, "confirm", false, "")
		f.StringVar(&span, "for", "", "")
		f.StringVar(&last, "until", "", "")
	})
	end := cmp.Or(span, last)
	switch {
	case err == nil && span != "" && last != "":
		err = misused(words.Text("--for and --until both say when it ends; give one of them"))
	case err == nil && end != "":
		err = until(map[bool]string{true: "--for", false: "--until"}[span != ""], end)
	}
	if err != nil {
		return err
	}
	return c.with(ctx, partsEnforce, func(ctx context.Context, e engine.Engine) error {
		p, err := e.PreviewDisconnect(ctx, discovery.DeviceID(pos[0]))
		if err != nil {
			return err
		}
		var a consent.Action
		if end != "" {
			a, err = e.Pause(ctx, discovery.DeviceID(pos[0]), end, confirm, how)
			p.Limits = append(p.Limits, p.Pause)
		} else {
			a, err = e.Disconnect(ctx, discovery.DeviceID(pos[0]), confirm, how)
		}
		if errors.Is(err, consent.ErrEssential) {
			return words.Errorf("%w; --confirm says that you mean it", err)
		}
		if err != nil {
			return err
		}
		for _, l := range p.Limits {
			fmt.Fprintln(c.out, l)
		}
		return c.follow(ctx, e, a, consent.Effective)
	})
}

func (c *call) reconnect(ctx context.Context, args []string) error {
	pos, err := positional("reconnect", args, 1, 1, nil)
	if err != nil {
		return err
	}
	return c.with(ctx, partsEnforce, func(ctx context.Context, e engine.Engine) error {
		a, err := e.Reconnect(ctx, discovery.DeviceID(pos[0]), how)
		if err != nil {
			return err
		}
		return c.follow(ctx, e, a, consent.Configured)
	})
}

// follow prints each level as it is reached, until want is reached, the action
// has to wait, or its time is over. Not reaching want is not a failure as long
// as the peer confirmed: a device that does not try cannot be refused.
func (c *call) follow(ctx context.Context, e engine.Engine, a consent.Action, want consent.Level) error {
	ctx, stop := context.WithTimeout(ctx, settleTime)
	defer stop()
	changed := e.Watch(ctx)
	told := ""
	for {
		now, err := e.Action(context.WithoutCancel(ctx), a.ID)
		if err != nil {
			return err
		}
		if line := fmt.Sprintf("%s%s", now.State, reason(now)); line != told {
			told = line
			fmt.Fprintln(c.out, line)
		}
		switch {
		case now.State == consent.Done && (now.Level == want || now.Level == consent.Effective || ctx.Err() != nil):
			return nil
		case now.State == consent.Cancelled:
			return nil
		case now.State != consent.Done && now.State != consent.Pending && now.State != consent.Running:
			c.complain(words.Text("not done; it goes on being tried while the agent runs"))
			return errSaid
		case ctx.Err() != nil:
			c.complain(words.Text("not done yet; \"diary\" tells when it is"))
			return errSaid
		}
		select {
		case <-ctx.Done():
		case <-changed:
		}
	}
}
