package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"bestbefore/app/internal/engine"
	"bestbefore/assets/words"
	"bestbefore/consent"
	"bestbefore/consent/ledger"
)

func (c *call) connectors(ctx context.Context, args []string) error {
	var asJSON bool
	if _, err := positional("connectors", args, 0, 0, func(f *flag.FlagSet) { f.BoolVar(&asJSON, "json", false, "") }); err != nil {
		return err
	}
	return c.with(ctx, partsConnect, func(ctx context.Context, e engine.Engine) error {
		info, err := e.Connectors(ctx)
		if err != nil {
			return err
		}
		if asJSON {
			return writeJSON(c.out, info)
		}
		for _, k := range info.Kinds {
			fmt.Fprintf(c.out, "%s  %s\n", k.Kind, k.Name)
			fmt.Fprintln(c.out, "  "+words.Sprintf("sees:  %s", k.Sees))
			fmt.Fprintln(c.out, "  "+words.Sprintf("stops: %s", k.Stops))
			for _, n := range k.Needs {
				fmt.Fprintln(c.out, "  "+words.Sprintf("needs: %s", n))
			}
			if k.Setup != "" {
				fmt.Fprintln(c.out, "  "+words.Sprintf("first: connect %s --setup prints what to paste there", k.Kind))
			}
			for _, o := range k.Options {
				if o.Secret {
					fmt.Fprintln(c.out, "  "+words.Sprintf("%s=... on standard input  %s", o.Key, o.Label))
					continue
				}
				fmt.Fprintf(c.out, "  --set %s=%s  %s\n", o.Key, cmp.Or(strings.Join(o.Values(), "|"), "..."), o.Label)
			}
		}
		for _, p := range info.Found {
			fmt.Fprintln(c.out, words.Sprintf("found at home: %s  connect %s%s", p.Name, p.Kind, sets(p.Values)))
		}
		for _, x := range info.Connections {
			c.printConnection(x)
		}
		return nil
	})
}

// sets are answers as they are given on the command line.
func sets(values map[string]string) string {
	out := ""
	for _, k := range slices.Sorted(maps.Keys(values)) {
		out += fmt.Sprintf(" --set %s=%s", k, values[k])
	}
	return out
}

func (c *call) printConnection(x engine.ConnectionInfo) {
	state := words.Text("open")
	switch {
	case x.Disabled:
		state = words.Text("switched off")
	case !x.Open && x.Trouble == "":
		state = words.Text("opening")
	case !x.Open:
		state = words.Text("not open")
	}
	if x.Trouble != "" {
		state += ": " + x.Trouble
	}
	fmt.Fprintf(c.out, "%s  %s (%s)  %s\n", x.ID, x.Name, x.Kind, state)
	if len(x.Can) > 0 {
		fmt.Fprintln(c.out, "  "+words.Sprintf("can: %s", strings.Join(x.Can, ", ")))
	}
	if x.Traits.HoldsStart && !x.Traits.SurvivesRestart {
		fmt.Fprintln(c.out, "  "+words.Sprintf("note: %s", words.Text("what it keeps by itself holds until it restarts")))
	}
	if x.Traits.Note != "" {
		fmt.Fprintln(c.out, "  "+words.Sprintf("note: %s", x.Traits.Note))
	}
}

func (c *call) connect(ctx context.Context, args []string) error {
	set, first := settings{}, false
	pos, err := positional("connect", args, 1, 1, func(f *flag.FlagSet) {
		f.Var(set, "set", "")
		f.BoolVar(&first, "setup", false, "")
	})
	if err != nil {
		return err
	}
	if first {
		return c.setup(ctx, pos[0])
	}
	values, err := c.fromStdin()
	if err != nil {
		return err
	}
	return c.with(ctx, partsConnect, func(ctx context.Context, e engine.Engine) error {
		x, err := c.connectTo(ctx, e, engine.ConnectRequest{Kind: pos[0], Values: set, Secrets: values})
		if err != nil {
			return err
		}
		c.printConnection(x)
		return nil
	})
}

// fromStdin reads secrets as key=value lines from standard input when it is a pipe or a
// file, so that no secret stands in the process list.
func (c *call) fromStdin() (map[string]string, error) {
	if f, ok := c.stdin.(*os.File); ok {
		if st, err := f.Stat(); err != nil || st.Mode()&os.ModeCharDevice != 0 {
			return nil, nil
		}
	}
	out := map[string]string{}
	lines := bufio.NewScanner(io.LimitReader(c.stdin, 64<<10))
	for lines.Scan() {
		line := strings.TrimSpace(lines.Text())
		if line == "" {
			continue
		}
		k, v, ok := strings.Cut(line, "=")
		if !ok {
			return nil, misused(words.Text("standard input wants key=value lines"))
		}
		out[k] = v
	}
	if err := lines.Err(); err != nil {
		return nil, words.Errorf("reading secrets: %w", err)
	}
	return out, nil
}

