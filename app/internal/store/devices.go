package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"bestbefore/consent/ledger"
	"bestbefore/discovery"
)

// SaveDevices writes devices as they are now, with the diary's lines.
func (s *Store) SaveDevices(ctx context.Context, ds []discovery.Device, notes ...ledger.Note) error {
	if len(ds) == 0 && len(notes) == 0 {
		return nil
	}
	return s.commit(ctx, func(c *change) error {
		stmt, err := c.PrepareContext(ctx, "INSERT OR REPLACE INTO device(id, seen, body, sum) VALUES(?,?,?,?)")
		if err != nil {
			return err
		}
		defer stmt.Close() //nolint:errcheck // its transaction tells
		for _, d := range ds {
			body, err := toJSON(d)
			if err != nil {
				return err
			}
			seen := ms(d.LastSeen)
			if _, err := stmt.ExecContext(ctx, string(d.ID), seen, body, rowSum("device", string(d.ID), seen, body)); err != nil {
				return err
			}
			if _, err := c.ExecContext(ctx, "DELETE FROM quarantine WHERE place = 'device' AND key = ?", string(d.ID)); err != nil {
				return err
			}
		}
		return c.note(ctx, notes)
	}, TopicDevices)
}

// deviceRow is a row of the table device.
type deviceRow struct {
	id, body string
	seen     sql.NullInt64
	sum      []byte
}

func (r *deviceRow) scan(s scanner) error { return s.Scan(&r.id, &r.seen, &r.body, &r.sum) }

func (r deviceRow) decode() (discovery.Device, error) {
	var d discovery.Device
	if string(rowSum("device", r.id, r.seen, r.body)) != string(r.sum) {
		return d, errSum
	}
	err := json.Unmarshal([]byte(r.body), &d)
	if err == nil && string(d.ID) != r.id {
		err = errors.New("its columns and its body differ")
	}
	return d, err
}

// Devices lists all devices but those that were merged into another one.
func (s *Store) Devices(ctx context.Context) ([]discovery.Device, error) {
	var out []discovery.Device
	var bad []badRow
	err := each(ctx, s.evidence.read, func(sc scanner) error {
		var r deviceRow
		if err := r.scan(sc); err != nil {
			return err
		}
		d, err := r.decode()
		switch {
		case err != nil:
			bad = append(bad, badRow{"device", r.id, err.Error()})
		case s.resolve(d.ID) == d.ID:
			out = append(out, d)
		}
		return nil
	}, "SELECT id, seen, body, sum FROM device ORDER BY id")
	if err != nil {
		return nil, classify(s.evidence.path, fmt.Errorf("reading devices: %w", err))
	}
	s.setAside(ctx, bad)
	return out, nil
}

// Device returns a device, merged entries followed; false when it is unknown.
func (s *Store) Device(ctx context.Context, id discovery.DeviceID) (discovery.Device, bool, error) {
	var r deviceRow
	err := r.scan(s.evidence.read.QueryRowContext(ctx, "SELECT id, seen, body, sum FROM device WHERE id = ?", string(s.resolve(id))))
	if errors.Is(err, sql.ErrNoRows) {
		return discovery.Device{}, false, nil
	}
	if err != nil {
		return discovery.Device{}, false, classify(s.evidence.path, fmt.Errorf("reading device %s: %w", id, err))
	}
	d, err := r.decode()
	if err != nil {
		s.setAside(ctx, []badRow{{"device", r.id, err.Error()}})
		return discovery.Device{}, false, fmt.Errorf("device %s: %w", id, ErrQuarantined)
	}
	return d, true, nil
}

func (s *Store) checkDevices(ctx context.Context, bad *[]badRow) error {
	return each(ctx, s.evidence.read, func(sc scanner) error {
		var r deviceRow
		if err := r.scan(sc); err != nil {
			return err
		}
		if _, err := r.decode(); err != nil {
			*bad = append(*bad, badRow{"device", r.id, err.Error()})
		}
		return nil
	}, "SELECT id, seen, body, sum FROM device")
}

// SaveAlias makes gone mean keep from now on: its permissions, actions and
// traffic are found under keep. gone's own record stays, so that DeleteAlias
// can part them again.
func (s *Store) SaveAlias(ctx context.Context, gone, keep discovery.DeviceID) error {
	if gone == "" || keep == "" || s.resolve(keep) == gone {
		return fmt.Errorf("merging device %q into %q: they would stand for each other", gone, keep)
	}
	if err := s.commit(ctx, func(c *change) error {
		_, err := c.ExecContext(ctx, "INSERT OR REPLACE INTO device_alias(gone, keep, sum) VALUES(?,?,?)",
			string(gone), string(keep), rowSum("device_alias", string(gone), string(keep)))
		return err
	}); err != nil {
		return err
	}
	s.mu.Lock()
	s.aliases[gone] = keep
	s.mu.Unlock()
	s.cfg.Changed(TopicDevices)
	return nil
}

