//go:build !windows

package clock

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func TestZoneByLinkFileAndVariable(t *testing.T) {
	root := t.TempDir()
	if err := os.Mkdir(filepath.Join(root, "etc"), 0o755); err != nil {
		t.Fatal(err)
	}
	want := func(tz, name string, err error) {
		t.Helper()
		if got, e := zoneIn(root, tz); got != name || !errors.Is(e, err) {
			t.Fatalf("TZ=%q: %q, %v; want %q, %v", tz, got, e, name, err)
		}
	}
	want("", "UTC", nil)
	want("Europe/Berlin", "Europe/Berlin", nil)
	want(":/usr/share/zoneinfo/posix/Asia/Tokyo", "Asia/Tokyo", nil)
	link := filepath.Join(root, "etc/localtime")
	if err := os.Symlink("../usr/share/zoneinfo/America/Santiago", link); err != nil {
		t.Fatal(err)
	}
	want("", "America/Santiago", nil)
	want("CET-1CEST", "America/Santiago", nil)
	want("../../secret", "America/Santiago", nil)
	if err := os.Remove(link); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(link, []byte("TZif2"), 0o644); err != nil { // a copy has no name
		t.Fatal(err)
	}
	want("", "", ErrNoZone)
	if err := os.WriteFile(filepath.Join(root, "etc/timezone"), []byte("Africa/Cairo\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	want("", "Africa/Cairo", nil)
}
