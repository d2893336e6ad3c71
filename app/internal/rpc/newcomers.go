package rpc

import (
	"context"
	"strings"

	"bestbefore/app/internal/engine"
	"bestbefore/discovery"
)

// nameGap parts names in one text; a name that was cleaned holds no line break.
const nameGap = "\n"

func addNewcomers(m map[string]method) {
	m["Fine"] = on(func(ctx context.Context, e engine.Engine, a args) (any, error) {
		return nil, e.Fine(ctx, a.Device, strings.Split(a.Text, nameGap), a.How)
	})
	m["Refuse"] = on(func(ctx context.Context, e engine.Engine, a args) (any, error) { return e.Refuse(ctx, *a.Allow) })
	m["NewRecipients"] = on(func(ctx context.Context, e engine.Engine, _ args) (any, error) { return e.NewRecipients(ctx) })
	m["Told"] = on(func(ctx context.Context, e engine.Engine, a args) (any, error) { return nil, e.Told(ctx, a.Met) })
}

// Fine implements engine.Newcomers.
func (c *Client) Fine(ctx context.Context, device discovery.DeviceID, names []string, how string) error {
	return do(ctx, c, "Fine", args{Device: device, Text: strings.Join(names, nameGap), How: how})
}

// Refuse implements engine.Newcomers.
func (c *Client) Refuse(ctx context.Context, r engine.AllowRequest) (engine.ConsentInfo, error) {
	return ask[engine.ConsentInfo](ctx, c, "Refuse", args{Allow: &r})
}

// NewRecipients implements engine.Newcomers.
func (c *Client) NewRecipients(ctx context.Context) ([]engine.NewRecipient, error) {
	return ask[[]engine.NewRecipient](ctx, c, "NewRecipients", args{})
}

// Told implements engine.Newcomers.
func (c *Client) Told(ctx context.Context, of []engine.NewRecipient) error {
	return do(ctx, c, "Told", args{Met: of})
}
