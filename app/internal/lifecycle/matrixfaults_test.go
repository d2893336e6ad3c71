package lifecycle

import (
	"context"
	"errors"
	"sync"
	"time"

	"bestbefore/connectors"
	"bestbefore/consent"
)

var (
	errFault   = errors.New("i/o error")
	errRefused = &connectors.Error{Kind: consent.KindTransient, Text: "refused"}
)

// everySecond fails each second time.
func everySecond(err error) func() error {
	var mu sync.Mutex
	n := 0
	return func() error {
		mu.Lock()
		defer mu.Unlock()
		if n++; n%2 == 1 {
			return err
		}
		return nil
	}
}

// pathFaults are the fifteen.
var pathFaults = []struct {
	name  string
	begin func(x *world)
}{
	{"the connector refuses", func(x *world) { x.blocking(func(context.Context) error { return errRefused }) }},
	{"the connector hangs", func(x *world) { x.blocking(func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }) }},
	{"500", func(x *world) {
		f := everySecond(errRefused)
		x.blocking(func(context.Context) error { return f() })
	}},
	{"200, but not done", func(x *world) { x.minutely = append(x.minutely, x.peer.Restart) }},
	{"the answer comes after the deadline", func(x *world) {
		x.blocking(func(context.Context) error { time.Sleep(30*time.Second + 500*time.Millisecond); return nil })
	}},
	{"the connector crashes", func(x *world) { x.blocking(func(context.Context) error { panic("rubbish") }) }},
	{"the connection is closed", func(x *world) {
		x.closed = errRefused
		x.minutely = append(x.minutely, func() { x.door(x.on()) })
	}},
	{"the connection opens and closes", func(x *world) {
		n := 0
		x.minutely = append(x.minutely, func() { n++; x.door(n%2 == 0 && x.on()) })
	}},
	{"the n-th write fails", func(x *world) { x.writes = append(x.writes, everySecond(errFault)) }},
	{"the disk is full", func(x *world) { x.writes = append(x.writes, func() error { return errFault }) }},
	{"reading fails", func(x *world) { x.reads = append(x.reads, everySecond(errFault)) }},
	{"the clock goes back", func(x *world) { x.stepped(-10 * time.Minute) }},
	{"the clock goes forward", func(x *world) { x.stepped(3 * time.Hour) }},
	{"the computer sleeps", func(x *world) {
		n := 0
		x.minutely = append(x.minutely, func() {
			if n++; n == 1 {
				x.mu.Lock()
				x.slept += 9 * time.Hour
				x.mu.Unlock()
			}
		})
	}},
	{"the look fails", func(x *world) {
		x.looks = append(x.looks, func(context.Context) error { return errRefused })
	}},
}

func (x *world) blocking(f func(context.Context) error) { x.blocks = append(x.blocks, f) }

func (x *world) on() bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	return !x.left
}

// door closes or opens the connection.
func (x *world) door(closed bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.closed = nil; closed {
		x.closed = errRefused
	} else if x.runner != nil {
		x.runner.Opened()
	}
}

// stepped sets the wall clock, until the faults are over.
func (x *world) stepped(by time.Duration) {
	moved := false
	x.minutely = append(x.minutely, func() {
		on := x.on()
		x.mu.Lock()
		defer x.mu.Unlock()
		if on && !moved {
			x.skew, moved = x.skew+by, true
		} else if !on && moved {
			x.skew, moved = x.skew-by, false
		}
	})
}
