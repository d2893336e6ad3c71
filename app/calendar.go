package main

import (
	"bytes"
	"fmt"
	"os"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/dialog"

	"bestbefore/app/internal/calendar"
	"bestbefore/app/internal/engine"
)

// askCalendar asks where the calendar file shall go; closing the question does nothing.
func (win *window) askCalendar() {
	d := dialog.NewFileSave(func(f fyne.URIWriteCloser, err error) {
		if err != nil || f == nil {
			return
		}
		path := f.URI().Path()
		if err := f.Close(); err == nil {
			win.pump.SaveCalendar(path)
		}
	}, win.fyne)
	d.SetFileName("best-before.ics")
	d.Show()
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
	part := path + ".part"
	if err := os.WriteFile(part, b.Bytes(), 0o600); err != nil {
		return fmt.Errorf("writing the calendar: %w", err)
	}
	if err := os.Rename(part, path); err != nil {
		_ = os.Remove(part)
		return fmt.Errorf("writing the calendar: %w", err)
	}
	return nil
}
