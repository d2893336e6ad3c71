package main

import (
	"context"
	"errors"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"fyne.io/fyne/v2"

	"bestbefore/app/internal/clock"
	"bestbefore/app/internal/ui"
	"bestbefore/app/internal/ui/access"
	"bestbefore/app/internal/ui/captures"
	"bestbefore/app/internal/ui/connectors"
	"bestbefore/app/internal/ui/devices"
	"bestbefore/app/internal/ui/diary"
	"bestbefore/app/internal/ui/flows"
	"bestbefore/app/internal/ui/guides"
	"bestbefore/app/internal/ui/home"
	"bestbefore/app/internal/ui/permissions"
	"bestbefore/app/internal/ui/settings"
	"bestbefore/app/internal/view"
	"bestbefore/app/internal/view/live"
)

// window is the shell with its pages and the pump that keeps them current.
type window struct {
	fyne  fyne.Window
	shell *ui.Shell
	pump  *live.Pump
	do    ui.Dispatcher
	pages pages
	desk  *desk
	demo  bool // the demo home was started from here and is still open

	hidden func(bool) // told whether the window is; nil in tests

	give       *permissions.Give // the open dialog, nil when none is
	disconnect *permissions.Disconnect
}

// pages are those that were visited; the others are nil.
type pages struct {
	home        *home.Page
	devices     *devices.Page
	device      *devices.Device
	permissions *permissions.Wall
	review      *permissions.Review
	connectors  *connectors.Page
	diary       *diary.Page
	flows       *flows.Page
	settings    *settings.Page
	access      *access.Page
	capture     *captures.Page
	guides      *guides.Page
}

// newWindow builds everything and starts nothing. do runs what comes from
// elsewhere on the window's goroutine.
func newWindow(w fyne.Window, src *source, d *desk, trace *slog.Logger, do ui.Dispatcher) (*window, error) {
	win := &window{fyne: w, do: do, desk: d}
	var err error
	win.pump, err = live.New(live.Config{
		Engine: src.engine, Screen: traced(win.screen(), trace), Dispatch: win.do, Now: src.clock(), Zone: zone,
		Translate: ui.Translate, Log: src.log(), Desk: d.functions(), Beside: src.home == nil,
	})
	if err != nil {
		return nil, err
	}
	win.shell, err = ui.New(ui.Config{
		Window: w, Places: win.places(), Undo: win.pump.Undo, Shown: win.pump.Shown, Demo: d.demo,
		After: func(d time.Duration, f func()) { time.AfterFunc(d, func() { win.do(f) }) },
	})
	w.SetOnDropped(win.dropped)
	return win, err
}

// serve runs engine and pump in the background until ctx ends; the answer is
// given when both have ended, the pump first.
func (win *window) serve(ctx context.Context, src *source) <-chan error {
	done := make(chan error, 1)
	go func() {
		working, stop := context.WithCancel(context.Background())
		defer stop()
		engine := make(chan error, 1)
		go func() { engine <- src.serve(working) }()
		pumped := win.pump.Serve(ctx)
		if errors.Is(pumped, context.Canceled) {
			pumped = nil // that is how it ends
		}
		stop()
		done <- errors.Join(pumped, <-engine)
	}()
	return done
}

// goTo opens the place that was asked for at the start, or the first page.
func (win *window) goTo(target string) {
	win.shell.Start()
	if r, ok := route(target); ok {
		win.shell.Open(r)
	}
}

// raise shows the window, for another start of the program.
func (win *window) raise(target string) {
	win.do(func() {
		win.show()
		win.fyne.RequestFocus()
		if r, ok := route(target); ok {
			win.shell.Open(r)
		}
	})
}

// show brings the window to the screen, and hide takes it away; the engine works on.
func (win *window) show() {
	win.fyne.Show()
	win.seen(true)
}

func (win *window) hide() {
	win.fyne.Hide()
	win.seen(false)
}

// seen says whether the window can be seen: else no page needs to be made.
func (win *window) seen(on bool) {
	win.pump.Seen(on)
	if win.hidden != nil {
		win.hidden(!on)
	}
}

// route reads "consent/ID@version", "device/ID" or a page's name.
func route(target string) (view.Route, bool) {
	what, id, _ := strings.Cut(strings.Trim(target, `"`), "/")
	id, version, _ := strings.Cut(id, "@")
	switch what {
	case "":
		return view.Route{}, false
	case "consent":
		n, err := strconv.Atoi(version)
		if err != nil || n < 0 {
			n = 0 // of an older program, or spoilt: the permission is opened nevertheless
		}
		return view.Route{Page: view.PageReview, Arg: id, Version: n}, true
	case "device":
		return view.Route{Page: view.PageDevice, Arg: id}, true
	default:
		return view.Route{Page: view.Page(what)}, true
	}
}

func zone() *time.Location {
	_, loc, err := clock.Zone()
	if err != nil {
		return time.UTC
	}
	return loc
}
