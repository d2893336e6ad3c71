package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"bestbefore/app/internal/engine"
	"bestbefore/assets/words"
)

// progressEvery is how often an import says how far it is.
const progressEvery = 500 * time.Millisecond

func (c *call) importCapture(ctx context.Context, args []string) error {
	var fresh, show, asJSON bool
	pos, err := positional("import-capture", args, 1, 1, func(f *flag.FlagSet) {
		f.BoolVar(&fresh, "new", false, "")
		f.BoolVar(&show, "show", false, "")
		f.BoolVar(&asJSON, "json", false, "")
	})
	if err != nil {
		return err
	}
	path, err := filepath.Abs(pos[0])
	if err != nil {
		return words.Errorf("finding the file: %w", err)
	}
	if _, err := os.Stat(path); err != nil {
		return fileFault(words.Text("opening the capture"), err)
	}
	return c.with(ctx, partsNone, func(ctx context.Context, e engine.Engine) error {
		watching, stop := context.WithCancel(ctx)
		said := make(chan struct{})
		go func() {
			defer close(said)
			c.sayProgress(watching, e)
		}()
		var info engine.CaptureInfo
		var err error
		if show {
			info, err = e.InspectCapture(ctx, path)
		} else {
			info, err = e.ImportCapture(ctx, engine.CaptureRequest{Path: path, New: fresh, How: how})
		}
		stop()
		<-said
		if err != nil {
			return err
		}
		if asJSON {
			return writeJSON(c.out, info)
		}
		c.printCapture(info, show)
		return nil
	})
}

// sayProgress writes how far the reading is to standard error until ctx ends.
func (c *call) sayProgress(ctx context.Context, e engine.Engine) {
	tick := time.NewTicker(progressEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		p, err := e.CaptureProgress(ctx)
		if err != nil || p.Size == 0 {
			continue
		}
		what := words.Text("reading")
		if p.Storing {
			what = words.Text("storing")
		}
		fmt.Fprintln(c.errs, words.Sprintf("%s %s: %d of %d MB", what, p.File, p.Done>>20, p.Size>>20))
	}
}

func (c *call) printCapture(i engine.CaptureInfo, show bool) {
	fmt.Fprintln(c.out, words.Sprintf("%s: %d packets, %d bytes, %s to %s", i.File, i.Packets, i.Bytes, words.Date(i.First.Local(), "2 Jan 2006 15:04:05"), words.Date(i.Last.Local(), "2 Jan 2006 15:04:05")))
	line := func(d engine.CaptureDevice, name string) {
		fmt.Fprint(c.out, "  "+words.Sprintf("%s  %s  sent %d, received %d, encrypted %d", d.MAC, name, d.Up, d.Down, d.Encrypted))
		if len(d.Names) > 0 {
			fmt.Fprint(c.out, "  "+words.Sprintf("to %s", strings.Join(d.Names, ", ")))
		}
		if d.Before {
			fmt.Fprint(c.out, "  "+words.Text("(taken over before)"))
		}
		fmt.Fprintln(c.out)
	}
	for _, d := range i.Known {
		line(d, d.Name)
	}
	for _, d := range i.Unknown {
		line(d, words.Text("not known here"))
	}
	if i.Broken > 0 {
		fmt.Fprintln(c.out, "  "+words.Sprintf("%d packets were cut off, made no sense or are no internet traffic", i.Broken))
	}
	if i.NotSeen > 0 {
		fmt.Fprintln(c.out, "  "+words.Sprintf("%d packets: it cannot be told whose they are", i.NotSeen))
	}
	if i.Cut {
		fmt.Fprintln(c.out, "  "+words.Text("The file ends in the middle."))
	}
	switch {
	case show:
	case i.Taken > 0:
		fmt.Fprintln(c.out, words.Sprintf("Taken over: %d records.", i.Taken))
	case i.Before:
		fmt.Fprintln(c.out, words.Text("Nothing new: this file was taken over before."))
	case len(i.Unknown) > 0:
		fmt.Fprintln(c.out, words.Text("Nothing taken over: none of these devices is known here. With --new they are added."))
	default:
		fmt.Fprintln(c.out, words.Text("Nothing taken over: the file holds no device of a home."))
	}
}
