// Command bestbefore is the window: what is in the home, where it sends, until
// when it may, and what was done about it. It owns the engine, or uses the one
// of another Best Before that already works with the same data folder.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/app"
	"fyne.io/fyne/v2/lang"

	"bestbefore/app/internal/lifecycle"
	"bestbefore/app/internal/ui"
	"bestbefore/assets"
)

// What FyneApp.toml says too; a test compares the two.
const (
	appID   = "example.bestbefore.app"
	appName = "Best Before"
	build   = 1
)

func main() {
	var o options
	flag.StringVar(&o.dir, "data", "", "data folder; without it the usual one")
	flag.StringVar(&o.open, "open", "", "place to open: consent/ID, device/ID or a page's name")
	flag.BoolVar(&o.hidden, "hidden", false, "start without showing the window")
	flag.BoolVar(&o.demo, "demo", false, "show a made-up home instead of yours")
	flag.BoolVar(&o.trace, "trace", false, "for developers: write to standard error when a page is shown, and how many rows it has")
	flag.BoolVar(&o.fast, "fast", false, "with --demo: its permission runs out after ten seconds instead of two minutes")
	flag.Parse()
	if err := run(o); err != nil {
		fmt.Fprintln(os.Stderr, "bestbefore:", err)
		os.Exit(1)
	}
}

// options are what the program was started with.
type options struct {
	dir, open  string
	demo, fast bool
	hidden     bool
	trace      bool
}

// source opens the engine that the window shows.
func (o options) source(ctx context.Context) (src *source, raised bool, err error) {
	if o.demo {
		src, err = openDemo(ctx, o.fast)
		return src, false, err
	}
	dir, err := o.folder()
	if err != nil {
		return nil, false, err
	}
	return openSource(ctx, dir, o.open)
}

// folder is where the data is.
func (o options) folder() (string, error) {
	if o.dir == "" {
		return lifecycle.DefaultDataDir()
	}
	return filepath.Clean(o.dir), nil
}

// run shows the window until it is closed.
func run(o options) error {
	if err := lifecycle.Speak(lang.SystemLocale().String()); err != nil { // before the engine says its first word
		return err
	}
	app.SetMetadata(fyne.AppMetadata{ID: appID, Name: appName, Version: lifecycle.Version, Build: build, Icon: fyne.NewStaticResource("icon.png", assets.AppIcon)})
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	src, raised, err := o.source(ctx)
	if raised {
		return nil // the window that is already there came to the front
	}
	a := app.NewWithID(appID)
	d := newDesk(a, o, src)
	if langErr := ui.LoadLanguages(); langErr != nil {
		return langErr
	}
	title := appName
	if o.demo {
		title = lang.L("Best Before, demo: nothing here is real")
	}
	w := a.NewWindow(title)
	w.Resize(fyne.NewSize(1280, 800))
	w.CenterOnScreen()
	if err != nil {
		dir, _ := o.folder() // without one there is nothing to put back either
		newFault(a, w, dir, err).show()
		return err
	}
	rest := newRest(ui.OnWindow())
	win, err := newWindow(w, src, d, newTrace(os.Stderr, o.trace), rest.dispatch)
	if err != nil {
		return errors.Join(err, src.close())
	}
	say := plainly(a)
	src.onPlain(func() { win.do(say) })
	src.onRaise(func(target string) { win.raise(target) })
	done := win.serve(ctx, src)
	win.goTo(o.open)
	d.attach(ctx, win)
	if mayRest {
		win.hidden = rest.hide
		go rest.serve(ctx)
	}
	if o.hidden {
		win.seen(false)
	} else {
		win.show()
	}
	a.Run()
	cancel()
	return errors.Join(<-done, src.close())
}
