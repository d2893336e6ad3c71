package connectortest

import (
	"context"
	"errors"
	"slices"
	"time"

	"bestbefore/connectors"
	"bestbefore/consent"
	"bestbefore/discovery"
)

// receiptOfTheMeant: what was done must be for the device that was meant, and
// say so (T37).
func receiptOfTheMeant(t T, o Options) {
	c := openBlocker(t, o)
	for _, want := range []connectors.Target{o.Target, o.Other} {
		got := block(t, o, c, markOne, want).Target
		if got.Device != "" && got.Device != want.Device {
			t.Errorf("the receipt is for %q, %q was meant", got.Device, want.Device)
		}
		if got.Account != "" && want.Account != "" && got.Account != want.Account {
			t.Errorf("the receipt is for the account %q, %q was meant", got.Account, want.Account)
		}
		shared := func(i discovery.Identifier) bool { return slices.Contains(want.Identifiers, i) }
		if len(got.Identifiers) > 0 && len(want.Identifiers) > 0 && !slices.ContainsFunc(got.Identifiers, shared) {
			t.Errorf("the receipt is for a device known by %v, one known by %v was meant", got.Identifiers, want.Identifiers)
		}
	}
}

// strangerCutsNobody: a block of a device that the peer does not know is refused,
// or kept for when it comes; it never falls on another one (T37, T38).
func strangerCutsNobody(t T, o Options) {
	c := openBlocker(t, o)
	need(t, o.Try != nil, "have its effect tried")
	stranger := connectors.Target{
		Device: "d-nobody", Identifiers: []discovery.Identifier{{Type: discovery.MAC, Value: "02:de:ad:00:be:ef"}}, Recipient: o.Target.Recipient,
		Resolved: o.Target.Resolved,
	}
	r, err := call(t, o, "Block", func(ctx context.Context) (connectors.Receipt, error) {
		return c.Blocker.Block(ctx, connectors.BlockRequest{Mark: markOne, Target: stranger})
	})
	wantFlow(t, o, o.Target, true, "of a device that nobody meant")
	wantFlow(t, o, o.Other, true, "of another device that nobody meant")
	if err == nil {
		unblock(t, o, c, r)
	}
}

// deadGrant: revoking what has died meanwhile is success, or a refusal that is
// not repeated, with a list that shows that it is gone (T27).
func deadGrant(t T, o Options) {
	c := connectors.CapabilitiesOf(o.Open(t))
	need(t, c.Revoker != nil && o.Grant != nil && o.Dies != nil, "have a grant die")
	g := o.Grant(t)
	o.Dies(t, g)
	r, err := call(t, o, "Revoke", func(ctx context.Context) (connectors.Receipt, error) {
		return c.Revoker.Revoke(ctx, connectors.RevokeRequest{Mark: markOne, Grant: g})
	})
	switch kind := connectors.KindOf(err); {
	case err == nil && r.Level != consent.Accepted && r.Level != consent.Configured:
		t.Errorf("a call proves accepted or configured, not %q", r.Level)
	case err != nil && kind != consent.KindSignIn && kind != consent.KindPermanent:
		t.Errorf("it would be tried again and again: %v", err)
	}
	if c.GrantLister != nil && listed(t, o, c, g.ID) {
		t.Errorf("the dead grant is still listed")
	}
}

// comesBackLater: when a peer says when it may be asked again, the error says the
// same, so that nobody undercuts it (T25).
func comesBackLater(t T, o Options) {
	c := connectors.CapabilitiesOf(o.Open(t))
	if o.Busy == nil {
		t.Skipf("Options.Busy is nil")
	}
	until := o.Now().Add(90 * time.Second)
	o.Busy(t, until)
	for name, f := range calls(o, c) {
		_, err := call(t, o, name, func(ctx context.Context) (struct{}, error) { return struct{}{}, f(ctx) })
		if !comeBackKind(err, until) {
			t.Errorf("%s: the peer said to come back in 90 s; the error is %v", name, err)
		}
	}
}

// comeBackKind reports an error that waits until then; a second of rounding is fine.
func comeBackKind(err error, until time.Time) bool {
	var e *connectors.Error
	return errors.As(err, &e) && e.Kind == consent.KindTransient && !e.RetryAt.Before(until.Add(-2*time.Second))
}
