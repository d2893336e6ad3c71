// Package ui is the shell of the window: the navigation, the stack of pages with
// its history, dialogs, short messages, keys, and the dispatcher through which
// everything from outside reaches the window.
//
// The shell knows no page by type and no service; package main registers the
// pages and connects their commands.
package ui

import (
	"errors"
	"fmt"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/lang"

	"bestbefore/app/internal/ui/kit"
	"bestbefore/app/internal/view"
)

// Page is one screen. It holds no lock, starts no goroutine and knows no
// service: it shows the snapshots that it is given and calls its commands.
type Page interface {
	Content() fyne.CanvasObject
	OnShow(arg string) // the page is about to be seen; arg is the route's
	OnHide()
}

// Searcher is a page with a search; Ctrl+F puts the focus there.
type Searcher interface{ Search() fyne.Focusable }

// KeyTaker is a page with keys of its own. Each method reports whether it took
// the key; the shell uses those that are left.
type KeyTaker interface {
	TypedRune(r rune) bool
	TypedKey(k *fyne.KeyEvent) bool
}

// Settler is a page that finds out for itself what it is about when it was
// opened without saying so; settle tells the shell, which notes it in the history.
type Settler interface{ OnSettle(settle func(arg string)) }

// Place registers a page. One without a label is not in the navigation; Under
// then names the page whose item is marked while it is open.
type Place struct {
	Page  view.Page
	Label string
	Sign  string // its drawing in assets/icons/ui
	Under view.Page
	Build func() Page // called on the first visit
}

// Config is what a shell needs.
type Config struct {
	Window fyne.Window // required
	Places []Place     // required; the first is opened by Start
	// After calls f on the window's goroutine when d has passed. Nil means never:
	// short messages then stay until they are closed.
	After func(d time.Duration, f func())
	// Undo undoes what a message named. Nil hides the word.
	Undo func(id string)
	// Demo says beside the name that nothing here is real.
	Demo bool
	// Shown is told each place that comes to be seen, so that hidden pages need
	// no refresh. May be nil.
	Shown func(view.Route)
}

// toastTime is how long a short message stays: long enough to reach Undo.
const toastTime = 12 * time.Second

// Shell is the window's content and its history.
type Shell struct {
	config  Config
	places  map[view.Page]Place
	pages   map[view.Page]Page
	nav     map[view.Page]*kit.NavItem
	history []view.Route
	frame   *frame
	toast   view.Toast
	toasts  int // counts messages, so that an old waiting time hides no newer one
	dialogs []openDialog
}

type openDialog struct {
	object fyne.CanvasObject
	closed func()
}

// New builds the shell and sets it as the content of the window.
func New(c Config) (*Shell, error) {
	if c.Window == nil {
		return nil, errors.New("a shell needs a window")
	}
	if len(c.Places) == 0 {
		return nil, errors.New("a shell needs at least one page")
	}
	s := &Shell{
		config: c,
		places: map[view.Page]Place{},
		pages:  map[view.Page]Page{},
		nav:    map[view.Page]*kit.NavItem{},
	}
	var items []*kit.NavItem
	for _, p := range c.Places {
		if p.Build == nil {
			return nil, fmt.Errorf("page %q cannot be built", p.Page)
		}
		s.places[p.Page] = p
		if p.Label == "" {
			continue
		}
		item := kit.NewNavItem(p.Sign, p.Label, func() { s.Open(view.Route{Page: p.Page}) })
		s.nav[p.Page] = item
		items = append(items, item)
	}
	tagline := lang.L("Your home's data")
	if c.Demo {
		tagline = lang.L("Demo home")
	}
	s.frame = newFrame(items, tagline, kit.NewToast(lang.L("Undo"), s.undo, s.HideToast))
	c.Window.SetPadded(false)
	c.Window.SetContent(s.frame.box)
	s.bindKeys()
	return s, nil
}

// Start opens the first page.
func (s *Shell) Start() { s.Open(view.Route{Page: s.config.Places[0].Page}) }

// Open shows r and remembers where it came from. An unknown page changes nothing.
func (s *Shell) Open(r view.Route) {
	if _, ok := s.places[r.Page]; !ok {
		return
	}
	if n := len(s.history); n > 0 {
		if s.history[n-1] == r {
			return
		}
		s.pages[s.history[n-1].Page].OnHide()
	}
	s.history = append(s.history, r)
	if len(s.history) > 100 {
		s.history = s.history[len(s.history)-100:]
	}
	s.show(r)
}

