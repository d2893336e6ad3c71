package store

import (
	"context"
	"database/sql"

	"bestbefore/connectors"
	"bestbefore/discovery"
)

// DeleteFlowsFrom deletes for good what a source told of all devices, and says
// how many rows that were. What others saw of the same traffic stays.
func (s *Store) DeleteFlowsFrom(ctx context.Context, source discovery.Source) (int64, error) {
	ns, err := s.allDeviceNumbers(ctx)
	if err != nil {
		return 0, err
	}
	return s.deleting(ctx, func(n *int64) error {
		for _, device := range ns {
			for _, table := range []string{"flow", "hourly", "overview", "daily"} {
				gone, err := s.purgeStep(ctx, func(t *txn) (sql.Result, error) {
					return t.ExecContext(ctx, "DELETE FROM "+table+" WHERE device = ? AND route IN (SELECT n FROM route WHERE source = ?)",
						device, clip(string(source), maxSource))
				})
				if err != nil {
					return err
				}
				*n += gone
			}
		}
		return nil
	})
}

// Cursors are those of all sources whose name begins with prefix.
func (s *Store) Cursors(ctx context.Context, prefix string) (map[string]connectors.Cursor, error) {
	out := map[string]connectors.Cursor{}
	err := each(ctx, s.flows.read, func(sc scanner) error {
		var source string
		var c []byte
		err := sc.Scan(&source, &c)
		out[source] = c
		return err
	}, "SELECT source, cursor FROM place WHERE substr(source, 1, ?) = ?", len(prefix), prefix)
	return out, classify(s.flows.path, err)
}

// DropCursor forgets where a source goes on: it begins anew.
func (s *Store) DropCursor(ctx context.Context, source string) error {
	s.flows.mu.Lock()
	defer s.flows.mu.Unlock()
	return s.flows.tx(ctx, func(t *txn) error {
		_, err := t.ExecContext(ctx, "DELETE FROM place WHERE source = ?", source)
		return err
	})
}
