package engine

import (
	"context"

	"bestbefore/app/internal/changes"
)

// Preferences are what the household chose for the engine, whoever asks it.
type Preferences struct {
	Reminders bool `json:"reminders"` // desktop notifications before an end and at it
}

// remindersKey is the setting that holds whether reminders are shown.
const (
	remindersKey = "reminders"
	switchedOff  = "off"
)

// Preferences are as they stand now; reminders are on until somebody turns them off.
func (e *Core) Preferences(ctx context.Context) (Preferences, error) {
	v, err := e.Store.Setting(ctx, remindersKey)
	return Preferences{Reminders: v != switchedOff}, err
}

// SetPreferences changes them.
func (e *Core) SetPreferences(ctx context.Context, p Preferences) error {
	v := ""
	if !p.Reminders {
		v = switchedOff
	}
	if err := e.Store.SetSetting(ctx, remindersKey, v); err != nil {
		return err
	}
	e.changed(changes.Consents)
	return nil
}
