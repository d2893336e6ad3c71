package rpc

import (
	"context"

	"bestbefore/app/internal/engine"
)

// A passphrase crosses only this socket, which is the user's own.

func addKeys(m map[string]method) {
	m["Key"] = on(func(ctx context.Context, e engine.Engine, _ args) (any, error) { return e.Key(ctx) })
	m["Unlock"] = on(func(ctx context.Context, e engine.Engine, a args) (any, error) { return nil, e.Unlock(ctx, a.Text) })
	m["ChangePassphrase"] = on(func(ctx context.Context, e engine.Engine, a args) (any, error) {
		return nil, e.ChangePassphrase(ctx, a.Ref, a.Text)
	})
	m["GiveUpPassphrase"] = on(func(ctx context.Context, e engine.Engine, _ args) (any, error) {
		return nil, e.GiveUpPassphrase(ctx)
	})
}

// Key implements engine.Keys.
func (c *Client) Key(ctx context.Context) (engine.KeyInfo, error) {
	return ask[engine.KeyInfo](ctx, c, "Key", args{})
}

// Unlock implements engine.Keys.
func (c *Client) Unlock(ctx context.Context, passphrase string) error {
	return do(ctx, c, "Unlock", args{Text: passphrase})
}

// ChangePassphrase implements engine.Keys.
func (c *Client) ChangePassphrase(ctx context.Context, old, next string) error {
	return do(ctx, c, "ChangePassphrase", args{Ref: old, Text: next})
}

// GiveUpPassphrase implements engine.Keys.
func (c *Client) GiveUpPassphrase(ctx context.Context) error {
	return do(ctx, c, "GiveUpPassphrase", args{})
}
