package connectortest

import (
	"context"
	"encoding/json"
	"reflect"
	"slices"

	"bestbefore/connectors"
	"bestbefore/consent"
)

// The marks that the suite uses.
const (
	markOne = "consent-conformance-one"
	markTwo = "consent-conformance-two"
)

func blockCases() []Case {
	return []Case{
		{"a block stops what it says and nothing else", blockStops},
		{"blocking twice is one block", blockTwice},
		{"blocking again with the same mark replaces it", blockReplaces},
		{"two marks are held side by side", holdsTwo},
		{"lifting lifts exactly its own", liftsItsOwn},
		{"lifting twice is success", liftTwice},
		{"what was never set can be lifted", liftNothing},
		{"what is held can be lifted from the list alone", liftFromHeld},
		{"a receipt survives being stored", receiptSurvives},
		{"levels are not claimed before they are reached", levelsAreHonest},
		{"looking changes nothing", lookingChangesNothing},
		{"what was lifted is reported missing", liftedIsMissing},
		{"a receipt is of the device that was meant", receiptOfTheMeant},
		{"a block of a device that is not there cuts nobody else", strangerCutsNobody},
	}
}

// open opens a session that blocks.
func openBlocker(t T, o Options) connectors.Capabilities {
	t.Helper()
	c := connectors.CapabilitiesOf(o.Open(t))
	need(t, c.Blocker != nil, "block")
	if c.Traits.Grain == "" {
		t.Errorf("a session that blocks must say what it cuts (Traits.Grain)")
	}
	return c
}

func block(t T, o Options, c connectors.Capabilities, mark string, target connectors.Target) connectors.Receipt {
	t.Helper()
	return must(t, o, "Block", func(ctx context.Context) (connectors.Receipt, error) {
		return c.Blocker.Block(ctx, connectors.BlockRequest{Mark: mark, Target: target})
	})
}

func unblock(t T, o Options, c connectors.Capabilities, r connectors.Receipt) {
	t.Helper()
	must(t, o, "Unblock", func(ctx context.Context) (connectors.Receipt, error) { return c.Blocker.Unblock(ctx, r) })
}

// held are the marks held, sorted.
func held(t T, o Options, c connectors.Capabilities) []string {
	t.Helper()
	var out []string
	for _, h := range must(t, o, "Held", c.Holder.Held) {
		out = append(out, h.Mark)
	}
	slices.Sort(out)
	return out
}

func wantHeld(t T, o Options, c connectors.Capabilities, want ...string) {
	t.Helper()
	if c.Holder == nil {
		t.Errorf("a session that blocks must be able to list what it holds")
		return
	}
	if got := held(t, o, c); !slices.Equal(got, want) {
		t.Errorf("held %q, want %q", got, want)
	}
}

// wantFlow tries target and says whether it should get through.
func wantFlow(t T, o Options, target connectors.Target, want bool, when string) {
	t.Helper()
	if o.Try == nil {
		t.Logf("the effect is not tested: Options.Try is nil")
		return
	}
	if got := o.Try(t, target); got != want {
		t.Errorf("%s: traffic passes is %v, want %v", when, got, want)
	}
}

func blockStops(t T, o Options) {
	c := openBlocker(t, o)
	wantFlow(t, o, o.Target, true, "before any block")
	r := block(t, o, c, markOne, o.Target)
	if r.Mark != markOne {
		t.Errorf("the receipt's mark is %q, want %q", r.Mark, markOne)
	}
	wantHeld(t, o, c, markOne)
	wantFlow(t, o, o.Target, false, "after the block")
	wantFlow(t, o, o.Other, true, "of what was not blocked")
	unblock(t, o, c, r)
	wantFlow(t, o, o.Target, true, "after lifting")
}

func blockTwice(t T, o Options) {
	c := openBlocker(t, o)
	block(t, o, c, markOne, o.Target)
	r := block(t, o, c, markOne, o.Target)
	wantHeld(t, o, c, markOne)
	unblock(t, o, c, r)
	wantHeld(t, o, c)
	wantFlow(t, o, o.Target, true, "after lifting once what was set twice")
}

func blockReplaces(t T, o Options) {
	c := openBlocker(t, o)
	block(t, o, c, markOne, o.Target)
	r := block(t, o, c, markOne, o.Other)
	wantHeld(t, o, c, markOne)
	wantFlow(t, o, o.Target, true, "of what was replaced")
	wantFlow(t, o, o.Other, false, "of what took its place")
	unblock(t, o, c, r)
	wantHeld(t, o, c)
	wantFlow(t, o, o.Other, true, "after lifting")
}

func holdsTwo(t T, o Options) {
	c := openBlocker(t, o)
	block(t, o, c, markOne, o.Target)
	block(t, o, c, markTwo, o.Other)
	wantHeld(t, o, c, markOne, markTwo)
	wantFlow(t, o, o.Target, false, "of the first")
	wantFlow(t, o, o.Other, false, "of the second")
}

func liftsItsOwn(t T, o Options) {
	c := openBlocker(t, o)
	one := block(t, o, c, markOne, o.Target)
	two := block(t, o, c, markTwo, o.Other)
	unblock(t, o, c, one)
	wantHeld(t, o, c, markTwo)
	wantFlow(t, o, o.Target, true, "of what was lifted")
	wantFlow(t, o, o.Other, false, "of the other one")
	// Both for the same target: one still needs it (T61).
	three := block(t, o, c, markOne, o.Other)
	unblock(t, o, c, three)
	wantFlow(t, o, o.Other, false, "of what another mark still blocks")
	unblock(t, o, c, two)
	wantHeld(t, o, c)
	wantFlow(t, o, o.Other, true, "after both were lifted")
}

