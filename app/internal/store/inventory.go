package store

import (
	"context"
	"maps"

	"bestbefore/consent/ledger"
	"bestbefore/discovery"
)

// SaveInventory writes the changed devices, forgets the gone ones, and replaces
// the lists of merged entries, questions and pairs, in one transaction with the
// diary's lines. The record of a merged entry stays, so that it can be parted again.
func (s *Store) SaveInventory(ctx context.Context, v discovery.Saved, notes ...ledger.Note) error {
	err := s.commit(ctx, func(c *change) error {
		if err := c.devices(ctx, v.Devices); err != nil {
			return err
		}
		for _, id := range v.Gone {
			if _, merged := v.Aliases[id]; merged {
				continue
			}
			if _, err := c.ExecContext(ctx, "DELETE FROM device WHERE id = ?", string(id)); err != nil {
				return err
			}
		}
		if err := c.identities(ctx, v); err != nil {
			return err
		}
		return c.note(ctx, notes)
	}, TopicDevices)
	if err != nil {
		return err
	}
	s.mu.Lock()
	s.aliases = maps.Clone(v.Aliases)
	if s.aliases == nil {
		s.aliases = map[discovery.DeviceID]discovery.DeviceID{}
	}
	s.mu.Unlock()
	return nil
}

// devices upserts records, and takes back what was set aside of them.
func (c *change) devices(ctx context.Context, ds []discovery.Device) error {
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

// identities replaces what is known of who is who.
func (c *change) identities(ctx context.Context, v discovery.Saved) error {
	for _, table := range []string{"device_alias", "question", "device_distinct"} {
		if _, err := c.ExecContext(ctx, "DELETE FROM "+table); err != nil {
			return err
		}
	}
	for gone, keep := range v.Aliases {
		if _, err := c.ExecContext(ctx, "INSERT INTO device_alias(gone, keep, sum) VALUES(?,?,?)",
			string(gone), string(keep), rowSum("device_alias", string(gone), string(keep))); err != nil {
			return err
		}
	}
	for _, q := range v.Questions {
		body, err := toJSON(q)
		if err != nil {
			return err
		}
		if _, err := c.ExecContext(ctx, "INSERT OR REPLACE INTO question(id, body) VALUES(?,?)", q.ID, body); err != nil {
			return err
		}
	}
	for _, p := range v.Distinct {
		if _, err := c.ExecContext(ctx, "INSERT OR IGNORE INTO device_distinct(a, b) VALUES(?,?)", string(p.A), string(p.B)); err != nil {
			return err
		}
	}
	return nil
}

// Inventory is what SaveInventory kept. Gone is empty.
func (s *Store) Inventory(ctx context.Context) (discovery.Saved, error) {
	var v discovery.Saved
	var err error
	if v.Devices, err = s.Devices(ctx); err != nil {
		return v, err
	}
	if v.Questions, err = s.Questions(ctx); err != nil {
		return v, err
	}
	pairs, err := s.Distinct(ctx)
	for _, p := range pairs {
		v.Distinct = append(v.Distinct, discovery.NewPair(p[0], p[1]))
	}
	v.Aliases = s.Aliases()
	return v, err
}
