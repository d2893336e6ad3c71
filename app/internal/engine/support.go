package engine

import (
	"context"
	"encoding/json"
	"time"

	"bestbefore/app/internal/changes"
	"bestbefore/assets/words"
	"bestbefore/consent"
	"bestbefore/discovery"
)

// Support is until when a maker keeps a device safe, as a person read it somewhere.
type Support struct {
	Until  string    `json:"until"`  // YYYY-MM-DD, that day included
	Source string    `json:"source"` // where it stands, in the person's words
	Set    time.Time `json:"set"`
}

// Ended reports whether the day of s is over at now.
func (s Support) Ended(now time.Time, zone *time.Location) bool {
	end, err := consent.CivilEnd(s.Until, zone)
	return err == nil && !now.Before(end)
}

// supportKey is the setting that holds what was typed, by device.
const supportKey = "support"

// maxSource bounds what is kept of a source.
const maxSource = 200

// SetSupport implements DeviceEdits. An empty date takes it away again.
func (e *Core) SetSupport(ctx context.Context, id discovery.DeviceID, until, source, how string) error {
	d, err := e.find(string(id))
	if err != nil {
		return err
	}
	from := []rune(string(discovery.CleanLong(source)))
	source = string(from[:min(len(from), maxSource)])
	text := words.Sprintf("%s no longer says until when %s is supported (%s).", e.who(), d.Name(), way(how))
	if until != "" {
		if _, err := time.Parse(time.DateOnly, until); err != nil {
			return words.Errorf("%q is not a date such as 2028-05-31", until)
		}
		if source == "" {
			return words.Errorf("say where the end of support stands: the maker's page, the box, a letter")
		}
		text = words.Sprintf("%s is supported by its maker until %s, says %s (%s; %s).", d.Name(), until, words.Text(e.Person), source, way(how))
	}
	e.listing.Lock()
	defer e.listing.Unlock()
	all, err := e.supports(ctx)
	if err != nil {
		return err
	}
	if delete(all, d.ID); until != "" {
		all[d.ID] = Support{Until: until, Source: source, Set: e.Now().UTC()}
	}
	b, err := json.Marshal(all)
	if err != nil {
		return err
	}
	if err := e.Store.Note(ctx, e.deviceNote(consent.NoteSupport, d.ID, text)); err != nil {
		return err
	}
	if err := e.Store.SetSetting(ctx, supportKey, string(b)); err != nil {
		return err
	}
	e.changed(changes.Devices, changes.Consents, changes.Diary)
	return nil
}

// supports is what was typed, by device.
func (e *Core) supports(ctx context.Context) (map[discovery.DeviceID]Support, error) {
	all := map[discovery.DeviceID]Support{}
	s, err := e.Store.Setting(ctx, supportKey)
	if err != nil || s == "" {
		return all, err
	}
	if err := json.Unmarshal([]byte(s), &all); err != nil {
		return nil, words.Errorf("reading until when devices are supported: %w", err)
	}
	return all, nil
}

// supportOf is that of one device; merged entries count as it. Nil: nobody said.
func (e *Core) supportOf(all map[discovery.DeviceID]Support, id discovery.DeviceID) *Support {
	if s, ok := all[id]; ok {
		return &s
	}
	for other, s := range all {
		if e.same(other, id) {
			return &s
		}
	}
	return nil
}

// markSupport says of each until when its device is supported.
func (e *Core) markSupport(ctx context.Context, cs []ConsentInfo) error {
	all, err := e.supports(ctx)
	if err != nil || len(all) == 0 {
		return err
	}
	for i, c := range cs {
		cs[i].Support = e.supportOf(all, c.Device)
	}
	return nil
}
