package rpc

import (
	"context"

	"bestbefore/app/internal/engine"
	"bestbefore/discovery"
)

func addBehaviour(m map[string]method) {
	m["Unusual"] = on(func(ctx context.Context, e engine.Engine, a args) (any, error) { return e.Unusual(ctx, a.Yes) })
	m["Usual"] = on(func(ctx context.Context, e engine.Engine, a args) (any, error) {
		return nil, e.Usual(ctx, a.IDs, a.How)
	})
	m["ToldUnusual"] = on(func(ctx context.Context, e engine.Engine, a args) (any, error) { return nil, e.ToldUnusual(ctx, a.IDs) })
	m["Declared"] = on(func(ctx context.Context, e engine.Engine, a args) (any, error) { return e.Declared(ctx, a.Device) })
	m["Declare"] = on(func(ctx context.Context, e engine.Engine, a args) (any, error) { return e.Declare(ctx, *a.Declare) })
	m["Undeclare"] = on(func(ctx context.Context, e engine.Engine, a args) (any, error) {
		return nil, e.Undeclare(ctx, a.Device, a.How)
	})
}

// Unusual implements engine.Unusuals.
func (c *Client) Unusual(ctx context.Context, open bool) ([]engine.Unusual, error) {
	return ask[[]engine.Unusual](ctx, c, "Unusual", args{Yes: open})
}

// Usual implements engine.Unusuals.
func (c *Client) Usual(ctx context.Context, ids []string, how string) error {
	return do(ctx, c, "Usual", args{IDs: ids, How: how})
}

// ToldUnusual implements engine.Unusuals.
func (c *Client) ToldUnusual(ctx context.Context, ids []string) error {
	return do(ctx, c, "ToldUnusual", args{IDs: ids})
}

// Declared implements engine.Declarations.
func (c *Client) Declared(ctx context.Context, device discovery.DeviceID) (engine.Declaration, error) {
	return ask[engine.Declaration](ctx, c, "Declared", args{Device: device})
}

// Declare implements engine.Declarations.
func (c *Client) Declare(ctx context.Context, r engine.DeclareRequest) (engine.Declaration, error) {
	return ask[engine.Declaration](ctx, c, "Declare", args{Declare: &r})
}

// Undeclare implements engine.Declarations.
func (c *Client) Undeclare(ctx context.Context, device discovery.DeviceID, how string) error {
	return do(ctx, c, "Undeclare", args{Device: device, How: how})
}
