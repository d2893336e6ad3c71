package engine

import (
	"context"
	"encoding/json"

	"bestbefore/assets/words"
	"bestbefore/connectors"
	"bestbefore/consent"
)

// WatchMoved has blocks looked at again whose device is at other addresses now,
// where the peer knows addresses only and cannot follow (T38). It asks no peer.
func (e *Core) WatchMoved(ctx context.Context) error {
	if e.LookAgain == nil {
		return nil
	}
	by, err := e.byAddress(ctx)
	if err != nil || len(by) == 0 {
		return err
	}
	all, err := e.Store.Actions(ctx)
	if err != nil {
		return words.Errorf("reading actions: %w", err)
	}
	told := map[string]bool{}
	for _, a := range all { // newest first: the newest of a mark decides
		if told[a.Mark] || a.State == consent.Cancelled || a.Ahead(e.Now()) {
			continue
		}
		told[a.Mark] = true
		if a.Kind != consent.ActBlock || a.State != consent.Done || !e.movedAway(a, by[a.Connection]) {
			continue
		}
		if err := e.LookAgain(ctx, a.ID); err != nil {
			return words.Errorf("having a block looked at again: %w", err)
		}
	}
	return nil
}

// byAddress are the open connections whose blocks hit addresses.
func (e *Core) byAddress(ctx context.Context) (map[string]connectors.Traits, error) {
	cs, err := e.Store.Connections(ctx)
	if err != nil {
		return nil, words.Errorf("reading connections: %w", err)
	}
	out := map[string]connectors.Traits{}
	for _, c := range cs {
		if caps, open := e.Sessions.Capabilities(c.ID); open && caps.Traits.ByAddress {
			out[c.ID] = caps.Traits
		}
	}
	return out, nil
}

// movedAway compares where a block was set with where its device is now.
func (e *Core) movedAway(a consent.Action, t connectors.Traits) bool {
	var rec connectors.Receipt
	if !t.ByAddress || json.Unmarshal(a.Receipt, &rec) != nil {
		return false
	}
	d, known := e.Inventory.Device(a.Device)
	return known && t.Moved(rec.Target, connectors.TargetOf(d, a.Recipient))
}
