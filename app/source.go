package main

import (
	"context"
	"errors"
	"log/slog"
	"os"
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
	logger *slog.Logger
	now    func() time.Time // by which the pages go; nil is this computer's clock

	mu    sync.Mutex // guards raise
	raise func(target string)
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
	h, err := lifecycle.Open(ctx, lifecycle.Config{
		Dir: dir, Scan: true, Enforce: true, Listen: true, KeyLater: true, Raise: s.raised,
		Credentials: os.Getenv("CREDENTIALS_DIRECTORY"),
	})
	if err == nil {
		s.engine, s.home, s.logger = h.Engine(), h, h.Log
		return s, false, nil
	}
	if !errors.Is(err, lifecycle.ErrInUse) {
		return nil, false, err
	}
	c, dialErr := rpc.Dial(ctx, dir)
	if dialErr != nil {
		return nil, false, errors.Join(err, dialErr)
	}
	if had, raiseErr := c.Raise(ctx, target); raiseErr == nil && had {
		return nil, true, c.Close()
	}
	s.engine, s.client = c, c
	return s, false, nil
}

// onRaise sets what is done when another start asks for this window.
func (s *source) onRaise(f func(target string)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.raise = f
}

func (s *source) raised(target string) {
	s.mu.Lock()
	f := s.raise
	s.mu.Unlock()
	if f != nil {
		f(target)
	}
}

// serve runs the engine, where it is ours, until ctx ends.
func (s *source) serve(ctx context.Context) error {
	if s.home == nil {
		<-ctx.Done()
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

func (s *source) log() *slog.Logger {
	if s.home == nil {
		return slog.New(slog.DiscardHandler)
	}
	return s.logger
}

func (s *source) close() error {
	if s.home == nil {
		return s.client.Close()
	}
	return s.home.Close()
}
