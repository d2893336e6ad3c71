package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"bestbefore/app/internal/clock"
)

// loudly skips with a reason that is seen in the log of a run.
func loudly(t *testing.T, why string) {
	t.Helper()
	t.Skip("##### SKIPPED: " + why + " #####")
}

// smallDisk mounts one of size bytes, which only root can.
func smallDisk(t *testing.T, options string) string {
	t.Helper()
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, options); err != nil {
		loudly(t, "no small disk can be mounted here: "+err.Error())
	}
	t.Cleanup(func() { _ = syscall.Unmount(dir, syscall.MNT_DETACH) })
	return dir
}

// TestAFullDisk: what cannot be written is said, and what was there is still read.
func TestAFullDisk(t *testing.T) {
	disk := smallDisk(t, "size=24m")
	dir := filepath.Join(disk, "data")
	does(t, dir, "devices")
	if err := os.WriteFile(filepath.Join(disk, "filler"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	fill(t, filepath.Join(disk, "filler"))
	fails(t, dir, "is full", "consents")
	fails(t, filepath.Join(disk, "other"), "is full", "devices")
	if err := os.Remove(filepath.Join(disk, "filler")); err != nil {
		t.Fatal(err)
	}
	holds(t, does(t, dir, "diary", "--verify"), "The diary is whole")
}

// fill writes until the disk is full.
func fill(t *testing.T, path string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, n := range []int{64 << 10, 1} {
		for b := make([]byte, n); ; {
			if _, err := f.Write(b); err != nil {
				break
			}
		}
	}
}

func TestAFolderThatCanOnlyBeRead(t *testing.T) {
	disk := smallDisk(t, "size=64m")
	does(t, filepath.Join(disk, "data"), "devices")
	if err := syscall.Mount("", disk, "", syscall.MS_REMOUNT|syscall.MS_RDONLY, "size=64m"); err != nil {
		t.Fatal(err)
	}
	fails(t, filepath.Join(disk, "data"), "make it writable", "devices")
	fails(t, filepath.Join(disk, "new"), "--data", "devices")
}

// TestDamagedFiles: a decision is never guessed; what is beside it goes on.
func TestDamagedFiles(t *testing.T) {
	for file, want := range map[string]string{"evidence.db": "damaged", "flows.db": ""} {
		dir := filepath.Join(t.TempDir(), "data")
		does(t, dir, "devices")
		if err := os.WriteFile(filepath.Join(dir, file), []byte(strings.Repeat("not a database ", 1000)), 0o600); err != nil {
			t.Fatal(err)
		}
		code, _, errs := try(t, dir, "devices")
		if want == "" && code != exitDone || want != "" && (code != exitFailed || !strings.Contains(errs, file)) {
			t.Errorf("%s damaged: exit %d, %q", file, code, errs)
		}
		if kept, err := filepath.Glob(filepath.Join(dir, file+"*")); err != nil || len(kept) == 0 {
			t.Errorf("%s was thrown away: %v", file, err)
		}
	}
}

// TestASecondInstance: a second "run" on the same folder says who has it.
func TestASecondInstance(t *testing.T) {
	dir, _ := household(t)
	fails(t, dir, "already", "run")
}

// TestWithoutRights runs as a user who may not enter the folder.
func TestWithoutRights(t *testing.T) {
	if os.Getuid() != 0 {
		loudly(t, "only root can become somebody without rights")
	}
	dir := filepath.Join(t.TempDir(), "data")
	does(t, dir, "devices")
	out, err := asNobody(t, dir, nil, "devices")
	if err == nil || !strings.Contains(out, "permission denied") || strings.Count(strings.TrimSpace(out), "\n") > 0 {
		t.Errorf("%v, %q", err, out)
	}
}

// TestAClockIn1970: a clock that was never set gives no permission and no entry of the
// diary its time, and the program says that it is in doubt instead of failing.
func TestAClockIn1970(t *testing.T) {
	never := func() clock.Reading {
		return clock.Reading{Wall: time.Unix(600, 0), Boot: 10 * time.Minute, BootID: "a run without a clock"}
	}
	dir, _ := householdAt(t, never, nil)
	if out := does(t, dir, "devices"); strings.Count(out, "\n") != 2 {
		t.Errorf("it does not list: %q", out)
	}
	holds(t, does(t, dir, "clock"), "1 January 1970", "may be wrong", "Set the date and time")
	does(t, dir, "allow", bellMAC, "--to", "any", "--until", "1d")
	for what, key := range map[string]string{"consents": "given", "diary": "time"} {
		all := rows(t, dir, what)
		for _, r := range all {
			if at, err := time.Parse(time.RFC3339, r[key].(string)); err != nil || at.Year() < 2026 {
				t.Errorf("%s: a time of a clock that was never set: %v", what, r)
			}
		}
		if len(all) == 0 {
			t.Errorf("%s: nothing", what)
		}
	}
	holds(t, does(t, dir, "diary", "--verify"), "The diary is whole")
}

// asNobody runs the agent as a user without rights, outside every folder of ours.
func asNobody(t *testing.T, dir string, env []string, args ...string) (string, error) {
	t.Helper()
	bin := buildAgent(t)
	open, err := os.MkdirTemp("", "bb")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(open) })
	if err := os.Chmod(open, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(bin, filepath.Join(open, "agent")); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(filepath.Join(open, "agent"), append([]string{"--data", dir}, args...)...)
	cmd.Env = append(append(os.Environ(), "DBUS_SESSION_BUS_ADDRESS=unix:path=/nonexistent", "HOME=/nonexistent"), env...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	cmd.Dir = "/"
	out, err := cmd.CombinedOutput()
	return string(out), err
}
