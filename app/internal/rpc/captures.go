package rpc

import (
	"context"

	"bestbefore/app/internal/engine"
)

func addCaptures(m map[string]method) {
	m["InspectCapture"] = on(func(ctx context.Context, e engine.Engine, a args) (any, error) { return e.InspectCapture(ctx, a.Ref) })
	m["ImportCapture"] = on(func(ctx context.Context, e engine.Engine, a args) (any, error) {
		return e.ImportCapture(ctx, engine.CaptureRequest{Path: a.Ref, New: a.Yes, How: a.How})
	})
	m["CaptureProgress"] = on(func(ctx context.Context, e engine.Engine, _ args) (any, error) { return e.CaptureProgress(ctx) })
	m["Captures"] = on(func(ctx context.Context, e engine.Engine, _ args) (any, error) { return e.Captures(ctx) })
	m["ForgetCapture"] = on(func(ctx context.Context, e engine.Engine, a args) (any, error) {
		return e.ForgetCapture(ctx, a.Ref, a.How)
	})
	m["StopCapture"] = on(func(ctx context.Context, e engine.Engine, _ args) (any, error) { return nil, e.StopCapture(ctx) })
}

// InspectCapture implements engine.Captures.
func (c *Client) InspectCapture(ctx context.Context, path string) (engine.CaptureInfo, error) {
	return ask[engine.CaptureInfo](ctx, c, "InspectCapture", args{Ref: path})
}

// ImportCapture implements engine.Captures. When ctx ends, the other side is told to stop.
func (c *Client) ImportCapture(ctx context.Context, r engine.CaptureRequest) (engine.CaptureInfo, error) {
	out, err := ask[engine.CaptureInfo](ctx, c, "ImportCapture", args{Ref: r.Path, Yes: r.New, How: r.How})
	if ctx.Err() != nil {
		_ = c.StopCapture(context.WithoutCancel(ctx)) // it goes on by itself otherwise; what it has stored stays right
	}
	return out, err
}

// CaptureProgress implements engine.Captures.
func (c *Client) CaptureProgress(ctx context.Context) (engine.CaptureProgress, error) {
	return ask[engine.CaptureProgress](ctx, c, "CaptureProgress", args{})
}

// StopCapture implements engine.Captures.
func (c *Client) StopCapture(ctx context.Context) error { return do(ctx, c, "StopCapture", args{}) }

// Captures implements engine.TakenCaptures.
func (c *Client) Captures(ctx context.Context) ([]engine.TakenCapture, error) {
	return ask[[]engine.TakenCapture](ctx, c, "Captures", args{})
}

// ForgetCapture implements engine.TakenCaptures.
func (c *Client) ForgetCapture(ctx context.Context, file, how string) (engine.Forgotten, error) {
	return ask[engine.Forgotten](ctx, c, "ForgetCapture", args{Ref: file, How: how})
}
