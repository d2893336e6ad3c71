package sessions

import (
	"context"
	"errors"
	"fmt"
	"time"

	"bestbefore/assets/words"
	"bestbefore/connectors"
	"bestbefore/consent"
	"bestbefore/discovery"
)

// errLost says that a call has not come back.
var errLost = words.New("the call has not come back")

// shielded runs foreign code; a panic becomes an error.
func shielded(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = &connectors.Error{Kind: consent.KindTransient, Text: words.Text("The connector crashed."), Err: fmt.Errorf("panic: %v", p)}
		}
	}()
	return f()
}

// bounded runs foreign code for at most limit, and returns soon after even if
// it does not; then the error is errLost too.
func bounded(ctx context.Context, limit time.Duration, f func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	got := make(chan error, 1)
	go func() { got <- shielded(func() error { return f(ctx) }) }()
	select {
	case err := <-got:
		return err
	case <-ctx.Done():
	}
	late := time.NewTimer(comeBack)
	defer late.Stop()
	select {
	case err := <-got:
		return err
	case <-late.C:
		return &connectors.Error{Kind: consent.KindTransient, Text: words.Sprintf("It did not answer within %s.", limit), Err: errLost}
	}
}

// pause waits for d or the end of ctx.
func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}

// said is what a person is told of err.
func said(err error) string {
	var e *connectors.Error
	switch {
	case err == nil:
		return words.Text("it is closed")
	case errors.As(err, &e):
		return string(discovery.CleanLong(words.Text(e.Text)))
	default:
		return string(discovery.CleanLong(err.Error()))
	}
}
