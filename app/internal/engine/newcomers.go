package engine

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"bestbefore/app/internal/changes"
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
	newcomersKey = "recipients_met"
	usualWeek    = 7 * 24 * time.Hour
	metMax       = 400 // recipients of one device that are remembered
	metDevices   = 500
)

// met is one recipient of a device.
type met struct {
	Name  string    `json:"name"`
	At    time.Time `json:"at"`
	Asked bool      `json:"asked,omitempty"`
	Told  bool      `json:"told,omitempty"`
	Fine  bool      `json:"fine,omitempty"`
}

// acquaintances are the recipients of one device.
type acquaintances struct {
	Since time.Time      `json:"since"`
	Met   map[string]met `json:"met"` // by company, host name, or network of a bare address
}

type acquainted map[discovery.DeviceID]acquaintances

func (e *Core) acquainted(ctx context.Context) (acquainted, error) {
	all := acquainted{}
	s, err := e.Store.Setting(ctx, newcomersKey)
	if err != nil || s == "" {
		return all, err
	}
	if err := json.Unmarshal([]byte(s), &all); err != nil {
		return all, fmt.Errorf("reading who receives: %w", err)
	}
	return all, nil
}

func (e *Core) saveAcquainted(ctx context.Context, all acquainted) error {
	b, err := json.Marshal(all)
	if err != nil {
		return err
	}
	return e.Store.SetSetting(ctx, newcomersKey, string(b))
}

// WatchRecipients notices who began to receive. Serve does it each minute. It
// asks and decides nothing: an unanswered question is never a decision.
func (e *Core) WatchRecipients(ctx context.Context) error {
	e.meeting.Lock()
	defer e.meeting.Unlock()
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
	changed := false
	var notes []ledger.Note
	for _, h := range sums {
		id := e.canonical(h.Device)
		key, name := e.acquaintance(id, h.Destination)
		if key == "" {
			continue
		}
		a, ok := all[id]
		if !ok {
			if len(all) >= metDevices {
				continue
			}
			a = acquaintances{Since: e.Now(), Met: map[string]met{}}
		}
		if _, known := a.Met[key]; known || len(a.Met) >= metMax {
			continue
		}
		m := met{Name: name, At: e.Now(), Asked: e.usual(a, cs, id) && !e.decidedAbout(cs, id, h.Destination)}
		if m.Asked {
			text := fmt.Sprintf("%s now sends to %s, which no permission covers.", e.deviceName(id), name)
			notes = append(notes, e.deviceNote(consent.NoteRecipientNew, id, text))
		}
		a.Met[key] = m
		all[id] = a
		changed = true
	}
	if !changed {
		return nil
	}
	if err := e.saveAcquainted(ctx, all); err != nil || len(notes) == 0 { // first: it is told once
		return err
	}
	e.changed(changes.Flows, changes.Diary)
	return e.Store.Note(ctx, notes...)
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
	switch recipient.Purpose(who.Purpose) {
	case recipient.Time, recipient.Names, recipient.Check, recipient.Home:
		return "", ""
	}
	name = cmp.Or(who.Company, d.String())
	if who.Company == "" && d.Domain == "" { // addresses come and go; whose network it is stays
		return cmp.Or("network "+who.Network, name), name
	}
	return name, name
}

// usual reports whether what a device does by now is its usual behaviour.
func (e *Core) usual(a acquaintances, cs []consent.Consent, id discovery.DeviceID) bool {
	if e.Now().Sub(a.Since) >= usualWeek {
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
	all, err := e.acquainted(ctx)
	if err != nil {
		return nil, err
	}
	cs, err := e.Store.Consents(ctx)
	if err != nil {
		return nil, err
	}
	var out []NewRecipient
	for id, a := range all {
		if _, ok := e.Inventory.Device(id); !ok {
			continue
		}
		for _, m := range a.Met {
			if m.Asked && !m.Fine && !e.named(cs, id, m.Name) {
				out = append(out, NewRecipient{Device: id, Name: m.Name, Since: m.At, Told: m.Told})
			}
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
		return errors.New("this was answered already")
	}
	text := fmt.Sprintf("%s said that %s may go on sending to %s (%s).", capital(e.Person), e.deviceName(device), join(done), how)
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
	return e.remark(ctx, func(id discovery.DeviceID, m *met) bool {
		if id != device || !m.Asked || m.Fine == fine || !slices.Contains(names, m.Name) {
			return false
		}
		m.Fine = fine
		return true
	})
}

// Told implements Newcomers.
func (e *Core) Told(ctx context.Context, of []NewRecipient) error {
	_, err := e.remark(ctx, func(id discovery.DeviceID, m *met) bool {
		if m.Told || !slices.ContainsFunc(of, func(n NewRecipient) bool { return n.Device == id && n.Name == m.Name }) {
			return false
		}
		m.Told = true
		return true
	})
	return err
}

// remark changes what f changes, writes it, and names the changed ones.
func (e *Core) remark(ctx context.Context, f func(discovery.DeviceID, *met) bool) (names []string, err error) {
	e.meeting.Lock()
	defer e.meeting.Unlock()
	all, err := e.acquainted(ctx)
	if err != nil {
		return nil, err
	}
	for id, a := range all {
		for _, key := range slices.Sorted(maps.Keys(a.Met)) {
			if m := a.Met[key]; f(id, &m) {
				a.Met[key] = m
				names = append(names, m.Name)
			}
		}
	}
	if len(names) == 0 {
		return nil, nil
	}
	return names, e.saveAcquainted(ctx, all)
}
