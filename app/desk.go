package main

import (
	"context"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/lang"

	"bestbefore/app/internal/autostart"
	"bestbefore/app/internal/lifecycle"
	"bestbefore/app/internal/notify"
	"bestbefore/app/internal/ui/kit"
	"bestbefore/app/internal/ui/settings"
	"bestbefore/app/internal/view"
	"bestbefore/app/internal/view/live"
)

// The preferences of this window, kept by Fyne. The names of the settings page
// serve as keys; prefAsked says that the question about starting with the
// computer was put.
const prefAsked = "asked.autostart"

// trayTime is how long a desktop may take to say whether it has a tray.
const trayTime = time.Second

// desk is the window's place on this computer: its look, its symbol in the
// tray, what closing it means, and whether the system starts it.
type desk struct {
	app   fyne.App
	win   *window
	dir   string // as it was asked for, "" for the usual one
	owner bool   // the engine is ours
	demo  bool
	tray  *fyne.Menu // nil where the desktop has none
	leave func()     // gives our seat beside another program up
	start func(words []string) error

	// What follows belongs to the window's goroutine.
	leaving   bool // the question is being prepared or shown
	asking    bool // the question about starting with the computer is shown
	unlocking bool // the passphrase is asked for
}

// newDesk applies what was chosen before. Nothing is shown yet.
func newDesk(a fyne.App, o options, src *source) *desk {
	d := &desk{app: a, dir: o.dir, owner: src != nil && src.home != nil, demo: o.demo, leave: func() {}, start: startSelf}
	if src != nil {
		d.leave = src.leave
	}
	d.look()
	return d
}

// functions are what the settings page reads and changes.
func (d *desk) functions() live.Desk {
	return live.Desk{Read: d.read, Set: d.set, SaveCalendar: saveCalendar, ReadFile: readFile, WriteFile: writeText}
}

func (d *desk) read() view.Desk {
	p := d.app.Preferences()
	v := view.Desk{
		CanAutostart: d.canAutostart(), Owner: d.owner && !d.demo, Demo: d.demo, Tray: d.tray != nil, Folder: d.folder(), Recipients: d.recipients(),
		Background: d.afterClosing(), Look: p.StringWithFallback(view.SetLook, view.LookSystem),
		Text: p.IntWithFallback(view.SetText, 100),
	}
	if v.CanAutostart {
		v.Autostart, _ = autostart.IsSet() // what cannot be read is not set
	}
	return v
}

func (d *desk) canAutostart() bool {
	return !d.demo && slices.Contains([]string{"linux", "darwin", "windows"}, runtime.GOOS)
}

func (d *desk) folder() string {
	if d.demo {
		return lang.L("a temporary folder that goes with the demo")
	}
	dir := d.dir
	if dir == "" {
		dir, _ = lifecycle.DefaultDataDir() // the program would not have started without
	}
	if abs, err := filepath.Abs(dir); err == nil {
		return abs
	}
	return dir
}

// recipients is the folder of the person's own tables.
func (d *desk) recipients() string {
	if d.demo {
		return d.folder()
	}
	return filepath.Join(d.folder(), lifecycle.RecipientsDir)
}

// set changes one setting; it is called beside the window's goroutine.
func (d *desk) set(id, value string) error {
	p := d.app.Preferences()
	switch id {
	case view.SetAutostart:
		p.SetBool(prefAsked, true)
		return d.autostart(value == view.On)
	case view.SetText:
		n, err := strconv.Atoi(value)
		if err != nil {
			return err
		}
		p.SetInt(id, n)
		d.win.do(d.look)
	case view.SetLook:
		p.SetString(id, value)
		d.win.do(d.look)
	case view.SetBackground:
		p.SetString(id, value)
	}
	return nil
}

func (d *desk) autostart(on bool) error {
	if !on {
		return autostart.Clear()
	}
	args := []string{"--hidden"}
	if d.dir != "" {
		args = append(args, "--data", d.folder())
	}
	e, err := autostart.This(args...)
	if err != nil {
		return err
	}
	return autostart.Set(e)
}

func (d *desk) look() {
	p := d.app.Preferences()
	mode := map[string]kit.Mode{view.LookLight: kit.Light, view.LookDark: kit.Dark}[p.String(view.SetLook)]
	d.app.Settings().SetTheme(kit.NewTheme(mode, float32(p.IntWithFallback(view.SetText, 100))/100))
}

