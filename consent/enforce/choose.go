package enforce

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"

	"bestbefore/assets/words"
	"bestbefore/connectors"
	"bestbefore/consent"
)

// route is the connection in whose lane j belongs, "" when there is none; then
// the worker finds out and records why.
func (r *Runner) route(ctx context.Context, j job) string {
	a := j.a
	switch {
	case j.verify, a.Kind == consent.ActRevoke:
		return a.Connection
	case a.Kind == consent.ActBlock, a.Kind == consent.ActHandOver:
		name, err := r.choose(ctx, a, j.not)
		if err != nil {
			return ""
		}
		return name
	case a.Kind == consent.ActUnblock:
		set, err := r.set(ctx, a)
		if err != nil || len(set) == 0 {
			return ""
		}
		return set[0].connection
	default:
		return ""
	}
}

// choose is the connection that can cut exactly what a asks for: one that cuts a
// single recipient before one that cuts more, and that only where no more is
// meant or the household agreed to it. What is sent to a peer itself is cut by
// the account there, since nobody else stands between.
func (r *Runner) choose(ctx context.Context, a consent.Action, not map[string]bool) (string, error) {
	open, closed := r.c.Sessions.All()
	fits, err := r.fits(ctx, a, open, not)
	if err != nil {
		return "", err
	}
	var can []string
	coarse := ""
	for _, name := range slices.Sorted(maps.Keys(fits)) {
		if fits[name].Exact || a.Coarse {
			can = append(can, name)
		} else {
			coarse = cmp.Or(coarse, name)
		}
	}
	if len(can) == 0 {
		err := r.nobody(coarse, open[coarse].Traits.Grain, closed, a)
		if why := r.gone(open); connectors.KindOf(err) == consent.KindUnsupported && why != "" {
			err = &connectors.Error{Kind: consent.KindPermanent, Text: why}
		}
		return "", err
	}
	slices.SortStableFunc(can, func(x, y string) int {
		return cmp.Or(
			cmp.Compare(rank(x == a.Connection), rank(y == a.Connection)), // what was tried before, if it still can
			cmp.Compare(fits[x].Rank, fits[y].Rank),
			cmp.Compare(rank(a.Until.IsZero() || open[x].Traits.HoldsEnd), rank(a.Until.IsZero() || open[y].Traits.HoldsEnd)),
			cmp.Compare(rank(open[x].Traits.SurvivesRestart), rank(open[y].Traits.SurvivesRestart)),
		)
	})
	return can[0], nil
}

// fits are the connections that can cut a's device off, and how well.
func (r *Runner) fits(ctx context.Context, a consent.Action, open map[string]connectors.Capabilities, not map[string]bool) (map[string]connectors.Fit, error) {
	out := map[string]connectors.Fit{}
	t := connectors.Target{Device: a.Device, Recipient: a.Recipient}
	for _, c := range open {
		if c.Accounter == nil {
			continue // the other grains need not know the device
		}
		d, _, err := r.c.Store.Device(ctx, a.Device)
		if err != nil {
			return nil, words.Errorf("reading a device: %w", err)
		}
		t = connectors.TargetOf(d, a.Recipient)
		break
	}
	for name, c := range open {
		if not[name] || !holds(c.Traits, a) || r.shut.of(name) != "" {
			continue
		}
		if f, ok := connectors.FitOf(ctx, c, t); ok {
			out[name] = f
		}
	}
	return out, nil
}

// gone says why an open connection that could block is of no use any more.
func (r *Runner) gone(open map[string]connectors.Capabilities) string {
	for _, name := range slices.Sorted(maps.Keys(open)) {
		if why := r.shut.of(name); why != "" && open[name].Blocker != nil {
			return why
		}
	}
	return ""
}

// account asks a session which account a target means.
func account(ctx context.Context, c connectors.Capabilities, t connectors.Target) (connectors.Account, error) {
	if c.Accounter == nil {
		return connectors.Account{}, &connectors.Error{Kind: consent.KindUnsupported, Text: words.Text("This connection cannot tell which account a device uses.")}
	}
	return c.Accounter.AccountOf(ctx, t)
}

func rank(first bool) int {
	if first {
		return 0
	}
	return 1
}

// holds reports whether t can keep the start of a by itself, where it must. The
// end of a pause need not be kept there: consent.PauseOver lifts it too.
func holds(t connectors.Traits, a consent.Action) bool {
	return a.Kind != consent.ActHandOver || t.HoldsStart
}

// nobody says why no connection can be used: a coarser one that the household
// must choose, one that may come back, or none at all.
func (r *Runner) nobody(coarse string, g connectors.Grain, closed map[string]error, a consent.Action) error {
	if coarse != "" && a.Kind == consent.ActBlock {
		if g == connectors.GrainAccount {
			return &connectors.Error{Kind: consent.KindNeedsPerson, Text: words.Sprintf("Only %q could do it, but other devices send through the same account and would stop too. Choose: cut off all of them, or end it by hand.", r.c.Sessions.Name(coarse))}
		}
		return &connectors.Error{Kind: consent.KindNeedsPerson, Text: words.Sprintf("Only %q could do it, and it can only cut off the whole device, not %s alone. Choose: cut off all of it, or end it by hand.", r.c.Sessions.Name(coarse), a.Recipient.Name)}
	}
	var refused error
	for _, name := range slices.Sorted(maps.Keys(closed)) {
		err := closed[name]
		var e *connectors.Error
		text := words.Text("it is not open")
		if errors.As(err, &e) {
			text = e.Text
		}
		if k := connectors.KindOf(err); k == consent.KindSignIn || k == consent.KindNeedsPerson {
			refused = cmp.Or(refused, error(&connectors.Error{Kind: k, Text: words.Sprintf("The connection %q needs you: %s", r.c.Sessions.Name(name), text)}))
			continue
		}
		return &connectors.Error{Kind: consent.KindTransient, Text: words.Sprintf("The connection %q cannot be reached: %s", r.c.Sessions.Name(name), text)}
	}
	if refused != nil {
		return refused
	}
	return &connectors.Error{Kind: consent.KindUnsupported, Text: words.Text("Nothing that is connected can stop this device.")}
}
