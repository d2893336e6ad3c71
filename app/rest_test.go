package main

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"bestbefore/app/internal/ui"
)

// windowLoop is the window's goroutine of a test: it runs what is queued, one after
// the other, and counts it.
func windowLoop(ctx context.Context) (do ui.Dispatcher, ran *atomic.Int64) {
	queue := make(chan func(), 16)
	ran = &atomic.Int64{}
	go func() {
		for {
			select {
			case <-ctx.Done():
				return
			case f := <-queue:
				f()
				ran.Add(1)
			}
		}
	}()
	return func(f func()) { queue <- f }, ran
}

// The window's goroutine rests while the window is hidden, and not while it is
// shown. What is dispatched does not wait for the rest; the twin, which does not
// wake it, does.
func TestTheWindowsGoroutineRestsWhileHidden(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		do, ran := windowLoop(ctx)
		r := newRest(do)
		go r.serve(ctx)
		time.Sleep(time.Minute)
		if n := ran.Load(); n != 0 {
			t.Errorf("on the screen it rested %d times", n)
		}
		r.hide(true)
		synctest.Wait()
		before := ran.Load()
		time.Sleep(time.Minute)
		synctest.Wait()
		if n := ran.Load() - before; n != int64(time.Minute/restTime) {
			t.Errorf("hidden it rested %d times in a minute", n)
		}
		for _, wakes := range []bool{true, false} {
			dispatch, heard := r.dispatch, atomic.Bool{}
			if !wakes {
				dispatch = do
			}
			dispatch(func() { heard.Store(true) })
			synctest.Wait() // no time passes meanwhile
			if heard.Load() != wakes {
				t.Errorf("dispatched (waking it: %v), it was heard at once: %v", wakes, heard.Load())
			}
			time.Sleep(time.Second)
			synctest.Wait()
		}
		r.hide(false)
		synctest.Wait()
		before = ran.Load()
		time.Sleep(time.Minute)
		if n := ran.Load() - before; n != 0 {
			t.Errorf("on the screen again it rested %d times", n)
		}
		stop()
		synctest.Wait()
	})
}