// Back returns to the place before; it reports whether there was one.
func (s *Shell) Back() bool {
	n := len(s.history)
	if n < 2 {
		return false
	}
	s.pages[s.history[n-1].Page].OnHide()
	s.history = s.history[:n-1]
	s.show(s.history[n-2])
	return true
}

// Route is the place that is seen now; the zero Route before Start.
func (s *Shell) Route() view.Route {
	if len(s.history) == 0 {
		return view.Route{}
	}
	return s.history[len(s.history)-1]
}

func (s *Shell) show(r view.Route) {
	place := s.places[r.Page]
	page, ok := s.pages[r.Page]
	if !ok {
		page = place.Build()
		s.pages[r.Page] = page
		if p, ok := page.(Settler); ok {
			p.OnSettle(func(arg string) { s.settle(view.Route{Page: r.Page, Arg: arg}) })
		}
	}
	marked := r.Page
	if place.Under != "" {
		marked = place.Under
	}
	for name, item := range s.nav {
		item.Select(name == marked)
	}
	s.config.Window.Canvas().Unfocus()
	page.OnShow(r.Arg)
	s.frame.setPage(page.Content())
	if s.config.Shown != nil {
		s.config.Shown(r)
	}
}

// settle makes r the place that is seen, without leaving the page.
func (s *Shell) settle(r view.Route) {
	if s.Route().Page != r.Page {
		return
	}
	s.history[len(s.history)-1] = r
	if s.config.Shown != nil {
		s.config.Shown(r)
	}
}

// SetFrame shows the counts of the navigation and the lines at its foot.
func (s *Shell) SetFrame(f view.Frame) {
	if item := s.nav[view.PageDevices]; item != nil {
		item.SetCount(view.None, f.Devices)
	}
	if item := s.nav[view.PagePermissions]; item != nil {
		item.SetCount(f.PermissionsState, f.Permissions)
	}
	s.frame.setHolding(f.HoldingLine)
}

// SetNotice shows above every page what concerns all of them, with a button
// where something can be done; a text of "" takes it away.
func (s *Shell) SetNotice(v view.Problem, tapped func(action string)) { s.frame.setNotice(v, tapped) }

// Toast shows a short message; it goes by itself after a while.
func (s *Shell) Toast(t view.Toast) {
	if s.config.Undo == nil {
		t.Undo = ""
	}
	s.toast = t
	s.toasts++
	s.frame.toast.Show(t)
	s.frame.refreshToast()
	if s.config.After == nil {
		return
	}
	shown := s.toasts
	s.config.After(toastTime, func() {
		if shown == s.toasts {
			s.HideToast()
		}
	})
}

// HideToast takes the message away.
func (s *Shell) HideToast() {
	s.toasts++
	s.frame.toast.Hide()
}

// ToastShown reports whether a message is on screen.
func (s *Shell) ToastShown() bool { return s.frame.toast.Box.Visible() }

// ToastUndo is the button of the message, for tests.
func (s *Shell) ToastUndo() fyne.Tappable { return s.frame.toast.UndoButton() }

func (s *Shell) undo() {
	id := s.toast.Undo
	s.HideToast()
	if id != "" && s.config.Undo != nil {
		s.config.Undo(id)
	}
}

// ShowDialog shows d over the window; closed (which may be nil) is called when
// it goes, whatever closed it.
func (s *Shell) ShowDialog(d fyne.CanvasObject, closed func()) {
	c := s.config.Window.Canvas()
	s.dialogs = append(s.dialogs, openDialog{object: d, closed: closed})
	c.Overlays().Add(d)
	d.Resize(c.Size())
	d.Refresh()
}

// CloseDialog closes the dialog on top; it reports whether there was one.
func (s *Shell) CloseDialog() bool {
	n := len(s.dialogs)
	if n == 0 {
		return false
	}
	top := s.dialogs[n-1]
	s.dialogs = s.dialogs[:n-1]
	s.config.Window.Canvas().Overlays().Remove(top.object)
	if top.closed != nil {
		top.closed()
	}
	return true
}
