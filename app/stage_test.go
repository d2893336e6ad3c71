package main

import (
	"bytes"
	"context"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/test"

	"bestbefore/app/internal/clock"
	"bestbefore/app/internal/engine"
	"bestbefore/app/internal/lifecycle"
	"bestbefore/app/internal/picture"
	"bestbefore/app/internal/ui/kit"
	"bestbefore/app/internal/view"
	"bestbefore/connectors"
	"bestbefore/consent"
	"bestbefore/discovery"
)

const bellMAC = "00:11:22:33:44:55"

// hours is this computer's clock in a test: time may pass faster, and the wall
// clock may be set wrong.
type hours struct {
	reader        clock.Reader
	passed, wrong atomic.Int64
}

func (h *hours) read() clock.Reading {
	r := h.reader.Read()
	passed := time.Duration(h.passed.Load())
	r.Wall, r.Boot = r.Wall.Add(passed+time.Duration(h.wrong.Load())), r.Boot+passed
	return r
}

func (h *hours) pass(d time.Duration)     { h.passed.Add(int64(d)) }
func (h *hours) setWrong(d time.Duration) { h.wrong.Store(int64(d)) }
func (h *hours) now() time.Time           { return h.read().Wall }

// right is the time that the household's other boxes go by.
func (h *hours) right() time.Time { return h.now().Add(-time.Duration(h.wrong.Load())) }

// sights is a source of sightings in memory.
type sights []discovery.Sighting

func (s sights) Scan(ctx context.Context, emit func(discovery.Sighting)) error {
	for _, x := range s {
		emit(x)
	}
	<-ctx.Done()
	return ctx.Err()
}

func bell(services ...discovery.Service) discovery.Sighting {
	return discovery.Sighting{
		Source: discovery.SourceMDNS, At: clock.Wall(), Services: services,
		Identifiers: []discovery.Identifier{{Type: discovery.MAC, Value: bellMAC}},
		Addresses:   []netip.Addr{netip.MustParseAddr("192.168.77.30")},
	}
}

// stage is the real window, as far as it can be without a display, on a real
// engine in a home of its own.
type stage struct {
	t    testing.TB
	win  *window
	w    fyne.Window
	e    engine.Engine
	stop func()

	mu     sync.Mutex // guards queued
	queued []func()
	woken  chan struct{} // capacity 1: something is queued
}

// open opens a home in dir with these kinds of connectors, and its window.
func open(t testing.TB, dir string, h *hours, seen sights, kinds ...connectors.Connector) *stage {
	t.Helper()
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent")
	keys := t.TempDir()
	if err := os.WriteFile(filepath.Join(keys, "bestbefore-key"), bytes.Repeat([]byte{7}, 32), 0o600); err != nil {
		t.Fatal(err)
	}
	reg, err := connectors.NewRegistry(kinds...)
	if err != nil {
		t.Fatal(err)
	}
	home, err := lifecycle.Open(t.Context(), lifecycle.Config{
		Dir: dir, Scan: true, Enforce: true, Registry: reg, Credentials: keys, Scanners: map[string]discovery.Scanner{"test": seen},
		Clocks: h.read, Synchronised: func() (bool, bool) { return false, true },
		Lookup: func(context.Context, string) ([]netip.Addr, error) { return nil, nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	s := &stage{t: t, e: home.Engine(), woken: make(chan struct{}, 1)}
	src := &source{engine: home.Engine(), home: home, logger: home.Log, now: h.now}
	a := test.NewTempApp(t)
	d := newDesk(a, options{dir: dir}, src)
	a.Preferences().SetBool(prefAsked, true)
	a.Preferences().SetString(view.SetLook, view.LookLight)
	d.look()
	s.w = test.NewTempWindow(t, nil)
	if s.win, err = newWindow(s.w, src, d, newTrace(os.Stderr, false), s.dispatch); err != nil {
		t.Fatal(err)
	}
	d.win = s.win
	s.w.Resize(fyne.NewSize(1280, 800))
	ctx, cancel := context.WithCancel(context.Background())
	done := s.win.serve(ctx, src)
	s.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("serving: %v", err)
		}
		if err := home.Close(); err != nil {
			t.Errorf("closing: %v", err)
		}
	})
	t.Cleanup(s.stop)
	s.win.goTo("")
	return s
}

// dispatch queues what comes from elsewhere for the window's goroutine, which is the test's.
func (s *stage) dispatch(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.queued = append(s.queued, f)
	select {
	case s.woken <- struct{}{}:
	default:
	}
}

// take gives what is queued, oldest first.
func (s *stage) take() []func() {
	s.mu.Lock()
	defer s.mu.Unlock()
	queued := s.queued
	s.queued = nil
	return queued
}

func (s *stage) settle() {
	for _, f := range s.take() {
		f()
	}
}

