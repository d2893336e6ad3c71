package engine

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"bestbefore/app/internal/changes"
	"bestbefore/assets/words"
	"bestbefore/consent/ledger"
	"bestbefore/discovery"
	"bestbefore/discovery/behaviour"
)

// Unusuals is about devices that behave out of the ordinary. Nothing is ever
// decided by it: it is told, and a person answers or does not.
type Unusuals interface {
	// Unusual lists what was seen and what became of it, newest first; with open
	// only what waits for an answer.
	Unusual(ctx context.Context, open bool) ([]Unusual, error)
	// Usual says that findings are fine: they are not told again unless they grow a lot.
	Usual(ctx context.Context, ids []string, how string) error
	// ToldUnusual notes that a message named them.
	ToldUnusual(ctx context.Context, ids []string) error
}

// Unusual is one finding about a device, over the days on which it held.
type Unusual struct {
	ID         string             `json:"id"`
	Device     discovery.DeviceID `json:"device"`
	DeviceName string             `json:"device_name"`
	behaviour.Finding
	Text  string    `json:"text"`  // a sentence
	Since time.Time `json:"since"` // when it was first noticed
	Seen  time.Time `json:"seen"`  // when it last held
	Told  bool      `json:"told,omitempty"`
	Fine  bool      `json:"fine,omitempty"`
	// Over says that it has not held for a while: it is history.
	Over bool `json:"over,omitempty"`
}

// NoteUnusual is something out of the ordinary, NoteUsual a person's word that
// it is fine.
const (
	NoteUnusual ledger.Kind = "unusual"
	NoteUsual   ledger.Kind = "unusual_fine"
)

const (
	unusualKey  = "unusual"
	unusualMax  = 200
	unusualOver = 7 * 24 * time.Hour  // after so long without it, it is over, and told anew when it comes back
	unusualFine = 90 * 24 * time.Hour // how long a person's word holds
	// fineTimes is how much larger it must be than what a person said yes to.
	fineTimes = 4
)

// meeting is one finding about one device.
type meeting struct {
	device  discovery.DeviceID
	finding behaviour.Finding
}

// unusualRecord is what is stored of one.
type unusualRecord struct {
	ID      string             `json:"id"`
	Device  discovery.DeviceID `json:"device"`
	Finding behaviour.Finding  `json:"finding"`
	Since   time.Time          `json:"since"`
	Seen    time.Time          `json:"seen"`
	Told    bool               `json:"told,omitempty"`
	Fine    time.Time          `json:"fine,omitzero"`
}

func (e *Core) unusuals(ctx context.Context) ([]unusualRecord, error) {
	s, err := e.Store.Setting(ctx, unusualKey)
	if err != nil || s == "" {
		return nil, err
	}
	var all []unusualRecord
	if err := json.Unmarshal([]byte(s), &all); err != nil {
		return nil, words.Errorf("reading what was out of the ordinary: %w", err)
	}
	return all, nil
}

// saveUnusuals keeps the newest.
func (e *Core) saveUnusuals(ctx context.Context, all []unusualRecord) error {
	slices.SortStableFunc(all, func(a, b unusualRecord) int { return b.Seen.Compare(a.Seen) })
	if len(all) == 0 {
		return e.Store.SetSetting(ctx, unusualKey, "")
	}
	b, err := json.Marshal(all[:min(len(all), unusualMax)])
	if err != nil {
		return err
	}
	return e.Store.SetSetting(ctx, unusualKey, string(b))
}

// meet takes findings in: each is told once, one that goes on is the same, and
// one that a person said yes to is not told again unless it is much larger.
func (e *Core) meet(ctx context.Context, met []meeting) error {
	if len(met) == 0 {
		return nil
	}
	e.meeting.Lock()
	defer e.meeting.Unlock()
	all, err := e.unusuals(ctx)
	if err != nil {
		return err
	}
	var notes []ledger.Note
	changed := false
	for _, m := range met {
		at := slices.IndexFunc(all, func(r unusualRecord) bool {
			return e.same(r.Device, m.device) && sameDeed(r.Finding, m.finding) && e.goesOn(r, m.finding)
		})
		if at >= 0 {
			changed = all[at].grow(m.finding, e.Now()) || changed
			continue
		}
		r := unusualRecord{ID: e.NewID("u"), Device: m.device, Finding: m.finding, Since: e.Now().UTC(), Seen: e.Now().UTC()}
		all, changed = append(all, r), true
		notes = append(notes, e.deviceNote(NoteUnusual, m.device, e.unusualWords(r)))
	}
	if !changed {
		return nil
	}
	if err := e.saveUnusuals(ctx, all); err != nil || len(notes) == 0 { // first: it is told once
		return err
	}
	e.changed(changes.Flows, changes.Diary)
	return e.Store.Note(ctx, notes...)
}

// sameDeed reports whether two findings of a device can be of one thing: what is
// found as one kind in the morning may be large enough for another at noon.
func sameDeed(a, b behaviour.Finding) bool {
	return a.Kind == b.Kind || a.Day == b.Day && a.Kind.Akin(b.Kind)
}

