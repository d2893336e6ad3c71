package main

import (
	"context"
	"flag"
	"fmt"
	"text/tabwriter"
	"time"

	"bestbefore/app/internal/engine"
	"bestbefore/assets/words"
	"bestbefore/discovery"
	"bestbefore/discovery/mud"
)

// run works until it is stopped.
func (c *call) run(ctx context.Context, args []string) error {
	if _, err := positional("run", args, 0, 0, nil); err != nil {
		return err
	}
	return c.serve(ctx)
}

// scan shows devices as they appear.
func (c *call) scan(ctx context.Context, args []string) error {
	var length time.Duration
	var asJSON bool
	if _, err := positional("scan", args, 0, 0, func(f *flag.FlagSet) {
		f.DurationVar(&length, "for", 15*time.Second, "")
		f.BoolVar(&asJSON, "json", false, "")
	}); err != nil {
		return err
	}
	if length <= 0 {
		return misused(words.Text("--for must be longer than nothing"))
	}
	return c.with(ctx, partsScan, func(ctx context.Context, e engine.Engine) error {
		scanning, stop := context.WithTimeout(ctx, length)
		defer stop()
		if err := c.watchDevices(scanning, e, asJSON); err != nil {
			return err
		}
		ds, err := e.Devices(ctx)
		if err != nil {
			return err
		}
		if asJSON {
			return writeJSON(c.out, convert(ds, deviceOut))
		}
		c.none(len(ds), words.Text("No device was found. Is this computer on the home's network? \"scan --for 1m\" looks longer."))
		return nil
	})
}

