package engine

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"time"

	"bestbefore/assets/words"
	"bestbefore/discovery"
	"bestbefore/discovery/behaviour"
	"bestbefore/discovery/flow"
)

// usualWeeksKey is the setting that holds, by device, whom it sent to in its
// first quiet week: what it is held against where its maker declares nothing.
const usualWeeksKey = "usual_weeks"

// The rules of a usual week: seven days of which most were observed, in which
// nothing was out of the ordinary.
const (
	weekDays      = 7
	weekObserved  = 5
	weekWhoMax    = 400
	weekDevices   = 500
	weekCannotKey = "" // destinations of which nothing is known
)

// UsualWeek is whom a device sent to in its first quiet week.
type UsualWeek struct {
	From string            `json:"from"` // local days, YYYY-MM-DD, both included
	To   string            `json:"to"`
	Who  map[string]string `json:"who"` // what to call them, by what they are known again
	// Addresses says that a source told addresses in that week, not only names.
	Addresses bool `json:"addresses,omitempty"`
}

func (e *Core) usualWeeks(ctx context.Context) (map[discovery.DeviceID]UsualWeek, error) {
	all := map[discovery.DeviceID]UsualWeek{}
	s, err := e.Store.Setting(ctx, usualWeeksKey)
	if err != nil || s == "" {
		return all, err
	}
	if err := json.Unmarshal([]byte(s), &all); err != nil {
		return nil, words.Errorf("reading the usual weeks: %w", err)
	}
	return all, nil
}

func (e *Core) saveUsualWeeks(ctx context.Context, all map[discovery.DeviceID]UsualWeek) error {
	if len(all) == 0 {
		return e.Store.SetSetting(ctx, usualWeeksKey, "")
	}
	b, err := json.Marshal(all)
	if err != nil {
		return err
	}
	return e.Store.SetSetting(ctx, usualWeeksKey, string(b))
}

// weekOf is the usual week of a device, merged entries included.
func (e *Core) weekOf(all map[discovery.DeviceID]UsualWeek, id discovery.DeviceID) (UsualWeek, bool) {
	if w, ok := all[id]; ok {
		return w, true
	}
	for _, other := range slices.Sorted(maps.Keys(all)) {
		if e.same(other, id) {
			return all[other], true
		}
	}
	return UsualWeek{}, false
}

// settleWeek keeps the usual week of a device once it is over. What stands for a
// person has none.
func (e *Core) settleWeek(ctx context.Context, d discovery.Device, first time.Time) error {
	if first.IsZero() || d.Guess.Kind.Personal() {
		return nil
	}
	e.meeting.Lock()
	defer e.meeting.Unlock()
	all, err := e.usualWeeks(ctx)
	if err != nil {
		return err
	}
	if _, settled := e.weekOf(all, d.ID); settled || len(all) >= weekDevices {
		return nil
	}
	w, over, err := e.learningWeek(ctx, d, first)
	if err != nil || !over {
		return err
	}
	seen, err := e.weekSeen(ctx, d, &w)
	if err != nil || seen < weekObserved {
		return err
	}
	all[d.ID] = w
	return e.saveUsualWeeks(ctx, all)
}

// learningWeek is the first week since first in which nothing was out of the
// ordinary, and whether it is over.
func (e *Core) learningWeek(ctx context.Context, d discovery.Device, first time.Time) (UsualWeek, bool, error) {
	_, loc := e.Zone()
	from := behaviour.DateOf(first.In(loc))
	unusual, err := e.unusuals(ctx)
	if err != nil {
		return UsualWeek{}, false, err
	}
	var days []string
	for _, r := range unusual {
		if e.same(r.Device, d.ID) && r.Fine.IsZero() {
			days = append(days, r.Finding.Day)
		}
	}
	slices.Sort(days)
	for _, day := range days {
		if at, err := time.Parse(time.DateOnly, day); err == nil && day >= from.String() && day < from.Add(weekDays).String() {
			from = behaviour.DateOf(at).Add(1)
		}
	}
	w := UsualWeek{From: from.String(), To: from.Add(weekDays - 1).String(), Who: map[string]string{}}
	return w, behaviour.DateOf(e.Now().In(loc)).String() > w.To, nil
}

// weekSeen fills in who received and says on how many days something was seen.
func (e *Core) weekSeen(ctx context.Context, d discovery.Device, w *UsualWeek) (days int, err error) {
	_, loc := e.Zone()
	from, err := time.ParseInLocation(time.DateOnly, w.From, loc)
	if err != nil {
		return 0, err
	}
	on := map[string]bool{}
	err = e.eachRow(ctx, d, from, func(r behaviour.Row) {
		date := behaviour.DateOf(r.Hour.In(loc)).String()
		if date < w.From || date > w.To || r.Refused || r.Home || r.Who == weekCannotKey {
			return
		}
		on[date] = true
		w.Addresses = w.Addresses || r.Destination.Address.IsValid()
		if len(w.Who) < weekWhoMax {
			w.Who[r.Who] = r.Name
		}
	})
	return len(on), err
}

// compareWeek holds what was seen against a usual week. A bare address can be
// told from those of the week only if a source told addresses then too.
func (e *Core) compareWeek(w UsualWeek, recs []flow.Record, out *Declaration) {
	seen := map[string]bool{}
	for _, r := range recs {
		who := e.receiver(r.Destination, "", 0)
		b := rowOf(who, r.Destination)
		if b.Home {
			continue
		}
		_, usual := w.Who[b.Who]
		row := func() DeclaredRow { return e.declaredRow(r) }
		switch {
		case usual:
			seen[b.Who] = true
			out.Seen.add(row)
		case b.Who == weekCannotKey, r.Destination.Domain == "" && who.Company == "" && !w.Addresses:
			out.Unclear.add(row)
		default:
			out.Undeclared.add(row)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(w.Who)) {
		if !seen[key] {
			out.Never.add(func() DeclaredRow { return DeclaredRow{Name: w.Who[key]} })
		}
	}
}
