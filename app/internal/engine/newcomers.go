package engine

import (
	"cmp"
	"context"
	"slices"
	"sync/atomic"
	"time"

	"bestbefore/app/internal/changes"
	"bestbefore/assets/words"
	"bestbefore/consent"
	"bestbefore/consent/ledger"
	"bestbefore/discovery"
	"bestbefore/discovery/flow"
	"bestbefore/discovery/recipient"
)

// Newcomers is about recipients that no permission covers.
type Newcomers interface {
	// Fine notes that what a device sends to new recipients needs no permission.
	Fine(ctx context.Context, device discovery.DeviceID, names []string, how string) error
	// Refuse stops what a device sends to a recipient that never had a permission. Until is not read.
	Refuse(ctx context.Context, r AllowRequest) (ConsentInfo, error)
	// NewRecipients are those that were noticed and that nobody has answered yet.
	NewRecipients(ctx context.Context) ([]NewRecipient, error)
	// Told notes that a message named them.
	Told(ctx context.Context, of []NewRecipient) error
}

// NewRecipient is somebody to whom a device began to send.
type NewRecipient struct {
	Device discovery.DeviceID `json:"device"`
	Name   string             `json:"name"`  // a company or a destination
	Since  time.Time          `json:"since"` // to the day for the diary, never for a person's device: those are not watched
	Told   bool               `json:"told,omitempty"`
}

// The rules. A device's first week is its usual behaviour; a permission that is
// given ends the week, since the person then saw to whom it sends.
const (
	usualWeek  = 7 * 24 * time.Hour
	metMax     = 400 // recipients of one device that are remembered
	metDevices = 500
	metEvery   = time.Hour // even when no traffic came: what a device is may have been learned
)

// arrivals say whether there is anything to look at.
type arrivals struct {
	batches atomic.Uint64 // of traffic that were stored
	at      time.Time     // of the last look; it and seen are guarded by Core.meeting
	seen    uint64        // how many had been stored then
}

// acquainted are the recipients of each device by their keys; entries of merged
// devices are together, and each row still names its own.
type acquainted map[discovery.DeviceID]map[string]flow.Acquaintance

func (e *Core) acquainted(ctx context.Context) (acquainted, error) {
	rows, err := e.Store.Acquaintances(ctx)
	if err != nil {
		return nil, err
	}
	all := acquainted{}
	for _, a := range rows {
		id := e.canonical(a.Device)
		if all[id] == nil {
			all[id] = map[string]flow.Acquaintance{}
		}
		all[id][a.Key] = a
	}
	return all, nil
}

// firstMet is when the first of them was met; now when there is none.
func firstMet(met map[string]flow.Acquaintance, now time.Time) time.Time {
	for _, a := range met {
		if a.At.Before(now) {
			now = a.At
		}
	}
	return now
}

// WatchRecipients notices who began to receive. Serve does it each minute. It
// asks and decides nothing: an unanswered question is never a decision.
func (e *Core) WatchRecipients(ctx context.Context) error {
	e.meeting.Lock()
	defer e.meeting.Unlock()
	now, arrived := e.Now(), e.arrivals.batches.Load()
	if late := now.Sub(e.arrivals.at); arrived == e.arrivals.seen && late >= 0 && late < metEvery {
		return nil // nothing came that could be new
	}
	all, err := e.acquainted(ctx)
	if err != nil {
		return err
	}
	cs, err := e.Store.Consents(ctx)
	if err != nil {
		return err
	}
	sums, err := e.Store.Totals(ctx, flow.Query{Since: e.Now().Add(-25 * time.Hour)})
	if err != nil {
		return err
	}
	var fresh []flow.Acquaintance
	var notes []ledger.Note
	for _, h := range sums {
		id := e.canonical(h.Device)
		// What arrived a moment before the answer was heard of bears no name.
		to := e.heard.complete(id, h.Destination, h.Hour.Add(time.Hour), h.Hour.Add(time.Hour))
		key, name := e.acquaintance(id, to)
		met, old := all[id]
		if _, known := met[key]; key == "" || known || len(met) >= metMax || !old && len(all) >= metDevices {
			continue
		}
		if !old {
			met = map[string]flow.Acquaintance{}
			all[id] = met
		}
		a := flow.Acquaintance{Device: id, Key: key, Name: name, At: now}
		if a.Asked = e.usual(firstMet(met, a.At), cs, id) && !e.decidedAbout(cs, id, h.Destination); a.Asked {
			text := words.Sprintf("%s now sends to %s, which no permission covers.", e.deviceName(id), name)
			notes = append(notes, e.deviceNote(consent.NoteRecipientNew, id, text))
		}
		met[key] = a
		fresh = append(fresh, a)
	}
	if len(fresh) > 0 {
		if err := e.Store.SaveAcquaintances(ctx, fresh, notes...); err != nil {
			return err
		}
	}
	e.arrivals.at, e.arrivals.seen = now, arrived
	if len(notes) == 0 {
		return nil
	}
	e.changed(changes.Flows, changes.Diary)
	return nil
}

