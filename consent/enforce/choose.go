package enforce

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

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
		name, err := r.choose(a, j.not)
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
// single recipient before one that cuts the whole device, and that only where the
// whole device is meant or the household agreed to it.
func (r *Runner) choose(a consent.Action, not map[string]bool) (string, error) {
	open, closed := r.c.Sessions.All()
	var can []string
	coarse := ""
	for _, name := range slices.Sorted(maps.Keys(open)) {
		c := open[name]
		if c.Blocker == nil || not[name] || !holds(c.Traits, a) {
			continue
		}
		if !exact(c.Traits.Grain, a) {
			coarse = cmp.Or(coarse, name)
			continue
		}
		can = append(can, name)
	}
	if len(can) == 0 {
		return "", r.nobody(coarse, closed, a)
	}
	slices.SortStableFunc(can, func(x, y string) int {
		return cmp.Or(
			cmp.Compare(rank(x == a.Connection), rank(y == a.Connection)), // what was tried before, if it still can
			cmp.Compare(rank(open[x].Traits.Grain == connectors.GrainRecipient), rank(open[y].Traits.Grain == connectors.GrainRecipient)),
			cmp.Compare(rank(open[x].Traits.SurvivesRestart), rank(open[y].Traits.SurvivesRestart)),
		)
	})
	return can[0], nil
}

func rank(first bool) int {
	if first {
		return 0
	}
	return 1
}

// holds reports whether t can keep the times of a by itself.
func holds(t connectors.Traits, a consent.Action) bool {
	return (a.Kind != consent.ActHandOver || t.HoldsStart) && (a.Until.IsZero() || t.HoldsEnd)
}

// exact reports whether a grain cuts no more than a may cut.
func exact(g connectors.Grain, a consent.Action) bool {
	switch g {
	case connectors.GrainRecipient:
		return true
	case connectors.GrainDevice:
		return a.Recipient.Any || a.Coarse
	default:
		return false
	}
}

// nobody says why no connection can be used: a coarser one that the household
// must choose, one that may come back, or none at all.
func (r *Runner) nobody(coarse string, closed map[string]error, a consent.Action) error {
	if coarse != "" && a.Kind == consent.ActBlock {
		return &connectors.Error{Kind: consent.KindNeedsPerson, Text: fmt.Sprintf(
			"Only %q could do it, and it can only cut off the whole device, not %s alone. Choose: cut off all of it, or end it by hand.", r.c.Sessions.Name(coarse), a.Recipient.Name)}
	}
	var refused error
	for _, name := range slices.Sorted(maps.Keys(closed)) {
		err := closed[name]
		var e *connectors.Error
		text := "it is not open"
		if errors.As(err, &e) {
			text = e.Text
		}
		if k := connectors.KindOf(err); k == consent.KindSignIn || k == consent.KindNeedsPerson {
			refused = cmp.Or(refused, error(&connectors.Error{Kind: k, Text: fmt.Sprintf("The connection %q needs you: %s", r.c.Sessions.Name(name), text)}))
			continue
		}
		return &connectors.Error{Kind: consent.KindTransient, Text: fmt.Sprintf("The connection %q cannot be reached: %s", r.c.Sessions.Name(name), text)}
	}
	if refused != nil {
		return refused
	}
	return &connectors.Error{Kind: consent.KindUnsupported, Text: "Nothing that is connected can stop this device."}
}
