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
	"bestbefore/discovery"
)

// accessJSON is one token, key, login or account that a peer gave.
type accessJSON struct {
	ID         string             `json:"id"`
	Name       string             `json:"name"`
	Kind       string             `json:"kind"`
	Connection string             `json:"connection"`
	GivenBy    string             `json:"given_by"`
	Device     discovery.DeviceID `json:"device"`
	DeviceName string             `json:"device_name"`
	Scopes     []string           `json:"scopes"`
	Consents   []consent.ID       `json:"consents"`
	Created    *time.Time         `json:"created"`
	LastUsed   *time.Time         `json:"last_used"`
	Expires    *time.Time         `json:"expires"` // the issuer's own end
	EndsAlso   []string           `json:"ends_also"`
	Revocable  bool               `json:"revocable"`
	Away       bool               `json:"away"`  // its connection does not answer now
	Guide      string             `json:"guide"` // the steps by hand: "guides" shows them
}

func accessOut(a engine.AccessInfo) accessJSON {
	out := accessJSON{
		ID: a.ID, Name: a.Name, Kind: a.Kind, Connection: a.Connection, GivenBy: a.ConnectionName, Device: a.Device, DeviceName: a.DeviceName,
		Scopes: list(a.Scopes), Consents: list(a.Consents), Created: moment(a.Created), LastUsed: moment(a.LastUsed), Expires: moment(a.Expires),
		EndsAlso: list(a.EndsAlso), Revocable: a.Revocable, Away: a.Away,
	}
	if a.Guide != nil {
		out.Guide = a.Guide.ID
	}
	return out
}

// access lists what peers gave, and ends one of it.
func (c *call) access(ctx context.Context, args []string) error {
	var asJSON, confirm bool
	pos, err := positional("access", args, 0, 2, func(f *flag.FlagSet) {
		f.BoolVar(&asJSON, "json", false, "")
		f.BoolVar(&confirm, "confirm", false, "")
	})
	switch {
	case err != nil:
		return err
	case len(pos) == 0:
		return c.with(ctx, partsConnect, func(ctx context.Context, e engine.Engine) error { return c.listAccess(ctx, e, asJSON) })
	case len(pos) != 2 || pos[0] != "end":
		return misuse("access")
	}
	return c.with(ctx, partsEnforce, func(ctx context.Context, e engine.Engine) error { return c.endAccess(ctx, e, pos[1], confirm) })
}

func (c *call) listAccess(ctx context.Context, e engine.Engine, asJSON bool) error {
	all, err := e.Access(ctx)
	if err != nil {
		return err
	}
	if asJSON {
		return writeJSON(c.out, convert(all, accessOut))
	}
	day := func(t time.Time, none string) string {
		if t.IsZero() {
			return none
		}
		return words.Date(t.Local(), "2 January 2006")
	}
	for _, a := range all {
		whose := words.Text("nobody knows whose")
		if a.DeviceName != "" {
			whose = words.Sprintf("of %s", a.DeviceName)
		}
		fmt.Fprintln(c.out, words.Sprintf("%s  %s, %s at %s", a.ID, a.Name, whose, a.ConnectionName))
		fmt.Fprintln(c.out, "  "+words.Sprintf("for %s; last used %s; ends %s", orElse(strings.Join(a.Scopes, ", "), a.Kind), day(a.LastUsed, words.Text("not seen")), day(a.Expires, words.Text("never by itself"))))
		switch {
		case a.Guide != nil:
			fmt.Fprintln(c.out, "  "+words.Sprintf("it cannot be ended from here; \"guides %s\" shows the steps", a.Guide.ID))
		case !a.Revocable && a.Away:
			fmt.Fprintln(c.out, "  "+words.Sprintf("%s does not answer now, so it cannot be ended from here", a.ConnectionName))
		case !a.Revocable:
			fmt.Fprintln(c.out, "  "+words.Sprintf("it cannot be ended from here; end it in the app or on the page of %s", a.ConnectionName))
		}
		for _, id := range a.Consents {
			fmt.Fprintln(c.out, "  "+words.Sprintf("the permission %s goes by it", id))
		}
	}
	c.none(len(all), words.Text("No access is known. Only connections that give access of their own can list it."))
	return nil
}

func orElse(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

func (c *call) endAccess(ctx context.Context, e engine.Engine, id string, confirm bool) error {
	p, err := e.PreviewEndAccess(ctx, id)
	if err != nil {
		return err
	}
	if p.Refused != "" {
		return errors.New(p.Refused)
	}
	for _, l := range p.Lines {
		fmt.Fprintln(c.out, l)
	}
	for _, s := range p.AlsoStops {
		fmt.Fprintln(c.out, words.Sprintf("With it ends: %s", s))
	}
	a, err := e.EndAccess(ctx, id, confirm, how)
	if errors.Is(err, consent.ErrIrreversible) {
		return words.Errorf("%w; --confirm says that you mean it", err)
	}
	if err != nil {
		return err
	}
	return c.follow(ctx, e, a, consent.Configured)
}

// support says until when a device is kept safe by its maker.
func (c *call) support(ctx context.Context, args []string) error {
	var source string
	pos, err := positional("support", args, 1, 2, func(f *flag.FlagSet) { f.StringVar(&source, "source", "", "") })
	if err != nil {
		return err
	}
	if len(pos) == 2 && pos[1] != "none" && source == "" {
		return misused(words.Sprintf("--source is needed: where does it stand? usage: %s", commands()["support"].usage))
	}
	last := ""
	if len(pos) == 2 && pos[1] != "none" {
		last = pos[1]
		if err := civil(last); err != nil {
			return err
		}
	}
	return c.with(ctx, partsNone, func(ctx context.Context, e engine.Engine) error {
		d, err := e.Device(ctx, pos[0])
		if err != nil {
			return err
		}
		if len(pos) == 2 {
			if err := e.SetSupport(ctx, d.ID, last, source, how); err != nil {
				return err
			}
			if d, err = e.Device(ctx, string(d.ID)); err != nil {
				return err
			}
		}
		if d.Support == nil {
			fmt.Fprintln(c.out, words.Sprintf("Nobody said until when %s is supported.", d.Name()))
			return nil
		}
		fmt.Fprintln(c.out, words.Sprintf("%s is supported by its maker until %s (%s).", d.Name(), d.Support.Until, d.Support.Source))
		return nil
	})
}
