package engine

import (
	"cmp"
	"context"
	"time"

	"bestbefore/assets/words"
	"bestbefore/connectors"
	"bestbefore/consent"
	"bestbefore/consent/ledger"
	"bestbefore/discovery"
)

// errPauseEnds refuses a pause without an end; that is a disconnect.
var errPauseEnds = words.New("a pause needs an end; without one, disconnect the device until you reconnect it")

// Disconnect writes the intent durably and wakes the runner.
func (e *Core) Disconnect(ctx context.Context, id discovery.DeviceID, confirmed bool, how string) (consent.Action, error) {
	return e.disconnect(ctx, id, time.Time{}, confirmed, how)
}

// Pause disconnects until a moment, as consent.ParseTerm reads it.
func (e *Core) Pause(ctx context.Context, id discovery.DeviceID, until string, confirmed bool, how string) (consent.Action, error) {
	_, loc := e.Zone()
	term, err := consent.ParseTerm(until, e.Now(), loc)
	if err != nil {
		return consent.Action{}, err
	}
	end, _, err := term.End(e.Now(), loc)
	if err == nil && end.IsZero() {
		err = errPauseEnds
	}
	if err != nil {
		return consent.Action{}, err
	}
	return e.disconnect(ctx, id, end, confirmed, how)
}

func (e *Core) disconnect(ctx context.Context, id discovery.DeviceID, until time.Time, confirmed bool, how string) (consent.Action, error) {
	d, err := e.find(string(id))
	if err != nil {
		return consent.Action{}, err
	}
	if why, err := e.mayBlock(ctx, d, consent.FromPerson, confirmed); why != nil || err != nil {
		return consent.Action{}, cmp.Or(why, err)
	}
	a := e.clicked(d.ID, consent.ActBlock)
	a.Confirmed, a.Until = confirmed, until
	text := words.Sprintf("%s asked to disconnect %s%s (%s).", e.who(), d.Name(), e.untilWords(until), way(how))
	return e.cut(ctx, a, undoEntry{Kind: undoDisconnect, Device: d.ID}, e.deviceNote(consent.NoteDisconnect, d.ID, text))
}

// cut writes a disconnect and, in the same transaction, what ends it if it has an end.
func (e *Core) cut(ctx context.Context, a consent.Action, u undoEntry, n ledger.Note) (consent.Action, error) {
	if a.Until.IsZero() {
		return e.act(ctx, a, u, n)
	}
	return e.act(ctx, a, u, n, consent.PauseOver(a))
}

// untilWords is " until ..." of a pause, "" of what has no end.
func (e *Core) untilWords(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	_, loc := e.Zone()
	return " " + words.Sprintf("until %s", words.Date(t.In(loc), "2 January 2006 15:04"))
}

// Reconnect lifts exactly what the disconnect set; ended permissions stay ended.
func (e *Core) Reconnect(ctx context.Context, id discovery.DeviceID, how string) (consent.Action, error) {
	d, err := e.find(string(id))
	if err != nil {
		return consent.Action{}, err
	}
	u := undoEntry{Kind: undoReconnect, Device: d.ID}
	if u.Until, err = e.pausedUntil(ctx, d.ID); err != nil {
		return consent.Action{}, err
	}
	text := words.Sprintf("%s asked to reconnect %s (%s).", e.who(), d.Name(), way(how))
	return e.act(ctx, e.clicked(d.ID, consent.ActUnblock), u, e.deviceNote(consent.NoteReconnect, d.ID, text))
}

// pausedUntil is the end of the newest disconnect of a device, zero when it has none.
func (e *Core) pausedUntil(ctx context.Context, id discovery.DeviceID) (time.Time, error) {
	all, err := e.Store.ByMark(ctx, consent.MarkDisconnect(id))
	if err != nil {
		return time.Time{}, err
	}
	for _, a := range all { // newest first
		if a.Kind == consent.ActBlock && a.State != consent.Cancelled {
			return a.Until, nil
		}
	}
	return time.Time{}, nil
}

// undoReconnecting cuts a device again, until the end that its pause had.
func (e *Core) undoReconnecting(ctx context.Context, u undoEntry, name string) (string, error) {
	if !u.Until.IsZero() && !e.Now().Before(u.Until) {
		return "", words.Errorf("the time for which %s was cut off is over; disconnect it anew", name)
	}
	a := e.clicked(u.Device, consent.ActBlock)
	a.Until = u.Until
	_, err := e.cut(ctx, a, undoEntry{}, e.deviceNote(consent.NoteUndone, u.Device, words.Sprintf("Undone: the reconnect of %s.", name)))
	return words.Sprintf("Disconnecting %s again", name), err
}

// pauseSentence says who ends a pause that is cut through a connection.
func pauseSentence(name string, t connectors.Traits) string {
	if t.HoldsEnd {
		return words.Sprintf("If you choose an end, %s gives it back by itself, also with this computer off.", name)
	}
	return words.Text("If you choose an end, this program gives it back: this computer must be on then; else it is done when it is next on.")
}
