package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"strings"
	"time"

	"bestbefore/app/internal/engine"
	"bestbefore/assets/words"
	"bestbefore/consent"
)

// consents lists the permissions, or shows one, with all that was decided about it.
func (c *call) consents(ctx context.Context, args []string) error {
	var asJSON, versions bool
	pos, err := positional("consents", args, 0, 1, func(f *flag.FlagSet) {
		f.BoolVar(&asJSON, "json", false, "")
		f.BoolVar(&versions, "versions", false, "")
	})
	if err != nil {
		return err
	}
	if versions && len(pos) == 0 {
		return misuse("consents")
	}
	return c.with(ctx, partsNone, func(ctx context.Context, e engine.Engine) error {
		if len(pos) == 1 {
			return c.oneConsent(ctx, e, consent.ID(pos[0]), asJSON, versions)
		}
		cs, err := e.Consents(ctx)
		if err != nil {
			return err
		}
		if asJSON {
			return writeJSON(c.out, convert(cs, consentOut))
		}
		c.none(len(cs), words.Text("No permission was given yet. \"allow\" gives one."))
		for _, i := range cs {
			c.printConsent(i)
		}
		return errors.Join(c.doubted(ctx, e), c.damaged(ctx, e))
	})
}

func (c *call) oneConsent(ctx context.Context, e engine.Engine, id consent.ID, asJSON, versions bool) error {
	i, err := e.Consent(ctx, id)
	if err != nil {
		return err
	}
	switch {
	case asJSON && versions:
		return writeJSON(c.out, versionsOut(i))
	case asJSON:
		return writeJSON(c.out, consentOut(i))
	}
	c.printConsent(i)
	if !versions {
		return nil
	}
	for _, v := range i.Versions {
		at := v.Given
		if !v.Ended.IsZero() {
			at = v.Ended
		}
		until := words.Text("no end")
		if due := v.DueAt(); !due.IsZero() {
			until = words.Sprintf("until %s", words.Date(due.Local(), "2 Jan 2006 15:04"))
		}
		if v.GraceUntil.After(v.Expires) {
			until = words.Sprintf("%s, two more days included", until)
		}
		fmt.Fprintln(c.out, "  "+words.Sprintf("version %d: %s %s by %s (%s), %s", v.Version, v.Decided, words.Date(at.Local(), "2 Jan 2006 15:04"), v.DecidedBy, v.DecidedHow, until))
	}
	return nil
}

func (c *call) printConsent(i engine.ConsentInfo) {
	fmt.Fprintln(c.out, words.Sprintf("%s  %s to %s", i.ID, i.DeviceName, i.Recipient.Name))
	for _, l := range bestBefore(i.Consent, time.Local) {
		fmt.Fprintln(c.out, "  "+l)
	}
	fmt.Fprintln(c.out, "  "+words.Sprintf("decided: %s", i.Decided))
	if a, ok := newest(i.Actions); ok {
		fmt.Fprintln(c.out, "  "+words.Sprintf("done:    %s %s%s", a.Kind, a.State, reason(a)))
	} else {
		fmt.Fprintln(c.out, "  "+words.Text("done:    nothing was to be done"))
	}
	fmt.Fprintln(c.out, "  "+words.Sprintf("seen:    %s", seenWords(i)))
	if l := unsettled(i); l != "" {
		fmt.Fprintln(c.out, "  "+l)
	}
	if !i.EndsEarlier.IsZero() {
		fmt.Fprintln(c.out, "  "+words.Sprintf("ends earlier: the access it goes by runs out on %s", words.Date(i.EndsEarlier.Local(), "2 January 2006 15:04")))
	}
	if l := keeper(i); l != "" {
		fmt.Fprintln(c.out, "  "+l)
	}
}

// seenWords is what was seen; of what sends again, when it had stopped.
func seenWords(i engine.ConsentInfo) string {
	if quiet := consent.Relapsed(i.Actions); i.Seen == consent.Flowing && !quiet.IsZero() {
		return words.Sprintf("%s: it sends again; it had stopped when looked at on %s", i.Seen, words.Date(quiet.Local(), "2 January 2006 15:04"))
	}
	return string(i.Seen)
}

// unsettled says what stands only for now, or does not go on by itself; "" for neither.
func unsettled(i engine.ConsentInfo) string {
	a, ok := newest(i.Actions)
	switch {
	case !ok:
		return ""
	case i.Decided.Live() && a.Origin == consent.FromDoubt && a.Kind == consent.ActBlock && a.State != consent.Cancelled:
		return words.Text("blocked for now, because this computer's clock is in doubt; given back within a minute if the clock was wrong")
	case a.State == consent.Stuck || a.State == consent.NeedsPerson:
		return words.Sprintf("it needs you: \"step %s\" says how it can go on", i.ID)
	default:
		return ""
	}
}

// doubted says below the permissions that the clock is not believed.
func (c *call) doubted(ctx context.Context, e engine.Engine) error {
	o, err := e.Overview(ctx)
	if err != nil {
		return err
	}
	for _, p := range o.Problems {
		if p.ID == "clock" {
			c.complain(words.Sprintf("%s %s", p.Text, p.Fix))
		}
	}
	return nil
}

// bestBefore says when c ends: the moment as the clocks here show it, what was
// agreed where those show something else, and what was added to it.
func bestBefore(c consent.Consent, here *time.Location) []string {
	moment := func(where *time.Location) string { return words.Date(c.Expires.In(where), "Mon 2 Jan 2006 15:04:05") }
	if c.Expires.IsZero() {
		line := words.Text("best before: no end")
		if at := c.AskAt(); !at.IsZero() {
			line = words.Sprintf("best before: no end; you are asked about it on %s", words.Date(at.In(here), "2 January 2006"))
		}
		return []string{line}
	}
	out := []string{words.Sprintf("best before %s (%s), %s", c.ExpiresCivil, c.Zone, moment(here))}
	if there, err := time.LoadLocation(c.Zone); err == nil && moment(there) != moment(here) {
		out = append(out, words.Sprintf("that was agreed in the time zone %s; the moment is the same, shown as the clocks here show it", c.Zone))
	}
	if c.GraceUntil.After(c.Expires) {
		out = append(out, words.Sprintf("two more days were given, once: it ends %s", words.Date(c.GraceUntil.In(here), "Mon 2 Jan 2006 15:04:05")))
	}
	return out
}

// keeper says who keeps the date with this program off, and how long; "" for nobody.
func keeper(i engine.ConsentInfo) string {
	if i.HeldBy == "" {
		return ""
	}
	line := words.Sprintf("%s keeps the date with this program off.", i.HeldBy)
	if i.HeldUntilRestart {
		line = words.Sprintf("%s keeps the date with this program off, but only until it restarts.", i.HeldBy)
	}
	return strings.TrimSpace(line + " " + i.HeldNote)
}

func reason(a consent.Action) string {
	out := ""
	if a.Level != consent.NoLevel {
		out = " (" + string(a.Level) + ")"
	}
	if a.Reason != "" {
		out += ": " + a.Reason
	}
	return out
}
