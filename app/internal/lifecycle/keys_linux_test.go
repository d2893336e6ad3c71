package lifecycle

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"bestbefore/connectors"
)

// keySession runs what as a child beside a real gnome-keyring that was made in
// home with a password, and is locked when the session begins.
func keySession(t *testing.T, home, what string) string {
	t.Helper()
	for _, tool := range []string{"dbus-run-session", "gnome-keyring-daemon"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("##### SKIPPED: no %s here; install dbus-x11 and gnome-keyring to test the real key store #####", tool)
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
	before := "gnome-keyring-daemon --start --components=secrets >/dev/null; " // as a session does; it is locked
	if what == "first" {
		before = "printf password | gnome-keyring-daemon --unlock --components=secrets >/dev/null; "
	}
	c := exec.CommandContext(t.Context(), "dbus-run-session", "--", "sh", "-c", before+`"$0" -test.run '^TestAKeyStoreChild$' -test.v`, self)
	c.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + home, "XDG_DATA_HOME=" + filepath.Join(home, "data"), "XDG_CONFIG_HOME=" + filepath.Join(home, "config"),
		"XDG_RUNTIME_DIR=" + run, keyStoreChild + "=" + what, "KEY_HOME=" + home,
	}
	log, err := os.Create(filepath.Join(home, what+".log")) // the daemon outlives the session for a moment and would keep a pipe open
	if err != nil {
		t.Fatal(err)
	}
	c.Stdout, c.Stderr = log, log
	runErr := c.Run()
	out, err := os.ReadFile(log.Name())
	if err := errors.Join(runErr, err, log.Close()); err != nil {
		t.Fatalf("%s: %v\n%s", what, err, out)
	}
	return string(out)
}

// TestAKeyStoreThatIsLockedAtTheStart: it is unlocked later, and then what it
// sealed opens by itself, without a start and without a question to anybody. The
// twin looks once, as it used to, and stays without.
func TestAKeyStoreThatIsLockedAtTheStart(t *testing.T) {
	home := t.TempDir()
	if out := keySession(t, home, "first"); !strings.Contains(out, "CHILD sealed") {
		t.Fatal(out)
	}
	if out := keySession(t, home, "again"); !strings.Contains(out, "CHILD found") {
		t.Fatal(out)
	}
	if out := keySession(t, home, "twin"); !strings.Contains(out, "CHILD without") {
		t.Fatal(out)
	}
	if out := keySession(t, home, "button"); !strings.Contains(out, "CHILD looked") {
		t.Fatal(out)
	}
}

// TestAKeyStoreChild is the program of the test above.
func TestAKeyStoreChild(t *testing.T) {
	what := os.Getenv(keyStoreChild)
	if what == "" {
		t.Skip("it runs only inside TestAKeyStoreThatIsLockedAtTheStart")
	}
	h, err := Open(t.Context(), Config{Dir: filepath.Join(os.Getenv("KEY_HOME"), "house"), KeyLater: true})
	done(t, err)
	defer func() { done(t, h.Close()) }()
	if what == "twin" {
		h.keeper.quiet = func(context.Context) bool { return false }
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- h.Serve(ctx) }()
	defer func() { cancel(); done(t, <-ended) }()
	k := keyOf(t, h)
	if what == "first" {
		ref, err := h.putSecret(t.Context(), "r", connectors.NewSecret("hunter2"))
		done(t, err)
		if ref == "" || k.Provider != "key store" {
			t.Fatal(ref, k)
		}
		t.Log("CHILD sealed")
		return
	}
	if k.Provider != "" || !k.Locked || !strings.Contains(problemText(h), "looked for again by itself") {
		t.Fatalf("locked: %+v, %q", k, problemText(h))
	}
	if h.keeper.quiet(t.Context()) {
		t.Fatal("it counts as open while it is locked")
	}
	unlock := exec.CommandContext(t.Context(), "gnome-keyring-daemon", "--replace", "--unlock", "--components=secrets")
	unlock.Stdin = strings.NewReader("password")
	if err := unlock.Run(); err != nil { // its words would be waited for as long as the daemon lives
		t.Fatalf("unlocking: %v", err)
	}
	t.Log(afterUnlocking(t, h, what))
}

// afterUnlocking says what came of it.
func afterUnlocking(t *testing.T, h *Home, what string) string {
	t.Helper()
	if what == "button" {
		done(t, h.Engine().Unlock(t.Context(), ""))
		opens(t, h)
		return "CHILD looked"
	}
	for end := time.Now().Add(3 * keyEvery); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if keyOf(t, h).Provider == "key store" {
			opens(t, h)
			return "CHILD found"
		}
	}
	return "CHILD without"
}

// opens checks that what was sealed before opens, and that nothing is said any more.
func opens(t *testing.T, h *Home) {
	t.Helper()
	if v, err := h.secret(t.Context(), "r"); err != nil || v.Reveal() != "hunter2" || problemText(h) != "" {
		t.Fatalf("%v; the home page says %q", err, problemText(h))
	}
}