// attach gives the window its symbol and asks before it closes. It comes before
// the application runs: Fyne starts the tray only then.
func (d *desk) attach(ctx context.Context, win *window) {
	d.win = win
	d.greet()
	if d.demo || !d.owner {
		return // closing ends the demo; beside another program nothing is lost
	}
	win.fyne.SetCloseIntercept(d.closing)
	ctx, cancel := context.WithTimeout(ctx, trayTime)
	defer cancel()
	a, ok := d.app.(desktop.App)
	if !ok || runtime.GOOS == "linux" && !notify.Tray(ctx, notify.Config{}) {
		return
	}
	next := fyne.NewMenuItem(lang.L("No date is set"), nil)
	next.Disabled = true
	quit := fyne.NewMenuItem(lang.L("Quit"), d.quitting)
	quit.IsQuit = true
	d.tray = fyne.NewMenu(appName, next, fyne.NewMenuItemSeparator(), fyne.NewMenuItem(lang.L("Open"), func() { win.raise("") }), quit)
	a.SetSystemTrayMenu(d.tray)
}

// frame follows what is shown around the pages: the next date in the tray, and
// the question after the first one.
func (d *desk) frame(f view.Frame) {
	if d.tray != nil && f.Next != "" && d.tray.Items[0].Label != f.Next {
		d.tray.Items[0].Label = f.Next
		d.tray.Refresh()
	}
	p := d.app.Preferences()
	busy := d.win.give != nil || d.win.disconnect != nil || d.leaving || d.asking || d.unlocking
	if f.Dates == 0 || busy || !d.owner || !d.canAutostart() || p.Bool(prefAsked) {
		return
	}
	p.SetBool(prefAsked, true)
	if on, _ := autostart.IsSet(); on {
		return
	}
	d.asking = true
	d.win.shell.ShowDialog(settings.NewStart(settings.StartCommands{
		Yes: func() { d.win.shell.CloseDialog(); d.win.pump.Set(view.SetAutostart, view.On) },
		No:  func() { d.win.shell.CloseDialog() },
	}), func() { d.asking = false })
}

// closing is the click on the window's cross. The question is put once; who
// closes again while the engine is slow to answer wants to go.
func (d *desk) closing() {
	switch {
	case d.leaving:
		d.app.Quit()
	case d.afterClosing() == view.On:
		d.win.hide()
	default:
		d.ask()
	}
}

// afterClosing is what closing means here. What works elsewhere, or only plays,
// has nothing to go on with.
func (d *desk) afterClosing() string {
	return afterClosing(d.app.Preferences().String(view.SetBackground), d.tray != nil && d.owner && !d.demo)
}

// afterClosing is what was chosen, and where nothing was, going on in the tray,
// or the question where there is none.
func afterClosing(chosen string, tray bool) string {
	switch {
	case chosen != "":
		return chosen
	case tray:
		return view.On
	default:
		return view.Ask
	}
}

// quitting is the word in the tray: it always says what is not kept meanwhile.
func (d *desk) quitting() {
	d.win.raise("")
	if !d.leaving {
		d.ask()
	}
}

func (d *desk) ask() {
	d.leaving = true
	d.win.pump.AskLeaving(func(v view.Leaving) {
		p := d.app.Preferences()
		if p.String(view.SetBackground) == view.Off && !v.Needed {
			d.app.Quit()
			return
		}
		v.Lines = append(v.Lines, d.comesBack())
		d.win.shell.ShowDialog(settings.NewLeave(v, settings.LeaveCommands{
			Keep: func() {
				p.SetString(view.SetBackground, view.On)
				d.win.shell.CloseDialog()
				d.win.hide()
			},
			Quit:   func() { p.SetString(view.SetBackground, view.Off); d.app.Quit() },
			Cancel: func() { d.win.shell.CloseDialog() },
		}), func() { d.leaving = false })
	})
}

func (d *desk) comesBack() string {
	if d.tray != nil {
		return lang.L("The window comes back by the symbol in the tray, or when Best Before is started again. Your answer is kept; Settings changes it.")
	}
	return lang.L("This desktop has no tray: the window comes back when Best Before is started again. Your answer is kept; Settings changes it.")
}