// until polls a condition of the real engine or of what is shown.
func (s *stage) until(what string, ok func() bool) {
	s.t.Helper()
	deadline := time.Now().Add(2 * time.Minute) // long, for a busy machine
	for s.settle(); !ok(); s.settle() {
		if time.Now().After(deadline) {
			s.t.Fatalf("in two minutes this did not happen: %s; shown is:\n%s", what, strings.Join(s.texts(), "\n"))
		}
		time.Sleep(20 * time.Millisecond) // between two looks at a condition
	}
}

// each visits everything that can be seen, dialogs over the page too.
func (s *stage) each(visit func(fyne.CanvasObject)) {
	s.t.Helper()
	tops := append([]fyne.CanvasObject{s.w.Content()}, s.w.Canvas().Overlays().List()...)
	for _, o := range tops {
		s.inside(o, visit)
	}
}

func (s *stage) inside(o fyne.CanvasObject, visit func(fyne.CanvasObject)) {
	if o == nil || !o.Visible() {
		return
	}
	visit(o)
	var children []fyne.CanvasObject
	switch v := o.(type) {
	case *fyne.Container:
		children = v.Objects
	case *container.Scroll:
		children = []fyne.CanvasObject{v.Content}
	case *kit.Text, *kit.Icon:
	case fyne.Widget:
		children = test.WidgetRenderer(v).Objects()
	}
	for _, c := range children {
		s.inside(c, visit)
	}
}

// texts are all texts that can be seen.
func (s *stage) texts() []string {
	var out []string
	s.each(func(o fyne.CanvasObject) {
		if x, ok := o.(*kit.Text); ok && x.String() != "" {
			out = append(out, x.String())
		}
	})
	return out
}

func (s *stage) shows(text string) bool {
	return strings.Contains(strings.Join(s.texts(), "\n"), text)
}

// go to a place and wait until it shows a text.
func (s *stage) at(r view.Route, text string) {
	s.t.Helper()
	s.win.shell.Open(r)
	s.until("the page "+string(r.Page)+" shows "+text, func() bool { return s.shows(text) })
}

// draw writes what is seen, light and dark, where somebody wants to look at it.
func (s *stage) draw(name string) {
	folder := os.Getenv("BESTBEFORE_PICTURES")
	if folder == "" {
		return
	}
	for suffix, mode := range map[string]kit.Mode{"light": kit.Light, "dark": kit.Dark} {
		test.ApplyTheme(s.t.(*testing.T), kit.NewTheme(mode, 1))
		if err := picture.Write(filepath.Join(folder, name+"-"+suffix+".png"), s.w.Canvas().Capture()); err != nil {
			s.t.Fatal(err)
		}
	}
	test.ApplyTheme(s.t.(*testing.T), kit.NewTheme(kit.Light, 1))
}

// device waits for the bell and gives it a name.
func (s *stage) device() discovery.DeviceID {
	s.t.Helper()
	var id discovery.DeviceID
	s.until("the bell is seen", func() bool {
		all, err := s.e.Devices(s.t.Context())
		if err == nil && len(all) > 0 {
			id = all[0].ID
		}
		return id != ""
	})
	if err := s.e.Label(s.t.Context(), id, "Front door bell"); err != nil {
		s.t.Fatal(err)
	}
	return id
}

func (s *stage) connect(kind, name string) {
	s.t.Helper()
	if _, err := s.e.Connect(s.t.Context(), engine.ConnectRequest{Kind: kind, Name: name}); err != nil {
		s.t.Fatal(err)
	}
}

func (s *stage) allow(id discovery.DeviceID, until string) consent.ID {
	s.t.Helper()
	info, err := s.e.Allow(s.t.Context(), engine.AllowRequest{
		Device: id, Recipient: consent.Recipient{Name: "Bell Maker", Destinations: []string{"203.0.113.7"}}, Data: []consent.Category{"video"},
		Until: until, Then: consent.Block, How: "test",
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return info.ID
}

func (s *stage) consent(id consent.ID) engine.ConsentInfo {
	s.t.Helper()
	c, err := s.e.Consent(s.t.Context(), id)
	if err != nil {
		s.t.Fatal(err)
	}
	return c
}

// press taps the button with a label, as a person would.
func (s *stage) press(label string) {
	s.t.Helper()
	b := s.button(label)
	if b == nil {
		s.t.Fatalf("there is no button %q; shown is:\n%s", label, strings.Join(s.texts(), "\n"))
	}
	test.Tap(b)
	s.settle()
}

func (s *stage) button(label string) (found *kit.Button) {
	s.each(func(o fyne.CanvasObject) {
		if b, ok := o.(*kit.Button); ok && b.Label() == label && found == nil {
			found = b
		}
	})
	return found
}
