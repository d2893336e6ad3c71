package main_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"
)

// beside is a window beside a real agent, both in one network that holds nothing.
type beside struct {
	t           testing.TB
	s           *screen
	home, data  string
	ours, agent string
	shown       *trace // of the newest window
}

func newBeside(t testing.TB) *beside {
	b := &beside{t: t, s: newScreen(t), home: t.TempDir(), ours: build(t, "."), agent: build(t, "./agent")}
	b.data = filepath.Join(b.home, "data")
	furnish(t, b.data)
	return b
}

// run starts the agent and waits until it answers.
func (b *beside) run() *exec.Cmd {
	b.t.Helper()
	c := b.s.program(b.t, b.home, b.agent, "--data", b.data, "run")
	until(b.t, "the agent answers", func() bool { return b.ask("devices", "--json") != nil })
	return c
}

// ask runs a command; nil when it failed or did the work alone.
func (b *beside) ask(args ...string) []byte {
	if _, err := os.Stat(filepath.Join(b.data, "engine.sock")); err != nil {
		return nil
	}
	out, err := exec.Command(b.agent, append([]string{"--data", b.data}, args...)...).Output()
	if err != nil {
		return nil
	}
	return out
}

// window starts one whose trace is read.
func (b *beside) window(args ...string) *exec.Cmd {
	b.t.Helper()
	c, shown := b.s.traced(b.t, b.home, b.ours, append([]string{"--data", b.data}, args...)...)
	b.shown = shown
	return c
}

// shows waits until a page of the newest window shows so many rows.
func (b *beside) shows(page string, rows int) time.Duration {
	b.t.Helper()
	return until(b.t, page+" shows "+strconv.Itoa(rows), func() bool {
		n, ok := b.shown.rows(page)
		return ok && n == rows
	})
}

func (b *beside) allow(i int) {
	b.t.Helper()
	var ds []struct{ ID string }
	if err := json.Unmarshal(b.ask("devices", "--json"), &ds); err != nil || len(ds) <= i {
		b.t.Fatalf("%d devices, %v", len(ds), err)
	}
	if b.ask("allow", ds[i].ID, "--to", "any", "--data", "usage", "--until", "1d", "--then", "warn") == nil {
		b.t.Fatal("the permission was not given")
	}
}

// TestAWindowBesideAnAgentThatDies: killed, it is said above every page; started
// again, the window goes on by itself and shows what is decided then. Stopped
// with a signal instead it hangs, which is said too (the twin of its life).
func TestAWindowBesideAnAgentThatDies(t *testing.T) {
	b := newBeside(t)
	agent := b.run()
	b.window()
	b.shows("frame", 0)
	b.allow(0)
	t.Logf("a decision was on the screen %v after its command ended", b.shows("frame", 1))
	end(agent)
	t.Logf("that nobody keeps the dates was on the screen %v after the agent was killed", b.shows("away", 1))
	agent = b.run()
	t.Logf("the window went on %v after the agent answered", b.shows("away", 0))
	b.allow(1)
	t.Logf("the next decision was on the screen %v after its command ended", b.shows("frame", 2))
	if err := agent.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	t.Logf("that the agent hangs was said after %v", b.shows("away", 1))
	if err := agent.Process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	t.Logf("and that it goes on after %v", b.shows("away", 0))
}

// TestASecondWindowBesideAnAgentRaisesTheFirst: the agent has no window itself.
// The twin starts the second one while the first has no seat: it opens.
func TestASecondWindowBesideAnAgentRaisesTheFirst(t *testing.T) {
	b := newBeside(t)
	agent := b.run()
	first := b.window("--hidden")
	b.shows("frame", 0)
	if b.s.filled() > 0 {
		t.Fatal("the first window shows itself, so that this test cannot see it being raised")
	}
	begun := time.Now()
	second := b.s.program(t, b.home, b.ours, "--data", b.data)
	if err := second.Wait(); err != nil {
		t.Fatalf("the second start: %v", err)
	}
	t.Logf("a second start beside an agent ended after %v; the goal is %v", time.Since(begun), secondEnds)
	until(t, "the first window is raised", b.s.window)
	end(agent)
	b.shows("away", 1)
	b.run()
	b.shows("away", 0)
	until(t, "it has taken its seat anew", func() bool {
		again := b.s.program(t, b.home, b.ours, "--data", b.data, "--hidden")
		ended := make(chan struct{})
		go func() { _ = again.Wait(); close(ended) }()
		select {
		case <-ended:
			return true
		case <-time.After(10 * time.Second):
			_ = again.Process.Kill()
			<-ended
			return false
		}
	})
	end(first)
	until(t, "the screen is bare", b.s.bare)
	b.window()
	until(t, "the twin: with nobody there it opens", b.s.window)
}
