package store

import (
	"context"
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
			if _, err := c.ExecContext(ctx, "DELETE FROM device WHERE id = ?", string(id)); err != nil {
				return fmt.Errorf("forgetting a device: %w", err)
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
		if _, err := c.ExecContext(ctx, "INSERT OR REPLACE INTO question(id, body) VALUES(?,?)", q.ID, body); err != nil {
			return err
		}
	}
	for _, p := range inv.Distinct {
		p = discovery.NewPair(p.A, p.B)
		if _, err := c.ExecContext(ctx, "INSERT OR IGNORE INTO device_distinct(a, b) VALUES(?,?)", string(p.A), string(p.B)); err != nil {
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
	if inv.Questions, err = all(ctx, s.evidence.read, scanJSON[discovery.Question], "SELECT body FROM question ORDER BY id"); err != nil {
		return inv, classify(s.evidence.path, fmt.Errorf("reading questions: %w", err))
	}
	inv.Distinct, err = all(ctx, s.evidence.read, func(sc scanner) (p discovery.Pair, err error) {
		err = sc.Scan(&p.A, &p.B)
		return p, err
	}, "SELECT a, b FROM device_distinct ORDER BY a, b")
	if err != nil {
		return inv, classify(s.evidence.path, fmt.Errorf("reading pairs: %w", err))
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	inv.Aliases = maps.Clone(s.aliases)
	return inv, nil
}
