package sessions

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"bestbefore/assets/words"
	"bestbefore/connectors"
	"bestbefore/consent"
	"bestbefore/discovery"
	"bestbefore/discovery/flow"
)

// storeTries is how often a batch is offered to the store before its stream is
// taken up anew from the last cursor that was stored.
const storeTries = 5

var errStore = words.New("what was observed cannot be stored")

// streams runs what the session streams; the channel is closed when all has returned.
func (k *keeper) streams(ctx context.Context, end context.CancelCauseFunc) <-chan struct{} {
	caps, err := k.capabilities()
	var wg sync.WaitGroup
	run := func(what string, f func(context.Context) error) {
		wg.Add(1)
		go func() {
			defer wg.Done()
			k.stream(ctx, end, what, f)
		}()
	}
	if err == nil && caps.Observer != nil && k.p.c.Observe != nil {
		run("observing", func(ctx context.Context) error { return k.observe(ctx, caps.Observer) })
	}
	if err == nil && caps.Discoverer != nil && k.p.c.Discover != nil {
		run("discovering", func(ctx context.Context) error { return k.discover(ctx, caps.Discoverer) })
	}
	done := make(chan struct{})
	go func() { wg.Wait(); close(done) }()
	return done
}

// stream takes f up again after each failure, with growing pauses. The session
// stays open meanwhile: what cannot observe may still block. Only a refused
// credential ends it.
func (k *keeper) stream(ctx context.Context, end context.CancelCauseFunc, what string, f func(context.Context) error) {
	for fails := 0; ctx.Err() == nil; fails++ {
		began := k.p.c.Now().Round(0)
		err := shielded(func() error { return f(ctx) })
		if ctx.Err() != nil {
			return
		}
		if err == nil {
			err = &connectors.Error{Kind: consent.KindTransient, Text: words.Sprintf("It stopped %s by itself.", what)}
		}
		k.trouble(err)
		k.p.report(ctx, "connection "+k.conn.ID, fmt.Errorf("%s: %w", what, err))
		switch connectors.KindOf(err) {
		case consent.KindSignIn:
			end(err)
			return
		case consent.KindUnsupported, consent.KindPermanent:
			return // it will not be otherwise next time
		}
		if k.p.c.Now().Round(0).Sub(began) > waits[len(waits)-1] {
			fails = 0
		}
		pause(ctx, waits[min(fails, len(waits)-1)])
	}
}

// observe reads flows from the last stored cursor on.
func (k *keeper) observe(ctx context.Context, o connectors.Observer) error {
	var from connectors.Cursor
	if k.p.c.Cursor != nil {
		var err error
		if from, err = k.p.c.Cursor(ctx, k.conn.ID); err != nil {
			return fmt.Errorf("reading where to go on: %w", err)
		}
	}
	ctx, end := context.WithCancelCause(ctx)
	defer end(nil) // an emit after this is ignored
	var mu sync.Mutex
	err := o.Observe(ctx, from, func(recs []flow.Record, next connectors.Cursor) {
		mu.Lock() // a connector may emit from several goroutines; batches stay in order
		defer mu.Unlock()
		if ctx.Err() != nil {
			return
		}
		if err := k.take(ctx, recs, next); err != nil {
			end(err)
		}
	})
	if cause := context.Cause(ctx); errors.Is(cause, errStore) {
		return cause
	}
	return err
}

// take stores one batch. A batch larger than agreed is stored in parts, of which
// only the last carries the cursor, so that none is lost or counted twice.
func (k *keeper) take(ctx context.Context, recs []flow.Record, next connectors.Cursor) error {
	k.alive()
	k.trouble(nil)
	if len(recs) == 0 && len(next) == 0 {
		return nil // a mere heartbeat
	}
	src := discovery.Source("connector:" + k.conn.ID)
	recs = append([]flow.Record(nil), recs...)
	for i := range recs {
		recs[i].Source = src // whoever it says it is
	}
	for len(recs) > connectors.MaxBatch {
		if err := k.store(ctx, recs[:connectors.MaxBatch], nil); err != nil {
			return err
		}
		recs = recs[connectors.MaxBatch:]
	}
	return k.store(ctx, recs, next)
}

func (k *keeper) store(ctx context.Context, recs []flow.Record, next connectors.Cursor) error {
	var err error
	for try := range storeTries {
		if err = k.p.c.Observe(ctx, k.conn.ID, Batch{Records: recs, Next: next}); err == nil {
			return nil
		}
		if ctx.Err() != nil {
			break
		}
		k.p.report(ctx, "connection "+k.conn.ID, fmt.Errorf("storing what was observed: %w", err))
		pause(ctx, time.Duration(try+1)*200*time.Millisecond)
	}
	return fmt.Errorf("%w: %w", errStore, err)
}

func (k *keeper) discover(ctx context.Context, d connectors.Discoverer) error {
	ctx, end := context.WithCancel(ctx)
	defer end()
	return d.Discover(ctx, func(s discovery.Sighting) {
		if ctx.Err() != nil {
			return
		}
		k.alive()
		s.Source = discovery.Source("connector:" + k.conn.ID)
		k.p.c.Discover(s)
	})
}
