package main

import (
	"bytes"
	"context"
	"os"
	"time"

	"bestbefore/app/internal/calendar"
	"bestbefore/app/internal/clock"
	"bestbefore/app/internal/engine"
	"bestbefore/assets/words"
)

// calendar writes the dates as a calendar file, "-" to standard output.
func (c *call) calendar(ctx context.Context, args []string) error {
	pos, err := positional("calendar", args, 1, 1, nil)
	if err != nil {
		return err
	}
	return c.with(ctx, partsNone, func(ctx context.Context, e engine.Engine) error {
		all, err := e.Consents(ctx)
		if err != nil {
			return err
		}
		entries := make([]calendar.Entry, 0, len(all))
		for _, x := range all {
			entries = append(entries, calendar.Entry{Consent: x.Consent, Device: x.DeviceName})
		}
		var b bytes.Buffer
		if err := calendar.Write(&b, entries, dated(ctx, e)); err != nil {
			return err
		}
		if pos[0] == "-" {
			_, err = c.out.Write(b.Bytes())
			return err
		}
		if err := os.WriteFile(pos[0], b.Bytes(), 0o600); err != nil {
			return fileFault(words.Text("writing the calendar"), err)
		}
		return nil
	})
}

// dated is the engine's time, which a wrong clock does not move.
func dated(ctx context.Context, e engine.Engine) time.Time {
	if o, err := e.Overview(ctx); err == nil && !o.Now.IsZero() {
		return o.Now
	}
	return clock.Wall()
}
