//go:build lab && linux

package lab

import (
	"bufio"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// What the first sixty seconds promise of the real window.
const (
	firstDevices = 3 * time.Second // from the start of the program
	changeShown  = 2 * time.Second // from the start of the command that decides
)

// TestTheWindowShowsTheHomeInTime starts the real window in the made-up home and
// looks when it shows the first devices, and a decision of another program.
func TestTheWindowShowsTheHomeInTime(t *testing.T) {
	if _, err := exec.LookPath("Xvfb"); err != nil {
		t.Skip("##### SKIPPED: Xvfb is missing; '.ci/packages lab' installs it #####")
	}
	h := up(t, "smoke")
	if err := programs.agent(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(programs.dir, "bestbefore")
	build := exec.Command("go", "build", "-tags", "migrated_fynedo", "-o", path, "./app")
	build.Dir = programs.root
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("building the window: %v\n%s", err, out)
	}
	w := h.window(path)
	first := w.wait("devices", 1).Sub(w.begun)
	t.Logf("the first devices were on the page %s after the start of the program", first)
	if first > firstDevices {
		t.Errorf("the first devices were on the page %s after the start, want %s", first, firstDevices)
	}

	var devices []deviceRow
	if err := json.Unmarshal(w.ask("devices", "--json"), &devices); err != nil || len(devices) == 0 {
		t.Fatalf("%d devices, %v", len(devices), err)
	}
	if n := w.most("frame"); n != 0 {
		t.Fatalf("the window shows %d dates before one was given", n)
	}
	begun := time.Now()
	w.ask("allow", devices[0].ID, "--to", "any", "--data", "usage", "--until", "1d", "--then", "warn")
	took := w.wait("frame", 1).Sub(begun)
	t.Logf("a decision on the command line was on the screen %s after its start", took)
	if took > changeShown {
		t.Errorf("a decision was on the screen after %s, want %s", took, changeShown)
	}
}

// window is the real one, on a display without a monitor.
type window struct {
	h     *home
	begun time.Time

	mu    sync.Mutex // guards shown
	shown []showing
}

// showing is a line of its trace.
type showing struct {
	at   time.Time
	page string
	rows int
}

// window starts the program at path in the namespace where it belongs.
func (h *home) window(path string) *window {
	t := h.t
	t.Helper()
	out, in, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	// A number of its own: displays in other networks of this machine share the folder of sockets.
	x := exec.Command("Xvfb", fmt.Sprintf(":%d", 100+rand.IntN(20_000)), "-displayfd", "3", "-screen", "0", "1400x900x24", "-nolisten", "tcp")
	x.ExtraFiles = []*os.File{in}
	if err := x.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = x.Process.Kill(); _ = x.Wait() })
	_ = in.Close()
	number, err := bufio.NewReader(out).ReadString('\n')
	_ = out.Close()
	if err != nil {
		t.Fatalf("Xvfb names no display: %v", err)
	}
	c := h.command("probe", path, "--data", h.data, "--open", "devices", "--trace")
	c.Env = append(c.Env, "DISPLAY=:"+strings.TrimSpace(number), "WAYLAND_DISPLAY=", "HOME="+t.TempDir(), "LANG=en_GB.UTF-8", "DBUS_SESSION_BUS_ADDRESS=unix:path=/nonexistent")
	trace, err := c.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	w := &window{h: h, begun: time.Now()}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { kill(c) })
	go func() {
		for s := bufio.NewScanner(trace); s.Scan(); {
			w.read(s.Text())
		}
	}()
	return w
}

var traceLine = regexp.MustCompile(`^time=(\S+) .*msg="page shown" .*page=(\w+) rows=(\d+)`)

func (w *window) read(line string) {
	m := traceLine.FindStringSubmatch(line)
	if m == nil {
		return
	}
	at, err := time.Parse(time.RFC3339Nano, m[1])
	rows, rowsErr := strconv.Atoi(m[3])
	if err != nil || rowsErr != nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.shown = append(w.shown, showing{at, m[2], rows})
}

// wait gives the moment at which a page first had so many rows.
func (w *window) wait(page string, rows int) (at time.Time) {
	w.h.t.Helper()
	eventually(w.h.t, 30*time.Second, page+" is shown with "+strconv.Itoa(rows), func() bool {
		w.mu.Lock()
		defer w.mu.Unlock()
		for _, s := range w.shown {
			if s.page == page && s.rows >= rows {
				at = s.at
				return true
			}
		}
		return false
	})
	return at
}

// most is the most rows that a page had so far.
func (w *window) most(page string) (n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, s := range w.shown {
		if s.page == page {
			n = max(n, s.rows)
		}
	}
	return n
}

// ask runs a command beside the window.
func (w *window) ask(args ...string) []byte {
	w.h.t.Helper()
	c := w.h.command(append([]string{"probe", agentPath(), "--data", w.h.data}, args...)...)
	out, err := c.Output()
	if err != nil {
		w.h.t.Fatalf("%v: %v", args, err)
	}
	return out
}