func liftTwice(t T, o Options) {
	c := openBlocker(t, o)
	r := block(t, o, c, markOne, o.Target)
	unblock(t, o, c, r)
	unblock(t, o, c, r)
	wantHeld(t, o, c)
}

func liftNothing(t T, o Options) {
	c := openBlocker(t, o)
	unblock(t, o, c, connectors.Receipt{Mark: markTwo, Target: o.Target})
	block(t, o, c, markOne, o.Target)
	unblock(t, o, c, connectors.Receipt{Mark: markTwo, Target: o.Target})
	wantHeld(t, o, c, markOne)
}

func liftFromHeld(t T, o Options) {
	c := openBlocker(t, o)
	need(t, c.Holder != nil, "list what it holds")
	block(t, o, c, markOne, o.Target)
	for _, h := range must(t, o, "Held", c.Holder.Held) {
		if h.Foreign {
			continue
		}
		if !h.Active {
			t.Errorf("%q holds from now on, but is listed as not in force", h.Mark)
		}
		if h.Receipt.Mark != h.Mark {
			t.Errorf("the listed receipt's mark is %q, want %q", h.Receipt.Mark, h.Mark)
		}
		unblock(t, o, c, h.Receipt)
	}
	wantHeld(t, o, c)
	wantFlow(t, o, o.Target, true, "after lifting from the list")
}

// stored is r after it was written and read again.
func stored(t T, r connectors.Receipt) connectors.Receipt {
	t.Helper()
	b, err := json.Marshal(r)
	if err != nil {
		t.Fatalf("the receipt cannot be written as JSON: %v", err)
	}
	var back connectors.Receipt
	if err := json.Unmarshal(b, &back); err != nil {
		t.Fatalf("the receipt cannot be read back: %v", err)
	}
	again, err := json.Marshal(back)
	if err != nil || string(again) != string(b) {
		t.Errorf("the receipt changes when it is stored: %s, then %s", b, again)
	}
	return back
}

func receiptSurvives(t T, o Options) {
	c := openBlocker(t, o)
	r := stored(t, block(t, o, c, markOne, o.Target))
	checkSecrets(t, o, "a receipt", string(r.Data))
	if c.Verifier != nil {
		f := must(t, o, "Verify", func(ctx context.Context) (connectors.Finding, error) { return c.Verifier.Verify(ctx, r) })
		if f.Missing {
			t.Errorf("with a stored receipt the block is not found again")
		}
	}
	unblock(t, o, c, r)
	wantHeld(t, o, c)
}

func levelsAreHonest(t T, o Options) {
	c := openBlocker(t, o)
	r := block(t, o, c, markOne, o.Target)
	if r.Level != consent.Accepted && r.Level != consent.Configured {
		t.Errorf("a call proves accepted or configured, not %q", r.Level)
	}
	need(t, c.Verifier != nil, "look again")
	verify := func(ctx context.Context) (connectors.Finding, error) { return c.Verifier.Verify(ctx, r) }
	f := must(t, o, "Verify", verify)
	if f.Level == consent.Effective && f.Refused == 0 && f.Seen != consent.Stopped {
		t.Errorf("effective, though nothing was refused and nothing was seen to stop")
	}
	if o.Try == nil {
		return
	}
	if o.Try(t, o.Target) {
		t.Errorf("the block was reported as %s, but traffic passes", f.Level)
		if f = must(t, o, "Verify", verify); f.Seen == consent.Stopped || f.Level == consent.Effective {
			t.Errorf("it is said to be %s and %s while traffic passes", f.Level, f.Seen)
		}
		return
	}
	if f = must(t, o, "Verify", verify); f.Seen == consent.Flowing {
		t.Errorf("it is said to be still flowing, but nothing passes")
	}
	if f.Level == consent.Effective && f.Refused == 0 && f.Seen != consent.Stopped {
		t.Errorf("effective without a sign of it: %+v", f)
	}
}

func lookingChangesNothing(t T, o Options) {
	c := openBlocker(t, o)
	need(t, c.Verifier != nil && c.Holder != nil, "look again")
	r := block(t, o, c, markOne, o.Target)
	before := must(t, o, "Held", c.Holder.Held)
	for range 3 {
		must(t, o, "Verify", func(ctx context.Context) (connectors.Finding, error) { return c.Verifier.Verify(ctx, r) })
	}
	after := must(t, o, "Held", c.Holder.Held)
	if len(before) != len(after) || (len(before) == 1 && !reflect.DeepEqual(before[0].Mark, after[0].Mark)) {
		t.Errorf("looking changed what is held: %+v, then %+v", before, after)
	}
	wantFlow(t, o, o.Target, false, "after looking")
}

func liftedIsMissing(t T, o Options) {
	c := openBlocker(t, o)
	need(t, c.Verifier != nil, "look again")
	r := block(t, o, c, markOne, o.Target)
	unblock(t, o, c, r)
	f := must(t, o, "Verify", func(ctx context.Context) (connectors.Finding, error) { return c.Verifier.Verify(ctx, r) })
	if !f.Missing {
		t.Errorf("the block was lifted, but is not reported missing: %+v", f)
	}
}