// DeleteAlias parts gone from what it was merged into.
func (s *Store) DeleteAlias(ctx context.Context, gone discovery.DeviceID) error {
	if err := s.commit(ctx, func(c *change) error {
		_, err := c.ExecContext(ctx, "DELETE FROM device_alias WHERE gone = ?", string(gone))
		return err
	}); err != nil {
		return err
	}
	s.mu.Lock()
	delete(s.aliases, gone)
	s.mu.Unlock()
	s.cfg.Changed(TopicDevices)
	return nil
}

// Aliases gives all merged entries and what they were merged into.
func (s *Store) Aliases() map[discovery.DeviceID]discovery.DeviceID {
	s.mu.RLock()
	defer s.mu.RUnlock()
	out := make(map[discovery.DeviceID]discovery.DeviceID, len(s.aliases))
	for gone := range s.aliases {
		out[gone] = s.follow(gone)
	}
	return out
}

func (s *Store) loadAliases(ctx context.Context) error {
	var bad []badRow
	err := each(ctx, s.evidence.read, func(sc scanner) error {
		var gone, keep string
		var sum []byte
		if err := sc.Scan(&gone, &keep, &sum); err != nil {
			return err
		}
		if string(rowSum("device_alias", gone, keep)) != string(sum) {
			bad = append(bad, badRow{"device_alias", gone, errSum.Error()})
			return nil
		}
		s.mu.Lock()
		s.aliases[discovery.DeviceID(gone)] = discovery.DeviceID(keep)
		s.mu.Unlock()
		return nil
	}, "SELECT gone, keep, sum FROM device_alias")
	if err != nil {
		return classify(s.evidence.path, fmt.Errorf("reading merged devices: %w", err))
	}
	s.setAside(ctx, bad)
	return nil
}

// resolve follows merged entries to the one that stands for them.
func (s *Store) resolve(id discovery.DeviceID) discovery.DeviceID {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.follow(id)
}

// follow is resolve for a caller who holds the lock. A circle cannot be made
// through SaveAlias; in a tampered file it ends the walk.
func (s *Store) follow(id discovery.DeviceID) discovery.DeviceID {
	for range len(s.aliases) {
		keep, ok := s.aliases[id]
		if !ok {
			break
		}
		id = keep
	}
	return id
}

// group is every id that stands for the same device as id.
func (s *Store) group(id discovery.DeviceID) []string {
	s.mu.RLock()
	defer s.mu.RUnlock()
	head := s.follow(id)
	out := []string{string(head)}
	for gone := range s.aliases {
		if s.follow(gone) == head && gone != head {
			out = append(out, string(gone))
		}
	}
	slices.Sort(out)
	return out
}

// SaveQuestions replaces the open questions.
func (s *Store) SaveQuestions(ctx context.Context, qs []discovery.Question) error {
	return s.commit(ctx, func(c *change) error {
		if _, err := c.ExecContext(ctx, "DELETE FROM question"); err != nil {
			return err
		}
		for _, q := range qs {
			body, err := toJSON(q)
			if err != nil {
				return err
			}
			if _, err := c.ExecContext(ctx, "INSERT OR REPLACE INTO question(id, body) VALUES(?,?)", q.ID, body); err != nil {
				return err
			}
		}
		return nil
	}, TopicDevices)
}

// Questions lists the open questions.
func (s *Store) Questions(ctx context.Context) ([]discovery.Question, error) {
	qs, err := all(ctx, s.evidence.read, scanJSON[discovery.Question], "SELECT body FROM question ORDER BY id")
	return qs, classify(s.evidence.path, err)
}

// SaveDistinct adds pairs that a person found to be two devices.
func (s *Store) SaveDistinct(ctx context.Context, pairs [][2]discovery.DeviceID) error {
	return s.commit(ctx, func(c *change) error {
		for _, p := range pairs {
			if _, err := c.ExecContext(ctx, "INSERT OR IGNORE INTO device_distinct(a, b) VALUES(?,?)",
				string(min(p[0], p[1])), string(max(p[0], p[1]))); err != nil {
				return err
			}
		}
		return nil
	})
}

// Distinct lists the pairs that a person found to be two devices.
func (s *Store) Distinct(ctx context.Context) ([][2]discovery.DeviceID, error) {
	ps, err := all(ctx, s.evidence.read, func(sc scanner) (p [2]discovery.DeviceID, err error) {
		err = sc.Scan(&p[0], &p[1])
		return p, err
	}, "SELECT a, b FROM device_distinct ORDER BY a, b")
	return ps, classify(s.evidence.path, err)
}

func scanJSON[T any](sc scanner) (T, error) {
	var v T
	var body string
	if err := sc.Scan(&body); err != nil {
		return v, err
	}
	if err := json.Unmarshal([]byte(body), &v); err != nil {
		return v, fmt.Errorf("reading a record: %w", err)
	}
	return v, nil
}

// placeholders is "?,?,?" and the arguments for an IN list.
func placeholders(ids []string) (string, []any) {
	args := make([]any, len(ids))
	for i, id := range ids {
		args[i] = id
	}
	return strings.TrimSuffix(strings.Repeat("?,", len(ids)), ","), args
}
