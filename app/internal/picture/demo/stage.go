package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/lang"
	"fyne.io/fyne/v2/test"

	"bestbefore/app/internal/demo"
	"bestbefore/app/internal/picture"
	"bestbefore/app/internal/ui"
	"bestbefore/app/internal/ui/kit"
	"bestbefore/app/internal/view"
	"bestbefore/app/internal/view/live"
)

// stage is a window without a display: the real shell, pages and pump on the
// demo's engine. Everything about it happens on the goroutine of work.
type stage struct {
	home   *demo.Home
	folder string
	queue  chan func()
	ctx    context.Context // ends the waiting at queue

	app    fyne.App
	window fyne.Window
	shell  *ui.Shell
	pump   *live.Pump
	pages  pages
	frame  view.Frame
	fresh  map[string]bool // places that were filled since they were opened
}

var size = fyne.NewSize(1280, 800)

// illustrated tells the story and draws at its moments. It is called from the
// program's main goroutine, which draws.
func illustrated(ctx context.Context, h *demo.Home, t demo.Teller, folder string) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	s := &stage{home: h, folder: folder, queue: make(chan func()), ctx: ctx, fresh: map[string]bool{}}
	if err := s.build(); err != nil {
		return err
	}
	defer s.app.Quit()
	t.Look = s.look
	over := make(chan error, 1)
	go func() {
		pumped := make(chan struct{})
		go func() {
			_ = s.pump.Serve(ctx) // ends with its context, and says only that
			close(pumped)
		}()
		err := h.Story(ctx, t)
		cancel()
		<-pumped
		over <- err
	}()
	for {
		select {
		case f := <-s.queue:
			f()
		case err := <-over:
			return err
		}
	}
}

func (s *stage) build() error {
	s.app = test.NewApp()
	s.app.Settings().SetTheme(themes["light"])
	if err := ui.LoadLanguages(); err != nil {
		return err
	}
	var err error
	s.pump, err = live.New(live.Config{
		Engine: s.home.Engine(), Screen: s.screen(), Dispatch: s.dispatch, Now: s.home.Now, Translate: ui.Translate,
		Zone: func() *time.Location { return time.Local }, Log: s.home.Log(), Gather: 20 * time.Millisecond,
		Desk: live.Desk{Read: desk, Set: func(string, string) error { return nil }},
	})
	if err != nil {
		return err
	}
	return s.newWindow()
}

// newWindow puts up a new window. The toolkit forgets how widgets look that were
// not painted for a minute, and here nothing is painted between two moments.
func (s *stage) newWindow() error {
	if s.window != nil {
		s.window.Close()
	}
	s.window = test.NewWindow(nil)
	s.window.Resize(size)
	shell, err := ui.New(ui.Config{Window: s.window, Places: s.places(), Shown: s.pump.Shown, Demo: true})
	if err != nil {
		return err
	}
	s.shell = shell
	s.shell.SetFrame(s.frame)
	return nil
}

// dispatch queues f for the drawing goroutine.
func (s *stage) dispatch(f func()) {
	select {
	case s.queue <- f:
	case <-s.ctx.Done():
	}
}

// do runs f on the drawing goroutine and waits for it.
func (s *stage) do(f func()) error {
	done := make(chan struct{})
	s.dispatch(func() { f(); close(done) })
	select {
	case <-done:
		return nil
	case <-s.ctx.Done():
		return s.ctx.Err()
	}
}

// screens are what is worth a picture at the moments of the story: everything
// once, and before and after it what differs most.
var screens = map[string][]string{
	"allowed":  {"home", "give", "review"},
	"reminded": {"home"},
	"ended":    {"home", "devices", "device", "give", "disconnect", "permissions", "review", "access", "flows", "connectors", "capture", "diary", "settings"},
	"renewed":  {"home", "permissions"},
}

// look draws the screens as they are at a moment of the story.
func (s *stage) look(_ context.Context, m demo.Moment) error {
	var err error
	if failed := s.do(func() { err = s.newWindow() }); failed != nil || err != nil {
		return errors.Join(failed, err)
	}
	for _, name := range screens[m.Name] {
		if err := s.draw(m, name, func() { s.show(name, m) }); err != nil {
			return err
		}
	}
	return nil
}

// show opens the screen called name.
func (s *stage) show(name string, m demo.Moment) {
	switch name {
	case "give":
		s.pump.StartGive(m.Device, "")
	case "disconnect":
		s.pump.AskDisconnect(m.Device)
	case string(view.PageDevice):
		s.open(view.Route{Page: view.PageDevice, Arg: m.Device})
	case string(view.PageReview):
		s.open(view.Route{Page: view.PageReview, Arg: string(m.Consent)})
	default:
		s.open(view.Route{Page: view.Page(name)})
	}
}

// open goes to r; a place that is seen already is asked for anew.
func (s *stage) open(r view.Route) {
	if s.shell.Route() == r {
		s.pump.Shown(r)
		return
	}
	s.shell.Open(r)
}

// errBlank says that a screen was never filled.
var errBlank = errors.New("it was not filled")

// fillTime bounds how long a screen may take to be filled.
const fillTime = 10 * time.Second

// draw opens a place, waits until the engine's answer is on it, and writes its picture.
func (s *stage) draw(m demo.Moment, place string, open func()) error {
	if err := s.do(func() { s.fresh[place] = false; open() }); err != nil {
		return err
	}
	deadline := s.home.Now().Add(fillTime)
	for {
		var done bool
		var err error
		if failed := s.do(func() {
			if done = s.fresh[place]; done {
				err = s.write(m.Name + "-" + place)
				s.shell.CloseDialog()
			}
		}); failed != nil {
			return failed
		}
		if done || err != nil {
			return err
		}
		if s.home.Now().After(deadline) {
			return fmt.Errorf("drawing %s: %w", place, errBlank)
		}
		time.Sleep(20 * time.Millisecond) // between two looks at a condition
	}
}

// themes are those in which each screen is drawn.
var themes = map[string]fyne.Theme{"light": kit.NewTheme(kit.Light, 1), "dark": kit.NewTheme(kit.Dark, 1)}

// write draws the window once in each theme; the light one stays.
func (s *stage) write(name string) error {
	for _, theme := range []string{"dark", "light"} {
		s.app.Settings().SetTheme(themes[theme])
		for _, o := range s.window.Canvas().Overlays().List() {
			o.Resize(size)
			o.Refresh()
		}
		if err := picture.Write(filepath.Join(s.folder, name+"-"+theme+".png"), s.window.Canvas().Capture()); err != nil {
			return err
		}
	}
	return nil
}

// desk is the place of a window that shows the demo home.
func desk() view.Desk {
	return view.Desk{Demo: true, Look: view.LookSystem, Text: 100, Folder: lang.L("a temporary folder that goes with the demo")}
}
