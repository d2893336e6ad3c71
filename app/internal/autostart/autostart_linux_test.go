package autostart

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func place(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	t.Setenv("XDG_CONFIG_HOME", dir)
	return filepath.Join(dir, "autostart", name+".desktop")
}

func is(t *testing.T, want bool) {
	t.Helper()
	if on, err := IsSet(); err != nil || on != want {
		t.Errorf("IsSet() = %v, %v, want %v", on, err, want)
	}
}

func TestOnAndOffAndOnAgain(t *testing.T) {
	file := place(t)
	is(t, false)
	if err := Clear(); err != nil {
		t.Errorf("clearing nothing: %v", err)
	}
	for range 2 {
		if err := Set(Entry{Program: "/opt/best before/bestbefore", Args: []string{"--hidden"}}); err != nil {
			t.Fatal(err)
		}
		is(t, true)
	}
	text, err := os.ReadFile(file)
	if err != nil || !strings.Contains(string(text), "Exec=\"/opt/best before/bestbefore\" \"--hidden\"\n") {
		t.Errorf("%s, %v", text, err)
	}
	if err := Clear(); err != nil {
		t.Fatal(err)
	}
	is(t, false)
}

func TestTurnedOffByTheDesktop(t *testing.T) {
	file := place(t)
	if err := Set(Entry{Program: "/bin/true"}); err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{"Hidden=true\n", "X-GNOME-Autostart-enabled=false\n"} {
		if err := os.WriteFile(file, []byte("[Desktop Entry]\n"+line), 0o600); err != nil {
			t.Fatal(err)
		}
		is(t, false)
	}
}

func TestNothingElseCanBeStarted(t *testing.T) {
	file := place(t)
	for _, p := range []string{"", "bestbefore", "/opt/a\nExec=/bin/sh", "/opt/a\"b", "/opt/a\x00b"} {
		if err := Set(Entry{Program: p}); !errors.Is(err, ErrPath) {
			t.Errorf("%q: %v", p, err)
		}
	}
	if _, err := os.Stat(file); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("an entry was written: %v", err)
	}
}

// TestTheSystemReadsItsEntry has GLib, which desktops use, start an entry whose
// path holds everything that could be read as something else.
func TestTheSystemReadsItsEntry(t *testing.T) {
	gio, err := exec.LookPath("gio")
	if err != nil {
		t.Skip("##### SKIPPED: no gio here; install libglib2.0-bin to have a real reader of the entry #####")
	}
	file := place(t)
	dir := filepath.Join(t.TempDir(), "a $(x) `y` \\ 'z' b")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	said := filepath.Join(t.TempDir(), "said")
	program := filepath.Join(dir, "program")
	if err := os.WriteFile(program, []byte("#!/bin/sh\nprintf '%s' \"$1\" > '"+said+"'\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := Set(Entry{Program: program, Args: []string{"--hidden $HOME %f"}}); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(gio, "launch", file).CombinedOutput(); err != nil {
		text, _ := os.ReadFile(file)
		t.Fatalf("%v: %s\n%s", err, out, text)
	}
	var got []byte
	for range 1000 {
		if got, _ = os.ReadFile(said); len(got) > 0 {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	if string(got) != "--hidden $HOME %f" {
		t.Errorf("it was started with %q", got)
	}
}
