package connectortest

import (
	"context"
	"time"

	"bestbefore/connectors"
	"bestbefore/consent"
)

func faultCases() []Case {
	return []Case{
		{"a cancelled call returns", cancelledReturns},
		{"an unreachable peer is a typed error, never success", unreachable},
		{"a peer that forgot is reported missing, and can be told again", forgets},
		{"a peer that says when to come back is quoted rightly", comesBackLater},
		{"closing is quick and can be done twice", closing},
		{"the connection can be probed", probing},
	}
}

// calls are the calls of c that can be made at any time.
func calls(o Options, c connectors.Capabilities) map[string]func(context.Context) error {
	out := map[string]func(context.Context) error{}
	if c.Prober != nil {
		out["Probe"] = c.Prober.Probe
	}
	if c.Blocker != nil {
		out["Block"] = func(ctx context.Context) error {
			_, err := c.Blocker.Block(ctx, connectors.BlockRequest{Mark: markOne, Target: o.Target})
			return err
		}
		out["Unblock"] = func(ctx context.Context) error {
			_, err := c.Blocker.Unblock(ctx, connectors.Receipt{Mark: markOne, Target: o.Target})
			return err
		}
	}
	if c.Holder != nil {
		out["Held"] = func(ctx context.Context) error { _, err := c.Holder.Held(ctx); return err }
	}
	if c.Verifier != nil {
		out["Verify"] = func(ctx context.Context) error {
			_, err := c.Verifier.Verify(ctx, connectors.Receipt{Mark: markOne, Target: o.Target})
			return err
		}
	}
	if c.GrantLister != nil {
		out["Grants"] = func(ctx context.Context) error { _, err := c.GrantLister.Grants(ctx); return err }
	}
	return out
}

func cancelledReturns(t T, o Options) {
	c := connectors.CapabilitiesOf(o.Open(t))
	for name, f := range calls(o, c) {
		_, _ = call(t, o, name, func(ctx context.Context) (struct{}, error) {
			ctx, cancel := context.WithCancel(ctx)
			cancel()
			return struct{}{}, f(ctx)
		})
	}
}

func unreachable(t T, o Options) {
	c := connectors.CapabilitiesOf(o.Open(t))
	if o.Break == nil {
		t.Skipf("Options.Break is nil")
	}
	o.Break(t)
	for name, f := range calls(o, c) {
		_, err := call(t, o, name, func(ctx context.Context) (struct{}, error) { return struct{}{}, f(ctx) })
		if err == nil && name != "Verify" {
			t.Errorf("%s says that all is well, but the peer cannot be reached", name)
		}
	}
	if c.Verifier == nil {
		return
	}
	f, err := call(t, o, "Verify", func(ctx context.Context) (connectors.Finding, error) {
		return c.Verifier.Verify(ctx, connectors.Receipt{Mark: markOne, Target: o.Target})
	})
	if err == nil && (f.Seen == consent.Stopped || f.Level == consent.Effective) {
		t.Errorf("a peer that cannot be reached is taken for one that stopped")
	}
}

func forgets(t T, o Options) {
	c := openBlocker(t, o)
	if o.Forget == nil || c.Verifier == nil {
		t.Skipf("Options.Forget is nil or the session cannot look again")
	}
	r := block(t, o, c, markOne, o.Target)
	o.Forget(t)
	f, err := call(t, o, "Verify", func(ctx context.Context) (connectors.Finding, error) { return c.Verifier.Verify(ctx, r) })
	if err == nil && !f.Missing {
		t.Errorf("the peer has forgotten the block, but it is reported as %s and %s", f.Level, f.Seen)
	}
	block(t, o, c, markOne, o.Target)
	wantHeld(t, o, c, markOne)
	wantFlow(t, o, o.Target, false, "after the peer was told again")
}

func closing(t T, o Options) {
	s := o.Open(t)
	for range 2 {
		_, _ = call(t, o, "Close", func(context.Context) (struct{}, error) {
			began := time.Now()
			err := s.Close()
			if d := time.Since(began); d > 5*time.Second {
				t.Errorf("closing took %s", d)
			}
			return struct{}{}, err
		})
	}
}

func probing(t T, o Options) {
	c := connectors.CapabilitiesOf(o.Open(t))
	need(t, c.Prober != nil, "be probed")
	must(t, o, "Probe", func(ctx context.Context) (struct{}, error) { return struct{}{}, c.Prober.Probe(ctx) })
	if c.PeerClock == nil {
		return
	}
	at := must(t, o, "PeerTime", c.PeerClock.PeerTime)
	if d := at.Sub(o.Now()).Abs(); d > time.Hour {
		t.Logf("the peer's clock is %s away from ours", d)
	}
}
