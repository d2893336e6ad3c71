// Command demo tells the story of the demo home without a display: a permission
// is given, ends on its date, and the flow is seen to stop. It writes every
// screen of the window, with what the real engine knows then, as PNG. It exits
// with 0 only if the flow was seen to stop.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"bestbefore/app/internal/demo"
)

func main() {
	var fast bool
	var pictures string
	flag.BoolVar(&fast, "fast", false, "the permission runs out after 10 seconds instead of two minutes")
	flag.StringVar(&pictures, "pictures", "", "folder for pictures of every screen; without it none are made")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, fast, pictures, os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

// run tells the story, drawing on the way where pictures names a folder.
func run(ctx context.Context, fast bool, pictures string, out io.Writer) error {
	t := demo.Teller{Say: func(s string) { fmt.Fprintln(out, s) }}
	return demo.Tell(ctx, demo.Config{Fast: fast}, func(ctx context.Context, h *demo.Home) error {
		if pictures == "" {
			return h.Story(ctx, t)
		}
		if err := illustrated(ctx, h, t, pictures); err != nil {
			return err
		}
		t.Say("The screens are in " + pictures + ".")
		return nil
	})
}
