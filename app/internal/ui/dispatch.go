package ui

import (
	"context"
	"sync/atomic"
	"time"

	"fyne.io/fyne/v2"
)

// Dispatcher runs a function on the goroutine of the window. Whatever happens
// elsewhere, a new snapshot, the end of a waiting time, comes in through it.
type Dispatcher func(func())

// OnWindow queues on Fyne's own goroutine; it is the only user of fyne.Do. Tests
// use Direct, because Fyne's test driver does not queue.
func OnWindow() Dispatcher { return fyne.Do }

// restTime is how long the window's goroutine rests at a time while the window is
// hidden, and so how long the tray may wait for it.
const restTime = 100 * time.Millisecond

// Rest lets the window's goroutine rest while the window is hidden: Fyne looks for
// events and for something to draw sixty times a second, seen or not.
type Rest struct {
	hidden  atomic.Bool
	changed chan struct{} // capacity 1: hidden was set
	wake    chan struct{} // capacity 1: something was dispatched
}

// NewRest returns a Rest of a window that is shown.
func NewRest() *Rest {
	return &Rest{changed: make(chan struct{}, 1), wake: make(chan struct{}, 1)}
}

// Dispatch is OnWindow for a goroutine that may rest: it does not wait for that.
func (r *Rest) Dispatch(f func()) {
	OnWindow()(f)
	signal(r.wake)
}

// Hidden says whether the window is hidden.
func (r *Rest) Hidden(on bool) {
	r.hidden.Store(on)
	signal(r.changed)
	signal(r.wake)
}

// Serve works until ctx ends. do is OnWindow.
func (r *Rest) Serve(ctx context.Context, do Dispatcher) {
	for ctx.Err() == nil {
		if !r.hidden.Load() {
			select {
			case <-ctx.Done():
			case <-r.changed:
			}
			continue
		}
		rested := make(chan struct{})
		do(func() {
			r.rest(ctx)
			close(rested)
		})
		select {
		case <-ctx.Done():
		case <-rested:
		}
	}
}

// rest keeps the window's goroutine until something is dispatched.
func (r *Rest) rest(ctx context.Context) {
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

// Direct runs the function at once on the caller's goroutine.
func Direct() Dispatcher { return func(f func()) { f() } }
