package main_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// The goals of G18, in hundredths of one core.
const (
	idleAgent  = 0.5
	idleHidden = 0.5
	idleShown  = 2.0
)

// idleTime is how long is measured, after what the start itself costs is over;
// IDLE is another time.
func idleTime() time.Duration {
	if d, err := time.ParseDuration(os.Getenv("IDLE")); err == nil {
		return d
	}
	return time.Minute
}

// What a start costs is over when a program used less than idleSettled hundredths
// of a core in a look; after idleLooks of them it is measured all the same.
const (
	idleSettled = 5.0
	idleLook    = 5 * time.Second
	idleLooks   = 36
)

// BenchmarkIdle is G18: what of the processor the agent, the window in the
// background and the window on a screen use while nothing happens in a full
// house. Each has a network of its own with a home's bridge, so that its looks
// around the home are in the figure; the screen is Xvfb's, so that what it takes
// to draw is too. Time on the processor hardly depends on what else runs.
func BenchmarkIdle(b *testing.B) {
	if os.Getuid() != 0 {
		b.Skip("########## SKIPPED: it makes a bridge in a network of its own, which needs root ##########")
	}
	for b.Loop() {
		s := newScreen(b)
		window, agent := build(b, "."), build(b, "./agent")
		runs := []*idleRun{
			{name: "agent", goal: idleAgent, path: agent, args: []string{"run"}},
			{name: "hidden", goal: idleHidden, path: window, args: []string{"--hidden"}},
			{name: "shown", goal: idleShown, path: window},
		}
		for _, r := range runs {
			r.start(b, s)
		}
		until(b, "the window is on the screen", s.window)
		for _, r := range runs {
			r.settle(b)
		}
		for i, share := range shares(b, idleTime(), runs...) {
			r := runs[i]
			b.ReportMetric(share, "%/"+r.name)
			b.ReportMetric(resident(b, r.pid), "MiB/"+r.name)
			if share > r.goal {
				b.Logf("%s: %.2f %% of a core, over the goal of %.1f", r.name, share, r.goal)
			}
		}
	}
}

// idleRun is a program that has nothing to do.
type idleRun struct {
	name string
	goal float64
	path string
	args []string
	pid  int
}

// idleHome makes the network in which a program is started.
const idleHome = `ip link set lo up && ip link add bblan type bridge && ip addr add 192.168.77.1/24 dev bblan && ip link set bblan up && exec "$0" "$@"`

func (r *idleRun) start(b *testing.B, s *screen) {
	home := b.TempDir()
	data := filepath.Join(home, "data")
	furnish(b, data)
	c := s.program(b, home, "/bin/sh", append([]string{"-c", idleHome, r.path, "--data", data}, r.args...)...)
	r.pid = c.Process.Pid
	until(b, r.name+" works", func() bool {
		_, err := os.Stat(filepath.Join(data, "engine.sock"))
		return err == nil
	})
}

// settle waits until the looks of the start are over.
func (r *idleRun) settle(b *testing.B) {
	for range idleLooks {
		if shares(b, idleLook, r)[0] < idleSettled {
			return
		}
	}
	b.Logf("%s does not come to rest", r.name)
}

// shares is what each of runs uses of a core while d passes, in hundredths. The
// sleep waits for nothing: the time that passes is what is measured.
func shares(b *testing.B, d time.Duration, runs ...*idleRun) (of []float64) {
	begun, before := time.Now(), map[*idleRun]time.Duration{}
	for _, r := range runs {
		before[r] = used(b, r.pid)
	}
	time.Sleep(d)
	for _, r := range runs {
		of = append(of, 100*(used(b, r.pid)-before[r]).Seconds()/time.Since(begun).Seconds())
	}
	return of
}

// used is the time that a process has had on a core.
func used(b *testing.B, pid int) time.Duration {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		b.Fatal(err)
	}
	fields := bytes.Fields(text[bytes.LastIndexByte(text, ')')+1:])
	var ticks int
	for _, f := range fields[11:13] {
		n, err := strconv.Atoi(string(f))
		if err != nil {
			b.Fatal(err)
		}
		ticks += n
	}
	return time.Duration(ticks) * 10 * time.Millisecond
}

// resident is the memory of a process, in MiB.
func resident(b *testing.B, pid int) float64 {
	text, err := exec.Command("sed", "-n", "s/^VmRSS:\\s*//p", fmt.Sprintf("/proc/%d/status", pid)).Output()
	if err != nil {
		b.Fatal(err)
	}
	kib, err := strconv.ParseFloat(strings.TrimSuffix(strings.TrimSpace(string(text)), " kB"), 64)
	if err != nil {
		b.Fatal(err)
	}
	return kib / 1024
}
