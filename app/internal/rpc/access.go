package rpc

import (
	"context"

	"bestbefore/app/internal/engine"
	"bestbefore/connectors"
	"bestbefore/consent"
	"bestbefore/discovery"
)

func addAccess(m map[string]method) {
	m["Access"] = on(func(ctx context.Context, e engine.Engine, _ args) (any, error) { return e.Access(ctx) })
	m["KnownAccess"] = on(func(ctx context.Context, e engine.Engine, _ args) (any, error) { return e.KnownAccess(ctx) })
	m["PreviewEndAccess"] = on(func(ctx context.Context, e engine.Engine, a args) (any, error) {
		return e.PreviewEndAccess(ctx, a.Ref)
	})
	m["EndAccess"] = on(func(ctx context.Context, e engine.Engine, a args) (any, error) {
		return e.EndAccess(ctx, a.Ref, a.Yes, a.How)
	})
	m["GuideBook"] = on(func(ctx context.Context, e engine.Engine, _ args) (any, error) { return e.GuideBook(ctx) })
	m["SetSupport"] = on(func(ctx context.Context, e engine.Engine, a args) (any, error) {
		return nil, e.SetSupport(ctx, a.Device, a.Text, a.Ref, a.How)
	})
}

// GuideBook implements engine.Guidebook.
func (c *Client) GuideBook(ctx context.Context) ([]connectors.Guide, error) {
	return ask[[]connectors.Guide](ctx, c, "GuideBook", args{})
}

// SetSupport implements engine.SupportEdits.
func (c *Client) SetSupport(ctx context.Context, id discovery.DeviceID, until, source, how string) error {
	return do(ctx, c, "SetSupport", args{Device: id, Text: until, Ref: source, How: how})
}

// Access implements engine.Access.
func (c *Client) Access(ctx context.Context) ([]engine.AccessInfo, error) {
	return ask[[]engine.AccessInfo](ctx, c, "Access", args{})
}

// KnownAccess implements engine.Access.
func (c *Client) KnownAccess(ctx context.Context) ([]engine.AccessInfo, error) {
	return ask[[]engine.AccessInfo](ctx, c, "KnownAccess", args{})
}

// PreviewEndAccess implements engine.Access.
func (c *Client) PreviewEndAccess(ctx context.Context, id string) (engine.Preview, error) {
	return ask[engine.Preview](ctx, c, "PreviewEndAccess", args{Ref: id})
}

// EndAccess implements engine.Access.
func (c *Client) EndAccess(ctx context.Context, id string, confirmed bool, how string) (consent.Action, error) {
	return ask[consent.Action](ctx, c, "EndAccess", args{Ref: id, Yes: confirmed, How: how})
}
