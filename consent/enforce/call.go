package enforce

import (
	"context"
	"fmt"
	"time"

	"bestbefore/assets/words"
	"bestbefore/connectors"
	"bestbefore/consent"
)

// comeBack is how long a connector has to return after its context ended.
const comeBack = time.Second

// answer is what a call gave.
type answer[T any] struct {
	v   T
	err error
}

// call runs f with an open session, bounded in time and shielded from panics: a
// connector that crashes or never returns costs only its own lane.
func call[T any](ctx context.Context, t *task, connection string, f func(context.Context, connectors.Capabilities) (T, error)) (T, error) {
	var none T
	if t.turn != nil && connection == t.name {
		lost, err := t.turn.take(ctx, t.click)
		if err != nil {
			return none, err
		}
		defer t.turn.give()
		if lost {
			return none, &connectors.Error{Kind: consent.KindTransient, Text: words.Text("An earlier call to this connection has never come back.")}
		}
	}
	limit, cancel := context.WithTimeout(ctx, t.r.c.CallTimeout)
	defer cancel()
	got := make(chan answer[T], 1)
	back := make(chan struct{})
	go func() {
		defer close(back)
		got <- shielded(limit, t.r.c.Sessions, connection, f)
	}()
	select {
	case a := <-got:
		return a.v, a.err
	case <-limit.Done():
	}
	late := time.NewTimer(comeBack)
	defer late.Stop()
	select {
	case a := <-got:
		return a.v, a.err
	case <-late.C:
	}
	if t.turn != nil && connection == t.name {
		t.turn.setLost(true)
		t.lost = back
	}
	err := &connectors.Error{Kind: consent.KindTransient, Text: words.Sprintf("It did not answer within %s.", t.r.c.CallTimeout), Err: limit.Err()}
	t.r.report(ctx, "connection "+connection, err)
	return none, err
}

func shielded[T any](ctx context.Context, s Sessions, connection string, f func(context.Context, connectors.Capabilities) (T, error)) (a answer[T]) {
	defer func() {
		if p := recover(); p != nil {
			a.err = &connectors.Error{Kind: consent.KindTransient, Text: words.Text("The connector crashed."), Err: fmt.Errorf("panic: %v", p)}
		}
	}()
	a.err = s.Use(ctx, connection, func(ctx context.Context, c connectors.Capabilities) (err error) {
		// A panic must not pass through Use, which holds the connection's turn.
		defer func() {
			if p := recover(); p != nil {
				err = &connectors.Error{Kind: consent.KindTransient, Text: words.Text("The connector crashed."), Err: fmt.Errorf("panic: %v", p)}
			}
		}()
		v, err := f(ctx, c)
		a.v = v
		return err
	})
	return a
}
