package demo

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"bestbefore/app/internal/clock"
)

// demoIn makes this test's own binary a demo that works until it is killed.
const demoIn = "BESTBEFORE_TEST_DEMO_IN"

// TestAKilledDemoLeavesNothing kills a real demo in the middle of its work: its
// folder stays, and goes when the next one starts. A living demo's folder stays.
func TestAKilledDemoLeavesNothing(t *testing.T) {
	temp := t.TempDir()
	left := startAndKill(t, temp)
	living := startDemo(t, temp)
	if _, err := os.Stat(left); err == nil {
		t.Errorf("%s of the killed demo is still there after the next one has started", filepath.Base(left))
	}
	if err := sweepFolders(temp, clock.Wall().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(living); err != nil {
		t.Errorf("the folder of a living demo was removed: %v", err)
	}
}

// TestYoungFoldersStay: one that is just being made has no lock yet, and what
// only looks like ours is none of our business.
func TestYoungFoldersStay(t *testing.T) {
	temp := t.TempDir()
	fresh, file := filepath.Join(temp, folderPrefix+"1"), filepath.Join(temp, folderPrefix+"2")
	link, other := filepath.Join(temp, folderPrefix+"3"), filepath.Join(temp, "somebody-else")
	for _, dir := range []string{fresh, other} {
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(other, link); err != nil {
		t.Fatal(err)
	}
	if err := sweepFolders(temp, clock.Wall()); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{fresh, other, file, link} {
		if _, err := os.Lstat(path); err != nil {
			t.Errorf("%s is gone", filepath.Base(path))
		}
	}
	if err := sweepFolders(temp, clock.Wall().Add(2*young)); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(fresh); err == nil {
		t.Error("a folder that never got a lock stays for ever")
	}
}

// startDemo runs a demo in a process of its own and gives its folder.
func startDemo(t *testing.T, temp string) string {
	t.Helper()
	dir, _ := runDemo(t, temp)
	return dir
}

func startAndKill(t *testing.T, temp string) string {
	t.Helper()
	dir, cmd := runDemo(t, temp)
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // it was killed
	if _, err := os.Stat(filepath.Join(dir, "data", "lock")); err != nil {
		t.Fatalf("the killed demo left no folder, so this test shows nothing: %v", err)
	}
	return dir
}

func runDemo(t *testing.T, temp string) (string, *exec.Cmd) {
	t.Helper()
	cmd := exec.Command(os.Args[0]) //nolint:gosec // our own binary
	cmd.Env = append(os.Environ(), demoIn+"=1", "TMPDIR="+temp)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	line := make([]byte, 4096)
	n, err := out.Read(line)
	if err != nil {
		t.Fatalf("the demo said nothing: %v", err)
	}
	return strings.TrimSpace(string(line[:n])), cmd
}