// goesOn reports whether f is more of what r was.
func (e *Core) goesOn(r unusualRecord, f behaviour.Finding) bool {
	if r.Finding.Day == f.Day {
		return r.Fine.IsZero() || f.Size() < fineTimes*r.Finding.Size()
	}
	if !r.Fine.IsZero() {
		return e.Now().Sub(r.Fine) < unusualFine && f.Size() < fineTimes*r.Finding.Size()
	}
	return e.Now().Sub(r.Seen) < unusualOver
}

// grow takes over a larger account of the same; false when nothing is new. What
// a person said yes to stays what it was: the measure of that yes.
func (r *unusualRecord) grow(f behaviour.Finding, now time.Time) bool {
	if f.Day < r.Finding.Day || f.Day == r.Finding.Day && f.Size() <= r.Finding.Size() || !r.Fine.IsZero() {
		return false
	}
	r.Seen = now.UTC()
	if f.Size() > r.Finding.Size() {
		r.Finding = f
		return true
	}
	r.Finding.Day = f.Day
	return true
}

func (e *Core) unusualWords(r unusualRecord) string {
	_, loc := e.Zone()
	return e.deviceName(r.Device) + " " + r.Finding.Words(loc)
}

// Unusual implements Unusuals.
func (e *Core) Unusual(ctx context.Context, open bool) ([]Unusual, error) {
	all, err := e.unusuals(ctx)
	if err != nil {
		return nil, err
	}
	var out []Unusual
	for _, r := range all {
		if _, known := e.Inventory.Device(r.Device); !known {
			continue
		}
		u := Unusual{
			ID: r.ID, Device: e.canonical(r.Device), DeviceName: e.deviceName(r.Device), Finding: r.Finding, Text: e.unusualWords(r),
			Since: r.Since, Seen: r.Seen, Told: r.Told, Fine: !r.Fine.IsZero(), Over: e.Now().Sub(r.Seen) >= unusualOver,
		}
		if !open || !u.Fine && !u.Over {
			out = append(out, u)
		}
	}
	slices.SortStableFunc(out, func(a, b Unusual) int { return cmp.Or(b.Seen.Compare(a.Seen), cmp.Compare(a.ID, b.ID)) })
	return out, nil
}

// Usual implements Unusuals.
func (e *Core) Usual(ctx context.Context, ids []string, how string) error {
	now := e.Now().UTC()
	done, err := e.markUnusual(ctx, func(r *unusualRecord) bool {
		if !slices.Contains(ids, r.ID) || !r.Fine.IsZero() {
			return false
		}
		r.Fine = now
		return true
	})
	if err != nil {
		return err
	}
	if len(done) == 0 {
		return words.Errorf("nothing called %s waits for an answer; \"unusual\" lists what does", strings.Join(ids, ", "))
	}
	var notes []ledger.Note
	for _, r := range done {
		text := words.Sprintf("%s said that this is fine: %s (%s).", e.who(), strings.TrimSuffix(e.unusualWords(r), "."), way(how))
		notes = append(notes, e.deviceNote(NoteUsual, r.Device, text))
	}
	if err := e.Store.Note(ctx, notes...); err != nil {
		return err
	}
	var answered []string
	for _, r := range done {
		answered = append(answered, r.ID)
	}
	if err := e.remember(ctx, undoEntry{Kind: undoUsual, Device: e.canonical(done[0].Device), Names: answered}); err != nil {
		return err
	}
	e.changed(changes.Flows, changes.Diary)
	return nil
}

// takeBackUsual has findings wait for an answer again.
func (e *Core) takeBackUsual(ctx context.Context, ids []string) error {
	_, err := e.markUnusual(ctx, func(r *unusualRecord) bool {
		if !slices.Contains(ids, r.ID) || r.Fine.IsZero() {
			return false
		}
		r.Fine = time.Time{}
		return true
	})
	return err
}

// ToldUnusual implements Unusuals.
func (e *Core) ToldUnusual(ctx context.Context, ids []string) error {
	_, err := e.markUnusual(ctx, func(r *unusualRecord) bool {
		if r.Told || !slices.Contains(ids, r.ID) {
			return false
		}
		r.Told = true
		return true
	})
	return err
}

// markUnusual changes what f changes, writes it, and gives the changed ones.
func (e *Core) markUnusual(ctx context.Context, f func(*unusualRecord) bool) (done []unusualRecord, err error) {
	e.meeting.Lock()
	defer e.meeting.Unlock()
	all, err := e.unusuals(ctx)
	if err != nil {
		return nil, err
	}
	for i := range all {
		if f(&all[i]) {
			done = append(done, all[i])
		}
	}
	if len(done) == 0 {
		return nil, nil
	}
	return done, e.saveUnusuals(ctx, all)
}

// overviewUnusual has one line for each device that behaves out of the ordinary.
func (e *Core) overviewUnusual(ctx context.Context, o *Overview) error {
	all, err := e.Unusual(ctx, true)
	if err != nil {
		return err
	}
	o.Unusual = all
	return nil
}
