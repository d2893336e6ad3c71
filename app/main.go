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

	"bestbefore/app/internal/lifecycle"
	"bestbefore/app/internal/ui"
	"bestbefore/app/internal/ui/kit"
	"bestbefore/assets"
)

// What FyneApp.toml says too; a test compares the two.
const (
	appID   = "example.bestbefore.app"
	appName = "Best Before"
	build   = 1
)

func main() {
	var dir, open string
	flag.StringVar(&dir, "data", "", "data folder; without it the usual one")
	flag.StringVar(&open, "open", "", "place to open: consent/ID, device/ID or a page's name")
	flag.Parse()
	if err := run(dir, open); err != nil {
		fmt.Fprintln(os.Stderr, "bestbefore:", err)
		os.Exit(1)
	}
}

// run shows the window until it is closed.
func run(dir, open string) error {
	if dir == "" {
		var err error
		if dir, err = lifecycle.DefaultDataDir(); err != nil {
			return err
		}
	}
	dir = filepath.Clean(dir)
	app.SetMetadata(fyne.AppMetadata{ID: appID, Name: appName, Version: lifecycle.Version, Build: build, Icon: fyne.NewStaticResource("icon.png", assets.AppIcon)})
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	src, raised, err := openSource(ctx, dir, open)
	if raised {
		return nil // the window that is already there came to the front
	}
	a := app.NewWithID(appID)
	a.Settings().SetTheme(kit.NewTheme(kit.FollowSystem, 1))
	if langErr := ui.LoadLanguages(); langErr != nil {
		return langErr
	}
	w := a.NewWindow(appName)
	w.Resize(fyne.NewSize(1280, 800))
	w.CenterOnScreen()
	if err != nil {
		showFault(a, w, err)
		return err
	}
	win, err := newWindow(w, src)
	if err != nil {
		return errors.Join(err, src.close())
	}
	src.onRaise(func(target string) { win.raise(target) })
	done := win.serve(ctx, src)
	win.goTo(open)
	w.ShowAndRun()
	cancel()
	return errors.Join(<-done, src.close())
}