func (c *call) held(ctx context.Context, args []string) error {
	var asJSON, lift bool
	if _, err := positional("held", args, 0, 0, func(f *flag.FlagSet) {
		f.BoolVar(&asJSON, "json", false, "")
		f.BoolVar(&lift, "lift", false, "")
	}); err != nil {
		return err
	}
	return c.with(ctx, partsConnect, func(ctx context.Context, e engine.Engine) error {
		held, err := e.Held(ctx)
		if err != nil {
			return err
		}
		if asJSON && !lift {
			return writeJSON(c.out, list(held))
		}
		c.none(len(held), words.Text("Nothing outside carries our mark."))
		var failed error // what cannot be lifted does not keep the others
		for _, h := range held {
			if h.Unasked != "" {
				failed = errors.Join(failed, words.Errorf("what %s holds is not known now: %s", h.Connection, h.Unasked))
				continue
			}
			fmt.Fprintf(c.out, "%s  %s  %s\n", h.Connection, h.Mark, heldText(h))
			if !lift {
				continue
			}
			if _, err := e.Lift(ctx, h.Connection, h.Mark); err != nil {
				failed = errors.Join(failed, fmt.Errorf("%s %s: %w", h.Connection, h.Mark, err))
				continue
			}
			fmt.Fprintln(c.out, "  "+words.Text("lifted"))
		}
		return failed
	})
}

// heldText is the peer's words, after the name of the device where it is known, and
// from when on where it has not begun.
func heldText(h engine.HeldInfo) string {
	text := h.Text
	if !h.Active && !h.From.IsZero() {
		text = words.Sprintf("%s, from %s on", text, words.Date(h.From.Local(), "2 January 2006 15:04"))
	}
	switch {
	case h.Device == "":
		return text
	case h.Recipient.Any || h.Recipient.Name == "":
		return h.Device + ": " + text
	default:
		return h.Device + " → " + h.Recipient.Name + ": " + text
	}
}

func (c *call) diary(ctx context.Context, args []string) error {
	var asJSON, verify bool
	if _, err := positional("diary", args, 0, 0, func(f *flag.FlagSet) {
		f.BoolVar(&asJSON, "json", false, "")
		f.BoolVar(&verify, "verify", false, "")
	}); err != nil {
		return err
	}
	return c.with(ctx, partsNone, func(ctx context.Context, e engine.Engine) error {
		if verify {
			r, err := e.VerifyDiary(ctx)
			if err != nil {
				return err
			}
			return c.verdict(r)
		}
		es, err := allEntries(ctx, e)
		if err != nil {
			return err
		}
		if asJSON {
			return writeJSON(c.out, convert(es, diaryOut))
		}
		c.none(len(es), words.Text("The diary is empty."))
		for _, x := range es {
			fmt.Fprintf(c.out, "%d  %s  %-14s %s\n", x.Seq, words.Date(x.Time.Local(), "2 Jan 2006 15:04:05"), x.Kind, x.Text)
		}
		return nil
	})
}

// allEntries is the whole diary, oldest first.
func allEntries(ctx context.Context, e engine.Engine) ([]engine.DiaryEntry, error) {
	var out []engine.DiaryEntry
	for before := uint64(0); ; {
		page, err := e.Diary(ctx, engine.DiaryQuery{Before: before, Limit: 1000})
		if err != nil {
			return nil, err
		}
		out = append(out, page...)
		if len(page) < 1000 {
			break
		}
		before = page[len(page)-1].Seq
	}
	for i, j := 0, len(out)-1; i < j; i, j = i+1, j-1 {
		out[i], out[j] = out[j], out[i]
	}
	return out, nil
}

// verdict prints what a verification found; it names the first entry that was
// altered or is missing, and that is a failure.
func (c *call) verdict(r ledger.Report) error {
	if !r.OK() {
		c.complain(words.Sprintf("the diary is not as it was written: %s; the %d entries before it are good", r.Fault, r.Entries))
		return errSaid
	}
	sealed := words.Text("Its end is sealed.")
	if !r.Sealed {
		sealed = words.Text("Its end is not sealed, because there was no key store: if the newest entries were cut off, that would not be found.")
	}
	fmt.Fprintln(c.out, words.Sprintf("The diary is whole: %d entries. %s", r.Entries, sealed))
	return nil
}

func (c *call) export(ctx context.Context, args []string) error {
	var one string
	var ask flowAsk
	pos, err := positional("export", args, 1, 1, func(f *flag.FlagSet) {
		f.StringVar(&one, "consent", "", "")
		f.StringVar(&ask.device, "device", "", "")
		ask.flags(f)
	})
	if err != nil {
		return err
	}
	ask.since = ask.from
	if one != "" && !ask.empty() {
		return misused(words.Sprintf("a permission is exported alone; usage: %s", commands()["export"].usage))
	}
	dir, err := filepath.Abs(pos[0]) // the engine may run elsewhere
	if err != nil {
		return err
	}
	return c.with(ctx, partsNone, func(ctx context.Context, e engine.Engine) error {
		var files []string
		switch {
		case one != "":
			files, err = e.ExportConsent(ctx, consent.ID(one), dir)
		case ask.empty():
			files, err = e.Export(ctx, dir)
		default:
			q, wrong := ask.query(ctx, e)
			if wrong != nil {
				return wrong
			}
			files, err = e.ExportFlows(ctx, q, dir)
		}
		for _, f := range files {
			fmt.Fprintln(c.out, f)
		}
		return err
	})
}
