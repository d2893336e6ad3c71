package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"bestbefore/app/internal/engine"
	"bestbefore/consent"
)

func TestTheCalendarFileIsWholeOrNotThere(t *testing.T) {
	now := time.Date(2026, 11, 22, 14, 0, 0, 0, time.UTC)
	all := []engine.ConsentInfo{{DeviceName: "Bell", Consent: consent.Consent{
		ID: "c1", Version: 1, Decided: consent.Given, Expires: now.AddDate(0, 1, 0), ExpiresCivil: "2026-12-22", Recipient: consent.Recipient{Name: "Maker"},
	}}}
	dir := t.TempDir()
	path := filepath.Join(dir, "dates.ics")
	for range 2 { // the second one replaces the first
		if err := saveCalendar(path, all, now); err != nil {
			t.Fatal(err)
		}
	}
	b, err := os.ReadFile(path)
	if err != nil || !strings.Contains(string(b), "Bell to Maker") || !strings.HasSuffix(strings.TrimSpace(string(b)), "END:VCALENDAR") {
		t.Errorf("%s, %v", b, err)
	}
	if err := saveCalendar(filepath.Join(dir, "none", "dates.ics"), all, now); err == nil {
		t.Error("a folder that is not there took the file")
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 1 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}