// acquaintance is under what a recipient is remembered, and what it is called;
// "" for what is nobody's business here: devices of persons, the home itself,
// and services that every device uses.
func (e *Core) acquaintance(id discovery.DeviceID, d flow.Destination) (key, name string) {
	dev, ok := e.Inventory.Device(id)
	if !ok || dev.Role != discovery.RoleOrdinary || dev.Guess.Kind.Personal() {
		return "", ""
	}
	who := e.receiver(d, "", 0)
	if recipient.Purpose(who.Purpose).Everyday() {
		return "", ""
	}
	name = cmp.Or(who.Company, d.String())
	if who.Company == "" && d.Domain == "" { // addresses come and go; whose network it is stays
		return cmp.Or("network "+who.Network, name), name
	}
	return name, name
}

// usual reports whether what a device does by now is its usual behaviour.
func (e *Core) usual(since time.Time, cs []consent.Consent, id discovery.DeviceID) bool {
	if e.Now().Sub(since) >= usualWeek {
		return true
	}
	return slices.ContainsFunc(cs, func(c consent.Consent) bool {
		return c.Decided.Live() && e.same(c.Device, id) && c.Given.Before(e.Now().Add(-time.Minute))
	})
}

// decidedAbout reports whether a permission that is or was in force covers it.
func (e *Core) decidedAbout(cs []consent.Consent, id discovery.DeviceID, d flow.Destination) bool {
	c, ok := e.covering(cs, id, d)
	return ok && (c.Decided.Live() || !c.Ended.IsZero())
}

// NewRecipients implements Newcomers.
func (e *Core) NewRecipients(ctx context.Context) ([]NewRecipient, error) {
	open, err := e.Store.OpenAcquaintances(ctx)
	if err != nil {
		return nil, err
	}
	cs, err := e.Store.Consents(ctx)
	if err != nil {
		return nil, err
	}
	var out []NewRecipient
	for _, a := range open {
		id := e.canonical(a.Device)
		if _, ok := e.Inventory.Device(id); ok && !e.named(cs, id, a.Name) {
			out = append(out, NewRecipient{Device: id, Name: a.Name, Since: a.At, Told: a.Told})
		}
	}
	slices.SortFunc(out, func(a, b NewRecipient) int {
		return cmp.Or(b.Since.Compare(a.Since), cmp.Compare(a.Device, b.Device), cmp.Compare(a.Name, b.Name))
	})
	return out, nil
}

// named reports whether something was decided about a recipient since.
func (e *Core) named(cs []consent.Consent, id discovery.DeviceID, name string) bool {
	return slices.ContainsFunc(cs, func(c consent.Consent) bool {
		if !e.same(c.Device, id) || !c.Decided.Live() && c.Ended.IsZero() {
			return false
		}
		if c.Recipient.Any || c.Recipient.Name == name || slices.Contains(c.Recipient.Destinations, name) {
			return true
		}
		return slices.ContainsFunc(c.Recipient.Destinations, func(d string) bool {
			return e.receiver(destinationOf(d), "", 0).Company == name
		})
	})
}

// Fine implements Newcomers.
func (e *Core) Fine(ctx context.Context, device discovery.DeviceID, names []string, how string) error {
	done, err := e.setFine(ctx, e.canonical(device), names, true)
	if err != nil {
		return err
	}
	if len(done) == 0 {
		return words.New("this was answered already")
	}
	text := words.Sprintf("%s said that %s may go on sending to %s (%s).", e.who(), e.deviceName(device), join(done), way(how))
	if err := e.Store.Note(ctx, e.deviceNote(consent.NoteFine, device, text)); err != nil {
		return err
	}
	if err := e.remember(ctx, undoEntry{Kind: undoFine, Device: e.canonical(device), Names: done}); err != nil {
		return err
	}
	e.changed(changes.Flows, changes.Diary)
	return nil
}

// setFine answers for those of names that wait, or takes the answer back.
func (e *Core) setFine(ctx context.Context, device discovery.DeviceID, names []string, fine bool) (done []string, err error) {
	return e.remark(ctx, func(id discovery.DeviceID, a *flow.Acquaintance) bool {
		if id != device || !a.Asked || a.Fine == fine || !slices.Contains(names, a.Name) {
			return false
		}
		a.Fine = fine
		return true
	})
}

// Told implements Newcomers.
func (e *Core) Told(ctx context.Context, of []NewRecipient) error {
	_, err := e.remark(ctx, func(id discovery.DeviceID, a *flow.Acquaintance) bool {
		if a.Told || !slices.ContainsFunc(of, func(n NewRecipient) bool { return n.Device == id && n.Name == a.Name }) {
			return false
		}
		a.Told = true
		return true
	})
	return err
}

// remark changes what f changes, writes it, and names the changed ones.
func (e *Core) remark(ctx context.Context, f func(discovery.DeviceID, *flow.Acquaintance) bool) (names []string, err error) {
	e.meeting.Lock()
	defer e.meeting.Unlock()
	all, err := e.Store.Acquaintances(ctx)
	if err != nil {
		return nil, err
	}
	var changed []flow.Acquaintance
	for _, a := range all {
		if f(e.canonical(a.Device), &a) {
			changed, names = append(changed, a), append(names, a.Name)
		}
	}
	if len(changed) == 0 {
		return nil, nil
	}
	return names, e.Store.SaveAcquaintances(ctx, changed)
}
