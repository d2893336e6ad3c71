package ui

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

// loop is the window's goroutine of a test: it runs what is queued, one after the other.
func loop(ctx context.Context) Dispatcher {
	queue := make(chan func(), 16)
	go func() {
		for {
			select {
			case <-ctx.Done():
				return
			case f := <-queue:
				f()
			}
		}
	}()
	return func(f func()) { queue <- f }
}

// The window's goroutine rests nearly all the time while the window is hidden, and
// not at all while it is shown; what is dispatched does not wait for the rest.
func TestTheWindowsGoroutineRestsWhileHidden(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		do, r := loop(ctx), NewRest()
		go r.Serve(ctx, do)
		waits := func() time.Duration {
			begun := time.Now()
			done := make(chan struct{})
			do(func() { close(done) })
			<-done
			return time.Since(begun)
		}
		synctest.Wait()
		if got := waits(); got != 0 {
			t.Errorf("a window on the screen is kept for %v", got)
		}
		r.Hidden(true)
		synctest.Wait()
		if got := waits(); got == 0 || got > restTime {
			t.Errorf("what nobody dispatched waits for %v, want up to %v", got, restTime)
		}
		synctest.Wait()
		begun, done := time.Now(), make(chan struct{})
		do(func() { close(done) })
		r.Hidden(false) // as a dispatch does, it ends the rest
		<-done
		if got := time.Since(begun); got != 0 {
			t.Errorf("a window that comes back waits for %v", got)
		}
		stop()
		synctest.Wait()
	})
}
