package connectortest

import (
	"context"
	"time"

	"bestbefore/connectors"
	"bestbefore/consent"
)

func timeCases() []Case {
	return []Case{
		{"a start in the future is held or refused", heldStart},
		{"a start that comes takes effect by itself", startComes},
		{"an end is held or refused", heldEnd},
	}
}

// blockAt blocks with times; where the session says that it cannot hold them it
// must refuse, and ok is false.
func blockAt(t T, o Options, c connectors.Capabilities, req connectors.BlockRequest, can bool) (connectors.Receipt, bool) {
	t.Helper()
	r, err := call(t, o, "Block", func(ctx context.Context) (connectors.Receipt, error) { return c.Blocker.Block(ctx, req) })
	if !can {
		if err == nil || connectors.KindOf(err) != consent.KindUnsupported {
			t.Errorf("its traits say that it cannot hold this time, so it must refuse as unsupported; got %v", err)
		}
		wantFlow(t, o, o.Target, true, "after a refused block")
		return r, false
	}
	if err != nil {
		t.Fatalf("Block with a time that its traits say it holds: %v", err)
	}
	return r, true
}

func heldStart(t T, o Options) {
	c := openBlocker(t, o)
	from := o.Now().Add(time.Hour).UTC().Truncate(time.Second)
	r, ok := blockAt(t, o, c, connectors.BlockRequest{Mark: markOne, Target: o.Target, From: from}, c.Traits.HoldsStart)
	if !ok {
		return
	}
	wantHeld(t, o, c, markOne)
	for _, h := range must(t, o, "Held", c.Holder.Held) {
		if h.Active {
			t.Errorf("it is listed as in force an hour early")
		}
		if h.From.Sub(from).Abs() > time.Second {
			t.Errorf("it is held from %s, want %s", h.From, from)
		}
	}
	wantFlow(t, o, o.Target, true, "an hour before the start")
	// A renewal moves the date, an end now replaces it.
	block(t, o, c, markOne, o.Target)
	wantHeld(t, o, c, markOne)
	wantFlow(t, o, o.Target, false, "after a block now took the place of the later one")
	unblock(t, o, c, r)
	wantHeld(t, o, c)
}

func startComes(t T, o Options) {
	c := openBlocker(t, o)
	need(t, c.Traits.HoldsStart && o.Try != nil, "hold a start whose effect can be tried")
	from := o.Now().Add(o.ShortPause)
	blockAt(t, o, c, connectors.BlockRequest{Mark: markOne, Target: o.Target, From: from}, true)
	wantFlow(t, o, o.Target, true, "before the start")
	if !eventually(o.ShortPause+o.Settle, func() bool { return !o.Now().Before(from) && !o.Try(t, o.Target) }) {
		t.Errorf("the start has come, but traffic passes")
	}
}

func heldEnd(t T, o Options) {
	c := openBlocker(t, o)
	until := o.Now().Add(o.ShortPause + time.Second).UTC()
	_, ok := blockAt(t, o, c, connectors.BlockRequest{Mark: markOne, Target: o.Target, Until: until}, c.Traits.HoldsEnd)
	if !ok || o.Try == nil {
		return
	}
	wantFlow(t, o, o.Target, false, "before the end")
	if !eventually(o.ShortPause+time.Second+o.Settle, func() bool { return o.Try(t, o.Target) }) {
		t.Errorf("the end has come, but nothing passes")
	}
	if o.Now().Before(until.Add(-time.Second)) {
		t.Errorf("traffic passes before the end")
	}
}

// eventually polls until ok or the time is over.
func eventually(within time.Duration, ok func() bool) bool {
	limit := time.NewTimer(within)
	defer limit.Stop()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		if ok() {
			return true
		}
		select {
		case <-limit.C:
			return ok()
		case <-tick.C:
		}
	}
}
