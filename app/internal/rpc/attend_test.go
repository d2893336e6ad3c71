package rpc

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"bestbefore/app/internal/engine"
)

// sitting takes a seat whose window counts what it is asked to show.
func sitting(t *testing.T, c *Client, again bool) (asked chan string, leave func()) {
	t.Helper()
	s, raised, err := c.Attend(t.Context(), "", again)
	if err != nil || raised {
		t.Fatalf("no seat: raised %v, %v", raised, err)
	}
	asked = make(chan string, 8)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = s.Serve(ctx, func(target string) { asked <- target })
	}()
	leave = sync.OnceFunc(func() { cancel(); <-done })
	t.Cleanup(leave)
	return asked, leave
}

// TestAWindowBesideAnAgentIsRaised: the agent has no window of its own, and yet
// the second start finds the first one. The twin: without a seat nobody is raised.
func TestAWindowBesideAnAgentIsRaised(t *testing.T) {
	dir := serve(t, &fake{})
	c := dial(t, dir)
	if had, err := c.Raise(t.Context(), "consent/c1"); err != nil || had {
		t.Fatalf("the twin: nobody sits there, and %v, %v was raised", had, err)
	}
	asked, leave := sitting(t, c, false)
	if _, raised, err := dial(t, dir).Attend(t.Context(), "consent/c1", false); err != nil || !raised {
		t.Fatalf("a second start: raised %v, %v", raised, err)
	}
	if had, err := c.Raise(t.Context(), "device/d1"); err != nil || !had {
		t.Fatalf("raising: %v, %v", had, err)
	}
	if a, b := <-asked, <-asked; a != "consent/c1" || b != "device/d1" {
		t.Errorf("it was asked to show %q and %q", a, b)
	}
	leave()
	eventually(t, "the seat is given up", func() bool {
		had, err := c.Raise(t.Context(), "")
		return err == nil && !had
	})
}

// TestOfManyStartsOneBecomesTheWindow: two hundred windows come at once beside an agent.
func TestOfManyStartsOneBecomesTheWindow(t *testing.T) {
	const starts = 200
	dir := serve(t, &fake{})
	ctx, cancel := context.WithCancel(t.Context())
	var windows, raises, shown atomic.Int32
	var all, sat sync.WaitGroup
	for range starts {
		all.Go(func() {
			c := &Client{path: filepath.Join(dir, SocketName)}
			s, raised, err := c.Attend(ctx, "", false)
			switch {
			case err != nil:
				t.Error(err)
			case raised:
				raises.Add(1)
			default:
				windows.Add(1)
				sat.Go(func() { _ = s.Serve(ctx, func(string) { shown.Add(1) }) })
			}
		})
	}
	all.Wait()
	cancel()
	sat.Wait()
	if windows.Load() != 1 || raises.Load() != starts-1 || shown.Load() != starts-1 {
		t.Errorf("%d windows, %d raised, shown %d times", windows.Load(), raises.Load(), shown.Load())
	}
}

// TestAWindowThatHangsKeepsNobodyAway: it does not say that it heard, so the
// second start becomes a window of its own.
func TestAWindowThatHangsKeepsNobodyAway(t *testing.T) {
	dir := serve(t, &fake{})
	c := dial(t, dir)
	hung, raised, err := c.Attend(t.Context(), "", false)
	if err != nil || raised {
		t.Fatal(raised, err)
	}
	defer hung.Close()
	asked, _ := sitting(t, c, false)
	if had, err := c.Raise(t.Context(), "home"); err != nil || !had || <-asked != "home" {
		t.Errorf("the second one: %v, %v", had, err)
	}
}

// TestASeatIsTakenAnewWithoutRaising: after a restart of the agent.
func TestASeatIsTakenAnewWithoutRaising(t *testing.T) {
	c := dial(t, serve(t, &fake{}))
	first, _ := sitting(t, c, false)
	second, _ := sitting(t, c, true)
	if len(first) != 0 || len(second) != 0 {
		t.Error("somebody was raised")
	}
}

func TestAWindowThatOwnsTheEngineGoesFirst(t *testing.T) {
	asked := make(chan string, 1)
	c := dial(t, serveWith(t, &fake{}, func(target string) { asked <- target }))
	if _, raised, err := c.Attend(t.Context(), "diary", false); err != nil || !raised || <-asked != "diary" {
		t.Errorf("raised %v, %v", raised, err)
	}
}

// TestARestartedEngineIsAskedAtOnce: the idle connections of the one before lead
// nowhere and are not used. The twin holds on to one and fails.
func TestARestartedEngineIsAskedAtOnce(t *testing.T) {
	dir := t.TempDir()
	stop := serveIn(t, dir, &fake{}, nil)
	c := dial(t, dir)
	changed := c.Watch(t.Context())
	if _, err := c.Devices(t.Context()); err != nil {
		t.Fatal(err)
	}
	c.mu.Lock()
	old := c.idle[0]
	c.mu.Unlock()
	stop()
	for range changed { // it ends with the engine
	}
	if _, err := c.Devices(t.Context()); !errors.Is(err, engine.ErrAway) {
		t.Errorf("without an engine: %v", err)
	}
	serveIn(t, dir, &fake{}, nil)
	if _, err := c.Devices(t.Context()); err != nil {
		t.Errorf("after the restart: %v", err)
	}
	c.mu.Lock()
	c.idle = append(c.idle, old)
	c.mu.Unlock()
	if _, err := c.Devices(t.Context()); !errors.Is(err, engine.ErrAway) {
		t.Errorf("the twin: over an old connection: %v", err)
	}
}

// serveWith is serve for a process that has a window.
func serveWith(t *testing.T, e engine.Engine, raise func(string)) string {
	t.Helper()
	dir := t.TempDir()
	serveIn(t, dir, e, raise)
	return dir
}

// serveIn serves e in dir until stop.
func serveIn(t *testing.T, dir string, e engine.Engine, raise func(string)) (stop func()) {
	t.Helper()
	s, err := NewServer(ServerConfig{Dir: dir, Engine: e, Log: slog.New(slog.DiscardHandler), Raise: raise})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Serve(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Serve: %v", err)
		}
	})
	t.Cleanup(stop)
	return stop
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not within a minute: %s", what)
		}
	}
}
