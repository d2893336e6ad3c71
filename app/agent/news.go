package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"slices"
	"time"

	"bestbefore/app/internal/engine"
	"bestbefore/assets/words"
	"bestbefore/consent"
	"bestbefore/discovery"
)

// newJSON is somebody to whom a device began to send, and whom no permission covers.
type newJSON struct {
	Device     discovery.DeviceID `json:"device"`
	DeviceName string             `json:"device_name"`
	Name       string             `json:"name"` // a company or a destination
	Since      time.Time          `json:"since"`
}

// newsAsk is what an answer says beside the device and the names.
type newsAsk struct {
	answer, until, data string
	then                consent.Remedy
}

// news lists recipients that are new and unanswered, or answers them.
func (c *call) news(ctx context.Context, args []string) error {
	var asJSON bool
	var then string
	var ask newsAsk
	pos, err := positional("news", args, 0, 100, func(f *flag.FlagSet) {
		f.BoolVar(&asJSON, "json", false, "")
		f.StringVar(&ask.until, "until", "", "")
		f.StringVar(&ask.data, "data", "any", "")
		f.StringVar(&then, "then", "", "")
	})
	if err != nil {
		return err
	}
	if len(pos) == 0 {
		return c.with(ctx, partsNone, func(ctx context.Context, e engine.Engine) error { return c.listNews(ctx, e, asJSON) })
	}
	ask.answer = pos[0]
	if !slices.Contains([]string{"fine", "allow", "stop"}, ask.answer) || len(pos) < 3 || (ask.answer == "allow") != (ask.until != "") {
		return misuse("news")
	}
	if ask.until != "" {
		if err := until("--until", ask.until); err != nil {
			return err
		}
	}
	if ask.then, err = remedy(then); err != nil {
		return err
	}
	need := partsEnforce
	if ask.answer == "fine" {
		need = partsNone
	}
	return c.with(ctx, need, func(ctx context.Context, e engine.Engine) error { return c.answerNews(ctx, e, ask, pos[1], pos[2:]) })
}

func (c *call) listNews(ctx context.Context, e engine.Engine, asJSON bool) error {
	met, err := e.NewRecipients(ctx)
	if err != nil {
		return err
	}
	out := make([]newJSON, 0, len(met))
	for _, m := range met {
		d, err := e.Device(ctx, string(m.Device))
		if err != nil {
			return err
		}
		out = append(out, newJSON{Device: m.Device, DeviceName: d.Name(), Name: m.Name, Since: m.Since.UTC()})
	}
	if asJSON {
		return writeJSON(c.out, out)
	}
	for _, n := range out {
		fmt.Fprintln(c.out, words.Sprintf("%s  %s sends to %s, new since %s", n.Device, n.DeviceName, n.Name, words.Date(n.Since.Local(), "2 January 2006")))
	}
	c.none(len(out), words.Text("Nobody new receives anything."))
	return nil
}

// answerNews carries one answer out, for each name by itself.
func (c *call) answerNews(ctx context.Context, e engine.Engine, ask newsAsk, device string, names []string) error {
	d, err := e.Device(ctx, device)
	if err != nil {
		return err
	}
	met, err := e.NewRecipients(ctx)
	if err != nil {
		return err
	}
	for _, n := range names {
		if !slices.ContainsFunc(met, func(m engine.NewRecipient) bool { return m.Device == d.ID && m.Name == n }) {
			return words.Errorf("%s sends to nobody new called %q; \"news\" lists who is", d.Name(), n)
		}
	}
	if ask.answer == "fine" {
		if err := e.Fine(ctx, d.ID, names, how); err != nil {
			return err
		}
		fmt.Fprintln(c.out, words.Text("It may go on. You are not asked about it again."))
		return nil
	}
	for _, n := range names {
		to, err := sendsTo(ctx, e, d.ID, n)
		if err != nil {
			return err
		}
		r := engine.AllowRequest{Device: d.ID, Recipient: to, Data: categories(ask.data), Until: ask.until, Then: ask.then, How: how}
		decide := e.Refuse
		if ask.answer == "allow" {
			decide = e.Allow
		}
		info, err := decide(ctx, r)
		if err != nil {
			return err
		}
		if err := c.settled(ctx, e, info.ID); err != nil {
			return err
		}
	}
	return nil
}

// sendsTo is a recipient with the destinations at which it was seen lately.
func sendsTo(ctx context.Context, e engine.Engine, device discovery.DeviceID, name string) (consent.Recipient, error) {
	o, err := e.Overview(ctx)
	if err != nil {
		return consent.Recipient{}, err
	}
	fs, err := e.Flows(ctx, engine.FlowQuery{Device: device, To: name, Since: o.Now.AddDate(0, 0, -7), Limit: flowsShown})
	r := consent.Recipient{Name: name}
	for _, f := range fs {
		if d := cmp.Or(f.Destination, name); !slices.Contains(r.Destinations, d) {
			r.Destinations = append(r.Destinations, d)
		}
	}
	if len(r.Destinations) == 0 {
		r.Destinations = []string{name}
	}
	return r, err
}
