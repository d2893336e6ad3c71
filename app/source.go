package main

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"runtime"
	"sync"
	"time"

	"bestbefore/app/internal/clock"
	"bestbefore/app/internal/demo"
	"bestbefore/app/internal/engine"
	"bestbefore/app/internal/lifecycle"
	"bestbefore/app/internal/rpc"
)

// source is where the window's engine comes from: a home of our own, or the one
// of another process that owns the data folder.
type source struct {
	engine engine.Engine
	home   owned       // nil where another process owns it
	client *rpc.Client // nil where we own it
	seat   *rpc.Seat   // our place at the socket of the other process; may be nil
	logger *slog.Logger
	now    func() time.Time // by which the pages go; nil is this computer's clock

	mu     sync.Mutex // guards all below
	stand  func()     // gives our seat up; nil while we do not sit
	plain  func()     // shows a fixed text; nil before there is a window
	raise  func(target string)
	missed []string // places that were asked for before there was a window
}

// owned is an engine that is ours: the household's, or the demo's.
type owned interface {
	Serve(ctx context.Context) error
	Close() error
}

// openDemo opens the demo home, which nobody else ever owns.
func openDemo(ctx context.Context, fast bool) (*source, error) {
	h, err := demo.Open(ctx, demo.Config{Fast: fast})
	if err != nil {
		return nil, err
	}
	return &source{engine: h.Engine(), home: h, logger: h.Log()}, nil
}

// openSource owns the data folder, or finds who does. raised says that a window
// was there already and has come to the front.
func openSource(ctx context.Context, dir, target string) (s *source, raised bool, err error) {
	s = &source{}
	c := lifecycle.Config{
		Dir: dir, Scan: true, Enforce: true, Listen: true, KeyLater: true, Raise: s.raised,
		Credentials: os.Getenv("CREDENTIALS_DIRECTORY"),
	}
	if plainOnly(runtime.GOOS) {
		c.Plain = s.say
	}
	h, err := lifecycle.Open(ctx, c)
	if err == nil {
		s.engine, s.home, s.logger = h.Engine(), h, h.Log
		return s, false, nil
	}
	if !errors.Is(err, lifecycle.ErrInUse) {
		return nil, false, err
	}
	client, dialErr := rpc.Dial(ctx, dir)
	if dialErr != nil {
		return nil, false, errors.Join(err, dialErr)
	}
	s.logger = slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn})).With("component", "window")
	if raised = s.attend(ctx, client, target); raised {
		return nil, true, client.Close()
	}
	s.engine, s.client = client, client
	return s, false, nil
}

// attendTime is how long the other process may take to say who sits there: one
// that hangs must not keep a window from opening.
const attendTime = 5 * time.Second

// attend raises the window that is there already, or takes our seat.
func (s *source) attend(ctx context.Context, c *rpc.Client, target string) (raised bool) {
	ctx, cancel := context.WithTimeout(ctx, attendTime)
	defer cancel()
	seat, raised, err := c.Attend(ctx, target, false)
	if err != nil {
		s.logger.Warn("another start will not find this window", "error", err)
		raised, _ = c.Raise(ctx, target) // an older version knows nothing else
	}
	s.seat = seat
	return raised
}

// sit keeps our seat until ctx ends, and takes it anew when the other process
// was started again.
func (s *source) sit(ctx context.Context) {
	seated, cancel := context.WithCancel(ctx)
	defer cancel()
	s.mu.Lock()
	s.stand = cancel
	s.mu.Unlock()
	s.keepSeat(seated)
	<-ctx.Done()
}

// leave gives our seat up, where we have one.
func (s *source) leave() {
	s.mu.Lock()
	stand := s.stand
	s.mu.Unlock()
	if stand != nil {
		stand()
	}
}

func (s *source) keepSeat(ctx context.Context) {
	for {
		if s.seat != nil {
			err := s.seat.Serve(ctx, s.raised)
			s.logger.Debug("the seat ended", "error", err)
		}
		again := time.NewTimer(sitAgain)
		select {
		case <-ctx.Done():
			again.Stop()
			return
		case <-again.C:
		}
		limited, cancel := context.WithTimeout(ctx, attendTime)
		s.seat, _, _ = s.client.Attend(limited, "", true) // without one it is tried again
		cancel()
	}
}

// sitAgain is how soon a lost seat is asked for again.
const sitAgain = time.Second

// onRaise sets what is done when another start asks for this window.
func (s *source) onRaise(f func(target string)) {
	s.mu.Lock()
	missed := s.missed
	s.raise, s.missed = f, nil
	s.mu.Unlock()
	for _, target := range missed {
		f(target)
	}
}

func (s *source) raised(target string) {
	s.mu.Lock()
	f := s.raise
	if f == nil && len(s.missed) == 0 {
		s.missed = append(s.missed, target)
	}
	s.mu.Unlock()
	if f != nil {
		f(target)
	}
}

// serve runs the engine, where it is ours, until ctx ends.
func (s *source) serve(ctx context.Context) error {
	if s.home == nil {
		s.sit(ctx)
		return nil
	}
	return s.home.Serve(ctx)
}

// clock is by which the pages go.
func (s *source) clock() func() time.Time {
	if s.now == nil {
		return clock.Wall
	}
	return s.now
}

func (s *source) log() *slog.Logger { return s.logger }

func (s *source) close() error {
	if s.home == nil {
		return s.client.Close()
	}
	return s.home.Close()
}
