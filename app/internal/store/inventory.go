package store

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"

	"bestbefore/consent/ledger"
	"bestbefore/discovery"
)

// SaveInventory writes the changed devices, forgets the gone ones, and replaces
// the lists of merged entries, questions and pairs, in one transaction with the
// diary's lines. The record of a merged entry stays, so that it can be parted again.
func (s *Store) SaveInventory(ctx context.Context, inv discovery.Saved, notes ...ledger.Note) error {
	for gone, keep := range inv.Aliases {
		if gone == "" || keep == "" || gone == keep {
			return fmt.Errorf("merging device %q into %q: an entry cannot stand for itself", gone, keep)
		}
	}
	err := s.commit(ctx, func(c *change) error {
		if err := c.saveDevices(ctx, inv.Devices); err != nil {
			return fmt.Errorf("writing devices: %w", err)
		}
		for _, id := range inv.Gone {
			if _, merged := inv.Aliases[id]; merged {
				continue
			}
			for _, from := range []string{"device WHERE id", "acquaintance WHERE device"} {
				if _, err := c.ExecContext(ctx, "DELETE FROM "+from+" = ?", string(id)); err != nil {
					return fmt.Errorf("forgetting a device: %w", err)
				}
			}
		}
		if err := c.saveAnswers(ctx, inv); err != nil {
			return fmt.Errorf("writing answers: %w", err)
		}
		return c.note(ctx, notes)
	})
	if err != nil {
		return err
	}
	s.mu.Lock()
	s.aliases = maps.Clone(inv.Aliases)
	s.mu.Unlock()
	s.cfg.Changed(TopicDevices)
	return nil
}

func (c *change) saveDevices(ctx context.Context, ds []discovery.Device) error {
	for _, d := range ds {
		body, err := toJSON(d)
		if err != nil {
			return err
		}
		seen := ms(d.LastSeen)
		if _, err := c.ExecContext(ctx, "INSERT OR REPLACE INTO device(id, seen, body, sum) VALUES(?,?,?,?)",
			string(d.ID), seen, body, rowSum("device", string(d.ID), seen, body)); err != nil {
			return err
		}
		if _, err := c.ExecContext(ctx, "DELETE FROM quarantine WHERE place = 'device' AND key = ?", string(d.ID)); err != nil {
			return err
		}
	}
	return nil
}

// saveAnswers replaces what a person answered, and what is still to be asked.
func (c *change) saveAnswers(ctx context.Context, inv discovery.Saved) error {
	if _, err := c.ExecContext(ctx, "DELETE FROM device_alias; DELETE FROM question; DELETE FROM device_distinct"); err != nil {
		return err
	}
	for gone, keep := range inv.Aliases {
		if _, err := c.ExecContext(ctx, "INSERT INTO device_alias(gone, keep, sum) VALUES(?,?,?)",
			string(gone), string(keep), rowSum("device_alias", string(gone), string(keep))); err != nil {
			return err
		}
	}
	for _, q := range inv.Questions {
		body, err := toJSON(q)
		if err != nil {
			return err
		}
		if err := plain("question").put(ctx, c.txn, q.ID, body); err != nil {
			return err
		}
	}
	for _, p := range inv.Distinct {
		p = discovery.NewPair(p.A, p.B)
		if err := plain("device_distinct").put(ctx, c.txn, string(p.A), string(p.B)); err != nil {
			return err
		}
	}
	return nil
}

// Inventory is everything that SaveInventory wrote. Gone is always empty.
func (s *Store) Inventory(ctx context.Context) (discovery.Saved, error) {
	var inv discovery.Saved
	var err error
	if inv.Devices, err = s.Devices(ctx); err != nil {
		return inv, err
	}
	if inv.Questions, err = readPlain(ctx, s, "question", func(v []any) (q discovery.Question, err error) {
		return q, json.Unmarshal([]byte(word(v[1])), &q)
	}); err != nil {
		return inv, fmt.Errorf("reading questions: %w", err)
	}
	if inv.Distinct, err = readPlain(ctx, s, "device_distinct", func(v []any) (discovery.Pair, error) {
		return discovery.Pair{A: discovery.DeviceID(word(v[0])), B: discovery.DeviceID(word(v[1]))}, nil
	}); err != nil {
		return inv, fmt.Errorf("reading pairs: %w", err)
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	inv.Aliases = maps.Clone(s.aliases)
	return inv, nil
}
