package rpc

import (
	"context"

	"bestbefore/app/internal/engine"
)

func addForgetting(m map[string]method) {
	m["PreviewForget"] = on(func(ctx context.Context, e engine.Engine, a args) (any, error) { return e.PreviewForget(ctx, a.Forget) })
	m["Forget"] = on(func(ctx context.Context, e engine.Engine, a args) (any, error) { return e.Forget(ctx, a.Forget) })
	m["TestConnection"] = on(func(ctx context.Context, e engine.Engine, a args) (any, error) { return e.TestConnection(ctx, a.Ref) })
	m["ConnectionLog"] = on(func(ctx context.Context, e engine.Engine, a args) (any, error) { return e.ConnectionLog(ctx, a.Ref) })
}

// PreviewForget implements engine.Forgetting.
func (c *Client) PreviewForget(ctx context.Context, r engine.ForgetRequest) (engine.ForgetPreview, error) {
	return ask[engine.ForgetPreview](ctx, c, "PreviewForget", args{Forget: r})
}

// Forget implements engine.Forgetting.
func (c *Client) Forget(ctx context.Context, r engine.ForgetRequest) (engine.Forgotten, error) {
	return ask[engine.Forgotten](ctx, c, "Forget", args{Forget: r})
}

// TestConnection implements engine.Trials.
func (c *Client) TestConnection(ctx context.Context, id string) (engine.ConnectionInfo, error) {
	return ask[engine.ConnectionInfo](ctx, c, "TestConnection", args{Ref: id})
}

// ConnectionLog implements engine.Trials.
func (c *Client) ConnectionLog(ctx context.Context, id string) ([]engine.LogLine, error) {
	return ask[[]engine.LogLine](ctx, c, "ConnectionLog", args{Ref: id})
}
