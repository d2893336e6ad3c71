package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"

	"bestbefore/app/internal/engine"
	"bestbefore/assets/words"
	"bestbefore/consent"
	"bestbefore/discovery"
)

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
