package rpc

import (
	"context"

	"bestbefore/app/internal/engine"
)

func addLinking(m map[string]method) {
	m["StartLink"] = on(func(ctx context.Context, e engine.Engine, a args) (any, error) {
		r := a.Connect.ConnectRequest
		r.Secrets = a.Connect.Secrets
		return e.StartLink(ctx, r)
	})
	m["WaitLink"] = on(func(ctx context.Context, e engine.Engine, a args) (any, error) { return e.WaitLink(ctx, a.Ref) })
	m["CancelLink"] = on(func(ctx context.Context, e engine.Engine, a args) (any, error) { return nil, e.CancelLink(ctx, a.Ref) })
}

// StartLink implements engine.Linking.
func (c *Client) StartLink(ctx context.Context, r engine.ConnectRequest) (engine.LinkInfo, error) {
	return ask[engine.LinkInfo](ctx, c, "StartLink", args{Connect: &connectArgs{ConnectRequest: r, Secrets: r.Secrets}})
}

// WaitLink implements engine.Linking.
func (c *Client) WaitLink(ctx context.Context, id string) (engine.ConnectionInfo, error) {
	return ask[engine.ConnectionInfo](ctx, c, "WaitLink", args{Ref: id})
}

// CancelLink implements engine.Linking.
func (c *Client) CancelLink(ctx context.Context, id string) error {
	return do(ctx, c, "CancelLink", args{Ref: id})
}
