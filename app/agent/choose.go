package main

import (
	"context"
	"flag"
	"time"

	"bestbefore/app/internal/engine"
	"bestbefore/assets/words"
)

// flowAsk is which flows are asked for.
type flowAsk struct {
	device, to, since, from, until string
}

// flags reads all but the device and --since.
func (a *flowAsk) flags(f *flag.FlagSet) {
	f.StringVar(&a.to, "to", "", "")
	f.StringVar(&a.from, "from", "", "")
	f.StringVar(&a.until, "until", "", "")
}

// empty reports whether all are asked for.
func (a flowAsk) empty() bool { return a == flowAsk{} }

// query is what a asks of the engine. A day that is named is in it.
func (a flowAsk) query(ctx context.Context, e engine.Engine) (engine.FlowQuery, error) {
	q := engine.FlowQuery{To: a.to}
	o, err := e.Overview(ctx)
	if err != nil {
		return q, err
	}
	if a.device != "" {
		d, err := e.Device(ctx, a.device)
		if err != nil {
			return q, err
		}
		q.Device = d.ID
	}
	if a.since != "" {
		if q.Since, err = since(a.since, o.Now); err != nil {
			return q, err
		}
	}
	if a.until != "" {
		if q.Until, err = since(a.until, o.Now); err != nil {
			return q, err
		}
		if _, err := time.Parse(time.DateOnly, a.until); err == nil {
			q.Until = q.Until.AddDate(0, 0, 1)
		}
	}
	if !q.Until.IsZero() && !q.Until.After(q.Since) {
		return q, misused(words.Sprintf("--until %q is not after the beginning", a.until))
	}
	return q, nil
}