// watchDevices prints a line for each device when it appears and when its name
// becomes known, until ctx ends.
func (c *call) watchDevices(ctx context.Context, e engine.Engine, silent bool) error {
	shown := map[discovery.DeviceID]string{}
	changed := e.Watch(ctx)
	for {
		ds, err := e.Devices(context.WithoutCancel(ctx))
		if err != nil {
			return err
		}
		for _, d := range ds {
			if line := oneLine(d); !silent && shown[d.ID] != line {
				shown[d.ID] = line
				fmt.Fprintln(c.out, line)
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case _, ok := <-changed:
			if !ok {
				return nil
			}
		}
	}
}

func oneLine(d engine.DeviceInfo) string {
	line := fmt.Sprintf("%s  %s", d.ID, d.Name())
	if k := kindWords(d); k != "" {
		line += "  (" + k + ")"
	}
	return line
}

// kindWords is maker, model and kind, as far as they are known.
func kindWords(d engine.DeviceInfo) string {
	out := ""
	for _, w := range []string{roleWord(d.Role), d.Guess.Vendor, d.Guess.Model, string(d.Guess.Kind)} {
		if w != "" && out != "" {
			out += ", "
		}
		out += w
	}
	return out
}

func roleWord(r discovery.Role) string {
	switch r {
	case discovery.RoleThisComputer:
		return words.Text("this computer")
	case discovery.RoleRouter:
		return words.Text("the router")
	default:
		return ""
	}
}

func (c *call) devices(ctx context.Context, args []string) error {
	var asJSON bool
	if _, err := positional("devices", args, 0, 0, func(f *flag.FlagSet) { f.BoolVar(&asJSON, "json", false, "") }); err != nil {
		return err
	}
	return c.with(ctx, partsNone, func(ctx context.Context, e engine.Engine) error {
		ds, err := e.Devices(ctx)
		if err != nil {
			return err
		}
		if asJSON {
			return writeJSON(c.out, convert(ds, deviceOut))
		}
		c.none(len(ds), words.Text("No devices yet. Try \"scan\"."))
		w := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
		for _, d := range ds {
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", d.ID, d.Name(), kindWords(d), words.Sprintf("last seen %s", words.Date(d.LastSeen.Local(), "2 Jan 15:04")))
		}
		return w.Flush()
	})
}

func (c *call) device(ctx context.Context, args []string) error {
	var asJSON bool
	pos, err := positional("device", args, 1, 1, func(f *flag.FlagSet) { f.BoolVar(&asJSON, "json", false, "") })
	if err != nil {
		return err
	}
	return c.with(ctx, partsNone, func(ctx context.Context, e engine.Engine) error {
		d, err := e.Device(ctx, pos[0])
		if err != nil {
			return err
		}
		if asJSON {
			return writeJSON(c.out, deviceOut(d))
		}
		fmt.Fprintln(c.out, oneLine(d))
		for _, x := range d.Guess.Evidence {
			fmt.Fprintln(c.out, "  "+words.Sprintf("%s: %s, because %s", x.What, x.Value, x.Because))
		}
		for _, a := range d.Addresses {
			fmt.Fprintln(c.out, "  "+words.Sprintf("address %s", a.Addr))
		}
		for _, s := range d.Services {
			fmt.Fprintln(c.out, "  "+words.Sprintf("announces %s %q port %d", s.Type, discovery.Clean(s.Instance), s.Port))
		}
		if at, by := mud.Announced(d.Device); at != "" {
			fmt.Fprintln(c.out, "  "+words.Sprintf("its maker publishes what it needs at %s (heard by %s; not fetched)", at, by))
		}
		fmt.Fprintf(c.out, "  %s\n", d.Coverage)
		return nil
	})
}

func (c *call) label(ctx context.Context, args []string) error {
	pos, err := positional("label", args, 2, 2, nil)
	if err != nil {
		return err
	}
	return c.with(ctx, partsNone, func(ctx context.Context, e engine.Engine) error {
		d, err := e.Device(ctx, pos[0])
		if err != nil {
			return err
		}
		return e.Label(ctx, d.ID, pos[1])
	})
}

func (c *call) merge(ctx context.Context, args []string) error {
	pos, err := positional("merge", args, 2, 2, nil)
	if err != nil {
		return err
	}
	return c.with(ctx, partsNone, func(ctx context.Context, e engine.Engine) error {
		return e.Merge(ctx, discovery.DeviceID(pos[0]), discovery.DeviceID(pos[1]))
	})
}

func (c *call) split(ctx context.Context, args []string) error {
	pos, err := positional("split", args, 1, 1, nil)
	if err != nil {
		return err
	}
	return c.with(ctx, partsNone, func(ctx context.Context, e engine.Engine) error {
		ids, err := e.Split(ctx, discovery.DeviceID(pos[0]))
		for _, id := range ids {
			fmt.Fprintln(c.out, id)
		}
		return err
	})
}

func (c *call) essential(ctx context.Context, args []string) error {
	pos, err := positional("essential", args, 2, 2, nil)
	if err != nil {
		return err
	}
	grade := discovery.Essential(pos[1])
	switch grade {
	case "none":
		grade = discovery.EssentialNone
	case discovery.EssentialSafety, discovery.EssentialMedical, discovery.EssentialComfort:
	default:
		return misused(words.Sprintf("%q is not a grade; use safety, medical, comfort or none", pos[1]))
	}
	return c.with(ctx, partsNone, func(ctx context.Context, e engine.Engine) error {
		return e.SetEssential(ctx, discovery.DeviceID(pos[0]), grade)
	})
}

func (c *call) questions(ctx context.Context, args []string) error {
	var asJSON bool
	pos, err := positional("questions", args, 0, 2, func(f *flag.FlagSet) { f.BoolVar(&asJSON, "json", false, "") })
	if err != nil {
		return err
	}
	if len(pos) == 1 || len(pos) == 2 && pos[1] != "yes" && pos[1] != "no" {
		return misuse("questions")
	}
	return c.with(ctx, partsNone, func(ctx context.Context, e engine.Engine) error {
		if len(pos) == 2 {
			return e.Answer(ctx, pos[0], pos[1] == "yes")
		}
		qs, err := e.Questions(ctx)
		if err != nil {
			return err
		}
		if asJSON {
			return writeJSON(c.out, list(qs))
		}
		c.none(len(qs), words.Text("No question waits."))
		for _, q := range qs {
			fmt.Fprintln(c.out, words.Sprintf("%s  %s and %s: %s", q.ID, q.Device, q.Other, q.Why))
		}
		return nil
	})
}
