package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"bestbefore/assets/words"
	"bestbefore/discovery"
)

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
		err = words.New("its columns and its body differ")
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
		return discovery.Device{}, false, words.Errorf("device %s: %w", id, ErrQuarantined)
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

// follow is resolve for a caller who holds the lock. A circle ends the walk.
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

// placeholders is "?,?,?" and the arguments for an IN list.
func placeholders(ids []string) (string, []any) {
	args := make([]any, len(ids))
	for i, id := range ids {
		args[i] = id
	}
	return strings.TrimSuffix(strings.Repeat("?,", len(ids)), ","), args
}
