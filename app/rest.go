package main

import (
	"context"
	"runtime"
	"sync/atomic"
	"time"

	"bestbefore/app/internal/ui"
)

// restTime is how long the window's goroutine rests at a time while the window is
// hidden, and so how long the tray may wait for it.
const restTime = 250 * time.Millisecond

// mayRest says where the window's goroutine may be kept waiting: not where the
// tray's menu itself lives on it, as on Windows and macOS. Elsewhere the tray is
// spoken to over D-Bus, by a goroutine of its own.
const mayRest = runtime.GOOS != "windows" && runtime.GOOS != "darwin"

// rest lets the window's goroutine rest while the window is hidden: Fyne looks for
// events and for something to draw sixty times a second, seen or not.
type rest struct {
	do      ui.Dispatcher
	hidden  atomic.Bool
	changed chan struct{} // capacity 1: hidden was set
	wake    chan struct{} // capacity 1: something was dispatched
}

// newRest returns the rest of a window that is shown; do reaches its goroutine.
func newRest(do ui.Dispatcher) *rest {
	return &rest{do: do, changed: make(chan struct{}, 1), wake: make(chan struct{}, 1)}
}

// dispatch is do for a goroutine that may rest: it does not wait for that.
func (r *rest) dispatch(f func()) {
	r.do(f)
	signal(r.wake)
}

// hide says whether the window is hidden.
func (r *rest) hide(on bool) {
	r.hidden.Store(on)
	signal(r.changed)
	signal(r.wake)
}

// serve works until ctx ends.
func (r *rest) serve(ctx context.Context) {
	for ctx.Err() == nil {
		if !r.hidden.Load() {
			select {
			case <-ctx.Done():
			case <-r.changed:
			}
			continue
		}
		rested := make(chan struct{})
		r.do(func() {
			r.pause(ctx)
			close(rested)
		})
		select {
		case <-ctx.Done():
		case <-rested:
		}
	}
}

// pause keeps the window's goroutine until something is dispatched.
func (r *rest) pause(ctx context.Context) {
	over := time.NewTimer(restTime)
	defer over.Stop()
	select {
	case <-ctx.Done():
	case <-r.wake:
	case <-over.C:
	}
}

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
