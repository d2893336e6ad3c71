package engine

import (
	"context"
	"encoding/json"

	"bestbefore/app/internal/changes"
	"bestbefore/assets/words"
	"bestbefore/consent"
)

// lapsingKey is the setting that holds which versions of which permissions may
// lapse on their date. A new version is a new decision: it is asked about again.
const lapsingKey = "lapsing"

// Lapse notes that the person will let it end. Nothing moves: silence lapses
// too, but who has said so is not asked any more.
func (e *Core) Lapse(ctx context.Context, id consent.ID, how string) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	c, err := e.consentByRef(ctx, id)
	if err != nil {
		return err
	}
	if !c.Decided.Live() {
		return words.Errorf("this permission has already ended (%s)", c.Decided)
	}
	all, err := e.lapsing(ctx)
	if err != nil {
		return err
	}
	if all[c.ID] == c.Version {
		return nil
	}
	text := words.Sprintf("%s will let what %s sends to %s lapse, %s (%s).", e.who(), e.deviceName(c.Device), c.Recipient.Name, untilWords(c), way(how))
	if err := e.Store.Note(ctx, e.note(consent.NoteLapse, c, text)); err != nil {
		return err
	}
	all[c.ID] = c.Version
	if err := e.saveLapsing(ctx, all); err != nil {
		return err
	}
	if err := e.remember(ctx, undoEntry{Kind: undoLapse, Consent: c.ID, Version: c.Version, Device: c.Device}); err != nil {
		return err
	}
	e.changed(changes.Consents, changes.Diary)
	return nil
}

// undoLapsing makes the permission wait for an answer again. Where it was decided
// anew meanwhile there is nothing left to take back.
func (e *Core) undoLapsing(ctx context.Context, u undoEntry) (string, error) {
	c, err := e.Store.Consent(ctx, u.Consent)
	if err != nil {
		return "", err
	}
	all, err := e.lapsing(ctx)
	if err != nil {
		return "", err
	}
	if c.Version != u.Version || all[c.ID] != u.Version || !c.Decided.Live() {
		return "", words.Errorf("it was decided anew meanwhile: %w", consent.ErrNothing)
	}
	delete(all, c.ID)
	if err := e.saveLapsing(ctx, all); err != nil {
		return "", err
	}
	text := words.Sprintf("the answer to let what %s sends to %s lapse", e.deviceName(c.Device), c.Recipient.Name)
	if err := e.Store.Note(ctx, e.note(consent.NoteUndone, c, words.Sprintf("Undone: %s.", text))); err != nil {
		return "", err
	}
	e.changed(changes.Consents, changes.Diary)
	return words.Sprintf("Undone: %s", text), nil
}

func (e *Core) lapsing(ctx context.Context) (map[consent.ID]int, error) {
	all := map[consent.ID]int{}
	s, err := e.Store.Setting(ctx, lapsingKey)
	if err != nil || s == "" {
		return all, err
	}
	if err := json.Unmarshal([]byte(s), &all); err != nil {
		return all, words.Errorf("reading what may lapse: %w", err)
	}
	return all, nil
}

// saveLapsing writes all but what has ended or was decided anew since.
func (e *Core) saveLapsing(ctx context.Context, all map[consent.ID]int) error {
	for id, version := range all {
		if c, err := e.Store.Consent(ctx, id); err == nil && (c.Version != version || !c.Decided.Live()) {
			delete(all, id)
		}
	}
	b, err := json.Marshal(all)
	if err != nil {
		return err
	}
	return e.Store.SetSetting(ctx, lapsingKey, string(b))
}

// markLapsing says of each whether the person lets it lapse.
func (e *Core) markLapsing(ctx context.Context, cs []ConsentInfo) error {
	all, err := e.lapsing(ctx)
	if err != nil {
		return err
	}
	for i, c := range cs {
		cs[i].Lapsing = c.Decided.Live() && all[c.ID] == c.Version
	}
	return nil
}
