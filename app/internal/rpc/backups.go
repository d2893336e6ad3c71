package rpc

import (
	"context"

	"bestbefore/app/internal/engine"
)

func addBackups(m map[string]method) {
	m["Backups"] = on(func(ctx context.Context, e engine.Engine, _ args) (any, error) { return e.Backups(ctx) })
	m["BackupNow"] = on(func(ctx context.Context, e engine.Engine, _ args) (any, error) { return e.BackupNow(ctx) })
	m["Restore"] = on(func(ctx context.Context, e engine.Engine, a args) (any, error) { return nil, e.Restore(ctx, a.Ref) })
	m["Quarantined"] = on(func(ctx context.Context, e engine.Engine, _ args) (any, error) { return e.Quarantined(ctx) })
	m["RecoveryPhrase"] = on(func(ctx context.Context, e engine.Engine, a args) (any, error) { return e.RecoveryPhrase(ctx, a.Yes) })
}

// Backups implements engine.Backups.
func (c *Client) Backups(ctx context.Context) ([]engine.Backup, error) {
	return ask[[]engine.Backup](ctx, c, "Backups", args{})
}

// BackupNow implements engine.Backups.
func (c *Client) BackupNow(ctx context.Context) (engine.Backup, error) {
	return ask[engine.Backup](ctx, c, "BackupNow", args{})
}

// Restore implements engine.Backups.
func (c *Client) Restore(ctx context.Context, name string) error {
	return do(ctx, c, "Restore", args{Ref: name})
}

// Quarantined implements engine.Backups.
func (c *Client) Quarantined(ctx context.Context) ([]engine.Quarantined, error) {
	return ask[[]engine.Quarantined](ctx, c, "Quarantined", args{})
}

// RecoveryPhrase implements engine.Recovery.
func (c *Client) RecoveryPhrase(ctx context.Context, another bool) (string, error) {
	return ask[string](ctx, c, "RecoveryPhrase", args{Yes: another})
}
