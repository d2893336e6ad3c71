package main

import (
	"bytes"
	"fmt"
	"time"

	"bestbefore/app/internal/calendar"
	"bestbefore/app/internal/engine"
)

// askCalendar asks where the calendar file shall go; closing the question does nothing.
func (win *window) askCalendar() {
	win.askSave("best-before.ics", win.pump.SaveCalendar)
}

// saveCalendar writes the dates whole or not at all: a calendar that reads the
// file meanwhile never sees half of it.
func saveCalendar(path string, all []engine.ConsentInfo, now time.Time) error {
	entries := make([]calendar.Entry, 0, len(all))
	for _, c := range all {
		entries = append(entries, calendar.Entry{Consent: c.Consent, Device: c.DeviceName})
	}
	var b bytes.Buffer
	if err := calendar.Write(&b, entries, now); err != nil {
		return err
	}
	if err := writeText(path, b.String()); err != nil {
		return fmt.Errorf("writing the calendar: %w", err)
	}
	return nil
}
