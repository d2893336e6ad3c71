package rpc

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// calls is how often another user tries.
const calls = 100

// TestOtherUsersGetNothing runs this test's own binary as another user: half
// of the calls as the socket is, and half with its rights opened, so that only the
// check of the peer stands between (the twin shows that the peer does connect).
func TestOtherUsersGetNothing(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("SKIPPED LOUDLY: needs root to become another user")
	}
	dir := serve(t, &fake{})
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	copyTo := filepath.Join(t.TempDir(), "dial.test")
	b, err := os.ReadFile(exe)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(copyTo, b, 0o755); err != nil { //nolint:gosec // another user must be able to run it
		t.Fatal(err)
	}
	for p := copyTo; p != "/"; p = filepath.Dir(p) {
		open(t, filepath.Dir(p))
	}
	run := func() string {
		cmd := exec.Command(copyTo) //nolint:gosec // our own binary
		cmd.Env = []string{dialAs + "=" + dir}
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
		out, err := cmd.CombinedOutput()
		if err == nil {
			t.Errorf("another user got an answer: %s", out)
		}
		return string(out)
	}
	for range calls / 2 {
		if out := run(); !strings.Contains(out, "connect") && !strings.Contains(out, "permission") {
			t.Fatalf("closed socket: %s", out)
		}
	}
	open(t, dir)
	if err := os.Chmod(filepath.Join(dir, SocketName), 0o666); err != nil { //nolint:gosec // the point of the test
		t.Fatal(err)
	}
	for range calls / 2 {
		if out := run(); !strings.Contains(out, "call") {
			t.Fatalf("open socket: %s, want a connection that is then refused", out)
		}
	}
}

// open lets everybody pass through a folder that this test made.
func open(t *testing.T, dir string) {
	t.Helper()
	if !strings.HasPrefix(dir, os.TempDir()+"/") {
		return
	}
	if err := os.Chmod(dir, 0o755); err != nil { //nolint:gosec // the point of the test
		t.Fatal(err)
	}
}
