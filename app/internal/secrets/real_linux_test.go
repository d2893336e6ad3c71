package secrets

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"bestbefore/connectors"
)

// The real Secret Service: a gnome-keyring of its own on a D-Bus of its own,
// with this test binary as the program that uses it.

func TestRealKeyring(t *testing.T) {
	home := t.TempDir()
	unlock := `printf password | gnome-keyring-daemon --unlock --components=secrets >/dev/null; `
	first := session(t, home, unlock, "put")
	if !strings.Contains(first, "CHILD ok key store") {
		t.Fatalf("first session:\n%s", first)
	}
	if again := session(t, home, unlock, "get"); !strings.Contains(again, "CHILD ok key store") {
		t.Fatalf("second session:\n%s", again)
	}
	start := time.Now()
	if locked := session(t, home, "", "locked"); !strings.Contains(locked, "CHILD locked") {
		t.Fatalf("locked session:\n%s", locked)
	}
	t.Logf("a locked key store held us up for %v", time.Since(start).Round(time.Millisecond))
}

// TestRealKeyringThatFails: nothing of it hangs, bricks, or is worked around by
// making another key, and each says whether asking again may help.
func TestRealKeyringThatFails(t *testing.T) {
	home := t.TempDir()
	unlock := `printf password | gnome-keyring-daemon --unlock --components=secrets >/dev/null; `
	first := session(t, home, unlock, "put")
	if !strings.Contains(first, "CHILD ok key store") {
		t.Fatalf("first session:\n%s", first)
	}
	for what, before := range map[string]string{
		"wrong password": `printf wrong | gnome-keyring-daemon --unlock --components=secrets >/dev/null 2>&1; `,
		"stopped": unlock + `while [ -z "$pid" ]; do sleep 0.05; pid=$(dbus-send --session --print-reply=literal --dest=org.freedesktop.DBus / ` +
			`org.freedesktop.DBus.GetConnectionUnixProcessID string:org.freedesktop.secrets 2>/dev/null | sed 's/ *uint32 *//'); done; kill -STOP $pid; `,
	} {
		start := time.Now()
		if out := session(t, home, before, "locked"); !strings.Contains(out, "CHILD locked") {
			t.Errorf("%s:\n%s", what, out)
		}
		t.Logf("%s held us up for %v", what, time.Since(start).Round(time.Millisecond))
	}
	if out := session(t, home, "unset DBUS_SESSION_BUS_ADDRESS DISPLAY; ", "none"); !strings.Contains(out, "CHILD none") {
		t.Errorf("no bus:\n%s", out)
	}
	if left, err := filepath.Glob(filepath.Join(home, ".dbus", "session-bus", "*")); err != nil || len(left) > 0 {
		t.Errorf("a bus of our own was started: %v, %v", left, err)
	}
	if out := session(t, home, unlock, "get"); !strings.Contains(out, "CHILD ok key store") {
		t.Errorf("after all that the key is gone:\n%s", out)
	}
	// The owner threw the key store away: sign in again, and go on.
	if err := os.RemoveAll(filepath.Join(home, "data", "keyrings")); err != nil {
		t.Fatal(err)
	}
	if out := session(t, home, unlock, "vanished"); !strings.Contains(out, "CHILD signed in again") {
		t.Errorf("vanished:\n%s", out)
	}
}

// session runs the child below in a D-Bus session of its own.
func session(t *testing.T, home, before, what string) string {
	t.Helper()
	for _, tool := range []string{"dbus-run-session", "dbus-send", "gnome-keyring-daemon"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("SKIPPED: no %s here; install dbus-x11 and gnome-keyring to test the real key store", tool)
		}
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	run := filepath.Join(home, "run")
	if err := os.MkdirAll(run, 0o700); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "dbus-run-session", "--", "sh", "-c", before+`"$0" -test.run '^TestRealChild$' -test.v; rc=$?; [ -z "$pid" ] || kill -KILL $pid; exit $rc`, self)
	cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + home, "XDG_DATA_HOME=" + filepath.Join(home, "data"),
		"XDG_RUNTIME_DIR=" + run, "SECRETS_CHILD=" + what, "SECRETS_FILE=" + filepath.Join(home, "sealed"),
	}
	// Into a file: the daemon outlives the session for a moment and would keep a pipe open.
	log, err := os.Create(filepath.Join(home, what+".log"))
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout, cmd.Stderr = log, log
	runErr := cmd.Run()
	out, err := os.ReadFile(log.Name())
	if err := errors.Join(runErr, err, log.Close()); err != nil {
		t.Fatalf("%v:\n%s", err, out)
	}
	return string(out)
}

// TestRealChild is the program of TestRealKeyring.
func TestRealChild(t *testing.T) {
	what, file := os.Getenv("SECRETS_CHILD"), os.Getenv("SECRETS_FILE")
	if what == "" {
		t.Skip("it runs only inside TestRealKeyring")
	}
	m := memory{}
	s, err := Open(t.Context(), Config{Store: m})
	if want := map[string]error{"locked": ErrLocked, "none": ErrNoKeyStore}[what]; want != nil {
		if !errors.Is(err, want) {
			t.Fatalf("%s: %v", what, err)
		}
		t.Log("CHILD", what, err)
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	if what == "vanished" {
		again(t, s, m, file)
		return
	}
	if what == "put" {
		if err := s.Put(t.Context(), "r", connectors.NewSecret("hunter2")); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, m["r"], 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if m["r"], err = os.ReadFile(file); err != nil {
		t.Fatal(err)
	}
	if v, err := s.Get(t.Context(), "r"); err != nil || v.Reveal() != "hunter2" {
		t.Fatal(v, err)
	}
	t.Log("CHILD ok", s.Provider())
}

// again is a key store that has another key than the one that sealed.
func again(t *testing.T, s *Sealer, m memory, file string) {
	t.Helper()
	var err error
	if m["r"], err = os.ReadFile(file); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Get(t.Context(), "r"); !errors.Is(err, ErrSealed) {
		t.Fatalf("another key: %v", err)
	}
	if err := s.Put(t.Context(), "r", connectors.NewSecret("hunter2")); err != nil {
		t.Fatal(err)
	}
	if v, err := s.Get(t.Context(), "r"); err != nil || v.Reveal() != "hunter2" {
		t.Fatal(v, err)
	}
	t.Log("CHILD signed in again")
}
