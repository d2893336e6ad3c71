//go:build lab && linux

package store

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"bestbefore/discovery"
)

// G17 and G5: the real agent on a file of ten million rows of traffic (300,000
// without LAB_LONG) of 60 devices, in a network of its own; its memory, and the
// bytes of a row. The goal is 42 MiB (2.5 times the smallest such program), four
// times fails.
func TestLabAgentMemory(t *testing.T) {
	rows := 300_000
	if os.Getenv("LAB_LONG") != "" {
		rows = 10_000_000
	}
	if n, err := strconv.Atoi(os.Getenv("LAB_ROWS")); err == nil && n > 0 {
		rows = n
	}
	dir := t.TempDir()
	c := testConfig(filepath.Join(dir, "data"))
	now := time.Now()
	c.Now = func() time.Time { return now }
	s, err := Open(t.Context(), c)
	must(t, err)
	var devices []discovery.Device
	for i := range 60 {
		devices = append(devices, discovery.Device{ID: discovery.DeviceID(fmt.Sprintf("d%012d", i)), LastSeen: now})
	}
	must(t, s.SaveInventory(t.Context(), discovery.Saved{Devices: devices}))
	fillTraffic(t, s, rows, now)
	size := value(s.flowsSize(t.Context(), nil))(t)
	must(t, s.Close())
	t.Logf("%d rows, %.1f bytes a row, sums and destinations included", rows, float64(size)/float64(rows))
	if os.Getenv("LAB_LONG") != "" && size/int64(rows) > 50 { // with few rows the sums weigh more
		t.Errorf("%d bytes a row: more than 50 (G5)", size/int64(rows))
	}
	agent := filepath.Join(dir, "bestbefore-agent")
	build := exec.CommandContext(t.Context(), "go", "build", "-tags", "migrated_fynedo", "-o", agent, "bestbefore/app/agent")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	settled, peak := agentMemory(t, agent, c.Dir)
	t.Logf("resident: %.1f MiB settled, %.1f MiB at most; the goal is 42", settled, peak)
	if settled > 68 {
		t.Errorf("%.1f MiB: more than four times the floor (G17)", settled)
	}
}

// agentMemory runs the agent until it has settled, asks it for overviews as a
// window does, and gives what it holds then and held at most.
func agentMemory(t *testing.T, agent, dir string) (settled, peak float64) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	cmd := exec.CommandContext(ctx, "unshare", "-n", "--", "sh", "-c", `ip link set lo up; exec "$0" --data "$1" run`, agent, dir)
	cmd.Env = append(os.Environ(), "DBUS_SESSION_BUS_ADDRESS=unix:path=/nonexistent")
	must(t, cmd.Start())
	defer func() { _ = cmd.Wait() }()
	defer cancel()
	deadline := time.Now().Add(2 * time.Minute)
	// By its socket: a command before that would open the files itself.
	for {
		if c, err := net.Dial("unix", filepath.Join(dir, "engine.sock")); err == nil {
			must(t, c.Close())
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the agent does not answer")
		}
		time.Sleep(200 * time.Millisecond)
	}
	for _, args := range [][]string{{"devices"}, {"flows"}, {"flows", "d000000000000", "--since", "7d"}, {"flows", "--since", "30d"}} {
		if out, err := exec.CommandContext(ctx, agent, append([]string{"--data", dir}, args...)...).CombinedOutput(); err != nil {
			t.Fatalf("%v: %v\n%s", args, err, out)
		}
	}
	waitIdle(t, cmd.Process.Pid)
	// Settled is when three quarters of a minute brought no new low.
	settled = resident(t, cmd.Process.Pid, "VmRSS")
	for low := time.Now(); time.Since(low) < 45*time.Second; time.Sleep(time.Second) {
		if r := resident(t, cmd.Process.Pid, "VmRSS"); r < settled {
			settled, low = r, time.Now()
		}
	}
	t.Logf("of that its own %.1f MiB, files mapped %.1f MiB", resident(t, cmd.Process.Pid, "RssAnon"), resident(t, cmd.Process.Pid, "RssFile"))
	return settled, resident(t, cmd.Process.Pid, "VmHWM")
}

// waitIdle waits until the look through the files is over: less than a twentieth
// of a core in five seconds.
func waitIdle(t *testing.T, pid int) {
	t.Helper()
	for used, end := ticks(t, pid), time.Now().Add(5*time.Minute); ; {
		time.Sleep(5 * time.Second)
		now := ticks(t, pid)
		if now-used < 25 { // a hundredth of a second each
			return
		}
		if used = now; time.Now().After(end) {
			t.Fatal("the agent does not come to rest")
		}
	}
}

// ticks is the time that a process has had on a core, in hundredths of a second.
func ticks(t *testing.T, pid int) int {
	t.Helper()
	stat := string(value(os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid)))(t))
	f := strings.Fields(stat[strings.LastIndexByte(stat, ')')+1:])
	return value(strconv.Atoi(f[11]))(t) + value(strconv.Atoi(f[12]))(t)
}

func resident(t *testing.T, pid int, what string) float64 {
	t.Helper()
	f := value(os.Open(fmt.Sprintf("/proc/%d/status", pid)))(t)
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if rest, ok := strings.CutPrefix(lines.Text(), what+":"); ok {
			kib := value(strconv.ParseFloat(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 64))(t)
			return kib / 1024
		}
	}
	t.Fatalf("no %s of %d", what, pid)
	return 0
}
