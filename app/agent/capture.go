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
)

// progressEvery is how often an import says how far it is.
const progressEvery = 500 * time.Millisecond

func (c *call) importCapture(ctx context.Context, args []string) error {
	var fresh, show, asJSON bool
	pos, err := words("import-capture", args, 1, 1, func(f *flag.FlagSet) {
		f.BoolVar(&fresh, "new", false, "")
		f.BoolVar(&show, "show", false, "")
		f.BoolVar(&asJSON, "json", false, "")
	})
	if err != nil {
		return err
	}
	path, err := filepath.Abs(pos[0])
	if err != nil {
		return fmt.Errorf("finding the file: %w", err)
	}
	if _, err := os.Stat(path); err != nil {
		return fileFault("opening the capture", err)
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
			info, err = e.ImportCapture(ctx, engine.CaptureRequest{Path: path, New: fresh, How: "command line"})
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
		what := "reading"
		if p.Storing {
			what = "storing"
		}
		fmt.Fprintf(c.errs, "%s %s: %d of %d MB\n", what, p.File, p.Done>>20, p.Size>>20)
	}
}

func (c *call) printCapture(i engine.CaptureInfo, show bool) {
	fmt.Fprintf(c.out, "%s: %d packets, %d bytes, %s to %s\n", i.File, i.Packets, i.Bytes, i.First.Local().Format("2 Jan 2006 15:04:05"), i.Last.Local().Format("2 Jan 2006 15:04:05"))
	line := func(d engine.CaptureDevice, name string) {
		fmt.Fprintf(c.out, "  %s  %s  sent %d, received %d, encrypted %d", d.MAC, name, d.Up, d.Down, d.Encrypted)
		if len(d.Names) > 0 {
			fmt.Fprintf(c.out, "  to %s", strings.Join(d.Names, ", "))
		}
		if d.Before {
			fmt.Fprint(c.out, "  (taken over before)")
		}
		fmt.Fprintln(c.out)
	}
	for _, d := range i.Known {
		line(d, d.Name)
	}
	for _, d := range i.Unknown {
		line(d, "not known here")
	}
	if i.Broken > 0 {
		fmt.Fprintf(c.out, "  %d packets were cut off, made no sense or are no internet traffic\n", i.Broken)
	}
	if i.NotSeen > 0 {
		fmt.Fprintf(c.out, "  %d packets: it cannot be told whose they are\n", i.NotSeen)
	}
	if i.Cut {
		fmt.Fprintln(c.out, "  The file ends in the middle.")
	}
	switch {
	case show:
	case i.Taken > 0:
		fmt.Fprintf(c.out, "Taken over: %d records.\n", i.Taken)
	case i.Before:
		fmt.Fprintln(c.out, "Nothing new: this file was taken over before.")
	case len(i.Unknown) > 0:
		fmt.Fprintln(c.out, "Nothing taken over: none of these devices is known here. With --new they are added.")
	default:
		fmt.Fprintln(c.out, "Nothing taken over: the file holds no device of a home.")
	}
}
